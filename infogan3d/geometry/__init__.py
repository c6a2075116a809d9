"""Shapes in space: cameras, voxelization, surfaces, distances, components, the visual hull.

The one frame of every grid and mesh of this project, index [x, y, z]:

        z up
        |   backrest at +y
        |  /
        | /
        +------ x lateral (the mirror axis)

Numpy, scipy and torch, with io and stats; no Hydra, no Lightning. Read first: voxelize.py and
visual_hull/carve.py.
"""
