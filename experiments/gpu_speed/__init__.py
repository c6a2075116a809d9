"""How fast the training step is on one GPU: layer by layer, in several modes, beside the port.

Imports infogan3d. Read first: __main__.py.
"""
