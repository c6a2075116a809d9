"""W&B from here: whether it can be reached, and the axis that its curves are drawn over."""

import os
import socket
from typing import Any, Literal
from urllib.parse import urlsplit

BATCHES = "trainer/global_step"  # Lightning's name; here it counts batches
Mode = Literal["online", "offline", "disabled"]


def wandb_mode() -> tuple[Mode, str]:
    """W&B's mode here (online, offline or disabled), and in words why it is not online.

    WANDB_MODE or `wandb offline` / `wandb disabled` decide; who said nothing is offline where there
    is no network, no key, or a key that the server refuses.
    """
    import wandb

    told = os.environ.get("WANDB_MODE") or wandb.setup().settings.mode
    if told in ("disabled", "offline", "dryrun"):
        return ("disabled" if told == "disabled" else "offline"), f"its mode is {told}"
    server = urlsplit(wandb.setup().settings.base_url)
    port = server.port or (80 if server.scheme == "http" else 443)
    try:
        socket.create_connection((str(server.hostname), port), timeout=3).close()
    except OSError:
        return "offline", f"no network to {server.hostname}"
    try:
        return ("online", "") if wandb.login(prompt=False) else ("offline", "no key")
    except (wandb.errors.AuthenticationError, wandb.errors.UsageError):
        return "offline", f"{server.hostname} refused the key"


def draw_over_batches(run: Any) -> None:
    """Make batches the x axis of everything that a W&B run logs; else it is the lines logged."""
    run.define_metric(BATCHES)
    run.define_metric("*", step_metric=BATCHES, step_sync=True)
