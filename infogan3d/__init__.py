"""infogan3d: pictures of chairs to 3D shapes by an InfoGAN, and what each latent code does.

Packages, from the commands down to the files; each imports only what stands below it:
commands (train, prepare, evaluate, generate, reconstruct, discover, select, dashboard, bench);
training, disentanglement; runs; evaluation, semantics; inversion; data, models; rendering,
attributes; geometry; io, stats. Read first: models/networks/generator.py, models/infogan.py.
"""
