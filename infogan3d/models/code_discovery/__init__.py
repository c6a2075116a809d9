"""Codes found in an auto-encoder's latents without a label, and the teacher of them.

Numpy, scipy, scikit-learn and torch: no Hydra, no Lightning. Read first:
independent_components.py, then teacher.py.
"""
