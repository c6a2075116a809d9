"""What latent codes tell of known factors, and what they change: coarse shape or detail.

Imports infogan3d and runner/. Read first: scores.py; found.py and traversals.py are commands too.
"""
