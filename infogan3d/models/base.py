"""What every trained system shares: codes in, shapes out, and a shape's latent back."""

import sys
from contextlib import AbstractContextManager
from typing import Any

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.models.networks.discriminator import DiscriminatorHead, Trunk
from infogan3d.models.networks.latent import Codes, CodeSpec, latent_vector, sample_codes
from infogan3d.models.networks.posterior import CodePosterior
from infogan3d.models.optim import (
    NonFiniteError,
    ema_copy,
    not_finite,
    step_if_finite,
    supports_bf16,
)
from infogan3d.models.terms import Terms
from infogan3d.stats.clock import BatchClock, step_seed

RENAMED = {  # the start of a weight's name: before, today
    "average.": "ema.",
    "real_head.": "discriminator_head.",
    "code_head.": "q_head.",
    "teacher.taken": "teacher.assigned",
}

EMULATED = (
    "model.precision=bf16: this device has no bf16 arithmetic of its own and emulates it many "
    "times slower than 32 bit; model.precision=auto takes bf16 only where it is quick."
)


def todays_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A checkpoint's weights under the names that the networks have today."""

    def todays_name(name: str) -> str:
        for before, today in RENAMED.items():
            if name.startswith(before):
                return today + name.removeprefix(before)
        return name

    return {todays_name(name): value for name, value in state.items()}


def count_epochs(loop: dict[str, Any]) -> None:
    """Lightning's count of epochs in a checkpoint, made that of the batches done.

    After an epoch's last batch a new epoch begins, else the rest of it would be skipped; where
    `batches` ended a training within an epoch, that epoch is not over, else it would count twice.
    A checkpoint of every so many batches is saved before Lightning has counted its own.
    """
    batches, epochs = loop.get("epoch_loop.batch_progress"), loop.get("epoch_progress")
    if not batches or not epochs:
        return
    begun, over = epochs["total"]["ready"], batches["is_last_batch"]
    done = begun if over else begun - 1
    for counts in (epochs["total"], epochs["current"]):
        counts.update(ready=begun, started=begun, processed=done, completed=done)
    if over:
        total = batches["total"]
        if total["completed"] < total["processed"]:
            total["completed"] = total["processed"]
            loop["epoch_loop.state_dict"]["_batches_that_stepped"] += 1
        batches["current"].update(dict.fromkeys(batches["current"], 0))
        batches["is_last_batch"] = False


