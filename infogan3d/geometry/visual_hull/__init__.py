"""Silhouettes and cameras -> the largest shape that they allow (Laurentini 1994), or its evidence.

May import geometry and io. Read first: carve.py, then octree.py and mask_pyramid.py, which make
it quick without changing the answer; evidence.py, which decides nothing and tells a network all.
"""
