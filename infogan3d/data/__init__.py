"""Data sets -> packs -> batches: the LightningDataModule, its sampler, views and their folders.

May import rendering, attributes and all below them, never models. Read first: datamodule.py, then
build.py; for pictures training_views.py.
"""
