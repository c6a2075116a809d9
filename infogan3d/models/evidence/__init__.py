"""Pictures in, named codes out, whole chairs back: the InfoGAN whose encoder reads evidence.

May import what other models may. Read first: model.py; then measured_codes.py, prior.py, terms.py.
"""
