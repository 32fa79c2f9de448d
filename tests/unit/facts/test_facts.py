"""Facts against what is known on paper, against SymPy, and sentences for what cannot be had."""

from __future__ import annotations

import json
import math
from typing import Any

import mpmath
import pytest
from scipy.special import lambertw, ndtr

import nonlin
from nonlin.catalogue import KINDS, definitions
from nonlin.errors import UnknownNameError
from nonlin.facts.subject import HOW
from nonlin.facts.table import FACTS, Facts, fact, facts, plain

INF = math.inf
W = float(lambertw(math.exp(-1)).real)
"""W(1/e) = 0.278: silu is smallest at -(1 + W), where it is -W."""
SILU = (-W, -(1 + W))
SELU = 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
GELU = (-0.16997120747990369, -0.7517915246935645)
"""Minimum of x Phi(x): Phi(x) + x phi(x) = 0, solved to 30 digits."""


def solved_mish() -> tuple[float, float, float, float]:
    """Where mish is smallest, that value, where it is steepest, that slope: Newton's method in 40 digits on the textbook formula."""
    with mpmath.workdps(40):
        mish = lambda x: x * mpmath.tanh(mpmath.log(1 + mpmath.exp(x)))  # noqa: E731
        lowest = mpmath.findroot(lambda x: mpmath.diff(mish, x), -1.2)
        steepest = mpmath.findroot(lambda x: mpmath.diff(mish, x, 2), 1.5)
        return float(lowest), float(mish(lowest)), float(steepest), float(mpmath.diff(mish, steepest))


MISH = solved_mish()


def density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def r(low: float, high: float, brackets: str) -> dict[str, Any]:
    return {"low": low, "high": high, "low_attained": brackets[0] == "[", "high_attained": brackets[1] == "]"}


