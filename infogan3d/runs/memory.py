"""Keep memory that was freed: on Linux big tensors otherwise go back to the system at once."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library


def retain_malloc_arenas() -> bool:
    """Ask the C library to reuse freed memory instead of giving it back; whether it was asked.

    Every large tensor is otherwise mapped afresh, and the first touch of each page costs more than
    the arithmetic: a fifth to a third of a step on a CPU. Call it before the first tensor.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1) and library.mallopt(M_MMAP_THRESHOLD, 2**30)
    )
