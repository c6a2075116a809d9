"""The networks and their training steps: InfoGAN3D, its warm-up, and the baselines.

May import geometry, attributes, io and stats, never data. Read first: infogan.py, then base.py.
"""
