"""What goes wrong beside wrong settings, by kind; runs/guards/exit_codes.py gives the codes."""

from collections.abc import Iterator
from contextlib import contextmanager


class DataError(ValueError):
    """A data set, a pack, a picture or a mesh cannot be used."""


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, another run's or not to be trusted."""


@contextmanager
def reading_data() -> Iterator[None]:
    """What cannot be read inside is a `DataError` with the same sentence."""
    try:
        yield
    except (DataError, CheckpointError):
        raise
    except ValueError as error:
        raise DataError(str(error)) from error
