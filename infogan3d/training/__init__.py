"""What surrounds the training step: Lightning's trainer, validation, diagnosis, samples, W&B.

May import runs and all below it, never a command. Read first: trainer.py, then diagnosis.py.
"""
