"""What each command does once its settings are right: a file a command, torch and all.

The commands themselves (infogan3d/train.py and its neighbours) import these only then, so that help
and mistakes are answered at once. May import every package but bench. Read first: train.py.
"""