class ShapeModel(pl.LightningModule):
    """A generator of chairs, trained step by step by hand.

    A system gives `spec` (the codes it draws from), `decode`, and `encode` where it has an encoder.
    It counts its batches itself, for with two optimizers Lightning counts both.
    """

    spec: CodeSpec
    to_lower = "model.generator_lr, model.trunk_lr or model.lambda1"  # where something breaks
    clock: BatchClock
    broken: Tensor  # 1 as soon as something is not finite

    def __init__(self, *, seed: int = 0, precision: str = "auto") -> None:
        super().__init__()
        self.automatic_optimization = False
        self.precision = precision  # 32, bf16, or auto: bf16 where the device has it
        self.clock = BatchClock(seed)  # the data share it
        self.terms: Terms = {}  # the losses of the last batch
        self.register_buffer("broken", torch.zeros(()), persistent=False)

    # ---- what others call ------------------------------------------------------------------

    @property
    def batches_done(self) -> int:
        """How many batches it has learned from."""
        return self.clock.batches

    @property
    def latent_size(self) -> int:
        """How many numbers `decode` reads."""
        return self.spec.size

    @property
    def has_encoder(self) -> bool:
        """Whether `encode` and `reconstruct` can be asked."""
        return False

    def decode(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        """Logits of occupancy by the EMA of the weights, with gradients to `latent`."""
        raise NotImplementedError

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        """The mode of the encoder's posterior. Errors: a system without one (`ValueError`)."""
        raise ValueError("this model has no encoder: train with model.pairing=inverse.")

    @property
    def has_q_head(self) -> bool:
        """Whether `q_posterior` can be asked."""
        return False

    def q_posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> CodePosterior:
        """Q's posterior of the codes of some shapes. Errors: a system without Q (`ValueError`)."""
        raise ValueError(f"{type(self).__name__} has no Q head that reads codes off shapes.")

    @property
    def has_normal_prior(self) -> bool:
        """Whether `decode` reads latents laid out by `spec`, whose noise is drawn from N(0, 1)."""
        return True

    def to_latent(self, codes: Codes) -> Float[Tensor, "B latent"]:
        """What `decode` reads for some codes."""
        return latent_vector(codes, self.spec)

    def draw_codes(self, count: int, *, generator: torch.Generator) -> Codes:
        """`count` codes as the system draws them for its samples."""
        return sample_codes(self.spec, count, generator=generator)

    @torch.no_grad()
    def forward(self, codes: Codes) -> Float[Tensor, "B 1 R R R"]:
        """Occupancy in [0, 1] for some codes, by the EMA of the weights, without gradients."""
        return torch.sigmoid(self.decode(self.to_latent(codes)))

    @torch.no_grad()
    def reconstruct(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B 1 R R R"]:
        """G(E(grid)): each shape encoded and decoded again, as occupancy in [0, 1]."""
        return torch.sigmoid(self.decode(self.encode(grid)))

    def to_device_layout(self) -> "ShapeModel":
        """Weights in the order that is quicker on this device: on a GPU channels come first.

        Built with channels last, which a CPU wants; an H200 took 54 ms a batch so and 28 ms with
        channels first (64^3, width 64, bf16; ledger).
        """
        if self.device.type == "cuda":
            self.to(memory_format=torch.contiguous_format)
        return self

    # ---- what the steps share --------------------------------------------------------------

    def rng(self, step: int, *, stream: int = 0) -> torch.Generator:
        """A generator on this module's device, seeded by (seed, rank, step) and its use."""
        seed = step_seed(self.clock.seed, self.global_rank, step, stream)
        return torch.Generator(device=self.device).manual_seed(seed)

    def autocast(self) -> AbstractContextManager[Any]:
        """bf16 arithmetic where asked for; entered anew each turn, since it caches weights."""
        automatic = self.precision == "auto" and supports_bf16(self.device.type)
        bf16 = self.precision == "bf16" or automatic
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def step_optimizer(self, loss: Tensor, optimizer: Any, *, clip: float = 0.0) -> None:
        """One step of an optimizer down a loss, but for what is not finite; with `clip` the
        gradient of each of its groups is made no longer than that."""
        optimizer.zero_grad()
        self.manual_backward(loss)
        if clip:
            for group in optimizer.param_groups:
                torch.nn.utils.clip_grad_norm_(group["params"], clip)
        step_if_finite(optimizer, self.broken)

    def log_batch(self) -> None:
        """Count the batch; every `log_every_n_steps` look for what broke, and log the terms."""
        self.clock.batches += 1
        if self.batches_done % self.trainer.log_every_n_steps == 0:  # type: ignore[attr-defined]
            self.check_finite()
            self.log_dict(self.terms, sync_dist=True)

    def record(self, terms: Terms) -> None:
        """Remember the losses of this batch; they leave the device only when they are logged."""
        self.terms = {name: term.detach() for name, term in terms.items()}

    def check_finite(self) -> None:
        """Stop the run before a checkpoint or a curve is written of what is broken."""
        if self.broken.item():
            names = not_finite(self.terms.items())
            what = ", ".join(names) if names else "a gradient"
            raise NonFiniteError(
                f"not finite by batch {self.batches_done}: {what}. The weights were left as they "
                f"were and the last checkpoint stays; lower {self.to_lower}, or try "
                "model.precision=32."
            )

    def exclude_from_global_step(self, optimizer: Any) -> None:
        """Keep a step out of Lightning's global step, where another one counts the batch."""
        profiler = self.trainer.profiler  # type: ignore[attr-defined]
        optimizer._on_before_step = lambda: profiler.start("optimizer_step")
        optimizer._on_after_step = lambda: profiler.stop("optimizer_step")

    # ---- Lightning -------------------------------------------------------------------------

    def setup(self, stage: str) -> None:
        """The clock's rank, once the processes know theirs and before the data are asked."""
        self.clock.rank = self.global_rank

    def on_train_start(self) -> None:
        """Weights, and what a resumed optimizer remembers of them, in the device's order."""
        self.to_device_layout()
        if (
            self.precision == "bf16"
            and not supports_bf16(self.device.type)
            and not self.global_rank
        ):
            print(EMULATED, file=sys.stderr, flush=True)
        for optimizer in self.trainer.optimizers:
            for parameter, state in optimizer.state.items():
                for name, value in state.items():
                    if value.shape == parameter.shape and value.stride() != parameter.stride():
                        state[name] = torch.empty_like(parameter).copy_(value)

    def validation_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        """Nothing here: training/validation.py measures at the end of validation."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.check_finite()
        checkpoint["progress"] = {"batches": self.batches_done}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["state_dict"] = todays_names(checkpoint["state_dict"])
        count_epochs(checkpoint.get("loops", {}).get("fit_loop", {}))
        self.clock.batches = checkpoint.get("progress", {"batches": 0})["batches"]


class GANModel(ShapeModel):
    """A generator G and a discriminator D: samples come from the EMA of G's weights."""

    trunk: Trunk
    discriminator_head: DiscriminatorHead

    ema: nn.Module  # of G's weights
    accuracy: Tensor  # D's, in the last batch

    def start_ema(self, generator: nn.Module) -> None:
        """Set up both, when the networks are built."""
        self.ema = ema_copy(generator)
        self.register_buffer("accuracy", torch.zeros(()), persistent=False)

    def decode(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        with self.autocast():
            logits: Tensor = self.ema(latent)
        return logits.float()

    def train(self, mode: bool = True) -> "GANModel":
        """Training mode for all but the EMA."""
        super().train(mode)
        self.ema.eval()
        return self

    def discriminator_rests(self, cap: float) -> bool:
        """Whether D was righter than `cap` in the last batch; never with a cap of 1."""
        return cap < 1 and self.accuracy.item() > cap

    def measure_accuracy(
        self, real_logits: Tensor, fake_logits: Tensor, *, all_processes: bool
    ) -> Float[Tensor, ""]:
        """D's accuracy in this batch, remembered for the next."""
        right = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
        self.accuracy.copy_(right.detach() / 2)
        if all_processes:
            self.accuracy.copy_(self.trainer.strategy.reduce(self.accuracy))
        return self.accuracy.clone()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["progress"]["accuracy"] = float(self.accuracy)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.accuracy.fill_(checkpoint.get("progress", {}).get("accuracy", 0.0))
