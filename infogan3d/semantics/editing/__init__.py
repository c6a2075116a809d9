"""Which latents are asked for: codes by name, walks, ways between two, a chair that measures so.

`chosen` finds codes by their names; for "seat_height=0.45" (request.py) `variation` makes new codes
from old ones and `search` keeps the best. May import what semantics may. Read first: chosen.py.
"""
