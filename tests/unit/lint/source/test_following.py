"""The tensor is followed to its loss, in programs as people write them."""

from __future__ import annotations

import pytest

from nonlin.lint.net import PLAIN, Net
from nonlin.lint.source import read_text
from tests.unit.lint.source.programs import HEAD, KERAS, TORCH, Case, K


def fed(net: Net, which: int = 0) -> str:
    """What the loss is given, looking through operations that change no values: a function's id or ``op:...``."""
    at = net.losses[which].input
    while net.nodes[at].op in (*PLAIN[:4], "cast", "select") and net.nodes[at].inputs:
        if net.nodes[at].op == "avg_pool":
            break
        at = net.nodes[at].inputs[0]
    return net.nodes[at].function or f"op:{net.nodes[at].op}"


def trained(text: str) -> Net:
    reading = read_text(text, "program.py")
    assert not [f.message for f in reading.findings]
    nets = [net for net in reading.nets if net.losses]
    assert len(nets) == 1
    return nets[0]


@pytest.mark.parametrize("case", TORCH, ids=lambda c: c.name)
def test_torch(case: Case) -> None:
    net = trained(HEAD + case.text)
    assert (net.losses[0].kind, fed(net), net.framework) == (case.loss, case.fed, "torch")


@pytest.mark.parametrize("case", KERAS, ids=lambda c: c.name)
def test_keras(case: Case) -> None:
    net = trained(K + case.text)
    assert (net.losses[0].kind, fed(net), net.framework) == (case.loss, case.fed, "keras")
