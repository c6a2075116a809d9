"""The teacher: what the codes of a shape shall be, by a first encoder that knew no codes.

real shape --first E, frozen--> z --reader--> values of discrete codes, positions of continuous ones

independent_components.py finds factors in the first encoder's z for the training shapes, and
`targets_for` assigns them to codes. The reader learns to say those codes of any shape, mirrored and
stretched ones too, and E is distilled from it for a while.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from infogan3d.models.code_discovery.independent_components import FoundFactors
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.models.networks.posterior import CodePosterior, Posterior, normal_to_uniform

HIDDEN, BATCH = 128, 256  # units of the reader's layers, shapes that it learns from at a time
UNIFORM_PRECISION = 3.0  # 1 / the variance of U(-1, 1): squared errors are given as shares of it
CONTINUOUS_WEIGHT = 8.0  # of a continuous code in E's distillation, beside a discrete one's nats

# ---- which code is assigned what -----------------------------------------------------------


@dataclass(frozen=True)
class Targets:
    """What each code shall say of every shape; codes that no factor was found for are not
    `assigned`."""

    discrete: Int[np.ndarray, "n kinds"]
    continuous: Float[np.ndarray, "n continuous"]
    assigned: tuple[bool, ...]  # in the order of CodeSpec.names
    log: tuple[str, ...]  # what was found and which code it went to, a line each


def targets_for(factors: FoundFactors, spec: CodeSpec) -> Targets:
    """A code for each categorical factor (the smallest that is large enough) and each continuous.

    A factor that no code is left for is left out, and codes that are left over stay free.
    """
    columns = [factor.labels for factor in factors.categorical]
    columns += [factor.positions for factor in factors.continuous]
    count = len(columns[0])
    discrete = np.zeros((count, len(spec.discrete)), dtype=np.int64)
    continuous = np.zeros((count, spec.continuous))
    assigned, log = dict.fromkeys(spec.names, False), []
    for factor in sorted(factors.categorical, key=lambda factor: -factor.size):
        fitting = [
            (size, i)
            for i, size in enumerate(spec.discrete)
            if size >= factor.size and not assigned[f"d{i}"]
        ]
        if not fitting:
            log.append(f"no code is left for {factor.text()}")
            continue
        _, i = min(fitting)
        discrete[:, i], assigned[f"d{i}"] = factor.labels, True
        log.append(f"d{i} takes {factor.text()}")
    for i, curve in enumerate(factors.continuous):
        if i >= spec.continuous:
            log.append(f"no code is left for {curve.text()}")
            continue
        continuous[:, i], assigned[f"c{i}"] = curve.positions, True
        log.append(f"c{i} takes {curve.text()}")
    return Targets(discrete, continuous, tuple(assigned.values()), tuple(log))


# ---- who says so of any shape --------------------------------------------------------------


class Teacher(nn.Module):
    """A frozen copy of E and a small reader of its z; never trained with the rest."""

    assigned: Bool[Tensor, " codes"]

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
        self.register_buffer("assigned", torch.zeros(len(spec.names), dtype=torch.bool))
        self.requires_grad_(False)
        self.eval()  # from the start: a run that goes on loads a teacher that has learned

    @property
    def assigned_discrete(self) -> Bool[Tensor, " kinds"]:
        return self.assigned[: len(self.spec.discrete)]

    @property
    def assigned_continuous(self) -> Bool[Tensor, " continuous"]:
        return self.assigned[len(self.spec.discrete) :]

    def train(self, mode: bool = True) -> "Teacher":
        """Always in evaluation mode."""
        super().train(False)
        return self

    @torch.enable_grad()
    def learn(
        self,
        latent: Float[Tensor, "n noise"],
        targets: Targets,
        *,
        steps: int = 2000,
        seed: int = 0,
    ) -> float:
        """Fit the reader to some shapes' z; the share of the positions' variance that it misses."""
        discrete = torch.from_numpy(targets.discrete).to(latent.device)
        continuous = torch.from_numpy(targets.continuous.astype(np.float32)).to(latent.device)
        self.assigned.copy_(torch.tensor(targets.assigned))
        self.reader.requires_grad_(True)
        adam = torch.optim.Adam(self.reader.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
        random = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            rows = torch.randint(len(latent), (BATCH,), generator=random).to(latent.device)
            logits, positions = self.spec.split_codes(self.reader(latent[rows]))
            loss = UNIFORM_PRECISION * mse_loss(positions, continuous[rows])
            for i, code in enumerate(logits):
                loss = loss + cross_entropy(code, discrete[rows, i])
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()
        self.reader.requires_grad_(False)
        with torch.no_grad():
            _, positions = self.spec.split_codes(self.reader(latent))
        return UNIFORM_PRECISION * float(mse_loss(positions, continuous))

    @torch.no_grad()
    def forward(
        self, grid: Float[Tensor, "B 1 R R R"]
    ) -> tuple[list[Int[Tensor, " B"]], Float[Tensor, "B C"]]:
        """Each discrete code's value and the continuous codes' positions, of some shapes."""
        z = self.encoder(grid).noise_mean
        logits, positions = self.spec.split_codes(self.reader(z.float()))
        return [code.argmax(1) for code in logits], positions.clamp(-0.99, 0.99)

    def mask_unassigned(self, posterior: Posterior) -> Posterior:
        """E's posterior in which unassigned codes say what the prior says: nothing.

        Left free they would say again what others say: two codes tell a position along a bent curve
        better than one. Before any code is assigned the posterior is left as it is.
        """
        if not self.assigned.any():
            return posterior
        codes, known = posterior.codes, self.assigned_continuous
        pairs = zip(codes.discrete_logits, self.assigned_discrete, strict=True)
        logits = [code * assigned for code, assigned in pairs]
        masked = CodePosterior(logits, codes.mean * known, codes.log_variance * known)
        return replace(posterior, codes=masked)

    def select_assigned(
        self, posterior: CodePosterior, codes: Codes
    ) -> tuple[CodePosterior, Codes]:
        """Q's posterior and the codes that were drawn, without the unassigned ones."""
        discrete, continuous = self.assigned_discrete, self.assigned_continuous
        pairs = zip(posterior.discrete_logits, discrete, strict=True)
        logits = [code for code, assigned in pairs if assigned]
        normal = posterior.mean[:, continuous], posterior.log_variance[:, continuous]
        drawn = codes.discrete[:, discrete], codes.continuous[:, continuous]
        return CodePosterior(logits, *normal), Codes(codes.noise, *drawn)

    def distillation_loss(
        self, grid: Float[Tensor, "B 1 R R R"], posterior: Posterior
    ) -> Float[Tensor, ""]:
        """How far E's posterior is from what it shall say, over the assigned codes.

        Cross-entropy in nats for discrete codes, 8 x squared error for continuous ones; 0 where E
        says surely what the teacher says.
        """
        values, positions = self(grid)
        loss = posterior.codes.mean.new_zeros(())
        for i, value in enumerate(values):
            if self.assigned[i]:
                loss = loss + cross_entropy(posterior.codes.discrete_logits[i], value)
        known = self.assigned_continuous
        if known.any():
            predicted = normal_to_uniform(posterior.codes.mean)
            loss = loss + CONTINUOUS_WEIGHT * mse_loss(predicted[:, known], positions[:, known])
        return loss
