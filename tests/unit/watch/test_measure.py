"""Statistics of a tensor against NumPy, thinning, places and shapes of functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nonlin.catalogue import definitions, resolve
from nonlin.watch.derive import Window, derived
from nonlin.watch.function import FLAT as SMALL
from nonlin.watch.function import shape_of
from nonlin.watch.measure import (
    BOTTOM,
    ELEMENTS,
    FIRED,
    MEAN,
    PEAK,
    TOP,
    VARIANCE,
    flat_counts,
    moments,
    peaked_rows,
    plain,
    reduce,
    thin,
)
from nonlin.watch.sites import Book, Site, Total, axis_of


def told(site: Site) -> Any:
    """What a place's own counts say."""
    book = Book({(0,): site})
    seen, counts, flat = book.pack()
    (total,) = book.unpack(seen, counts, flat).values()
    return derived([(site, total)])[0]


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("middle", [0.0, 1e4])
def test_moments_are_those_of_numpy_also_far_from_zero(n: int, middle: float) -> None:
    x = torch.randn(n, 9, generator=torch.Generator().manual_seed(0)) + middle
    raw = reduce(x)
    want = x.double().numpy()
    assert torch.equal(raw[FIRED].double(), torch.as_tensor((want > 0).sum(0)).double())
    rows = moments(raw.double(), n).numpy() / n
    np.testing.assert_allclose(rows[MEAN], want.mean(0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(rows[VARIANCE], want.var(0), rtol=2e-3, atol=1e-5)
    assert torch.equal(raw[TOP], x.amax(0)) and torch.equal(-raw[BOTTOM], x.amin(0))


@pytest.mark.parametrize("calls", [1, 3])
def test_a_place_adds_up_its_calls(calls: int) -> None:
    x = torch.randn(60, 5, generator=torch.Generator().manual_seed(0)) + torch.arange(60)[:, None] / 10
    site = Site("act", "activation", 0, shape_of("tanh"))
    for part in x.chunk(calls):
        site.see(part.tanh(), part)
    assert (site.n, site.effective, site.parts) == (60, 60, calls)
    seen = told(site)
    want = x.tanh().double()
    assert seen.stats["mean"] == pytest.approx(float(want.mean()), rel=1e-5)
    assert seen.stats["std"] == pytest.approx(float(want.std(correction=0)), rel=1e-4)
    assert seen.stats["spread"] == pytest.approx(float(want.std(0, correction=0).mean()), rel=1e-4)
    assert seen.stats["saturated"] == pytest.approx(float((x.abs() > 2.17827221).double().mean()))
    assert seen.stats["centre"] == pytest.approx(seen.stats["mean"] / seen.stats["std"])
    assert not seen.constant and not seen.broken and site.acc is None


def test_constant_and_broken_outputs_are_told() -> None:
    site = Site("a", "affine", 0)
    site.see(torch.tensor([[1.0, -5.0]]).repeat(9, 1))
    assert told(site).constant
    site.see(torch.tensor([[1.0, -5.0], [1.0, -5.01]]))
    assert not told(site).constant
    for bad in (math.nan, math.inf):
        site.see(torch.tensor([[1.0, bad], [2.0, 3.0]]))
        assert told(site).broken


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((256, 512), 1),
        ((32, 64, 32, 32), 1),
        ((8, 128, 256), 2),
        ((8, 128, 256), 1),
        ((3, 5000), 1),
        ((2, 3, 4, 5, 6), 1),
        ((7,), 0),
    ],
)
def test_thinning_keeps_every_unit_and_bounds_the_work(shape: tuple[int, ...], axis: int) -> None:
    units = shape[axis]
    x = (
        torch.arange(units, dtype=torch.float32)
        .reshape([units if d == axis else 1 for d in range(len(shape))])
        .expand(shape)
    )
    for shift in (0, 5):
        kept, effective = thin(x, axis, shift)
        assert kept.shape[1] == units and torch.equal(kept, torch.arange(units).float().expand_as(kept))
        assert kept.numel() <= 4 * max(ELEMENTS, 8 * units)
        assert 1 <= effective <= len(kept)


def test_positions_of_a_sample_count_as_sixteen_at_most() -> None:
    assert thin(torch.zeros(4, 3, 32, 32), 1)[1] == 4 * 16
    assert thin(torch.zeros(4, 3, 2, 2), 1)[1] == 4 * 4
    assert thin(torch.zeros(64, 3), 1)[1] == 64


def test_steps_look_at_different_samples() -> None:
    x = torch.arange(256.0)[:, None].expand(256, 512)
    first, second = thin(x, 1, 0)[0], thin(x, 1, 1)[0]
    assert not set(first[:, 0].tolist()) & set(second[:, 0].tolist())


@pytest.mark.parametrize("value", [torch.zeros(2, dtype=torch.int64), torch.zeros(0), None, 3, torch.zeros(2, device="meta"),
                                   torch.zeros(()), torch.zeros(3).to_sparse()])  # fmt: skip
