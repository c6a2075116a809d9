"""Speed of our steps beside a reference port and beside what the machine can do at most.

A command (`python -m infogan3d.bench step`), so it may import everything below the commands.
Read first: cases/step.py, then roofline.py.
"""
