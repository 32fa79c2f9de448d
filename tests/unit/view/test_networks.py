from __future__ import annotations

import math

import numpy as np
import pytest

from nonlin.catalogue import resolve
from nonlin.errors import ParameterError, UnknownNameError
from nonlin.view import networks
from nonlin.view.collapse import affine_of, collapse, collapse_of
from nonlin.view.folding import folding, grid_lines
from nonlin.view.landscape import landscape, outputs
from nonlin.view.networks import POINTS, Layer, chosen, forward, points, random_layers, train
from nonlin.view.paper import Paper


def test_every_function_gets_the_same_random_numbers_at_its_own_scale() -> None:
    relu, tanh = (random_layers(resolve(n), [2, 5, 1], "gain", 3) for n in ("relu", "tanh"))
    for a, b in zip(relu, tanh, strict=True):
        ratio = a.weights / b.weights
        np.testing.assert_allclose(ratio, ratio.flat[0])
    he = random_layers(resolve("tanh"), [400, 400], "he", 0)[0].weights
    assert he.std() == pytest.approx(math.sqrt(2 / 400), rel=0.01)


def test_a_network_is_its_layers_in_a_row() -> None:
    x = np.array([[0.3, -1.2], [2.0, 0.5]])
    first, last = random_layers(resolve("relu"), [2, 7, 3], "he", 1)
    hidden, out = forward(resolve("relu").closed(), (first, last), x)
    np.testing.assert_allclose(hidden, np.maximum(x @ first.weights + first.bias, 0), rtol=1e-14)
    np.testing.assert_allclose(out, np.maximum(x @ first.weights + first.bias, 0) @ last.weights + last.bias, rtol=1e-13)


@pytest.mark.parametrize("name", ["tanh", "gelu", "x*sigmoid(2*x)"])
def test_the_gradients_of_training_are_those_of_the_loss(name: str) -> None:
    x, label = points("moons", 12, 0)
    wanted = np.asarray(label, float)[:, None]
    root = resolve(name).closed()
    layers = [networks._starts(k, a, b, 2, 5) for k, (a, b) in enumerate(((2, 3), (3, 3), (3, 1)))]
    found = networks._gradients(root, layers, x, wanted)
    step = 1e-6
    for k, j, place in ((0, 0, (1, 0, 2)), (1, 0, (0, 2, 1)), (2, 0, (1, 1, 0)), (0, 1, (0, 0, 1)), (2, 1, (1, 0, 0))):
        sides = []
        for sign in (1, -1):
            moved = [Layer(*(p.copy() for p in layer)) for layer in layers]
            moved[k][j][place] += sign * step
            sides.append(networks._losses(root, moved, x, wanted)[0][place[0]])
        assert found[k][j][place] == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", sorted(POINTS))
def test_points_repeat_and_have_two_classes_that_a_line_cannot_part(name: str) -> None:
    x, label = points(name, 300, 4)
    again, _ = points(name, 300, 4)
    assert (x == again).all()
    assert not (x == points(name, 300, 5)[0]).all()
    assert 0.3 < label.mean() < 0.7
    assert np.abs(x).max() < 2.5
    fit = np.linalg.lstsq(np.c_[x, np.ones(300)], 2.0 * label - 1, rcond=None)[0]
    assert ((np.c_[x, np.ones(300)] @ fit > 0) == label).mean() < 0.93


def test_training_parts_the_moons_with_a_function_and_not_without() -> None:
    x, label = points("moons", 120, 0)
    options = {"width": 2, "hidden": 2, "steps": 400, "tried": 8, "rate": 0.03, "seed": 0}
    bent, straight = (train(resolve(n), x, label, **options) for n in ("tanh", "identity"))  # type: ignore[arg-type]
    assert bent.accuracy >= 0.99
    assert bent.steps < 400
    assert straight.accuracy < 0.95
    assert straight.steps == 400
    score = forward(resolve("tanh").closed(), bent.layers, x)[-1][:, 0]
    assert ((score > 0) == label).mean() == bent.accuracy


def test_a_function_that_breaks_does_not_break_training() -> None:
    x, label = points("moons", 40, 0)
    broken = train(resolve("exp(exp(exp(x)))"), x * 4, label, width=2, hidden=2, steps=30, tried=2, rate=1.0, seed=0)
    assert 0 <= broken.accuracy <= 1