# function: {fact: value on paper}; each is derived in the comment or stands in the named paper
PAPER: dict[str, dict[str, Any]] = {
    "sigmoid": {"range": r(0, 1, "()"), "lipschitz": 1 / 4, "inflections": [0], "monotone": "increasing", "smoothness": INF},
    "tanh": {"range": r(-1, 1, "()"), "lipschitz": 1, "parity": "odd", "zero_centred": True, "inflections": [0]},
    "relu": {"range": r(0, INF, "[)"), "lipschitz": 1, "convex": "convex", "homogeneous": 1, "idempotent": True,
             "smoothness": 0, "dead_zone": [[-INF, 0]], "gradient_availability": 0.5,
             "zero_centredness": 1 - 1 / math.sqrt(math.pi), "nonlinearity": 1 - (1 / 4) / (1 / 2 - 1 / (2 * math.pi))},
    "leaky_relu": {"range": r(-INF, INF, "()"), "lipschitz": 1, "homogeneous": 1, "dead_zone": [], "monotone": "increasing"},
    "prelu": {"convex": "convex", "homogeneous": 1, "smoothness": 0},
    "relu6": {"range": r(0, 6, "[]"), "monotone": "non-decreasing", "dead_zone": [[-INF, 0], [6, INF]], "convex": "neither"},
    "elu": {"range": r(-1, INF, "()"), "lipschitz": 1, "smoothness": 1, "convex": "convex"},  # Clevert et al. 2016
    "selu": {"range": r(-SELU, INF, "()"), "lipschitz": SELU, "smoothness": 0, "zero_centredness": 1},  # Klambauer et al. 2017
    "celu(alpha=2)": {"range": r(-2, INF, "()"), "smoothness": 1, "lipschitz": 1},  # Barron 2017: C^1 for every alpha
    "elu(alpha=2)": {"smoothness": 0, "lipschitz": 2},
    "softplus": {"range": r(0, INF, "()"), "convex": "convex", "lipschitz": 1, "monotone": "increasing",
                 "fixed_points": {"points": [], "intervals": []}},  # log(1 + e^x) > x
    "softsign": {"range": r(-1, 1, "()"), "lipschitz": 1, "smoothness": 1, "parity": "odd"},  # f'' jumps from 2 to -2
    "arctan": {"range": r(-math.pi / 2, math.pi / 2, "()"), "lipschitz": 1, "inflections": [0]},
    "erf": {"range": r(-1, 1, "()"), "lipschitz": 2 / math.sqrt(math.pi), "parity": "odd"},
    "probit": {"range": r(0, 1, "()"), "lipschitz": 1 / math.sqrt(2 * math.pi)},
    "gelu": {"range": r(GELU[0], INF, "[)"), "inflections": [-math.sqrt(2), math.sqrt(2)],  # f'' = phi (2 - x^2)
             "lipschitz": ndtr(math.sqrt(2)) + math.sqrt(2) * density(math.sqrt(2)), "monotone": "no", "smoothness": INF},
    "silu": {"range": r(SILU[0], INF, "[)"), "lipschitz": 1.0998393201288669},  # (1 + tanh(u) + u sech^2 u)/2 at u tanh u = 1
    "quick_gelu": {"range": r(SILU[0] / 1.702, INF, "[)")},
    "mish": {"range": r(MISH[1], INF, "[)"), "monotone": "no", "lipschitz": MISH[3]},
    "hard_swish": {"range": r(-3 / 8, INF, "[)"), "lipschitz": 3 / 2, "dead_zone": [[-INF, -3]], "smoothness": 0},
    "hard_sigmoid": {"range": r(0, 1, "[]"), "lipschitz": 1 / 6, "gradient_availability": 2 * ndtr(3) - 1},
    "hard_tanh": {"range": r(-1, 1, "[]"), "idempotent": True, "parity": "odd", "dead_zone": [[-INF, -1], [1, INF]]},
    "squared_relu": {"range": r(0, INF, "[)"), "lipschitz": INF, "smoothness": 1, "homogeneous": 2, "convex": "convex"},
    "star_relu": {"smoothness": 1, "convex": "convex"},
    "sin": {"range": r(-1, 1, "[]"), "lipschitz": 1, "parity": "odd", "smoothness": INF,
            "nonlinearity": 1 - math.exp(-1) / ((1 - math.exp(-2)) / 2)},  # E z sin z = e^(-1/2), E sin^2 z = (1 - e^-2)/2
    "cos": {"range": r(-1, 1, "[]"), "parity": "even", "nonlinearity": 1},
    "gcu": {"range": r(-INF, INF, "()"), "parity": "odd"},
    "snake": {"range": r(-INF, INF, "()"), "lipschitz": 2},  # f' = 1 + sin 2x
    "gaussian_bell": {"range": r(0, 1, "(]"), "lipschitz": math.sqrt(2 / math.e), "parity": "even",
                      "inflections": [-1 / math.sqrt(2), 1 / math.sqrt(2)], "nonlinearity": 1},
    "log_sigmoid": {"range": r(-INF, 0, "()"), "convex": "concave", "lipschitz": 1, "monotone": "increasing"},
    "tanhshrink": {"parity": "odd", "lipschitz": 1, "monotone": "increasing", "range": r(-INF, INF, "()")},
    "softshrink": {"dead_zone": [[-0.5, 0.5]], "lipschitz": 1, "parity": "odd", "monotone": "non-decreasing"},
    "hardshrink": {"smoothness": -1, "lipschitz": INF, "idempotent": True, "parity": "odd"},
    "binary_step": {"range": r(0, 1, "[]"), "smoothness": -1, "monotone": "non-decreasing", "homogeneous": 0,
                    "gradient_availability": 0, "nonlinearity": 1 - (1 / (2 * math.pi)) / (1 / 4)},
    "squareplus": {"range": r(0, INF, "()"), "convex": "convex", "lipschitz": 1, "smoothness": INF},
    "isru": {"range": r(-1, 1, "()"), "parity": "odd", "lipschitz": 1},
    "isrlu": {"range": r(-1, INF, "()"), "smoothness": 2, "lipschitz": 1},  # Carlile et al. 2017: f''' jumps from -3 to 0
    "bent_identity": {"lipschitz": 3 / 2, "monotone": "increasing", "convex": "convex"},
    "abs": {"range": r(0, INF, "[)"), "parity": "even", "homogeneous": 1, "idempotent": True, "convex": "convex",
            "smoothness": 0},
    "identity": {"convex": "linear", "homogeneous": 1, "idempotent": True, "nonlinearity": 0, "lipschitz": 1},
    "symlog": {"parity": "odd", "smoothness": 1, "lipschitz": 1, "range": r(-INF, INF, "()")},  # x -+ x^2/2
    "exp": {"range": r(0, INF, "()"), "convex": "convex", "lipschitz": INF},
    "square": {"range": r(0, INF, "[)"), "homogeneous": 2, "parity": "even", "convex": "convex"},
    "lisht": {"parity": "even", "range": r(0, INF, "[)"), "lipschitz": 1.19967864025773},  # = x where x tanh x = 1
    "smelu": {"smoothness": 1, "range": r(0, INF, "[)"), "monotone": "non-decreasing", "lipschitz": 1},  # Shamir 2022
    "arcsinh": {"parity": "odd", "lipschitz": 1, "range": r(-INF, INF, "()")},
    "sign": {"smoothness": -1, "parity": "odd", "idempotent": True},
    "softmax": {"range": r(0, 1, "()")},
    "sparsemax": {"range": r(0, 1, "[]")},
    "x*exp(x)": {"range": r(-1 / math.e, INF, "[)"), "inflections": [-2]},
    "x**3": {"inflections": [0], "homogeneous": 3, "parity": "odd", "monotone": "increasing"},
    "log(x)": {"convex": "concave", "monotone": "increasing", "lipschitz": INF, "zeros": {"points": [1], "intervals": []}},
    "sqrt(abs(x))": {"lipschitz": INF, "homogeneous": 0.5, "range": r(0, INF, "[)")},
    "x/(1 + x*x)": {"range": r(-0.5, 0.5, "[]"), "lipschitz": 1, "inflections": [-math.sqrt(3), 0, math.sqrt(3)]},
}  # fmt: skip
MUST_BE_PROVED = {
    "sigmoid": ("range", "lipschitz", "monotone", "convex_pieces", "parity", "smoothness"),
    "gelu": ("range", "lipschitz", "monotone_pieces", "inflections", "minima", "smoothness"),
    "silu": ("range", "lipschitz", "minima"),
    "relu": ("range", "kinks", "smoothness", "dead_zone", "idempotent", "homogeneous", "lipschitz"),
    "elu": ("smoothness", "range", "convex"),
    "isrlu": ("smoothness",),
}


