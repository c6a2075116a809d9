"""One file a mesh format: bytes -> vertices and polygons. mesh_files.py is the way in.

Imports nothing of this project. Read first: obj.py, then polygons.py, which cuts triangles.
"""
