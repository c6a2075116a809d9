"""What a person looks at: the page of a run, with its generator inside; the explorer.

May import semantics and what lies below. Read first: page.py and explorer/__init__.py;
generator_data.py puts a generator into a page, live/ is the JavaScript that draws with it.
"""
