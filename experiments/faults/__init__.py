"""Faults from outside, tried on real commands: signals, bent files, full disks, lost services.

    python -m experiments.faults [--quick] [--only 20,22a] [--tries 3] [--out runs/faults]

Imports infogan3d and no experiment. Read first: desk.py, then table.py.
"""
