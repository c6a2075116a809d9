"""The settings of `python -m infogan3d.prepare`."""

from dataclasses import dataclass

from infogan3d.io.settings import setting
from infogan3d.models.config import RESOLUTIONS
from infogan3d.runs.settings.train import DataSettings


@dataclass(frozen=True, kw_only=True)
class PrepareSettings(DataSettings):
    """A data set as a pack of voxel grids."""

    name: str = setting("prepare", "names the folder of its sheet")
    resolution: int = setting(64, "cells a side: 16, 32, 64 or 128", choices=RESOLUTIONS)
