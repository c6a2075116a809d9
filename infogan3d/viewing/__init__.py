"""What a person looks at or takes along: the page of a run, the explorer, mesh files.

May import semantics and what lies below. Read first: page.py and explorer/__init__.py;
generator_data.py puts a generator into a page, live/ is the JavaScript that draws with it.
mesh_files.py writes shapes with a verdict on their print, origins.py keeps their latent and decodes
it again.
"""
