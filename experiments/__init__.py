"""Experiments with the package: each answers a question of the ledger (README.md) by a command.

A file or a folder an experiment; `runner/` trains what they need. They import infogan3d, never one
of its commands, and no other experiment; `paper/` alone gathers others. Read first: README.md.
"""
