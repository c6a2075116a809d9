"""The page of a run: what it says and links; in a real browser its sliders move the chair."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import trimesh

from infogan3d.io.files import save_picture
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import Codes
from infogan3d.rendering.figures import contact_sheet
from infogan3d.viewing.generator_data import can_be_live, codes_of, generator_data
from infogan3d.viewing.page import Report, add_to_page, as_html, write_page


def box() -> np.ndarray:
    grids = np.zeros((1, 16, 16, 16), dtype=bool)
    grids[:, 2:5, 3:12, 3:12] = True
    return grids


def test_it_links_what_is_there_and_escapes_what_it_is_given(tmp_path: Path) -> None:
    sheet = contact_sheet(box(), columns=1, size=48)
    picture = save_picture(sheet, tmp_path / "samples" / "a.png")
    report = Report("a < b & c", "x", pictures=[(picture, "one <")], tables=["| <i> |", ""])
    page = write_page(tmp_path, report)
    text = page.read_text()
    assert page == tmp_path / "report.html"
    assert re.findall(r'<img src="([^"]+)"', text) == ["samples/a.png"]
    assert text.count("<h1>a &lt; b &amp; c</h1>") == 1
    assert "<th>&lt;i&gt;</th>" in text
    assert "one &lt;" in text
    assert "http" not in text
    assert not list(tmp_path.glob(".report*"))


def test_a_later_table_stands_on_it_once(tmp_path: Path) -> None:
    assert add_to_page(tmp_path / "report.html", name="a.json", table="1") is None
    page = write_page(tmp_path, Report("run", tables=["first"]))
    for name, table in (("a.json", "<1>"), ("b.json", "2"), ("a.json", "<3>")):
        assert add_to_page(page, name=name, table=table) == page
    text = page.read_text()
    assert text.count("a.json</h2>") == text.count("b.json</h2>") == 1
    assert "&lt;1&gt;" not in text
    assert text.index("first") < text.index("&lt;3&gt;") < text.index("b.json</h2>")


def test_tables_become_tables() -> None:
    parts = list(as_html("Protocol: x.\n\n| a | b |\n|---|--:|\n| 1 | <2> |\n"))
    assert parts[0] == "<p>Protocol: x.</p>"
    head, body = "<tr><th>a</th><th>b</th></tr>", "<tr><td>1</td><td>&lt;2&gt;</td></tr>"
    assert parts[1:] == [f"<table>{head}{body}</table>"]


def test_large_figures_say_which_way_is_better_and_what_real_chairs_get(tmp_path: Path) -> None:
    rows = {"samples": {"whole": {"mean": 0.5}}, "real training chairs": {"whole": {"mean": 1.0}}}
    text = write_page(tmp_path, Report("run", scores={"generation": {"rows": rows}})).read_text()
    assert "<b>0.50</b>" in text
    assert "more is better, real chairs 1.00" in text
    assert "1-NNA" not in text  # it was not scored


def test_codes_that_nobody_named_keep_their_own_names() -> None:
    model = InfoGAN3D(resolution=16, noise=3, discrete=(4,), continuous=1, width=2, trunk_width=2)
    assert can_be_live(model)
    assert [code["name"] for code in codes_of(model)] == ["code d0", "code c0"]
    data = generator_data(model)
    assert data["prior"] is None
    assert [layer["before"] for layer in data["layers"]] == [3 + 4 + 1, 4, 2]


# ---- in a browser --------------------------------------------------------------------------


def logits_of(model: EvidenceInfoGAN, latent: list[float]) -> np.ndarray:
    with torch.no_grad():
        return model.decode(torch.tensor([latent]))[0, 0].numpy()


def test_sliders_move_the_chair_and_it_is_the_models_own(
    model: EvidenceInfoGAN, browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    path = write_page(tmp_path, Report("live"), model)
    page.goto(path.as_uri())
    page.wait_for_function("window.infogan3d && window.infogan3d.mesh")
    read = "[...window.infogan3d.{}]"
    first = page.evaluate(read.format("logits"))
    page.fill("#code-width", "0.9")
    page.select_option("#code-arms", "2")
    page.wait_for_function("window.infogan3d.state.codes[0] === 2 && !window.infogan3d.waiting")
    logits = np.array(page.evaluate(read.format("logits"))).reshape(16, 16, 16)
    assert not np.allclose(logits.ravel(), first)
    wanted = logits_of(model, page.evaluate(read.format("latent")))
    assert np.abs(logits - wanted).max() < 0.02 * np.abs(wanted).max()
    drawn, true = logits > 0, wanted > 0
    assert 0 < true.sum() < true.size
    assert (drawn & true).sum() / (drawn | true).sum() > 0.999
    # the noise goes along the same flow as in Python
    state = page.evaluate("window.infogan3d.state")
    noise = page.evaluate(f"[...normals({state['seed']}, {model.spec.noise})]")
    discrete, continuous = state["codes"][:3], state["codes"][3:]
    codes = Codes(torch.tensor([noise]), torch.tensor([discrete]), torch.tensor([continuous]))
    with torch.no_grad():
        latent = model.to_latent(codes)[0].numpy()
    np.testing.assert_allclose(page.evaluate(read.format("latent")), latent, atol=0.02)
    # the address is a link to this chair
    other = browser.new_page()
    other.goto(page.url)
    other.wait_for_function("window.infogan3d && window.infogan3d.mesh")
    assert other.evaluate("window.infogan3d.state.codes")[0] == 2
    np.testing.assert_allclose(other.evaluate(read.format("logits")), logits.ravel(), atol=0.1)
    page.click("#undo")
    page.click("#undo")
    assert all(url.startswith("file:") for url in asked)
    assert said == []


def test_saved_files_hold_the_chair_at_its_size(
    model: EvidenceInfoGAN, browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.goto(write_page(tmp_path, Report("live"), model).as_uri())
    page.wait_for_function("window.infogan3d && window.infogan3d.mesh")
    low, high = (
        np.array(
            page.evaluate(
                f"[0, 1, 2].map((i) => Math.{end}(...[...infogan3d.mesh.positions]"
                ".filter((_, k) => k % 3 === i)))"
            )
        )
        for end in ("min", "max")
    )
    side = page.evaluate("infogan3d.data.side")
    for name, scale, axes in (("glb", 1, [0, 2, 1]), ("stl", 1000, [0, 1, 2])):
        with page.expect_download() as waiting:
            page.click(f"#{name}")
        kept = tmp_path / f"chair.{name}"
        waiting.value.save_as(kept)
        mesh = trimesh.load(kept, force="mesh")
        assert mesh.is_watertight
        assert mesh.volume > 0
        np.testing.assert_allclose(mesh.extents, (high - low)[axes] * side * scale, rtol=5e-3)
    text = (tmp_path / "chair.glb").read_bytes()
    assert b'"latent":[' in text
