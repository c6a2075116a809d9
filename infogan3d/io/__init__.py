"""Bytes <-> arrays: packs, meshes, voxel files, masks, and files that are never half-written.

Imports nothing of this project. Read first: packs.py, our exchange format; then
mesh_files.py, whose formats lie in meshes/. frames.py says how shapes lie in their cubes.
"""