def near(found: Any, wanted: Any) -> None:
    if isinstance(wanted, dict):
        assert set(found) == set(wanted)
        for key, value in wanted.items():
            near(found[key], value)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), found
        for a, b in zip(found, wanted, strict=True):
            near(a, b)
    elif isinstance(wanted, bool | str) or wanted is None:
        assert found == wanted
    else:
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", PAPER)
def test_known_on_paper(name: str) -> None:
    about = facts(name)
    for which, wanted in PAPER[name].items():
        found = about[which]
        assert found.known, f"{which}: {found.note}"
        try:
            near(found.value, wanted)
        except AssertionError as err:
            raise AssertionError(f"{name}, {which}: {found.value}, on paper {wanted}") from err


def test_the_paper_table_is_long() -> None:
    assert len(PAPER) >= 40


@pytest.mark.parametrize("name", MUST_BE_PROVED)
def test_proved_where_it_can_be(name: str) -> None:
    assert {which: facts(name)[which].how for which in MUST_BE_PROVED[name]} == dict.fromkeys(MUST_BE_PROVED[name], "proved")


def test_points() -> None:
    assert facts("gelu").minima.value == [pytest.approx({"x": GELU[1], "y": GELU[0], "global": True}, rel=1e-12)]
    assert facts("silu").minima.value[0]["x"] == pytest.approx(SILU[1], rel=1e-12)
    assert facts("relu").minima.value == [{"low": -INF, "high": 0.0, "y": 0.0, "global": True}]
    assert facts("x**3 - 3*x").maxima.value == [{"x": -1.0, "y": 2.0, "global": False}]
    assert facts("x**3 - 3*x").zeros.value == {"points": pytest.approx([-math.sqrt(3), 0, math.sqrt(3)]), "intervals": []}
    assert facts("relu").zeros.text == "all of (-inf, 0]"
    told = facts("x**3").fixed_points.value["points"]
    assert [(p["x"], p["is"]) for p in told] == [(-1.0, "repelling"), (0.0, "attracting"), (1.0, "repelling")]
    assert facts("relu").fixed_points.value == {"points": [], "intervals": [[0.0, INF]]}


