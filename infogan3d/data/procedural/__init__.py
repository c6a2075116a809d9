"""Chairs made by rule: factors -> parts -> a mesh and its exact grid.

May import geometry and io. Read first: chairs.py.
"""
