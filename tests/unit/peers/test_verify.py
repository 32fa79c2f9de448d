"""The checks themselves: exact values, points, the measure of errors, and functions of one's own."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from nonlin.catalogue import definitions, resolve
from nonlin.errors import MissingExtraError, ParameterError, UnknownNameError
from nonlin.peers import peer
from nonlin.peers.checks import Check, Side, better, described
from nonlin.peers.running import own, runs_on
from nonlin.peers.truth import KINDS, exact, exact_row, limit, points, rounded, turns
from nonlin.peers.verify import verify

D = definitions()


# -- exact values ------------------------------------------------------------------------------------------------------


def test_exact_values_where_the_textbook_form_cancels() -> None:
    at = np.array([-700.0, -30.0, 1e-9, 2.5])
    with mp.workprec(4000):
        mish = [float(mp.mpf(v) * mp.tanh(mp.log(1 + mp.exp(mp.mpf(v))))) for v in at]
        slope = [float(1 - mp.tanh(mp.mpf(v)) ** 2) for v in at]
    assert exact(D["mish"], at).low[0].tolist() == mish
    assert exact(D["tanh"], at).low[1].tolist() == slope
    assert exact(D["tanhshrink"], at).low[0][2] == pytest.approx(1e-27 / 3, rel=1e-12)
    assert exact(D["squareplus"], np.array([-1e30])).low[0][0] == pytest.approx(1e-30, rel=1e-12)


def test_a_kink_allows_both_sides() -> None:
    true = exact(D["hard_tanh"], np.array([-1.0, 0.5, 1.0]))
    assert true.low[1].tolist() == [0, 1, 0]
    assert true.high[1].tolist() == [1, 1, 1]
    assert true.low[0].tolist() == true.high[0].tolist() == [-1, 0.5, 1]
    step = exact(D["binary_step"], np.array([0.0]))
    assert (step.low[0][0], step.high[0][0]) == (0, 1)
    assert turns(D["hard_swish"]) == [-3.0, 3.0]


@pytest.mark.parametrize(("name", "sign", "order", "wanted"), [
    ("silu", -1, 0, 0.0), ("silu", 1, 0, math.inf), ("silu", 1, 1, 1.0), ("softsign", -1, 0, -1.0), ("sin", 1, 0, math.nan),
    ("arcsinh", 1, 0, math.inf), ("arcsinh", -1, 1, 0.0), ("snake", 1, 1, math.nan), ("log_sigmoid", -1, 0, -math.inf),
    ("selu", -1, 0, -1.7580993408473766),
])  # fmt: skip
def test_limits(name: str, sign: float, order: int, wanted: float) -> None:
    assert limit(D[name], sign, order) == pytest.approx(wanted, rel=1e-15, nan_ok=True)


def test_rows_and_gates() -> None:
    value, slopes = exact_row(D["softmax"], (0.0, 0.0, math.log(2)))
    np.testing.assert_allclose(value, [0.25, 0.25, 0.5], rtol=1e-15)
    np.testing.assert_allclose(slopes, np.diag(value) - np.outer(value, value), atol=1e-16)
    value, slopes = exact_row(D["glu"], (3.0, 0.0))
    np.testing.assert_allclose(value, [1.5])
    np.testing.assert_allclose(slopes, [[0.5, 0.75]])
    np.testing.assert_allclose(exact_row(D["sparsemax"], (0.5, 0.4, 0.3, 0.2))[0], [0.4, 0.3, 0.2, 0.1], rtol=1e-14)
    np.testing.assert_allclose(exact_row(D["logsumexp"], (0.0, 0.0))[0], [math.log(2)])


@pytest.mark.parametrize("dtype", sorted(KINDS))
def test_points_are_numbers_of_their_type(dtype: str) -> None:
    kind = KINDS[dtype]
    at = points(D["hard_swish"], kind)
    assert (rounded(at, kind) == at).all() and np.isfinite(at).all()
    assert (np.diff(at) > 0).all() and 100 < len(at) < 200
    assert {0.0, 3.0, -3.0, kind.largest, math.ldexp(kind.tiny, 1 - kind.bits)} <= set(at.tolist())
    assert len(points(D["hard_swish"], kind, full=True)) > 5 * len(at) or kind.bits < 12


# -- the measure -------------------------------------------------------------------------------------------------------


def test_our_relu_and_torch_s_are_exact() -> None:
    (check,) = verify(["relu"], ["torch"], dtypes=["float32"])
    assert [s.ulps for s in check.theirs] == [s.ulps for s in check.ours] == [0, 0, 0]
    assert check.source.startswith("torch ") and check.points > 100
    assert better(check) == ["same", "same", "same"]
    assert not check.corners


def test_torch_s_gelu_is_found_wrong_and_ours_is_not() -> None:
    single, double = verify(["gelu"], ["torch"])
    assert (single.dtype, double.dtype) == ("float32", "float64")
    for check in (single, double):
        assert check.theirs[0].ulps > 1e6 and check.ours[0].ulps < 4
        assert check.theirs[2].lost and not check.ours[2].lost
        assert better(check)[0] == "ours"
        wrong = {(n.at, n.order) for n in check.limits if n.theirs_wrong}
        assert (-math.inf, 0) in wrong
        assert not [n for n in check.limits if not math.isclose(n.ours, n.exact, rel_tol=1e-6)]
    assert any("left tail" in text for text in double.faults)


def test_a_missing_derivative_and_a_rival_convention() -> None:
    (check,) = verify(["hard_sigmoid"], ["torch"], dtypes=["float64"])
    assert "not implemented" in check.theirs[2].missing and better(check)[2] == "ours"
    assert check.theirs[1].ulps > 1e7  # 1/6 in single precision
    (elu,) = verify(["elu"], ["torch"], dtypes=["float64"])
    assert [(c.at, c.order, c.theirs, c.ours) for c in elu.corners] == [(0.0, 2, 0.0, 1.0)]


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu", "softmin"])
def test_rows_and_gated_units_of_torch(name: str) -> None:
    (check,) = verify([name], ["torch"], dtypes=["float64"])
    assert len(check.theirs) == len(check.ours) == 2
    assert check.ours[0].ulps < 4


def test_half_types() -> None:
    checks = verify(["silu"], ["torch"], dtypes=["bfloat16", "float16"])
    assert all(check.ours[0].ulps <= 0.51 for check in checks)


def test_everything_torch_has_is_compared_once_with_progress() -> None:
    said: list[tuple[int, int, str]] = []
    wanted = ["relu", "tanh", "LeakyReLU"]
    checks = verify(wanted, ["torch"], dtypes=["float32"], progress=lambda *args: said.append(args))
    assert sorted(c.function for c in checks) == ["leaky_relu", "relu", "tanh"]
    assert [n for n, _, _ in said] == [0, 1, 2] and {total for _, total, _ in said} == {3}
    assert said[0][2].endswith("float32")


def test_a_check_as_json() -> None:
    (check,) = verify(["gelu"], ["torch"], dtypes=["float32"])
    made = json.loads(json.dumps(described(check), allow_nan=False))
    assert made["function"] == "gelu" and made["better"][0] == "ours"
    assert {n["at"] for n in made["limits"]} == {"inf", "-inf"} and made["limits"][0]["theirs"] is None


def side(ulps: float = 0.5, lost: int = 0, missing: str = "") -> Side:
    return Side(ulps=ulps, lost=lost, missing=missing)


@pytest.mark.parametrize(("theirs", "ours", "verdict"), [
    (side(), side(0.9), "same"), (side(5), side(5.2), "same"), (side(50), side(2), "ours"), (side(1.5), side(9), "theirs"),
    (side(lost=1), side(3), "ours"), (side(3), side(lost=2), "theirs"), (side(missing="no"), side(), "ours"),
    (side(missing="no"), side(missing="no"), "same"),
])  # fmt: skip
def test_who_is_better(theirs: Side, ours: Side, verdict: str) -> None:
    assert better(Check("f", "f", "lib", "float32", 1, (theirs,), (ours,))) == [verdict]


# -- functions of one's own ----------------------------------------------------------------------------------------------

OWN = """
import math
import numpy as np
import torch

