"""Does the shape limit under random pairing inflate the mean chair, and where does the game win?

    python -m experiments.shape_limit <folder of a sweep's jobs> [--out figure.png]

The jobs train reading `run` in random pairs at several l1/l2, with and without the game
(model.adversarial_weight 1 and 0). Without it G settles slowly (model.generator_lr=0.01 does it in
400 batches at 32^3); at lambda2 = 10, not at 100, the codes, which want to be read, were seen to
pull it away from x*: model.information_discrete=0 and model.information_continuous=0 prevent that.
The theory stands in theory.py, how weak the loss is in gradient_norms.py.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.shape_limit.sweep import draw_ratio, ratio_table, verdict


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The shape limit's sweep against its theory.")
    parser.add_argument("folder", type=Path, help="a sweep's folder, a job in each folder in it")
    parser.add_argument("--out", type=Path, help="the figure (<folder>/shape_limit.png)")
    words = parser.parse_args(given)
    try:
        print(ratio_table(words.folder))
        print(verdict(words.folder))
        print(draw_ratio(words.folder, words.out or words.folder / "shape_limit.png"))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
