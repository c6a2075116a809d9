"""A run folder and its settings; the only package that knows Hydra.

May import viewing, evaluation, semantics and all below them. Read first: command.py, then
folder.py.
"""