def mish(x):
    return x * torch.tanh(torch.log(1 + torch.exp(x)))

def plain(x):
    return np.maximum(x, 0) * np.float32(1.001)

class Layer(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.mish(x)

def scalar(x):
    return math.tanh(x)

def reduces(x):
    return x.sum()

def fails_far_out(x):
    if (x > 1e30).any():
        raise OverflowError("too large for me")
    return torch.relu(x)

number = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_functions.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_functions", raising=False)
    return "my_functions"


def test_the_current_folder_is_searched_and_left_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the user's called random.py must not stand in for the standard library's afterwards."""
    (tmp_path / "found_here.py").write_text("import numpy\n\n\ndef double(x):\n    return x + x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    monkeypatch.delitem(sys.modules, "found_here", raising=False)
    assert own("found_here:double")(2) == 4
    assert sys.path[-1] == str(tmp_path)
    assert sys.path.count(str(tmp_path)) == 1 and "" not in sys.path


def test_one_s_own_function_of_torch(module: str) -> None:
    single, double = verify([f"{module}:mish"], claim="mish")
    assert single.name == "my_functions:mish" and single.source == "my_functions" and single.function == "mish"
    for check in (single, double):
        assert check.theirs[0].ulps > 1e4 > 10 > check.ours[0].ulps  # log(1 + exp(x)) loses its digits far left
        assert check.theirs[0].lost + check.theirs[1].lost > 0
        assert better(check)[:2] == ["ours", "ours"]


def test_modules_numpy_and_formulas_as_claims(module: str) -> None:
    (layer,) = verify([f"{module}:Layer"], claim="x*tanh(softplus(x))", dtypes=["float32"])
    assert layer.theirs[0].ulps < 4
    (plain,) = verify([f"{module}:plain"], claim="relu", dtypes=["float32"])
    assert plain.theirs[0].ulps > 1000 and plain.theirs[1].missing == "it has no gradient"
    (broken,) = verify([f"{module}:fails_far_out"], claim="relu", dtypes=["float32"])
    assert broken.theirs[0].missing == "OverflowError: too large for me" and broken.ours[0].ulps == 0


@pytest.mark.parametrize(("text", "claim", "message"), [
    ("{m}:mish", "", r"say which function my_functions:mish claims to be: .*\(--as mish\)"),
    ("{m}:mihs", "mish", r"unknown function of my_functions 'mihs'. Did you mean 'mish'\?"),
    ("no_such_module:f", "mish", "there is no module 'no_such_module' to import"),
    ("{m}:number", "mish", "is a int, not a function"),
    ("{m}:scalar", "tanh", "takes no array and returns none of the same shape"),
    ("{m}:reduces", "tanh", "takes no array"),
    ("{m}:", "mish", "is written module:name"),
    ("{m}:mish", "softmax", "checked element by element, and softmax is rowwise"),
    ("{m}:mish", "mihs", "Did you mean 'mish'"),
])  # fmt: skip
def test_what_cannot_be_checked_is_a_sentence(module: str, text: str, claim: str, message: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        verify([text.format(m=module)], claim=claim)


def test_other_errors() -> None:
    with pytest.raises(ParameterError, match="a type must be one of float64, float32, float16, bfloat16, not 'int8'"):
        verify(["relu"], dtypes=["int8"])
    with pytest.raises(UnknownNameError, match="unknown peer 'tensorflwo'"):
        verify(["relu"], ["tensorflwo"])
    with pytest.raises(MissingExtraError, match=r"NNlib.jl \(Flux\) cannot be run here: it is not a Python package"):
        verify(["relu"], ["nnlib"])
    with pytest.raises(ParameterError, match="squareplus: none of torch has it; `nonlin port` shows what they have"):
        verify(["squareplus"], ["torch"])
    with pytest.raises(UnknownNameError, match="Did you mean 'relu'"):
        verify(["reluu"], ["torch"])


def test_a_peer_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import nonlin.peers.running as running

    monkeypatch.setattr(running.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"Keras is not installed; install it with: pip install 'nonlin.keras.'"):
        verify(["relu"], ["keras"])


def test_functions_are_tried_on_the_arrays_that_are_about() -> None:
    assert runs_on(np.tanh, "numpy:tanh").library == "numpy"
    made = own("torch.nn.functional:relu")
    assert runs_on(made, "relu").library == "torch"
    with pytest.raises(ParameterError, match=r"torch: .*; numpy: "):
        runs_on(lambda x: "text", "lambda")


def test_resolve_is_used_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Any = resolve("swish")
    assert verify(["swish"], ["torch"], dtypes=["float32"])[0].function == made.name
    assert peer("pytorch").name == "torch"
