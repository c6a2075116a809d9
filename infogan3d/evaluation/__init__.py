"""How good shapes are: reconstruction scores, generation scores, and both for one model.

May import inversion and all below it, never semantics. Read first: scorecard.py.
"""
