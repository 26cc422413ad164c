"""CPU time of a job, children included, and the memory settings that save much of it."""

from __future__ import annotations

import ctypes
import resource
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2


class CpuBudget:
    """How much CPU time a job has used, over all its attempts, and what is left of its limit."""

    def __init__(self, limit: float | None) -> None:
        """Count from the start of this process.

        Args:
            limit: CPU seconds of the whole job; None means no limit.
        """
        self.limit = limit
        self.earlier = 0.0

    @property
    def used(self) -> float:
        """CPU seconds of this process, its children and earlier attempts."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
        return self.earlier + spent

    @property
    def left(self) -> float:
        """CPU seconds left; infinite without a limit."""
        return float("inf") if self.limit is None else self.limit - self.used


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory instead of returning it to the kernel.

    Training allocates and frees the same large buffers in every step; without this, mapping fresh
    pages takes a third of the time. Does nothing on other C libraries.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(_TRIM_THRESHOLD, 1 << 30)
        library.mallopt(_TOP_PAD, 64 << 20)
    except (AttributeError, OSError):
        return
