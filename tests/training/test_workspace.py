"""The list of panels is whole: each key once, each section known and in its place."""

from infogan3d.training.diagnosis import NAMES
from infogan3d.training.snapshots import MESHES
from infogan3d.training.workspace import PANELS, SECTIONS, TABLE


def keys(section: str) -> list[str]:
    return [key for panel in PANELS if panel.section == section for key in panel.keys]


def test_every_key_is_shown_once():
    shown = [key for panel in PANELS for key in panel.keys]
    assert len(shown) == len(set(shown))


def test_panels_stand_in_the_order_of_their_sections():
    order = [TABLE, *SECTIONS]
    places = [order.index(panel.section) for panel in PANELS]
    assert places == sorted(places)
    assert set(places) == set(range(len(order)))


def test_every_term_of_the_papers_losses_has_a_panel_of_its_own():
    alone = {panel.keys[0] for panel in PANELS if len(panel.keys) == 1}
    assert {"G/loss_gen", "G/loss_dis", "G/loss_con", "G/loss_shape_limit"} <= alone
    assert {"G/loss_kl", "G/loss_mse", "D/loss_real", "D/loss_made"} <= alone


def test_every_finding_of_the_doctor_and_every_mesh_is_shown():
    assert keys("Doctor") == [f"doctor/{name.replace(' ', '_')}" for name in NAMES]
    assert keys("Media")[2:] == [f"media/sample-{index}" for index in range(MESHES)]
