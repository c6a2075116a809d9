"""python -m infogan3d.publish run=<run> to=<folder>: a run's model as others can load it.

The layout is in runs/published/layout.py, the work in commands/publish.py.
"""
