"""Where samples are drawn from: z given the codes by a flow, codes as training shapes have them.

E's posteriors of whole training shapes are drawn from and a flow (networks/flow.py) learns where
they lie. A sample's z is N(0, 1) carried along the flow, so that the same noise with other codes is
the nearest thing to the same chair, and any chair's z has its noise (`noise_of`).
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from infogan3d.models.networks.flow import Flow, carry, flow_matching_loss
from infogan3d.models.networks.latent import Codes, CodeSpec, latent_vector, sample_codes
from infogan3d.models.networks.posterior import sample_normal

BATCH = 512  # draws that the flow learns from at a time
STEPS = 12  # of Heun's rule along the flow
TIGHTER = 0.5  # of E's deviations: whole draws of them are blurred shapes (ledger)
UNSHOWN = 0.1  # share of draws whose codes the flow is not shown, for guidance
TABLE = 4096  # training shapes whose codes are kept

Advance = Callable[[int, int, float], None]


class LearnedPrior(nn.Module):
    """p(c) by a table of training shapes' codes, p(z | c) by a flow; before `fit`, the usual ones.

    `width` 0: z is N(0, 1) whatever the codes are. `guidance`: see networks/flow.carry.
    """

    discrete: Int[Tensor, "rows kinds"]
    continuous: Float[Tensor, "rows continuous"]
    rows: Int[Tensor, ""]

    def __init__(self, spec: CodeSpec, *, width: int, guidance: float = 1.0) -> None:
        super().__init__()
        self.spec, self.guidance = spec, guidance
        self.flow: Flow | None = None
        if width and spec.noise:
            self.flow = Flow(size=spec.noise, codes=spec.size - spec.noise, width=width)
            self.flow.requires_grad_(False)
        kinds = len(spec.discrete)
        self.register_buffer("discrete", torch.zeros(TABLE, kinds, dtype=torch.long))
        self.register_buffer("continuous", torch.zeros(TABLE, spec.continuous))
        self.register_buffer("rows", torch.zeros((), dtype=torch.long))

    @property
    def fitted(self) -> bool:
        return int(self.rows) > 0

    # ---- drawing ---------------------------------------------------------------------------

    def sample_codes(self, count: int, *, generator: torch.Generator) -> Codes:
        """`count` draws: noise N(0, 1); codes of training shapes once it is fitted."""
        codes = sample_codes(self.spec, count, generator=generator)
        if not self.fitted:
            return codes
        where = generator.device
        drawn = torch.randint(int(self.rows), (count,), generator=generator, device=where)
        discrete = self.discrete.to(where)[drawn]
        return Codes(codes.noise, discrete, self.continuous.to(where)[drawn])

    def noise_to_z(self, codes: Codes) -> Float[Tensor, "B noise"]:
        """z of some draws: their noise carried along the flow from t = 0 to 1."""
        if self.flow is None or not self.fitted:
            return codes.noise
        known, guidance = self.known(codes), self.guidance
        x = carry(self.flow, codes.noise, known, steps=STEPS, guidance=guidance)
        return x * self.flow.spread + self.flow.mean

    def noise_of(self, z: Float[Tensor, "B noise"], codes: Codes) -> Float[Tensor, "B noise"]:
        """The noise that is carried to some z: the way back."""
        if self.flow is None or not self.fitted:
            return z
        x = (z - self.flow.mean) / self.flow.spread
        known, guidance = self.known(codes), self.guidance
        return carry(self.flow, x, known, steps=STEPS, guidance=guidance, backwards=True)

    def known(self, codes: Codes) -> Float[Tensor, "B codes"]:
        """What the flow depends on: the codes as a latent vector holds them."""
        return latent_vector(codes, self.spec)[:, self.spec.noise :]

    # ---- learning --------------------------------------------------------------------------

    def choices_seen(self) -> list[list[int]]:
        """Values of each discrete code that some training shape has; all before it is fitted."""
        if not self.fitted:
            return [list(range(size)) for size in self.spec.discrete]
        columns = self.discrete[: int(self.rows)].T
        return [column.unique().tolist() for column in columns]

    def keep_codes(
        self, discrete: Int[Tensor, "n kinds"], continuous: Float[Tensor, "n continuous"]
    ) -> None:
        """The table of codes: TABLE of them, spread over all, where there are more."""
        count = min(len(discrete), TABLE)
        chosen = torch.linspace(0, len(discrete) - 1, count).round().long()
        self.discrete[:count] = discrete[chosen]
        self.continuous[:count] = continuous[chosen]
        self.rows.fill_(count)

    @torch.enable_grad()
    def fit(
        self,
        mean: Float[Tensor, "n noise"],
        log_variance: Float[Tensor, "n noise"],
        known: Float[Tensor, "n codes"],
        *,
        steps: int,
        seed: int,
        on_step: Advance | None = None,
    ) -> float:
        """The flow by draws of E's posteriors with their shapes' codes; the last losses' mean."""
        if self.flow is None or not steps:
            return math.nan
        random = torch.Generator(device=mean.device).manual_seed(seed)
        log_variance = log_variance + 2 * math.log(TIGHTER)
        self.flow.standardise(sample_normal(mean, log_variance, random))
        self.flow.requires_grad_(True)
        adam = torch.optim.Adam(self.flow.parameters(), lr=1e-3)
        schedule = CosineAnnealingLR(adam, steps)
        recent = math.nan
        for step in range(steps):
            rows = torch.randint(len(mean), (BATCH,), generator=random, device=mean.device)
            draws = sample_normal(mean[rows], log_variance[rows], random)
            shown = torch.rand(BATCH, 1, generator=random, device=mean.device) >= UNSHOWN
            loss = flow_matching_loss(self.flow, draws, known[rows] * shown, random=random)
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()
            value = float(loss.detach())
            recent = value if math.isnan(recent) else 0.99 * recent + 0.01 * value
            if on_step is not None:
                on_step(step + 1, steps, recent)
        self.flow.requires_grad_(False)
        return recent
