"""Grids and meshes -> pictures: renders, contact sheets, curves, the page of a run.

May import geometry, io and stats. Read first: render.py.
"""
