"""Score a trained run: python -m infogan3d.evaluate run=runs/demo/..."""

from pathlib import Path
from typing import Any

from infogan3d import runs
from infogan3d.scorecard import save_json, score_model
from infogan3d.sources import SPLITS


def evaluate(settings: dict[str, Any], out: Path) -> None:
    """Both tables of a run on one split, printed and kept in the run folder."""
    run = Path(settings["run"])
    split = settings["split"]
    if split not in SPLITS:
        raise ValueError(f"split={split} is not known: choose one of {', '.join(SPLITS)}.")
    model = runs.load_model(run, device=settings["device"])
    data = runs.build_data(runs.load_settings(run))
    data.setup()
    numbers, text = score_model(
        model,
        data.packs["train"].grids(),
        data.packs[split].grids(),
        split=f"{data.source} {split} {data.split_hash}",
        count=settings["count"],
        points=settings["points"],
        seed=settings["seed"],
    )
    print(text)
    print(f"kept in {save_json(numbers, run / 'evaluation.json')}")


main = runs.command("evaluate", evaluate)

if __name__ == "__main__":
    main()
