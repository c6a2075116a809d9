"""Score a trained run: python -m infogan3d.evaluate run=runs/demo/..."""

from pathlib import Path
from typing import Any

from infogan3d.data.build import SPLITS
from infogan3d.evaluation.scorecard import score_model
from infogan3d.io.files import save_json
from infogan3d.io.packs import content_hash, read_pack, resize_grids
from infogan3d.runs import build, command, folder


def evaluate(settings: dict[str, Any], out: Path) -> None:
    """Both tables of a run on one split, or on any pack, printed and kept in the run folder."""
    run = Path(settings["run"])
    split, pack = settings["split"], settings["data"]["pack"]
    if split not in SPLITS:
        raise ValueError(f"split={split} is not known: choose one of {', '.join(SPLITS)}.")
    if settings["invert"] < 0:
        raise ValueError(f"invert={settings['invert']} is no number of steps: give 0 or more.")
    model = folder.load_model(run, device=settings["device"])
    data = build.build_data(folder.load_settings(run))
    data.setup()
    real, told = data.packs[split], f"{data.source} {split} {data.split_hash}"
    if pack is not None:
        real = resize_grids(read_pack(pack), data.resolution)
        told = f"{Path(pack).name} {content_hash(real)}, no"
    numbers, text = score_model(
        model,
        data.packs["train"].grids(),
        real.grids(slice(0, settings["count"])),
        split=told,
        count=settings["count"],
        points=settings["points"],
        seed=settings["seed"],
        invert_steps=settings["invert"],
    )
    print(text)
    name = "evaluation.json" if pack is None else f"evaluation-{Path(pack).stem}.json"
    print(f"kept in {save_json(numbers, run / name)}")


main = command.command("evaluate", evaluate)


if __name__ == "__main__":
    main()
