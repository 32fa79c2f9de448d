"""Counts added up over the processes of a distributed training, through the store that the process group already has.

No collective is called: a rank that has stopped watching, or never began, cannot hold up another. The first rank gathers what
the others put into the store for a sampled step, and tells them when the next one is.
"""

from __future__ import annotations

import itertools
import json
import time
from datetime import timedelta
from typing import Any

import numpy as np

from nonlin.watch.sites import Total

PATIENCE = 10.0
"""Seconds to wait for another rank, once; after that each rank is on its own."""
_opened = itertools.count()


class Ranks:
    """The other processes of a training.

    Args:
        store: a ``torch.distributed`` store all of them share.
        rank: of this process, from 0.
        world: how many there are.
        number: which watch of the program this is, the same on every rank.
    """

    def __init__(self, store: Any, rank: int, world: int, number: int = 0) -> None:
        self.store, self.rank, self.world, self.prefix = store, rank, world, f"nonlin_watch/{number}"
        self.together = True
        self.waited = 0.0

    def gather(self, step: int, totals: dict[str, Total]) -> dict[str, Total]:
        """Give this rank's counts of a step; the first rank gets the sums, the others their own back."""
        if not self.together:
            return totals
        if self.rank:
            self.store.set(f"{self.prefix}/{step}/{self.rank}", _packed(totals))
            return totals
        for other in range(1, self.world):
            received = self._take(f"{self.prefix}/{step}/{other}")
            if received is None:
                break
            for name, total in _unpacked(received).items():
                if name in totals:
                    totals[name].add(total)
                else:
                    totals[name] = total
        return totals

    def agree(self, step: int, following: int) -> int:
        """Return the next sampled step, which the first rank decides."""
        if not self.together:
            return following
        key = f"{self.prefix}/{step}/next"
        if self.rank == 0:
            self.store.set(key, str(following).encode())
            return following
        found = self._take(key, delete=False)
        return following if found is None else int(found)

    def _take(self, key: str, delete: bool = True) -> bytes | None:
        """Return a value when it is there; None if it does not come, and then never wait again."""
        began = time.perf_counter()
        try:
            self.store.wait([key], timedelta(seconds=PATIENCE))
            value: bytes = self.store.get(key)
            if delete:
                self.store.delete_key(key)
            return value
        except RuntimeError:  # every store's own error of a value that did not come
            self.together = False
            return None
        finally:
            self.waited += time.perf_counter() - began


def find() -> Ranks | None:
    """Return the other processes of this training; None where there are none."""
    import torch.distributed as dist

    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() < 2:
        return None
    from torch.distributed.distributed_c10d import _get_default_store

    return Ranks(_get_default_store(), dist.get_rank(), dist.get_world_size(), next(_opened))


def _packed(totals: dict[str, Total]) -> bytes:
    head = json.dumps({name: (t.n, t.effective, t.parts, *t.rows.shape) for name, t in totals.items()}).encode()
    body = b"".join(np.ascontiguousarray(t.rows, np.float64).tobytes() for t in totals.values())
    return len(head).to_bytes(8, "little") + head + body


def _unpacked(packed: bytes) -> dict[str, Total]:
    size = int.from_bytes(packed[:8], "little")
    numbers, at = np.frombuffer(packed, np.uint8, offset=8 + size).view(np.float64), 0
    totals = {}
    for name, (n, effective, parts, rows, units) in json.loads(packed[8 : 8 + size]).items():
        totals[name] = Total(numbers[at : at + rows * units].reshape(rows, units).copy(), n, effective, parts)
        at += rows * units
    return totals
