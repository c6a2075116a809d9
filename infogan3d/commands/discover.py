"""A card for every code of a trained run: what it does to the shape."""

from pathlib import Path

from infogan3d.attributes.measure import NAMES
from infogan3d.io.files import save_json
from infogan3d.io.settings import plain_settings
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import results_folder
from infogan3d.runs.settings.discover import DiscoverSettings
from infogan3d.semantics.card import make_cards
from infogan3d.semantics.card_figures import draw_cards, write_cards_page
from infogan3d.semantics.card_tables import READING, as_numbers, card_table, likeness, protocol_text
from infogan3d.semantics.claims import codes_or_directions, families, family_table, shape_or_detail
from infogan3d.semantics.pick_freeze import measure_codes


def discover(settings: DiscoverSettings, out: Path) -> None:
    """Cards of a run's codes, printed and kept in the run folder."""
    run = Path(settings.run)
    results = results_folder(run)
    model = load_model(run, device=settings.device)
    measured = measure_codes(model, run, settings)
    first, cards = make_cards(measured, bins=settings.bins, seed=settings.seed)
    rows, resampled = families(first, cards, NAMES)
    claims = [
        shape_or_detail(first, [axis.kind for axis in measured.axes], NAMES),
        codes_or_directions(rows, resampled),
    ]
    statements = [claim for claim in claims if claim is not None]
    texts = [READING, protocol_text(measured, settings), likeness(measured), card_table(cards)]
    if settings.directions and rows:
        texts.append(family_table(rows))
    texts += [claim.text() for claim in statements]
    if measured.information is None:
        texts.append(f"{run} has no Q head, so L_I / H(c) is left out.")
    print("\n\n".join(text.rstrip() for text in texts))
    numbers = as_numbers(
        measured,
        first,
        cards,
        config=settings,
        settings=plain_settings(settings),
        families=rows,
        statements=statements,
    )
    print(f"\nnumbers  {save_json(numbers, results / 'codes.json')}")
    matrices, pictures = draw_cards(model, measured, first, cards, results, settings)
    page = write_cards_page(
        results / "codes.html",
        title=f"What the codes of {run.resolve().parent.name}/{run.resolve().name} do",
        texts=texts,
        matrices=matrices,
        cards=list(zip(cards, pictures, strict=True)),
    )
    print(f"picture  {results / 'codes.png'}\npage     {page}")
