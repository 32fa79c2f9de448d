"""Functions that are the same under two names: every coincidence of the catalogue is known, and a new one is caught."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import nonlin
from nonlin.catalogue import define, definitions, forget, resolve
from nonlin.expr import stabilise, substitute, var, variables
from nonlin.facts import twins

KNOWN = (
    "acon_c ahaf aria eis_3 kan_spline leaf meta_acon pssilu saf silu swish_beta",
    "adaptive_gumbel adaptive_slope_sigmoid laaf_sigmoid parametric_sigmoid_function psigmoid"
    " random_nn_adaptive_sigmoid richards_curve sigmoid taaf_sigmoid variant_sigmoid",
    "adaptive_hard_tanh hard_tanh horizontal_shifted_hard_tanh sv_hard_tanh",
    "adaptive_rbf gaussian_rbf",
    "affine blu identity modrelu_real",
    "alisa lisa srelu_s_shaped",
    "apl dynamic_relu elastic_relu flexible_relu funnel_relu galu jump_relu melu multi_bin_trainable_linear"
    " noisy_relu probact reblu relu repsu rt_relu sloped_relu splash threshold tlu tlu_affine",
    "aptx pstanh",
    "bi_firing even_power_linear",
    "bipolar_sigmoid dyt generalized_tanh sigmoid_range",
    "bipolar_step rsign",
    "celu edelu elu mpelu pelu pfelu pshelu psvelu shelu",
    "dp_relu le_lelu leaky_relu pilu",
    "elastic_prelu prelu rprelu rt_prelu",
    "exp save_exp",
    "flatten_t_swish pfts",
    "gelu pgelu",
    "laaf_tanh rowdy_tanh save_resonance_tanh taaf_tanh tanh tanhlu weighted_tanh",
    "lau logish",
    "linear_ramp relu_n",
    "lisht tangma",
    "lpselu lpselu_rp",
    "maxtanh ptelu trelu2 trelu_tanh",
    "mirrored_relu tent",
    "pfplus polylu sign_relu",
    "preu reu",
    "pselu selu sselu",
    "random_nn_adaptive_sine save_resonance_sine sin",
    "rational_b rational_d",
    "repu squared_relu",
    "rsigelu rsigelud",
    "scaled_sigmoid shape_autotuning_sigmoid",
    "scaled_softsign softsign",
    "snake snake_beta",
    "swish_t_a swish_t_b swish_t_c",
)
"""Functions that are equal at their default parameters, and differ in what their parameters can do or how they are trained.

One that is equal with the same parameters is no function of its own: give it as an alias.
"""
RULED = ("acon_c meta_acon", "adaptive_gumbel aranda_ordaz", "alisa lisa", "leaky_relu prelu", "funnel_relu margin_relu tlu",
         "elastic_prelu rt_prelu", "noisy_relu probact relu rt_relu", "pselu selu")  # fmt: skip
"""One formula, but learned in one and set in the other, with defaults of its own, or random while training."""


@pytest.fixture
def clean() -> Iterator[None]:
    before = set(definitions())
    yield
    for name in set(definitions()) - before:
        forget(name)


def test_every_coincidence_is_known() -> None:
    found = {frozenset({name, *(t.name for t in twins(made))}) for name, made in definitions().items()}
    assert {g for g in found if len(g) > 1} == {frozenset(row.split()) for row in KNOWN}


def test_no_two_entries_have_the_same_formula_and_parameters() -> None:
    rows: dict[object, list[str]] = {}
    for name, made in definitions().items():
        used = [n for n in variables(made.textbook) if n in made.params]
        root = stabilise(substitute(made.resting, {n: var(f"p{i}") for i, n in enumerate(used)}))
        rows.setdefault((root, made.kind), []).append(name)
    assert {tuple(names) for names in rows.values() if len(names) > 1} == {tuple(row.split()) for row in RULED}


def test_a_new_name_for_an_old_function_is_found(clean: None) -> None:
    made = define("brand_new", "x - x/(1 + exp(x))")
    assert "silu" in {t.name for t in twins(made.definition if hasattr(made, "definition") else made)}
    assert "brand_new" in {t.name for t in twins(resolve("silu"))}


def test_near_misses_are_not_twins() -> None:
    for formula in ("x*sigmoid(1.0000001*x)", "max(x, 0) + 1e-12", "min(max(x, 0), 1e9)*where(x > 24, 0, 1)"):
        assert not list(twins(resolve(formula)))
    assert not list(twins(nonlin.get("softmax").definition))
