"""The settings of an inversion; imports no torch."""

from dataclasses import dataclass

from infogan3d.data.config import FACING_HELP, FACINGS
from infogan3d.io.settings import LARGEST_SEED, setting


@dataclass(frozen=True, kw_only=True)
class InversionConfig:
    """How latents are optimised (`invert`), and G tuned around the result (`tune`)."""

    steps: int = setting(100, "of the latent's optimisation", at_least=0)
    lr: float = setting(0.1, "Adam's for the latent", at_least=0)
    prior: float = setting(1.0, "weight of the latent's prior, in nats a cell", at_least=0)
    starts: int = setting(
        0,
        "latents optimised side by side; 0: 1, or 4 of few pictures or without encoder",
        at_least=0,
    )
    tuning: int = setting(0, "steps of pivotal tuning of G (Roich et al. 2021)", at_least=0)
    tuning_lr: float = setting(5e-4, "Adam's for G meanwhile", at_least=0)
    field_steps: int = setting(
        40, "on the cells' logits by silhouettes, of a model that reads evidence", at_least=0
    )
    seed: int = setting(0, "of the draws", at_least=0, at_most=LARGEST_SEED)

    def text(self) -> str:
        """What a table's protocol says of it, for "optimised" alone means little."""
        return f"latents optimised for {self.steps} steps at a prior of {self.prior:g}"


@dataclass(frozen=True, kw_only=True)
class ViewsConfig:
    """Which pictures of a chair are fitted, and what its hull says of the inside."""

    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)
    use: int = setting(0, "pictures to fit, spread over all; 0: all but those held out", at_least=0)
    held_out: int = setting(
        8, "pictures kept back to judge by, where there are four times as many", at_least=0
    )
    inside: float | None = setting(
        None,
        "how much the hull's inside speaks for chair, 0 to 1; null: by the views",
        at_least=0,
        at_most=1,
    )
