"""MIG, modularity, FactorVAE, DCI, SAP and their kin, each from two tables of variables.

Numpy and scikit-learn: no Hydra, no Lightning. Read first: suite.py, which calls the others.
"""
