"""How a command ends: an exception -> its exit code and one sentence with the cure.

| code | meaning                                                                  |
|------|--------------------------------------------------------------------------|
| 0    | done                                                                     |
| 1    | a mistake of ours: a traceback                                           |
| 2    | settings: a name, a value, a folder that cannot be written               |
| 3    | data: a data set, a pack, a picture or a mesh that cannot be used        |
| 4    | checkpoint: missing, damaged, another run's, too large for its weights   |
| 5    | a loss, a gradient or a weight is not finite                             |
| 6    | no room: the disk or the quota is full, or memory is                     |
| 130  | Ctrl-C                                                                   |
| 143  | told to end (SIGTERM)                                                    |
"""

import errno
from collections.abc import Callable
from typing import TypeGuard

from infogan3d.io.errors import CheckpointError, DataError

DONE, OURS, SETTINGS, DATA, CHECKPOINT, NOT_FINITE, NO_ROOM = range(7)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "Unable to allocate")  # torch's own


def exit_code(error: BaseException) -> int:
    """The exit code of a command that ends by an error; 1 where no user can put it right."""
    code: int | None = getattr(error, "exit_code", None)
    if code is not None:  # NonFiniteError
        return code
    return next((number for kind, number in CODES if kind(error)), OURS)


def disk_full(error: BaseException) -> bool:
    """No space, over the quota, or a file larger than is allowed."""
    return isinstance(error, OSError) and error.errno in FULL


def out_of_memory(error: BaseException) -> bool:
    """Of the machine or of a GPU. Torch has no class for the CPU's, so its words are looked at."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in OUT_OF_MEMORY)


def closed_place(error: BaseException) -> TypeGuard[OSError]:
    """A file or folder that is not there, or that this user cannot read or write."""
    return isinstance(error, OSError) and error.filename is not None


def wrong_settings(error: BaseException) -> bool:
    """What was typed, or a file that is not there."""
    if isinstance(error, ValueError | FileNotFoundError | NotADirectoryError | FileExistsError):
        return True
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    return isinstance(error, HydraException | OmegaConfBaseException)


CODES: tuple[tuple[Callable[[BaseException], bool], int], ...] = (
    (lambda error: isinstance(error, DataError), DATA),
    (lambda error: isinstance(error, CheckpointError), CHECKPOINT),
    (disk_full, NO_ROOM),
    (out_of_memory, NO_ROOM),
    (closed_place, SETTINGS),
    (wrong_settings, SETTINGS),
)


def with_cure(error: BaseException) -> str:
    """A sentence for what the system itself says too little of; empty for all else."""
    place = f" at {error.filename}" if closed_place(error) else ""
    if disk_full(error):
        return (
            f"no space is left to write{place}: free some, or name another disk (cache=..., "
            "hydra.run.dir=...); what was half written is removed, the last checkpoint is whole."
        )
    if out_of_memory(error):
        return (
            "memory is full: lower batch_size, model.width or resolution (model.checkpointing=true "
            "takes less too), or count; the last checkpoint is whole."
        )
    if closed_place(error):
        return (
            f"{error.filename}: {str(error.strerror).lower()}; check that path, or name a folder "
            "of your own (cache=..., hydra.run.dir=...)."
        )
    return ""
