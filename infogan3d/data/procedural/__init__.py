"""Seats made by rule -> parts -> a mesh and its exact grid.

Known-factor chairs (chairs.py, parts.py) measure what codes do; wide chairs (wide.py, lofts.py,
grammar/) cover sofas to stools. May import geometry and io. Read first: chairs.py, wide.py.
"""
