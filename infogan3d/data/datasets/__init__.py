"""One file a data set: how its folder is read, and the jobs that make shapes of it.

May import what data may. Read first: procedural.py, the shortest, or seeing3d.py, the paper's.
"""
