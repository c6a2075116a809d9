"""Layers, networks and losses, each a function or module of tensors alone.

Torch only: no Hydra, no Lightning. Read first: generator.py, discriminator.py, losses.py;
for pictures refiner.py.
"""
