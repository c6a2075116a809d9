"""A shape or pictures -> the latent vector that explains them best, stage by stage.

May import data, models and all below them. Read first: stages.py.
"""
