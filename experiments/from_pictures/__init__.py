"""Real seats rebuilt from few pictures, beside the plain visual hull.

Imports infogan3d. Read first: __main__.py.
"""
