"""``nonlin gain``, ``depth``, ``edge`` and ``shape``: text, JSON, figures, and sentences for what does not exist."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from shell import fails, invoke, process

from nonlin.facts import gain

QUICK = ("--layers", "4", "--width", "20", "--networks", "2", "--quiet")


def test_gain_tells_three_numbers_and_their_formulas() -> None:
    told = invoke("gain", "gelu").out
    for part in ("1.533530441", "1.700926243", "1.481114413", "1/sqrt(E f'^2)", "calculate_gain has no entry for it"):
        assert part in told
    assert "calculate_gain is 5/3, a convention" in invoke("gain", "tanh").out
    value = invoke("gain", "mish", "--json").value
    assert value["gains"] == {k: gain("mish", k) for k in ("forward", "variance", "backward")}  # type: ignore[arg-type]
    assert value["moments"]["square"] == pytest.approx(0.4523422, abs=1e-7)


def test_one_gain_is_a_bare_number() -> None:
    assert float(invoke("gain", "x*tanh(exp(x))", "--kind", "backward").out) == gain("x*tanh(exp(x))", "backward")
    assert invoke("gain", "relu", "--kind", "forward", "--json").value == {
        "name": "relu", "kind": "forward", "gain": gain("relu"), "formula": "1/sqrt(E f^2)",
    }  # fmt: skip


def test_a_step_has_no_backward_gain() -> None:
    told = invoke("gain", "binary_step")
    assert told.code == 0
    assert "E f'^2 is zero for a Gaussian input, so it has no backward gain." in " ".join(told.out.split())
    assert set(invoke("gain", "binary_step", "--json").value["undefined"]) == {"backward"}


def test_depth_as_text_and_json() -> None:
    told = invoke("depth", "relu", "sigmoid", "--layers", "50", "--networks", "0").out
    assert "Signals through 50 layers" in told
    assert "vanishes" in told
    value = invoke("depth", "relu", "x*sigmoid(x)", *QUICK, "--json").value
    assert [f["name"] for f in value["functions"]] == ["relu", "x*sigmoid(x)"]
    assert (value["layers"], value["width"], value["networks"], value["seed"], value["init"]) == (4, 20, 2, 0, "he")
    first = value["functions"][0]
    assert (first["forward"], first["backward"]) == ("kept", "kept")
    assert first["variance"]["theory"] == pytest.approx([1] * 5)
    assert len(first["correlation"]["median"]) == 5
    alone = invoke("depth", "relu", "--networks", "0", "--layers", "2", "--json").value["functions"][0]
    assert alone["gradient"]["median"] == [None] * 3


def test_depth_explains_a_variance_that_repels() -> None:
    told = invoke("depth", "silu", "--init", "gain", "--networks", "0", "--layers", "5").out
    assert "silu: the variance that theory keeps is one that repels (chi parallel = 1.17" in told
    assert "repels" not in invoke("depth", "selu", "--init", "gain", "--networks", "0", "--layers", "5").out


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_depth_draws(suffix: str, magic: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"d.{suffix}"
    done = invoke("depth", "tanh", *QUICK, "-o", path, "--json")
    assert done.value["figure"] == str(path)
    assert path.read_bytes().startswith(magic)
    assert "Wrote" in invoke("depth", "tanh", *QUICK[:-1], "-o", path, "--dark").out


def test_edge() -> None:
    told = invoke("edge", "gelu").out
    assert "half-stable" in told
    assert "1.40821" in told
    value = invoke("edge", "tanh", "--sigma-b", math.sqrt(0.05), "--json").value
    assert value["points"][0]["sigma_w"] ** 2 == pytest.approx(1.761, abs=1e-3)
    assert (value["points"][0]["stability"], value["points"][0]["phase"]) == ("stable", "edge")
    relu = invoke("edge", "relu", "--json").value
    assert [p["any_variance"] for p in relu["points"]] == [True]
    assert {r["sigma_b"] for r in relu["none"]} == {0.05, 0.1, 0.2, 0.5, 1.0}
    assert "every variance is kept" in invoke("edge", "relu").out


def test_fixed_points_at_given_scales() -> None:
    told = invoke("edge", "tanh", "--sigma-w", "1.5", "--sigma-b", "0.2").out
    assert "chaotic" in told
    assert "14.54" in told
    value = invoke("edge", "tanh", "--sigma-w", "0.9", "--json").value
    assert [(p["q"], p["phase"]) for p in value["points"]] == [(0.0, "ordered")]
    assert value["points"][0]["correlation_depth"] == pytest.approx(-1 / math.log(0.81))
    assert "signals shrink or grow without end" in invoke("edge", "softplus", "--sigma-w", "2").out


def test_shape_prints_a_formula_that_can_be_typed() -> None:
    value = invoke("shape", "tanh", "--depth", "50", "--json").value
    assert value["conditions"]["C'(1)"] == pytest.approx(1.5 ** (1 / 50), abs=1e-9)
    assert value["leak"] is None
    told = invoke("shape", "tanh", "--depth", "50").out
    assert f"{value['alpha']:.10g}" in told
    again = invoke("gain", value["formula"], "--kind", "forward")
    assert float(again.out) == pytest.approx(1, abs=1e-9)
    tailored = invoke("shape", "relu", "--depth", "50", "--method", "tat", "--json").value
    assert 0 < tailored["leak"] < 1
    assert tailored["conditions"]["C''(1)"] is None  # infinite
    assert "slope below 0" in invoke("shape", "relu", "--depth", "50", "--method", "tat").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gain", "softmax"], "softmax works on whole rows; Gaussian moments are those of elementwise functions"),
        (["gain", "exp(x*x)"], "is infinite, undefined, or too steep"),
        (["gain", "relu", "--kind", "sideways"], "kind must be 'forward', 'variance' or 'backward'"),
        (["gain", "rleu"], "Did you mean"),
        (["depth", "tanh", "--init", "kaiming"], "unknown initialisation 'kaiming'"),
        (["depth", "softmax"], "softmax works on whole rows"),
        (["depth", "tanh", "--layers", "9999"], "layers must be a whole number from 1 to 2000"),
        (["depth", "tanh", "--networks", "0", "--layers", "2", "-o", "x.gif"], "must end in .png, .svg, .pdf"),
        (["edge", "softplus"], "softplus has no edge of chaos with sigma_b = 0: weights that make chi_1 = 1 amplify"),
        (["edge", "relu", "--sigma-b", "0.1"], "use sigma_b = 0"),
        (["edge", "binary_step"], "binary_step jumps at x = 0"),
        (["edge", "log_softmax"], "works on whole rows"),
        (["shape", "exp(x)", "--depth", "50"], "has no scale and shift that give"),
        (["shape", "tanh", "--depth", "50", "--method", "bn"], "method must be 'dks' (deep kernel shaping) or 'tat'"),
    ],
)
def test_sentences(arguments: list[str], says: str) -> None:
    assert says in fails(2, *arguments).replace("\n", " ")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "no" / "d.png"
    assert "cannot be written" in fails(1, "depth", "tanh", "--networks", "0", "--layers", "2", "-o", str(path))


def test_json_errors_and_a_narrow_plain_terminal() -> None:
    done = invoke("edge", "softplus", "--json")
    assert done.code == 2
    assert done.value["kind"] == "ParameterError"
    for command in (("edge", "gelu"), ("depth", "gelu", *QUICK)):
        told = process(*command, COLUMNS="60", PYTHONIOENCODING="ascii")
        assert told.code == 0, told.err
        assert max(map(len, told.out.splitlines())) <= 60, command
