"""What one model's samples and measured codes are worth: whole shapes, codes that are followed.

Imports infogan3d. Read first: __main__.py; wholeness.py and followed.py each make one table.
"""
