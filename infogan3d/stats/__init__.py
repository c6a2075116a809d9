"""Numbers in words: estimates with intervals, tables of variables, Markdown, protocols.

Imports nothing of this project. Read first: estimate.py.
"""
