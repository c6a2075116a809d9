"""What a person looks at: the page of a run, with its generator inside.

May import models, rendering and what lies below. Read first: page.py; generator_data.py puts a
generator into a page, live/ is the JavaScript that draws with it.
"""
