"""What a model that reads evidence is trained with: shapes seen from somewhere new each time.

May import what data may. Read first: batches.py; training_views.py draws the views.
"""
