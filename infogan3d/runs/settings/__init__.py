"""The settings of every command: a dataclass a file, their defaults nowhere else.

May import the settings of data, models, inversion and semantics, and io; no torch. Read first:
train.py; infogan3d/io/settings.py says how they are checked.
"""
