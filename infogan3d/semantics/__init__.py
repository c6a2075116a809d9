"""What a latent code does to a shape: sensitivity, cards, claims, and editing by attributes.

May import inversion and all below it, never evaluation. Read first: pick_freeze.py, then card.py.
"""
