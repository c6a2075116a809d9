from html.parser import HTMLParser

import numpy as np
import pytest
from fixtures import card
from PIL import Image

from infogan3d.semantics.card import SideEffect
from infogan3d.semantics.card_figures import (
    SIZE,
    TOP,
    WIDTH,
    anchor,
    card_picture,
    curve,
    heat_map,
    stack_pictures,
    traversal_picture,
    wrap_lines,
    write_cards_page,
)
from infogan3d.stats.estimate import Estimate


def brown(picture: Image.Image) -> int:
    pixels = np.asarray(picture).astype(int)
    return int((np.abs(pixels - (138, 90, 43)).sum(2) < 12).sum())


def test_the_matrix_has_a_row_a_code():
    effects = np.array([[0.9, 0.0, np.nan], [0.01, 0.5, 0.2]])
    sizes = []
    for rows in (["c0", "c1"], ["c0"]):
        picture = heat_map(
            effects[: len(rows)],
            np.full(len(rows), 0.02),
            rows=rows,
            attributes=["width", "seat_height", "legs"],
            title="effects",
        )
        sizes.append(picture.size)
        assert len(picture.getcolors(100_000)) > 50
    assert sizes[0][0] == sizes[1][0] == WIDTH
    assert sizes[0][1] - sizes[1][1] == 34


def test_a_walk_is_as_large_as_its_chairs():
    walk = np.zeros((2, 3, 8, 8, 8), dtype=bool)
    walk[:, :, 2:6, 2:6, 2:6] = True
    picture = traversal_picture(walk, captions=["-1.00", "+0.00", "+1.00"])
    assert picture.width == WIDTH
    assert 2 * SIZE < picture.height < 2 * SIZE + 40
    whole = card_picture(card(), picture)
    assert whole.size == (WIDTH, TOP + picture.height)
    assert np.array_equal(np.asarray(whole)[TOP:], np.asarray(picture))


def test_a_card_grows_with_its_sentences():
    blank = Image.new("RGB", (WIDTH, 10), "white")
    leaks = tuple(
        SideEffect(name, 0.3, 0.2) for name in ("leg_thickness", "seat_thickness", "symmetry")
    )
    wordy = card(
        correlated_attributes=(("legs", 0.2),),
        side_effects=leaks,
        information=1.5,
        composition="z 0.70, c0 0.30",
    )
    lines = wrap_lines(wordy.lines(), 112)
    assert len(lines) > 5
    assert card_picture(wordy, blank).height == 52 + 19 * len(lines) + 10


def test_the_curve_goes_from_the_least_to_the_most():
    np.testing.assert_allclose(curve(card()), [[0.125, 0], [0.375, 1], [0.875, 0.5]])
    ranked = curve(card("discrete"))
    np.testing.assert_allclose(ranked, [[1 / 6, 0], [0.5, 0.5], [5 / 6, 1]])


def test_a_dead_card_has_no_curve():
    blank = Image.new("RGB", (WIDTH, 10), "white")
    dead = card(effect=Estimate(0.001, 0.0, 0.01, 100), dead=True)
    assert brown(card_picture(dead, blank)) == 0
    assert brown(card_picture(card(), blank)) > 200
    assert brown(card_picture(card("discrete"), blank)) > 2000


def test_sentences_are_broken_at_spaces():
    assert wrap_lines(["one two three", "four"], 9) == ["one two", "  three", "four"]


def test_sheets_are_stacked():
    parts = [Image.new("RGB", (30, 10), "black"), Image.new("RGB", (20, 5), "black")]
    assert stack_pictures(parts).size == (30, 10 + 5 + 48)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("img", "meta", "rect", "polyline", "!doctype"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_the_page_is_whole_and_escapes_what_it_tells(tmp_path, kind):
    own = card(kind)
    (tmp_path / "codes").mkdir()
    page = write_cards_page(
        tmp_path / "codes.html",
        title="a < b",
        texts=["| x |", ""],
        matrices=[tmp_path / "codes" / "matrix.png"],
        cards=[(own, tmp_path / "codes" / f"{anchor(own)}.png")],
    )
    text = page.read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    sources = [attributes["src"] for tag, attributes in tags.seen if tag == "img"]
    assert sources == ["codes/matrix.png", "codes/pca-z-1.png"]
    links = {attributes["href"][1:] for tag, attributes in tags.seen if tag == "a"}
    assert links == {a["id"] for tag, a in tags.seen if tag == "section"}
    assert "<h1>a &lt; b</h1>" in text
    assert "&lt;sides&gt;" in text
    assert "<sides>" not in text
    assert ("<rect" in text, "<polyline" in text) == (kind == "discrete", kind != "discrete")
