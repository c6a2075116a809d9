"""Trainings that an experiment needs: planned, run in processes of their own, recorded, skipped.

Imports infogan3d and no experiment. Read first: plan.py.
"""
