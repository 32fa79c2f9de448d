"""Keep the memory of large results: on Linux a fresh one costs several times what computing it costs.

glibc gives a large block back to the system as soon as it is freed and gets the next one page by page: a fault of 4 KiB each, some
28 ms for 64 MiB where a kernel needs 5. Told not to, it hands the same pages out again.
"""

from __future__ import annotations

import ctypes
import sys

from nonlin.errors import NonlinError

OPTIONS = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_MMAP_MAX": (-4, 0)}
"""What is told to mallopt, with the numbers of glibc's malloc.h: give back only above 2 GiB; no block gets pages of its own."""


def tune_allocator() -> None:
    """Let this process keep freed memory instead of returning it to the system, so that large results start without page faults.

    For Linux with glibc; call it once, before the work begins. Above 32 MiB (blocks below are kept anyway, once a larger one was
    freed) a training step then reuses the pages of the one before. The price: memory once used stays with the process until it
    ends (2 GiB of it at the least), also between its parts in use, so that the highest use of memory may be higher than before.
    There is no way back in the same process.

    Raises:
        NonlinError: this system's C library is not glibc; nothing was changed.

    >>> import nonlin
    >>> nonlin.tune_allocator()  # doctest: +SKIP
    """
    mallopt = _mallopt()
    if mallopt is None:
        raise NonlinError(
            "tune_allocator works on Linux with the GNU C library only, and this is another system; nothing was changed. "
            "Leave the call out, or preload an allocator that keeps memory, such as jemalloc"
        )
    for name, (option, value) in OPTIONS.items():
        if not mallopt(option, value):
            raise NonlinError(f"the C library refused mallopt({name}, {value}); large results stay as slow as they were")


def _mallopt() -> ctypes._NamedFuncPointer | None:
    """glibc's ``mallopt``, or None in any other C library: others accept the call and ignore it."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return None
    found = library.mallopt
    found.argtypes, found.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return found
