"""Scores of codes against known factors, and the choice of one run out of a sweep.

May import runs and all below it, never training. Read first: metrics/suite.py, known_factors.py.
"""
