"""Files for makers: meshes in the units and axes of their formats, finished, and what made them.

    .glb .obj    metres, Y up (glTF 2.0 demands it; the OBJ says it in a comment)
    .stl .3mf    millimetres, Z up, as printers have it

May import what geometry may. Read first: config.py, files.py.
"""