def test_tails() -> None:
    assert facts("sigmoid").limits.value == {"left": 0.0, "right": 1.0}
    assert facts("leaky_relu").asymptotes.value == {"left": {"a": 0.01, "b": 0.0}, "right": {"a": 1.0, "b": 0.0}}
    assert facts("softplus").asymptotes.value == {"left": {"a": 0.0, "b": 0.0}, "right": {"a": 1.0, "b": 0.0}}
    assert facts("bent_identity").asymptotes.value["right"] == {"a": 1.5, "b": -0.5}  # (sqrt(x^2+1) - 1)/2 + x
    assert facts("x*x").asymptotes.value == {"left": None, "right": None}
    assert facts("sin").limits.value == {"left": None, "right": None}


@pytest.mark.parametrize(
    ("name", "dtype", "left", "right"),
    [
        # sigmoid' = eps where e^-x = eps nearly: 1/(2 + 2 cosh x) = eps
        ("sigmoid", "float32", -math.acosh(2**22 - 1), math.acosh(2**22 - 1)),
        ("tanh", "float64", -math.acosh(2**26), math.acosh(2**26)),  # sech(x)^2 = 2^-52
        ("elu", "float32", -23 * math.log(2), None),
        ("relu", "bfloat16", 0.0, None),
        ("arctan", "float16", -math.sqrt(1023), math.sqrt(1023)),  # 1/(1 + x^2) = 2^-10
        ("leaky_relu", "float32", None, None),
        ("squared_relu", "float32", 2.0**-24, None),  # 2 x = 2^-23
        ("sin", "float32", None, None),
    ],
)
def test_saturation(name: str, dtype: str, left: float | None, right: float | None) -> None:
    found = facts(name).saturates.value[dtype]
    for got, wanted in ((found["left"], left), (found["right"], right)):
        assert got == (wanted if wanted is None else pytest.approx(wanted, rel=1e-9))


def test_kinks_tell_the_slope_used() -> None:
    assert facts("relu").kinks.value == [{"x": 0.0, "left": 0.0, "used": 0.0, "right": 1.0}]
    assert [k["x"] for k in facts("hard_sigmoid").kinks.value] == [-3.0, 3.0]
    assert [j["x"] for j in facts("hardshrink").jumps.value] == [-0.5, 0.5]
    assert facts("abs(x - 1/3)").kinks.value[0]["x"] == pytest.approx(1 / 3)


def test_a_pretended_derivative_is_told_apart() -> None:
    made = next(d for d in definitions().values() if "straight_through" in d.formula and d.kind == "elementwise")
    about = facts(made)
    assert "training uses another derivative" in about.kinks.note
    assert about.smoothness.value == -1


