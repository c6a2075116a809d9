"""The baselines of the paper's tables: 3D-GAN, CNN-AE, IM-AE and their latent GAN.

May import models.base and models.networks. Read first: gan3d.py.
"""
