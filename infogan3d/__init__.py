"""infogan3d: pictures of chairs to 3D shapes by an InfoGAN, and what each latent code does.

In a notebook: `infogan3d.open_run(folder)` and what notebook.py holds beside it; that module is
imported when one of its names is first asked for, so that the commands start without it.

Packages, from the commands down to the files; each imports only what stands below it:
commands (train, prepare, evaluate, generate, reconstruct, discover, select, dashboard, explore,
bench); training, disentanglement; runs; viewing; evaluation, semantics; inversion; data, models;
rendering, attributes; geometry; io, stats. Read first: models/networks/generator.py,
models/infogan.py.
"""

from importlib import import_module

NOTEBOOK = ("open_run", "picture", "mesh", "Run", "Reconstruction")


def __getattr__(name: str) -> object:
    if name not in NOTEBOOK:
        raise AttributeError(f"infogan3d has no {name}: it has {', '.join(NOTEBOOK)}.")
    return getattr(import_module("infogan3d.notebook"), name)


def __dir__() -> list[str]:
    return [*globals(), *NOTEBOOK]
