"""What a command does when something from outside goes wrong: signals, sweeps, exit codes, folders.

May import io and runs/folder.py. Read first: interruption.py, then exit_codes.py.
"""