# -- landscape ------------------------------------------------------------------------------------------------------------


def test_a_landscape_is_the_output_over_the_square() -> None:
    seen = outputs(resolve("relu"), layers=2, width=8, extent=2.0, resolution=9, init="he", seed=7)
    a, b, c = random_layers(resolve("relu"), [2, 8, 8, 1], "he", 7)
    corner = np.array([[-2.0, 2.0]])  # rows are the second input, upwards
    value = np.maximum(np.maximum(corner @ a.weights + a.bias, 0) @ b.weights + b.bias, 0) @ c.weights + c.bias
    assert seen[-1, 0] == pytest.approx(float(value[0, 0]), rel=1e-5)


def test_a_landscape_is_written_and_repeats(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    for name in ("a.svg", "b.svg"):
        made = landscape(["relu", "gelu"], layers=2, width=8, resolution=24, paper=Paper(folder / name))
    assert (folder / "a.svg").read_bytes() == (folder / "b.svg").read_bytes()
    other = landscape(["relu", "gelu"], layers=2, width=8, resolution=24, seed=1)
    assert made.numbers["functions"]["relu"] != other.numbers["functions"]["relu"]
    assert made.numbers["functions"]["relu"]["std"] > 0


def test_a_landscape_without_one_says_so() -> None:
    made = landscape(["exp(exp(x*x))", "max(x - 1e9, 0)"], layers=3, width=4, resolution=8, init="he")
    words = [t.get_text() for a in made.figure.axes for t in a.texts]
    assert words == ["not finite", "constant"]
    assert next(iter(made.numbers["functions"].values()))["std"] is None


# -- folding --------------------------------------------------------------------------------------------------------------


def straight(lines: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """The largest distance of a line's points from the straight line between its ends, over its length."""
    ends = lines[:, -1] - lines[:, 0]
    size = np.linalg.norm(ends, axis=1)[:, None]
    off = (
        np.abs(ends[:, None, 0] * (lines - lines[:, :1])[..., 1] - ends[:, None, 1] * (lines - lines[:, :1])[..., 0]) / size
    )
    return float((off / size).max())


def test_the_identity_bends_no_line_and_tanh_does() -> None:
    plane, _ = points("moons", 60, 0)
    mesh = grid_lines(plane)
    assert straight(mesh) < 1e-12
    for name, bent in (("identity", False), ("tanh", True)):
        layers = random_layers(resolve(name), [2, 2, 2, 1], "gain", 3)
        after = forward(resolve(name).closed(), layers, mesh.reshape(-1, 2))[1].reshape(mesh.shape)
        assert (straight(after) > 1e-2) == bent
        assert bent or straight(after) < 1e-12


def test_a_folding_has_a_row_for_each_function_and_a_panel_for_each_layer() -> None:
    made = folding(["tanh", "relu"], layers=2, steps=60, tried=3, samples=40)
    assert len(made.figure.axes) == 9
    assert [a.get_title() for a in made.figure.axes[:3]] == ["input", "after layer 1", "after layer 2"]
    assert list(made.numbers["functions"]) == ["tanh", "relu", "identity"]
    line = made.figure.axes[2].get_lines()[-1]  # where the output is 0, in the last layer's plane
    assert len(line.get_xdata()) == 2
    assert folding("tanh", layers=2, steps=60, tried=3, samples=40, identity=False).numbers["functions"]["tanh"] == \
        made.numbers["functions"]["tanh"]  # fmt: skip


def test_wider_layers_are_shown_by_their_main_directions() -> None:
    made = folding("tanh", layers=1, width=5, steps=30, tried=2, samples=40, identity=False)
    assert "%" in made.figure.axes[1].get_title()


# -- collapse -------------------------------------------------------------------------------------------------------------


def test_linear_layers_are_their_product_and_its_singular_values_are_shown() -> None:
    told = collapse_of(resolve("identity"), layers=6, width=9, seed=2)
    from nonlin.view.collapse import _network

    product = np.eye(2)
    for layer in _network(resolve("identity"), 6, 9, 2):
        product = product @ layer.weights
    np.testing.assert_allclose(told.matrix, product, rtol=1e-12)
    np.testing.assert_allclose(
        np.square(told.singular_values), np.sort(np.linalg.eigvalsh(product.T @ product))[::-1], rtol=1e-9
    )
    assert told.difference < 1e-13
    assert max(told.unexplained) < 1e-25


def test_one_relu_layer_leaves_over_what_theory_says() -> None:
    # of a normal number, max(z, 0) has variance 1/2 - 1/(2 pi) and correlation with z of (1/2)/sqrt of that
    layer = Layer(np.eye(2), np.zeros(2))
    x = np.random.default_rng(0).standard_normal((200_000, 2))
    seen = forward(resolve("relu").closed(), [layer, layer], x)[0]
    from nonlin.view.collapse import _left_over

    assert _left_over(x, seen) == pytest.approx(1 - 0.25 / (0.5 - 1 / (2 * math.pi)), abs=0.005)


def test_biases_are_carried_through() -> None:
    rng = np.random.default_rng(1)
    layers = [Layer(rng.standard_normal((3, 3)), rng.standard_normal(3)) for _ in range(4)]
    x = rng.standard_normal((5, 3))
    one = affine_of(layers)
    np.testing.assert_allclose(x @ one.weights + one.bias, forward(resolve("identity").closed(), layers, x)[-1], rtol=1e-12)


def test_the_collapse_draws_the_identity_beside_the_function() -> None:
    made = collapse(["gelu", "identity"], layers=3, width=4)
    assert list(made.numbers["functions"]) == ["identity", "gelu"]
    assert len(made.figure.axes) == 3
    assert made.figure.axes[-1].get_yscale() == "log"
    with pytest.raises(ParameterError, match=r"E f\^2 is infinite, .*; the initialisation 'gain' needs it"):
        collapse("exp(exp(x*x*x*x))", layers=4)


# -- what they say --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "options", "message"),
    [
        (landscape, {"layers": 0}, "layers must be a whole number from 1 to 100, not 0"),
        (landscape, {"extent": float("inf")}, "extent must be a finite number above 0"),
        (landscape, {"init": "hee"}, "unknown initialisation 'hee'. Did you mean 'he'"),
        (folding, {"data": "moon"}, "unknown set of points 'moon'. Did you mean 'moons'"),
        (folding, {"width": 1}, "width must be a whole number from 2 to 64, not 1"),
        (folding, {"rate": 0}, "rate must be above 0 and below 10, not 0"),
        (folding, {"steps": True}, "steps must be a whole number"),
        (collapse, {"layers": 1}, "layers must be a whole number from 2 to 200, not 1"),
    ],
)
def test_a_wrong_argument_gets_a_sentence(draw: object, options: dict[str, object], message: str) -> None:
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        draw("relu", **options)  # type: ignore[operator]


def test_functions_of_rows_none_and_too_many_get_a_sentence() -> None:
    with pytest.raises(ParameterError, match="softmax .* a whole axis; this picture is of functions of one number"):
        chosen("softmax")
    with pytest.raises(ParameterError, match="nothing to draw"):
        chosen([])
    with pytest.raises(ParameterError, match="at most 2 functions, and these are 3"):
        chosen(["relu"] * 3, 2)


# -- labels ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ["figures", "landscape", "folding", "collapse", "rates"])
def test_every_label_is_there_in_both_languages_with_the_same_places(room: str) -> None:
    from importlib import import_module
    from string import Formatter

    english, chinese = (import_module(f"nonlin.view.{room}").LANGUAGES[k] for k in ("en", "zh"))
    assert list(english) == list(chinese)
    for name, text in english.items():
        places = [{field for _, field, _, _ in Formatter().parse(t) if field} for t in (text, chinese[name])]
        assert places[0] == places[1], name
        assert any(ord(c) >= 0x4E00 for c in chinese[name]), name


def test_without_a_chinese_font_a_picture_is_in_english_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.view.paper.chinese_font", lambda: None)
    made = collapse("relu", layers=2, width=4, paper=Paper(language="zh"))
    assert made.language == "en"
    assert "labels are in English: no installed font has Chinese letters" in made.notes[0]
    assert made.figure.axes[-1].get_xlabel() == "layers"


def test_a_title_stands_above_what_a_picture_says_of_itself() -> None:
    made = collapse("relu", layers=2, width=4, paper=Paper(title="One matrix"))
    assert made.figure.get_suptitle().startswith("One matrix\n2 affine layers of 4 units")
