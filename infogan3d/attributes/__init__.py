"""What can be measured on a chair's grid: seat, back, legs, in cells or degrees; would it print?

May import geometry and stats, never rendering. Read first: measure.py, then vocabulary.py;
printing.py judges a print.
"""
