"""A peer's name, version and arguments become exactly one of our functions, or a sentence that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nonlin.activation import from_peer, get
from nonlin.backends.numpy import evaluate
from nonlin.catalogue import lookup
from nonlin.errors import ParameterError, UnknownNameError
from nonlin.peers import find, peer, peers
from nonlin.peers.find import shown, version_of
from nonlin.peers.rows import To, bare, defaults, folded, parsed

SIXTEEN = {"torch", "jax", "keras", "tensorflow", "tfa", "flax", "timm", "fastai", "transformers", "nnlib", "onnx", "onednn",
           "liger", "xformers", "monai", "mmcv"}  # fmt: skip
TRAPS: list[tuple[str, str, dict[str, Any], str]] = [
    # peer, name, what else is given, what it is
    ("keras", "leaky_relu", {}, "leaky_relu(slope=0.2)"),
    ("keras", "LeakyReLU", {}, "leaky_relu(slope=0.3)"),
    ("keras", "keras.layers.LeakyReLU", {"version": "2.15"}, "leaky_relu(slope=0.3)"),
    ("keras", "tf.keras.layers.LeakyReLU", {"version": 2, "alpha": 0.1}, "leaky_relu(slope=0.1)"),
    ("torch", "leaky_relu", {}, "leaky_relu"),
    ("tensorflow", "tf.nn.leaky_relu", {}, "leaky_relu(slope=0.2)"),
    ("fastai", "vleaky_relu", {}, "leaky_relu(slope=0.3)"),
    ("torch", "gelu", {}, "gelu"),
    ("torch", "F.gelu", {"approximate": "tanh"}, "gelu_tanh"),
    ("keras", "gelu", {}, "gelu"),
    ("keras", "ops.gelu", {}, "gelu_tanh"),
    ("jax", "gelu", {}, "gelu_tanh"),
    ("jax", "gelu", {"approximate": False}, "gelu"),
    ("flax", "nnx.gelu", {}, "gelu_tanh"),
    ("tfa", "gelu", {}, "gelu_tanh"),
    ("tensorflow", "gelu", {}, "gelu"),
    ("nnlib", "gelu", {}, "gelu_tanh"),
    ("nnlib", "gelu_erf", {}, "gelu"),
    ("onednn", "dnnl_eltwise_gelu_erf", {}, "gelu"),
    ("hf", "gelu", {}, "gelu"),
    ("hf", "gelu_new", {}, "gelu_tanh"),
    ("hf", "ACT2FN['quick_gelu']", {}, "quick_gelu"),
    ("hf", "gelu_10", {}, "clipped_gelu"),
    ("keras", "hard_sigmoid", {}, "hard_sigmoid"),
    ("keras", "hard_sigmoid", {"version": "2.15"}, "hard_sigmoid_02"),
    ("onnx", "HardSigmoid", {}, "hard_sigmoid_02"),
    ("onnx", "HardSigmoid", {"alpha": 1 / 6}, "hard_sigmoid"),
    ("onnx", "HardSigmoid", {"alpha": 0.16666667163372040}, "hard_sigmoid"),  # as a model's file holds it
    ("mmcv", "HSigmoid", {}, "hard_sigmoid"),
    ("mmcv", "HSigmoid", {"version": "1.4"}, "sparse_sigmoid"),
    ("torch", "PReLU", {}, "prelu"),
    ("keras", "PReLU", {}, "prelu(slope=0)"),
    ("flax", "PReLU", {}, "prelu(slope=0.01)"),
    ("onnx", "Shrink", {}, "hardshrink"),
    ("onnx", "Shrink", {"lambd": 0.25, "bias": 0.25}, "softshrink(threshold=0.25)"),
    ("onnx", "Clip", {"min": 0, "max": 6}, "relu6"),
    ("onnx", "Clip", {"min": -2, "max": 2}, "hard_tanh(low=-2, high=2)"),
    ("onnx", "Selu", {"version": 5}, "selu(scale=1.0507, alpha=1.6732)"),
    ("onnx", "Swish", {}, "silu"),
    ("keras", "relu", {"max_value": 6}, "relu6"),
    ("keras", "layers.ReLU", {"negative_slope": 0.1}, "leaky_relu(slope=0.1)"),
    ("keras", "relu", {"threshold": 0.5}, "thresholded_relu(threshold=0.5)"),
    ("tfa", "softshrink", {"lower": -0.3, "upper": 0.3}, "softshrink(threshold=0.3)"),
    ("torch", "nn.Hardtanh", {"min_val": -2.0}, "hard_tanh(low=-2)"),
    ("torch", "rrelu", {"training": False}, "rrelu"),
    ("timm", "StarReLU", {}, "star_relu(scale=1, bias=0)"),
    ("liger", "LigerDyT", {}, "dyt"),
    ("nnlib", "NNlib.elu", {"α": 0.5}, "elu(alpha=0.5)"),
]


@pytest.mark.parametrize(("name", "function", "given", "wanted"), TRAPS, ids=lambda v: str(v)[:30])
def test_names_that_mislead(name: str, function: str, given: dict[str, Any], wanted: str) -> None:
    assert find(name, function, **given).definition.name == wanted


def test_sixteen_peers_and_every_function_they_ship() -> None:
    assert set(peers()) == SIXTEEN
    known = {row.ours for made in peers().values() for row in made.rows if row.ours and not row.is_formula}
    assert len(known) >= 65
    assert all(lookup(name) is not None and lookup(name).name == name for name in known)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(SIXTEEN))
def test_rows_fit_the_definitions(name: str) -> None:
    made = peer(name)
    assert made.versions[0] and parsed(made.versions[1]) >= parsed(made.versions[0])
    for row in made.rows:
        assert row.names
        assert row.ours or row.note, f"{row.names}: a row without a counterpart says why"
        for bound in (row.since, row.until):
            assert not bound or parsed(bound), row
        base = lookup(row.ours) if row.ours and not row.is_formula else None
        for taken in row.takes.values():
            if base is not None and isinstance(taken, To):
                assert taken.ours in base.settable, (row.names, taken)
        if base is not None:
            assert set(row.fixed) <= set(base.settable), row
            assert row.gate == "second" or base.kind == "gated", row
            assert row.axis is None or base.kind != "elementwise", row
    for word in made.lacks:
        assert word == folded(word) and not any(folded(bare(n)) == word for n in made.functions()), word


@pytest.mark.parametrize("name", sorted(SIXTEEN))
def test_every_function_of_every_peer_is_found_by_its_full_name(name: str) -> None:
    made = peer(name)
    for full, cases in made.functions().items():
        given = {n: 0.3 for n, v in defaults(cases).items() if repr(v) == "required"}
        if not cases[0].ours:
            with pytest.raises(ParameterError, match="no counterpart"):
                find(made, full)
            continue
        match = find(made, full, **given)
        assert match.name == full
        at = np.linspace(-3, 3, 8)
        if match.definition.kind == "elementwise":
            assert np.isfinite(evaluate(match.definition.closed(), at)).all()


def test_a_formula_stands_in_where_there_is_no_name() -> None:
    made = from_peer("keras", "relu", negative_slope=0.1, max_value=2.0, threshold=0.5)
    at = np.array([-2.0, 0.25, 0.5, 1.0, 3.0])
    expected = np.where(at > 0.5, np.clip(at, 0, 2), 0) - 0.1 * np.maximum(0.5 - at, 0)
    np.testing.assert_allclose(made(at), expected)
    assert shown(from_peer("fastai", "sigmoid").definition) == "min(max(sigmoid(x), 1e-07), 0.9999999)"
    assert from_peer("torch", "softplus", threshold=5.0).kind == "elementwise"


def test_axis_and_gate_come_with_the_match() -> None:
    assert dict(find("torch", "softmax", dim=1).options) == {"axis": 1}
    assert dict(find("torch", "Softmax2d").options) == {"axis": -3}
    assert dict(find("onnx", "Softmax", version=11).options) == {"axis": 1}
    assert "flattened" in find("onnx", "Softmax", version=11).notes[0]
    assert dict(find("onnx", "Softmax").options) == {}
    assert dict(find("torch", "glu").options) == {}
    assert dict(find("xformers", "swiglu").options) == {"gate": "first"}
    assert dict(find("timm", "GluMlp").options) == {}
    assert dict(find("timm", "GluMlp", gate_last=False).options) == {"gate": "first"}
    assert dict(find("hf", "GptOssExperts").options) == {"gate": "even"}


def test_a_gate_that_stands_first_changes_places() -> None:
    made, ours = from_peer("xformers", "swiglu"), get("swiglu")
    row = np.array([0.3, -1.2, 2.0, 0.7])
    np.testing.assert_allclose(made(row), ours(row, gate="first"))
    np.testing.assert_allclose(made(row, gate="second"), ours(row))
    columns = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(from_peer("torch", "softmax", dim=1)(columns).sum(1), 1)


def test_rivals_in_the_same_library_are_told() -> None:
    assert "keras.ops.gelu is another function: gelu_tanh" in find("keras", "gelu").notes
    with pytest.raises(ParameterError, match=r"several functions of Keras. Say which one: .*slope=0.2.*slope=0.3"):
        find("keras", "leakyrelu")


ERRORS: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (("torhc", "relu"), {}, UnknownNameError, r"unknown peer 'torhc'. Did you mean 'torch'\?"),
    ((3, "relu"), {}, ParameterError, "peer must be a name, not int"),
    (("torch", "sotfmax"), {}, UnknownNameError, r"unknown function of PyTorch 'sotfmax'. Did you mean 'softmax'\?"),
    (("torch", ""), {}, ParameterError, "must be the name of a function of PyTorch"),
    (("torch", "swish"), {}, UnknownNameError, "PyTorch calls it silu"),
    (
        ("torch", "relu"),
        {"version": "9"},
        ParameterError,
        "PyTorch version 9 is not known; the table of PyTorch has versions",
    ),
    (("torch", "relu"), {"version": "0.2"}, ParameterError, "too old"),
    (("torch", "relu"), {"version": "new"}, ParameterError, "version must be one such as '2.13', not 'new'"),
    (("onnx", "Relu"), {"version": 99}, ParameterError, "ONNX opset 99 is not known"),
    (("onnx", "Gelu"), {"version": 19}, UnknownNameError, "ONNX 19 has no Gelu; it exists since opset 20"),
    (("keras", "mish"), {"version": "2.6"}, UnknownNameError, "since version 2.13"),
    (("keras", "ThresholdedReLU"), {}, UnknownNameError, r"it exists until 3\.0"),
    (
        ("keras", "relu"),
        {"negativ_slope": 0.1},
        ParameterError,
        r"no argument 'negativ_slope' .* Did you mean 'negative_slope'\?",
    ),
    (("jax", "relu"), {"alpha": 0.1}, ParameterError, "no argument 'alpha' in the table. it has none"),
    (("jax", "log1mexp"), {}, ParameterError, "no counterpart here: .*x > 0 only"),
    (("torch", "gelu"), {"approximate": "quick"}, ParameterError, "it knows approximate='none'; approximate='tanh'"),
    (("torch", "leaky_relu"), {"negative_slope": float("nan")}, ParameterError, "negative_slope must be finite"),
    (("torch", "Threshold"), {}, ParameterError, "needs a value of 'threshold'"),
    (("torch", "softmax"), {"dim": 1.5}, ParameterError, "dim must be a whole number"),
    (("torch", "celu"), {"alpha": -1.0}, ParameterError, "alpha=-1.0 is out of range"),
    (("torch", "gumbel_softmax"), {"hard": True}, ParameterError, "no counterpart here: a one-hot sample"),
]


@pytest.mark.parametrize(("names", "given", "kind", "message"), ERRORS, ids=lambda v: str(v)[:40])
def test_what_is_not_known_is_a_sentence(names: Any, given: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        find(*names, **given)


def test_versions() -> None:
    assert version_of(peer("torch")) == (2, 13)
    assert version_of(peer("torch"), "2.14.0+cpu") == (2, 14, 0)
    assert version_of(peer("jax"), "0.11") == (0, 11)
    assert version_of(peer("keras"), 2) == (2, 0)
    with pytest.raises(ParameterError, match="not known"):
        version_of(peer("keras"), "4.0")
    with pytest.raises(ParameterError, match="must be one such as"):
        version_of(peer("keras"), True)
