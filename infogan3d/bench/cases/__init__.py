"""What is timed, a file a case: a training step, loading, carving, generating, discovering.

May import what bench may. Read first: step.py.
"""
