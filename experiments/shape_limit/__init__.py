"""The shape-limit loss alone: where it rests, by theory and in a sweep; how strong it is.

Imports infogan3d. Read first: theory.py; gradient_norms.py is a command of its own.
"""
