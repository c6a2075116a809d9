"""The explorer's page: what a browser shows and asks; the only part that knows viser.

    server.py        the server on 127.0.0.1, and a session for each browser
    session.py       one browser's chair, history and work
    view.py          the chair, its ground and its light
    codes_tab.py     sliders, another chair, undo and redo, between two
    measures_tab.py  what the chair measures, and what it shall
    reading_tab.py   pictures and meshes in
    paint_tab.py     cells painted by hand, and the snap
    save_tab.py      files out

May import viewing.explorer and all below it. Read first: session.py.
"""
