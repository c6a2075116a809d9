"""The networks and their training steps: InfoGAN3D, its warm-up, and the baselines.

May import geometry, attributes, io and stats, never data. Read first: infogan.py, then
infogan_networks.py for what it trains, terms.py and networks/losses.py for its formulas, warmup/
for what comes before, base.py for what all systems share.
"""
