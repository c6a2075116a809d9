"""Pictures in, named codes out, whole chairs back: the InfoGAN whose encoder reads evidence.

May import what other models may. Read first: reader.py and model.py; then measured_codes.py,
prior.py and terms.py.
"""
