"""The explorer: a run's chairs changed by hand in a browser.

    chairs.py    a chair (codes, or cells painted by hand), undo and redo, between two
    controls.py  a slider or choice for each code, in its own words
    paint.py     a click's ray -> the cell that it meets; cells added and removed
    uploads.py   an upload -> a temporary folder, checked before anything is unpacked
    reading.py   pictures, a mesh or painted cells -> codes and what to show beside them
    measures.py  what is asked ("45", "open") -> attributes, and the search in words
    studio.py    the run that is explored: its model, its frame; codes -> chair, latent -> codes
    meshes.py    grids -> the meshes that are shown, and mesh files
    worker.py    one thing at a time, of one kind only the latest
    page/        the browser's side, the only part that knows viser

May import semantics and all below it. Read first: chairs.py, then page/session.py.
"""