def test_what_holds_no_activations_is_left_alone(value: Any) -> None:
    assert plain(value) is None


def test_transformed_tensors_are_left_alone_and_tuples_opened() -> None:
    met = []
    torch.func.vmap(lambda x: met.append(plain(x)) or x)(torch.zeros(3, 2))
    assert met == [None]
    assert plain((torch.ones(2), 1)).tolist() == [1, 1]  # type: ignore[union-attr]
    assert type(plain(nn.Parameter(torch.ones(2)))) is Tensor


def test_flat_counts_of_any_intervals() -> None:
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    flat = ((-math.inf, -1.0), (0.2, 0.5), (1.5, math.inf))
    want = ((x < -1) | ((x > 0.2) & (x < 0.5)) | (x > 1.5)).sum(0)
    assert flat_counts(x, flat).tolist() == want.tolist()


def test_a_row_that_looks_at_one_entry_is_flat() -> None:
    rows = torch.tensor([[0.99, 0.01], [0.98, 0.02], [0.5, 0.5]])
    assert peaked_rows(rows)[4].tolist() == [1]
    assert PEAK * (1 - PEAK) == pytest.approx(SMALL / 4)


def test_axes_of_units() -> None:
    assert axis_of(torch.zeros(2, 3, 4), (3, True)) == 1
    assert axis_of(torch.zeros(2, 3, 4), (4, False)) == 2
    assert axis_of(torch.zeros(2, 3, 4), (0, False)) == 2
    assert axis_of(torch.zeros(2, 3, 4, 5), (0, False)) == 1
    assert axis_of(torch.zeros(2, 3, 4, 5), (5, False)) == 3, "channels last, as in ConvNeXt"


def test_a_window_judges_units_only_when_it_is_complete() -> None:
    site, window = Site("a", "activation", 0, shape_of("relu")), Window(2)
    for step in range(8):
        rows = np.zeros((7, 2))
        rows[FIRED], rows[TOP] = [0, step == 3], [0, 1e-4]
        seen = told_of(site)
        window.add(seen, Total(rows, 64, 64))
        assert ("dead" in seen.stats) == (step == 7)
    assert (seen.stats["dead"], seen.stats["dormant"]) == (0.5, 1.0)
    assert seen.units["unit_rate"].tolist() == [0, 1 / 512]
    assert window.effective == 0 and not window.fired.any()


def told_of(site: Site) -> Any:
    return derived([(site, Total(np.zeros((7, 2)), 64, 64))])[0]


def test_a_place_ignores_another_width() -> None:
    site = Site("a", "affine", 0)
    site.see(torch.zeros(4, 3))
    site.see(torch.zeros(4, 5))
    assert site.n == 4


def test_places_have_unique_names_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.watch.sites.MOST_PLACES", 2)
    book = Book()
    assert [s.name for k in range(2) if (s := book.get((k,), "same", "affine"))] == ["same", "same#2"]
    assert book.get((3,), "same", "affine") is None and book.full
    assert book.get((0,), "same", "affine") is not None


# -- shapes of functions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "edges", "saturates", "dies"),
    [
        ("sigmoid", (-4.35654, 4.35654), True, False),
        ("tanh", (-2.17827, 2.17827), True, False),
        ("hard_tanh", (-1, 1), True, False),
        ("hard_sigmoid", (-3, 3), True, True),
        ("softsign", (-3.47214, 3.47214), True, False),
        ("relu", (0,), False, True),
        ("relu6", (0, 6), False, True),
        ("leaky_relu", (0,), False, False),
        ("sin", (), False, False),
        ("identity", (), False, False),
        ("x**2", (), False, False),
        ("tanh(x) + 0.2*x", (), False, False),
        ("tanh(3*x)", (-0.72609, 0.72609), False, False),
        ("tanh(1.2*x)", (-1.81523, 1.81523), True, False),
    ],
)
def test_where_functions_are_flat(name: str, edges: tuple[float, ...], saturates: bool, dies: bool) -> None:
    shape = shape_of(name)
    assert [v for pair in shape.flat for v in pair if math.isfinite(v)] == pytest.approx(list(edges), abs=1e-4)
    assert (shape.saturates, shape.dies) == (saturates, dies)


def test_every_function_of_the_catalogue_has_a_shape() -> None:
    from nonlin.backends.numpy import evaluate

    for name, made in list(definitions().items())[::23]:
        shape = shape_of(made)
        for low, high in shape.flat:
            middle = np.array([(max(low, -30) + min(high, 30)) / 2])
            root = resolve(name).closed()
            grid = np.linspace(-30, 30, 4001)
            with np.errstate(all="ignore"):
                most = np.nanmax(np.abs(evaluate(root, grid, wrt=("x",))) + 0 * grid)
                assert abs(evaluate(root, middle, wrt=("x",)).item()) <= SMALL * most * 1.01, name
