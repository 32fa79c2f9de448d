"""Ranges of row functions proved from their structure: what is proved holds on random rows, and nothing false is proved."""

from __future__ import annotations

import numpy as np
import pytest

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import definitions, resolve
from nonlin.expr import parse
from nonlin.facts import facts, reach
from nonlin.facts.rows import bounds, proved

PROVED = {
    "softmax": "(0, 1)", "softmin": "(0, 1)", "softmax_one": "(0, 1)", "log_softmax": "(-inf, 0)", "sparsemax": "[0, 1]",
    "entmax": "[0, 1]", "hardmax": "[0, 1]", "taylor_softmax": "(0, 1)", "spherical_softmax": "(0, 1)", "sparsegen_lin": "[0, 1]",
    "sig_softmax": "(0, 1)", "scalable_softmax": "(0, 1)",
}  # fmt: skip


@pytest.mark.parametrize("name", PROVED)
def test_proved_ranges(name: str) -> None:
    found = facts(name).range
    assert (found.text, found.how) == (PROVED[name], "proved")
    assert found.note == "of each entry, over rows of two or more"


@pytest.mark.parametrize("name", [d.name for d in definitions().values() if d.kind == "rowwise"])
def test_bounds_hold_on_random_rows(name: str) -> None:
    root = resolve(name).closed()
    span = bounds(root)
    if span is None:
        pytest.skip("no rule applies")
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1.0, 20.0):
        for length in (2, 5, 40):
            values = evaluate(root, scale * rng.standard_normal((50, length)))
            assert np.nanmin(values) >= span.low - 1e-12
            assert np.nanmax(values) <= span.high + 1e-12


@pytest.mark.parametrize(
    "text",
    [
        "x/row_sum(x)",  # not of one sign
        "(x - 1)**2/row_sum(x**2)",  # another sum
        "max(x - row_threshold(x, 2), 0)**2",  # another power than the threshold's
        "2*row_softmax(x)/row_sum(x)",
    ],
)
def test_what_is_not_true_is_not_proved(text: str) -> None:
    span = bounds(parse(text))
    assert span is None or not (span.low >= 0 and span.high <= 1), text


def test_a_bound_must_be_shown() -> None:
    # bounded by (0, 1), but no entry comes near to 1: half of a softmax over itself plus a constant
    softmax = reach("softmax")
    assert proved(resolve("softmax").closed(), softmax)
    assert not proved(resolve("row_softmax(tanh(x))").closed(), softmax)
