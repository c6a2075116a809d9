"""The auto-encoding warm-up before the adversarial batches: its phases, and what changes between.

May import what models may below infogan.py. Read first: phases.py.
"""
