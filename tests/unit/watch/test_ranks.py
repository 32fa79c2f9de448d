"""Counts added up over processes, and what happens when one does not take part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch.distributed as dist

from nonlin.watch import ranks
from nonlin.watch.ranks import Ranks, _packed, _unpacked
from nonlin.watch.sites import Total


def totals(seed: int, **more: tuple[int, int]) -> dict[str, Total]:
    made = np.random.default_rng(seed)
    return {name: Total(made.normal(size=(7, units)), n, n) for name, (units, n) in {"a": (4, 8), **more}.items()}


def test_counts_travel_whole() -> None:
    given = totals(0, b=(1, 3))
    for name, total in _unpacked(_packed(given)).items():
        np.testing.assert_array_equal(total.rows, given[name].rows)
        assert (total.n, total.effective, total.parts) == (given[name].n, given[name].effective, 1)
    assert _unpacked(_packed({})) == {}


def test_the_first_rank_gets_sums_and_maxima_and_tells_the_next_step() -> None:
    store = dist.HashStore()
    first, second = Ranks(store, 0, 2), Ranks(store, 1, 2)
    a, b = totals(0), totals(1, only=(2, 5))
    expected = np.vstack([a["a"].rows[:5] + b["a"].rows[:5], np.maximum(a["a"].rows[5:], b["a"].rows[5:])])
    assert second.gather(3, b) is b
    sums = first.gather(3, a)
    np.testing.assert_allclose(sums["a"].rows, expected)
    assert sums["a"].n == 16 and sums["a"].parts == 2 and sums["only"].n == 5
    assert first.agree(3, 17) == 17 and second.agree(3, 4) == 17


def test_a_rank_that_does_not_watch_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "PATIENCE", 0.01)
    store = dist.HashStore()
    store.set_timeout(timedelta(seconds=1))
    for rank in (0, 1):
        alone = Ranks(store, rank, 2)
        alone.gather(0, totals(0))
        following = alone.agree(0, 5)
        assert following == 5 and not alone.together
        waited = alone.waited
        alone.gather(1, totals(0))
        assert alone.agree(1, 9) == 9 and alone.waited == waited


PROGRAM = """
import json
import sys
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
import nonlin.watch.ranks
import nonlin.watch.sites
from nonlin.watch.watcher import watch

rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
with torch.no_grad():
    net[0].weight.zero_()
    net[0].weight[0, 0] = net[0].weight[1, 0] = 1.0
    net[0].bias[:] = torch.tensor([0.0, -10.0, 1.0, -1.0, -1.0, -1.0])
model = DistributedDataParallel(net)
optimizer = torch.optim.SGD(net.parameters(), 0.0)
x = torch.zeros(128, 4)
x[:, 0] = 20.0 if rank else -1.0  # units 0 and 1 are on for the second process only


def loop():
    for _ in range(6):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


def watched(**options):
    with watch(model, optimizer, **options) as w:
        loop()
    return w


def told(w):
    return {
        "names": [n.name for n in w.layers],
        "dead": [s.layers["1"]["dead"] for s in w.samples if "dead" in s.layers.get("1", {})],
        "rates": [s.units["1"]["unit_rate"].tolist() for s in w.samples if "1" in s.units],
        "steps": [s.step for s in w.samples],
        "remarks": w.remarks,
    }


found = {"both": told(watched(every=1)), "budget": told(watched())}
nonlin.watch.ranks.PATIENCE = 0.5
real = nonlin.watch.sites.reduce
nonlin.watch.sites.reduce = None if rank else real
found["fails"] = told(watched(every=1))
nonlin.watch.sites.reduce = real
if rank == 0:
    loop()
else:
    found["alone"] = told(watched(every=1))
print("RESULT", json.dumps(found))
dist.barrier()
dist.destroy_process_group()
"""


@pytest.mark.skipif(not dist.is_available() or not dist.is_gloo_available(), reason="this PyTorch has no gloo")
def test_two_processes(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(tmp_path / "program.py"), str(rank), str(tmp_path / "store")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    try:
        out = [p.communicate(timeout=120)[0] for p in both]
    finally:
        for p in both:
            p.kill()
    assert all(p.returncode == 0 for p in both), "\n".join(out)
    lines = [next(line for line in text.splitlines() if line.startswith("RESULT")) for text in out]
    first, second = (json.loads(line.removeprefix("RESULT ")) for line in lines)

    assert first["both"]["names"] == ["0", "1", "2"] and first["both"]["steps"] == [0, 1, 2, 3, 4, 5]
    # 64 rows a process and step: 512 after four steps of two processes
    assert first["both"]["dead"] == [3 / 6], "units 3, 4 and 5 are off in both processes, 0 and 1 on in the second"
    assert first["both"]["rates"] == [[0.5, 0.5, 1.0, 0.0, 0.0, 0.0]]
    assert not first["both"]["remarks"] and not second["both"]["steps"], "the first process speaks for all"
    assert first["budget"]["steps"][:2] == [0, 2], "which step is next is agreed on"
    assert first["fails"]["steps"] == [0, 1, 2, 3, 4, 5] and not first["fails"]["dead"], "it goes on with its own counts"
    assert "TypeError" in second["fails"]["remarks"][0]
    assert not second["alone"]["remarks"], "a process that watches alone holds up nobody"
