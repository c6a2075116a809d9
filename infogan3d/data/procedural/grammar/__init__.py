"""The grammar of wide chairs: measures -> seat, base, back, arms, each a list of lofts.

May import its neighbours lofts.py and parts.py. Read first: frame.py, then chairs.py.
"""
