"""Shapes in space: cameras, voxelization, surfaces, distances, components, the visual hull.

The one frame of every grid, mesh and camera of this project, index [x, y, z]:

            z up                    x  lateral: the mirror axis of a chair
            |      y (depth)        y  depth: the backrest stands at +y, the front is -y
        ____|__   /                 z  up
       |back|  | /
       |____|__|/                   A grid has R^3 cells over a cube. Cell i spans [i/R, (i+1)/R]
       /____|_ /|                   of the cube's side; its centre lies at (i + 0.5)/R.
      |_____|_|/-------- x
      |     | |                     In the world (inches) the cube and the chair's bounding box
      |     | |                     share one centre, the origin; io/frames.py has the exception.

Numpy, scipy and torch, with io and stats; no Hydra, no Lightning. Read first: voxelize.py and
visual_hull/carve.py.
"""
