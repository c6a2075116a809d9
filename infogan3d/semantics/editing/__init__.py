"""A chair that measures as asked ("seat_height=0.45"): the request and the search for its latent.

`variation` makes new codes from old ones, `search` keeps the best. May import what semantics may.
Read first: request.py.
"""