def test_sympy_agrees() -> None:
    """Limits, extremes and inflections of smooth functions, solved symbolically."""
    import sympy as sp

    x = sp.Symbol("x", real=True)
    for text, f in (("x*exp(-x)", x * sp.exp(-x)), ("x/(1 + x**2)", x / (1 + x**2)), ("x**4 - 2*x**2", x**4 - 2 * x**2)):
        about = facts(text)
        turns = sorted(float(s) for s in sp.solveset(sp.diff(f, x), x, sp.S.Reals))
        assert sorted(p["x"] for p in (*about.minima.value, *about.maxima.value)) == pytest.approx(turns)
        bends = sorted(float(s) for s in sp.solveset(sp.diff(f, x, 2), x, sp.S.Reals))
        assert about.inflections.value == pytest.approx(bends)
        for side, at in (("left", -sp.oo), ("right", sp.oo)):
            assert about.limits.value[side] == float(sp.limit(f, x, at))


def test_provenance_is_one_of_four() -> None:
    assert set(HOW) == {"proved", "computed", "measured", "unknown"}
    for name in ("gelu", "snake", "softmax", "glu", "x/sin(x)"):
        for found in facts(name):
            assert found.how in HOW
            assert bool(found.note) or found.how != "unknown"
            json.dumps(plain(found.value), allow_nan=False)


def test_unknown_has_a_reason() -> None:
    assert "defined for functions of one number" in facts("softmax").lipschitz.note
    assert facts("softmax").lipschitz.value is None
    assert "infinite or undefined" in facts("exp(x*x)").nonlinearity.note
    assert "constant" in facts("where(x > 100, x, 2)").nonlinearity.note


def test_rows_that_are_measured_only_come_on_request() -> None:
    assert "nanoseconds" not in [f.name for f in facts("relu")]
    found = facts("relu").nanoseconds
    assert found.how == "measured"
    assert 0 < found.value < 1e4
    assert "NumPy" in found.note


def test_cost() -> None:
    assert facts("relu").flops.value == {"arithmetic": 1, "functions": {}}
    assert facts("silu").flops.value == {"arithmetic": 1, "functions": {"sigmoid": 1}}
    assert facts("x**8").flops.value["arithmetic"] == 3
    assert facts("glu").flops.known


def test_the_object() -> None:
    about = nonlin.get("gelu").facts()
    assert isinstance(about, Facts)
    assert about.name == "gelu"
    assert str(about.range) == "[-0.169971, inf)"
    text = repr(about)
    assert text.startswith("Facts about gelu: x*normal_cdf(x)\n")
    assert all(row.title in text for row in FACTS.values() if not row.on_request)
    assert set(about.to_json()) == {n for n, row in FACTS.items() if not row.on_request}
    assert about.to_json(["range"])["range"]["value"]["high"] == "inf"
    assert {"range", "lipschitz"} <= set(dir(about))
    with pytest.raises(AttributeError, match="Did you mean 'lipschitz'"):
        _ = about.lipshitz
    with pytest.raises(UnknownNameError, match="Did you mean 'range'"):
        fact("relu", "rang")


def test_underflow_is_not_taken_for_flatness() -> None:
    """x*exp(-exp(-x)) is 1e-(10^314) at -724, and falling all the same."""
    assert facts("golu").dead_zone.value == []
    assert [p["is"] for p in facts("golu").monotone_pieces.value] == ["decreasing", "increasing"]
    assert facts("exp(-exp(-x))").monotone.value == "increasing"


def test_parameters_count() -> None:
    assert facts("leaky_relu(slope=2)").lipschitz.value == 2.0
    assert fact("leaky_relu", "lipschitz").value == 1.0
    assert fact("x*sigmoid(x)", "range") is fact("silu", "range")  # remembered by formula, not by name


def test_every_row_explains_itself() -> None:
    for name, row in FACTS.items():
        assert name == row.name
        assert name.isidentifier()
        assert row.title and row.unit and row.meaning and row.definition
        assert set(row.kinds) <= set(KINDS)
        assert not hasattr(Facts, name)  # else the attribute would hide the fact
