"""A published model by the hub's own `from_pretrained` (extra `hub`).

from infogan3d.runs.published.hub import HubModel
model = HubModel.from_pretrained("<folder, or owner/name on the hub>")
"""

from pathlib import Path
from typing import Any

from huggingface_hub import ModelHubMixin, snapshot_download
from torch import nn

from infogan3d.models.base import ShapeModel
from infogan3d.runs.published.load import load_published


class HubModel(nn.Module, ModelHubMixin, library_name="infogan3d"):
    """`shapes` is the model; it is loaded strictly, and its hash is checked."""

    def __init__(self, shapes: ShapeModel) -> None:
        super().__init__()
        self.shapes = shapes

    @classmethod
    def _from_pretrained(
        cls, *, model_id: str, revision: str | None = None, **options: Any
    ) -> "HubModel":
        """A folder, or what the hub has of that name. Errors: see `load_published`."""
        folder = Path(model_id)
        if not folder.is_dir():
            passed = ("cache_dir", "force_download", "local_files_only", "token")
            given = {name: options[name] for name in passed if name in options}
            folder = Path(snapshot_download(model_id, revision=revision, **given))
        return cls(load_published(folder).eval())
