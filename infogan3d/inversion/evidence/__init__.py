"""Reconstruction by a network that reads evidence, and how far its own word can be believed.

May import what inversion may. Read first: stages.py; calibration.py reads validation shapes.
"""
