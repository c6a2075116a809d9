"""The studio that the explorer's tests share: the untrained model of the pages."""

import pytest

from infogan3d.data.config import WideChairsConfig
from infogan3d.inversion.frames import frame_of
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.viewing.config import ExploreSettings
from infogan3d.viewing.explorer.studio import Studio


@pytest.fixture(scope="session")
def studio(model: EvidenceInfoGAN) -> Studio:
    data = WideChairsConfig()
    settings = ExploreSettings(run="live", tries=40, steps=5, field_steps=2)
    return Studio("live", model, data, frame_of(data), 16, settings)
