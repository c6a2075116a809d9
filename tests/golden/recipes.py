"""Trainings of seconds, one a system, and one of options that none of them has."""

COMMON = (
    *("resolution=16", "batch_size=8", "epochs=-1", "logger=csv", "log_every=1", "workers=1"),
    *("snapshot_every=0", "score_shapes=0", "validate_every=20", "trainer=cpu"),
    *("data=exact_chairs", "data.count=60", "model.precision=32", "model.width=2"),
)
CODES = (
    *("codes.noise=4", "codes.discrete=[3,2]", "codes.continuous=1"),
    *("model.trunk_width=1", "model.ema=0.8"),
)
LATENTS = (
    *("model.latent=6", "model.noise=5", "model.latent_width=8", "model.lr=2e-2"),
    *("model.latent_lr=1e-3", "batches=40"),
)
LIMIT = ("model.generator_lr=2e-2", "model.lambda1=60.0", "model.lambda2=1.0")
LONGER = 4  # batches that a run goes on for
SYSTEMS: dict[str, tuple[str, ...]] = {
    "paper": (*CODES, *LIMIT),
    "inverse": ("+experiment=inverse", *CODES, "model.start_batches=50", "model.start_lr=2e-2"),
    "codes": (
        *("+experiment=codes", *CODES, "codes.noise=6", "codes.continuous=2"),
        *("model.unmix_after=40", "model.start_batches=70", "model.teach_batches=15"),
        "model.start_lr=2e-2",
    ),
    "3dgan": (
        *("system=3dgan", "model.trunk_width=2", "model.noise=5"),
        *("model.generator_lr=1e-2", "model.trunk_lr=1e-3"),
    ),
    "cnn_ae": ("system=cnn_ae", *LATENTS),
    "im_ae": (
        *("system=im_ae", *LATENTS),
        *("model.decoder_width=2", "model.points=512", "model.weights=he"),
    ),
}
BATCHES = {"paper": 40, "inverse": 60, "codes": 80, "3dgan": 20, "cnn_ae": 10, "im_ae": 10}
LATENT = ("cnn_ae", "im_ae")  # BATCHES are those of their latent GAN
OPTIONS = (  # what no run folder has
    *(*CODES, "batches=20"),
    *("model.reading=kl", "model.trunk_layers=5", "model.trunk_norm=spectral"),
    *("model.information_reaches=head", "model.accuracy_gate=0.8", "model.one_piece=0.1"),
    *("model.real_labels=[1.0,1.0]", "model.fake_labels=[0.0,0.0]", "stretch=0.1"),
)
LIFTED = {"inverse": 2.0, "codes": 2.0, "cnn_ae": 2.0, "im_ae": 1.6}  # else shapes are empty
OUTPUTS = (  # what is lifted
    *("generator.layers.6.bias", "average.layers.6.bias"),
    *("decoder.layers.6.bias", "decoder.out.bias"),
)


def batches(system: str, more: int = 0) -> tuple[str, ...]:
    """The word that says how long a system learns for."""
    key = "model.latent_batches" if system in LATENT else "batches"
    return (f"{key}={BATCHES[system] + more}",)
