"""The paper's experiments at one size: trained, measured, judged by stated rules, on one page.

Imports infogan3d, runner/, codes/traversals.py and shape_limit/sweep.py. Read first: claims.py.
"""
