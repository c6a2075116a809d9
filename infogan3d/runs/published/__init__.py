"""Models that somebody can take home: a folder of settings, weights and a card, and those shipped.

May import what other parts of runs may. Read first: layout.py; then weights.py and card.py.
"""
