"""The teacher: what the codes of a shape shall be, by a first encoder that knew no codes.

real shape --first E, frozen--> z --reader--> discrete values and continuous places

unmixing.py finds the codes in the first encoder's z for the training shapes; the reader learns to
say them of any shape, mirrored and stretched ones too, and E learns from it for a while.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from infogan3d.models.code_discovery.independent_components import FoundFactors
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.models.networks.posterior import Posterior, normal_to_uniform

# ---- codes for them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Targets:
    """What each code shall say of every shape; codes that nothing was found for are not `taken`."""

    discrete: Int[np.ndarray, "n kinds"]
    continuous: Float[np.ndarray, "n continuous"]
    taken: tuple[bool, ...]  # in the order of CodeSpec.names
    told: tuple[str, ...]


def targets_for(found: FoundFactors, spec: CodeSpec) -> Targets:
    """A code for each choice (the smallest that is large enough) and each measure.

    What finds no code is left out, and codes that are left over stay free.
    """
    columns = [one.labels for one in found.choices] + [one.places for one in found.measures]
    count = len(columns[0])
    discrete = np.zeros((count, len(spec.discrete)), dtype=np.int64)
    continuous = np.zeros((count, spec.continuous))
    taken, told = dict.fromkeys(spec.names, False), []
    for choice in sorted(found.choices, key=lambda one: -one.size):
        fitting = [
            (size, i)
            for i, size in enumerate(spec.discrete)
            if size >= choice.size and not taken[f"d{i}"]
        ]
        if not fitting:
            told.append(f"no code is left for {choice.text()}")
            continue
        _, i = min(fitting)
        discrete[:, i], taken[f"d{i}"] = choice.labels, True
        told.append(f"d{i} takes {choice.text()}")
    for i, measure in enumerate(found.measures):
        if i >= spec.continuous:
            told.append(f"no code is left for {measure.text()}")
            continue
        continuous[:, i], taken[f"c{i}"] = measure.places, True
        told.append(f"c{i} takes {measure.text()}")
    return Targets(discrete, continuous, tuple(taken.values()), tuple(told))


HIDDEN, BATCH = 128, 256


SPREAD = 3.0  # a uniform code's mean squared error times 3 is its share of the variance, 1 at worst


HEARD = 8.0  # weight of a continuous code beside a discrete one's nats


class Teacher(nn.Module):
    """A frozen copy of E and a small reader of its z; never trained with the rest."""

    taken: Tensor

    def __init__(self, encoder: Encoder, spec: CodeSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = copy.deepcopy(encoder)
        self.reader = nn.Sequential(
            nn.Linear(spec.noise, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, sum(spec.discrete) + spec.continuous),
        )
        self.register_buffer("taken", torch.zeros(len(spec.names), dtype=torch.bool))
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> "Teacher":
        """Always in evaluation mode."""
        super().train(False)
        return self

    def split(self, answer: Float[Tensor, "B _"]) -> tuple[list[Tensor], Float[Tensor, "B C"]]:
        """The reader's logits of each discrete code and its places of the continuous ones."""
        *logits, places = torch.split(answer, [*self.spec.discrete, self.spec.continuous], 1)
        return logits, places

    @torch.enable_grad()
    def learn(
        self,
        latent: Float[Tensor, "n noise"],
        targets: Targets,
        *,
        steps: int = 2000,
        seed: int = 0,
    ) -> float:
        """Fit the reader to some shapes' z; the share of the places' variance that it misses."""
        discrete = torch.from_numpy(targets.discrete).to(latent.device)
        continuous = torch.from_numpy(targets.continuous.astype(np.float32)).to(latent.device)
        self.taken.copy_(torch.tensor(targets.taken))
        self.reader.requires_grad_(True)
        adam = torch.optim.Adam(self.reader.parameters(), lr=2e-3)
        slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
        random = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            rows = torch.randint(len(latent), (BATCH,), generator=random).to(latent.device)
            logits, places = self.split(self.reader(latent[rows]))
            loss = SPREAD * mse_loss(places, continuous[rows])
            for i, one in enumerate(logits):
                loss = loss + cross_entropy(one, discrete[rows, i])
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            slower.step()
        self.reader.requires_grad_(False)
        with torch.no_grad():
            _, places = self.split(self.reader(latent))
        return SPREAD * float(mse_loss(places, continuous))

    @torch.no_grad()
    def forward(
        self, grid: Float[Tensor, "B 1 R R R"]
    ) -> tuple[list[Tensor], Float[Tensor, "B C"]]:
        """Each discrete code's value and the continuous codes' places, of some shapes."""
        z, _, _ = self.encoder(grid)
        logits, places = self.split(self.reader(z.float()))
        return [one.argmax(1) for one in logits], places.clamp(-0.99, 0.99)

    def mask_unassigned(self, answer: Posterior) -> Posterior:
        """E's answer in which the codes that were not taken say what the prior says: nothing.

        Left free they would say again what others say: two codes tell a place along a bent curve
        better than one. Before anything was found the answer is left as it is.
        """
        if not self.taken.any():
            return answer
        kinds = len(self.spec.discrete)
        own = self.taken[kinds:]
        return replace(
            answer,
            discrete=[one * told for one, told in zip(answer.discrete, self.taken, strict=False)],
            continuous_mean=answer.continuous_mean * own,
            continuous_log_variance=answer.continuous_log_variance * own,
        )

    def select_assigned(
        self, answer: tuple[list[Tensor], Tensor, Tensor], codes: Codes
    ) -> tuple[tuple[list[Tensor], Tensor, Tensor], Codes]:
        """Q's answer and the codes that were drawn, without the codes that were not taken."""
        kinds = len(self.spec.discrete)
        discrete, own = self.taken[:kinds], self.taken[kinds:]
        logits, mean, log_variance = answer
        told = [one for one, taken in zip(logits, discrete, strict=True) if taken]
        drawn = replace(
            codes, discrete=codes.discrete[:, discrete], continuous=codes.continuous[:, own]
        )
        return (told, mean[:, own], log_variance[:, own]), drawn

    def distillation_loss(self, grid: Float[Tensor, "B 1 R R R"], answer: Posterior) -> Tensor:
        """How far E's answer is from what it shall say, over the codes that are taken."""
        discrete, places = self(grid)
        kinds = len(self.spec.discrete)
        loss = answer.continuous_mean.new_zeros(())
        for i, value in enumerate(discrete):
            if self.taken[i]:
                loss = loss + cross_entropy(answer.discrete[i], value)
        own = self.taken[kinds:]
        if own.any():
            said = normal_to_uniform(answer.continuous_mean)
            loss = loss + HEARD * mse_loss(said[:, own], places[:, own])
        return loss
