"""Keras: functions and layers, their gradients, saving and loading, weights, noise, half types, and what is refused.

The file runs on whichever backend ``KERAS_BACKEND`` names, PyTorch unless told otherwise; one test runs it on the others.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
from keras import ops

import nonlin
import nonlin.keras as nk
from nonlin.backends import keras as backend
from nonlin.backends.numpy import evaluate as by_numpy
from nonlin.errors import DataError, MissingExtraError, ModelError, ParameterError, UnknownNameError
from nonlin.expr import parse
from nonlin.keras.layers import KIND_OPTIONS, class_of, why_not

# Keras hands PyTorch's tensors to NumPy in a way that NumPy 2 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
BACKEND = keras.backend.backend()
OTHERS = [b for b in ("jax", "torch", "tensorflow") if b != BACKEND]
DEFINITIONS = nonlin.definitions()
ELEMENTWISE = sorted(n for n, d in DEFINITIONS.items() if d.kind == "elementwise")
ALONG = sorted(n for n, d in DEFINITIONS.items() if d.kind != "elementwise")
SAMPLE = sorted({*ELEMENTWISE[::60], "elu", "gelu", "mish", "relu", "tanh"})
LAYERS = sorted(n for n, d in DEFINITIONS.items() if not why_not(d))


def sample(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)


def plain(tensor: Any) -> Any:
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float64")))


def exact(name: str, x: Any, order: int = 0) -> Any:
    return by_numpy(DEFINITIONS[name].closed(), x.astype(np.float64), None, ("x",) * order)


def gradient(function: Callable[..., Any], *inputs: Any) -> list[Any]:
    """The derivative of the sum of a function's outputs by each of its inputs, by the backend's own means."""
    if BACKEND == "torch":
        import torch

        tensors = [torch.tensor(v, requires_grad=True) for v in inputs]
        return list(torch.autograd.grad(function(*tensors).sum(), tensors))
    if BACKEND == "jax":
        import jax

        return list(jax.grad(lambda *v: function(*v).sum(), tuple(range(len(inputs))))(*inputs))
    import tensorflow as tf

    tensors = [tf.constant(v) for v in inputs]
    with tf.GradientTape() as tape:
        for t in tensors:
            tape.watch(t)
        value = function(*tensors)
    return list(tape.gradient(value, tensors))


def second(function: Callable[..., Any], x: Any) -> Any:
    if BACKEND == "torch":
        import torch

        tensor = torch.tensor(x, requires_grad=True)
        (slope,) = torch.autograd.grad(function(tensor).sum(), tensor, create_graph=True)
        return torch.autograd.grad(slope.sum(), tensor)[0]
    if BACKEND == "jax":
        import jax

        return jax.vmap(jax.grad(jax.grad(function)))(x)
    import tensorflow as tf

    tensor = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(tensor)
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            value = function(tensor)
        slope = tape.gradient(value, tensor)
    return outer.gradient(slope, tensor)


# -- functions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["native", "keras.ops"])
@pytest.mark.parametrize("name", SAMPLE)
def test_values_and_two_derivatives(name: str, path: str) -> None:
    """Through the backend's own kernels, and through the program in keras.ops that backends without any run."""
    root, x = DEFINITIONS[name].closed(), sample(30)

    def function(v: Any) -> Any:
        return nk.get(name)(v) if path == "native" else backend.by_ops(root, {"x": v})

    close = {"rtol": 2e-5, "atol": 2e-6}
    assert np.allclose(plain(function(ops.convert_to_tensor(x))), exact(name, x), **close)
    assert np.allclose(plain(gradient(function, x)[0]), exact(name, x, 1), **close)
    assert np.allclose(plain(second(function, x)), exact(name, x, 2), **close)


@pytest.mark.parametrize("path", ["native", "keras.ops"])
def test_tails_keep_their_digits_and_nothing_is_nan(path: str) -> None:
    x = np.array([-80.0, -1e30, -np.inf, 80.0, 1e30, np.inf], np.float32)
    for name in ("mish", "elu", "softplus", "tanh"):
        root = DEFINITIONS[name].closed()

        def function(v: Any, name: str = name, root: Any = root) -> Any:
            return nk.get(name)(v) if path == "native" else backend.by_ops(root, {"x": v})

        slopes = plain(gradient(function, x)[0])
        assert np.allclose(slopes, exact(name, x, 1), rtol=1e-5, atol=1e-33)


@pytest.mark.parametrize("path", ["native", "keras.ops"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "maxout", "logsumexp", "crelu", "swiglu"])
def test_functions_along_an_axis_are_differentiated(name: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if path == "keras.ops":
        monkeypatch.setattr(backend, "NATIVE", None)
    x, weights = sample(3, 8, seed=1), sample(3, 16, seed=2)
    wanted = nonlin.get(name)(x.astype(np.float64))

    def weighted(v: Any) -> Any:
        made = nk.get(name)(v)
        return made * ops.convert_to_tensor(weights[:, : made.shape[-1]])

    assert np.allclose(plain(nk.get(name)(x)), wanted, rtol=1e-5, atol=1e-6)
    slope, step = plain(gradient(weighted, x)[0]), 1e-6
    for i in (0, 5):
        nudge = np.zeros_like(x, np.float64)
        nudge[1, i] = step
        up, down = (nonlin.get(name)(x + s * nudge) for s in (1.0, -1.0))
        change = ((up - down) * weights[:, : up.shape[-1]]).sum() / (2 * step)
        assert slope[1, i] == pytest.approx(change, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("path", ["native", "keras.ops"])
@pytest.mark.parametrize("name", ALONG)
def test_functions_along_an_axis_agree_with_numpy(name: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if path == "keras.ops":
        monkeypatch.setattr(backend, "NATIVE", None)
    x = sample(3, 8, seed=3)
    expected = nonlin.get(name)(x)
    assert np.allclose(plain(nk.get(name)(x)), expected, rtol=2e-5, atol=1e-6)
    assert np.allclose(plain(nk.get(name)(x.T, axis=0)), expected.T, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("path", ["native", "keras.ops"])
def test_parameters_as_tensors_broadcast_and_get_gradients(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if path == "keras.ops":
        monkeypatch.setattr(backend, "NATIVE", None)
    x, slope = sample(4, 3, 5), np.array([[0.1], [0.2], [0.3]], np.float32)
    value = nk.prelu(x, slope=ops.convert_to_tensor(slope))
    assert np.allclose(plain(value), np.where(x > 0, x, slope * x), rtol=1e-6)
    by_x, by_slope = gradient(lambda a, s: nk.prelu(a, slope=s), x, slope)
    assert np.allclose(plain(by_x), np.where(x > 0, 1, np.broadcast_to(slope, x.shape)))
    assert tuple(by_slope.shape) == slope.shape
    assert np.allclose(plain(by_slope)[:, 0], np.minimum(x, 0).sum((0, 2)), rtol=1e-5)
    assert float(nk.leaky_relu(-2.0, slope=0.5)) == -1


def test_numbers_integers_and_other_types() -> None:
    assert backend.dtype_of(nk.relu(np.array([-1, 2]))) == "float32"
    assert plain(nk.relu([-1.0, 2.0])).tolist() == [0, 2]
    for name in ("mish", "softmax"):
        with pytest.raises(DataError, match="x has dtype bool; .* takes real numbers: convert it with keras.ops.cast"):
            nk.get(name)(np.array([True, False]))
        with pytest.raises(DataError, match="x has dtype complex64; .* apply the function to its real and imaginary"):
            nk.get(name)(np.array([1j], np.complex64))
        with pytest.raises(DataError, match="x cannot be read as a tensor of numbers"):
            nk.get(name)(object())


def test_names_formulas_and_parameters() -> None:
    assert nk.mish is nk.mish
    assert nk.mish == nk.get("mish") == nk.get(nonlin.get("mish"))
    assert hash(nk.mish) == hash(nk.get("mish"))
    assert nk.get("leaky_relu", slope=0.3) == nk.get("leaky_relu(slope=0.3)") != nk.leaky_relu
    assert repr(nk.relu) == "<nonlin.keras relu: max(x, 0)>"
    assert nk.Mish is nk.Mish is class_of(DEFINITIONS["mish"])
    assert {"get", "layer", "mish", "Mish"} <= set(dir(nk))
    assert all(getattr(nk, name) is not None for name in dir(nk))
    with pytest.raises(AttributeError, match=r"module 'nonlin.keras' has no attribute 'mihs'. Did you mean 'mish'\?"):
        _ = nk.mihs
    with pytest.raises(UnknownNameError, match=r"unknown function 'mihs'. Did you mean 'mish'\?"):
        nk.layer("mihs")
    with pytest.raises(ParameterError, match=r"leaky_relu has no parameter 'slop'. Did you mean 'slope'\?"):
        nk.leaky_relu(1.0, slop=2)
    with pytest.raises(ParameterError, match="mish draws no random numbers"):
        nk.mish(1.0, seed=keras.random.SeedGenerator(0))


def test_functions_of_symbolic_tensors_are_layers() -> None:
    x = keras.Input((8,))
    model = keras.Model(x, nk.softmax(nk.glu(nk.leaky_relu(x, slope=0.3), gate="first"), axis=1))
    given = sample(3, 8)
    expected = nonlin.get("softmax")(nonlin.get("glu")(nonlin.get("leaky_relu(slope=0.3)")(given), gate="first"))
    assert np.allclose(plain(model(given)), expected, rtol=1e-5)
    with pytest.raises(ParameterError, match="leaky_relu: slope cannot be given for a symbolic tensor; use a layer"):
        nk.leaky_relu(x, slope=ops.ones(8))


# -- layers ------------------------------------------------------------------------------------------------------------


def test_every_function_has_a_layer_that_survives_its_configuration() -> None:
    """Shapes are told before anything is computed, and the configuration says everything; nothing is evaluated here."""
    for name in LAYERS:
        made = class_of(DEFINITIONS[name])()
        assert type(made).__name__ == DEFINITIONS[name].title
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
        assert type(again) is type(made)
        assert again.get_config() == made.get_config()
        shape = made.compute_output_shape((None, 8))
        assert shape[0] is None
        made.build((None, 8))
        assert {w.name for w in made.trainable_weights} == set(made.learned)
        assert len(type(made).__doc__ or "") > 40
    assert len(LAYERS) > 0.95 * len(DEFINITIONS)


@pytest.mark.parametrize("name", ALONG)
def test_shapes_told_are_the_shapes_computed(name: str) -> None:
    if why_not(DEFINITIONS[name]):
        return
    for options in ({}, {"axis": 1}):
        made = nk.layer(name, **options)
        assert tuple(made(sample(2, 4, 6)).shape) == made.compute_output_shape((2, 4, 6))
        symbolic = nk.layer(name, **options)(keras.Input((4, 6)))
        assert tuple(symbolic.shape) == made.compute_output_shape((None, 4, 6))


def test_gates_of_their_own() -> None:
    x, gate = sample(3, 4), sample(3, 4, seed=1)
    layer = nk.layer("swiglu")
    assert layer.compute_output_shape((3, 4), (3, 4)) == (3, 4)
    assert np.allclose(plain(layer(x, gate)), nonlin.get("swiglu")(x, gate=gate), rtol=1e-5)
    a, b = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([a, b], nk.layer("swiglu")(a, b))
    assert np.allclose(plain(model([x, gate])), nonlin.get("swiglu")(x, gate=gate), rtol=1e-5)


def test_parameters_are_numbers_or_weights() -> None:
    fixed = nk.LeakyReLU(0.3)
    assert fixed.values == {"slope": 0.3}
    assert np.allclose(plain(fixed(np.array([-1.0], np.float32))), -0.3)
    assert not fixed.weights
    learned = nk.LeakyReLU(slope=0.3, learnable=True)
    learned(sample(2, 5))
    assert [(w.name, tuple(w.shape)) for w in learned.trainable_weights] == [("slope", ())]
    assert float(plain(learned.values["slope"])) == pytest.approx(0.3)
    for options, x, shape in (
        ({}, sample(2, 4, 5), (5,)),  # channels last, as everywhere in Keras
        ({"channel_axis": 1}, sample(2, 4, 5), (4,)),
        ({"channels": 1}, sample(2, 4, 5), ()),
        ({"channels": 5}, sample(2, 4, 5), (5,)),
    ):
        layer = nk.PReLU(**options)
        layer.build(x.shape)
        (weight,) = layer.weights
        assert tuple(weight.shape) == shape
        values = np.linspace(0.1, 0.4, weight.shape[0]) if shape else np.float64(0.2)
        weight.assign(values)
        spread = values[:, None] if options.get("channel_axis") == 1 else values
        assert np.allclose(plain(layer(x)), np.where(x > 0, x, spread * x), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nk.LeakyReLU(slop=0.1), ParameterError, r"leaky_relu has no parameter 'slop'. Did you mean 'slope'\?"),
        (lambda: nk.Softplus(beta=-1), ParameterError, "softplus: beta=-1 is out of range"),
        (lambda: nk.Mish(learnable=True), ParameterError, "Mish: learnable=True, but mish has no parameters to learn"),
        (lambda: nk.layer("x*x", channels=1.5), ParameterError, "channels must be a whole number of at least 1, not 1.5"),
        (lambda: nk.PReLU(learnable=1.5), ParameterError, "PReLU: learnable must be True, False or None, not 1.5"),
        (lambda: nk.PReLU(channels=0), ParameterError, "PReLU: channels must be a whole number of at least 1, not 0"),
        (lambda: nk.Softmax(axis="last"), ParameterError, "Softmax: axis must be a whole number, not 'last'"),
        (lambda: nk.Maxout(pieces=True), ParameterError, "Maxout: pieces must be a whole number of at least 1, not True"),
        (lambda: nk.GLU(gate="third"), ParameterError, "gate must be an array, or where it stands in x"),
        (lambda: nk.PReLU(channels=3)(sample(2, 5)), DataError, "PReLU has channels=3, but x has 5 along channel_axis=-1"),
        (lambda: nk.PReLU(channel_axis=2)(sample(2, 5)), DataError, "channel_axis=2 is out of range for x with 2 dim"),
        (lambda: nk.PReLU()(keras.Input((None,))), DataError, "the length of channel_axis=-1 is not known"),
        (lambda: nk.GLU()(sample(2, 5)), DataError, "splits an axis into two halves, but x has 5 entries"),
        (lambda: nk.Softmax(axis=2)(sample(2, 5)), DataError, "axis=2 is out of range for x with 2 dimensions"),
    ],
)
def test_wrong_options_are_sentences(make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_functions_that_cannot_be_layers_say_why() -> None:
    nonlin.define("keras_clash", "x*trainable", trainable=2.0)
    try:
        with pytest.raises(ModelError, match="a layer cannot have a parameter called 'trainable'"):
            nk.layer("keras_clash")
        with pytest.raises(AttributeError, match="rename it in the definition, for example to 'trainable_'"):
            _ = nk.KerasClash
    finally:
        nonlin.catalogue.forget("keras_clash")
    for name, made in DEFINITIONS.items():
        if made.context:
            with pytest.raises(ModelError, match=f"there is no Keras layer of {name}: its parameters come from"):
                nk.layer(name)


def test_noise_is_drawn_in_training_only() -> None:
    x = -np.ones((2000, 2), np.float32)
    layer = nk.RReLU(seed=7)
    drawn = plain(layer(x, training=True))
    assert np.allclose(plain(layer(x)), -11 / 48)
    assert drawn.min() >= -1 / 3 - 1e-6
    assert drawn.max() <= -1 / 8 + 1e-6
    assert drawn.std() > 0.05
    assert not np.array_equal(drawn, plain(layer(x, training=True)))
    again = nk.RReLU.from_config(layer.get_config())
    assert np.array_equal(plain(again(x, training=True)), drawn)
    by_function = plain(nk.rrelu(x, seed=keras.random.SeedGenerator(7)))
    assert np.array_equal(by_function, drawn)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "float64"])
def test_policies_are_computed_in_single_precision_and_rounded_once(policy: str) -> None:
    x = sample(64)
    for name in ("mish", "swish_beta", "softmax"):
        layer = nk.layer(name, dtype=policy)
        got = layer(x)
        half = "float32" if BACKEND == "jax" and policy == "float64" else policy.removeprefix("mixed_")  # JAX' default
        assert backend.dtype_of(got) == half
        stored = plain(ops.cast(ops.convert_to_tensor(x), half))
        expected = ops.cast(ops.convert_to_tensor(nonlin.get(name)(stored)), half)
        step = {"float64": 1e-6, "float32": 1e-6, "float16": 1e-3, "bfloat16": 8e-3}[half]
        assert np.allclose(plain(got), plain(expected), rtol=step, atol=1e-7)
    layer = nk.LeakyReLU(slope=0.3, learnable=True, dtype="mixed_bfloat16")
    (value,) = plain(layer(np.array([-100.0], np.float32)))
    assert value == -30  # bfloat16 has no 0.3: it would have been -30.125


# -- models ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bend() -> Iterator[str]:
    nonlin.define(
        "keras_bend", "x*tanh(k*x) + u - 1/2", k=nonlin.param(2.0, low=0.0, learnable=True), u=nonlin.noise("uniform")
    )
    yield "keras_bend"
    nonlin.catalogue.forget("keras_bend")


def network(bend: str) -> Any:
    """A model with layers and functions of every kind: of the catalogue, with parameters, typed, and a user's own."""
    x = keras.Input((8,))
    h = keras.layers.Dense(8, activation=nk.mish)(x)
    h = nk.SwishBeta(beta=1.5)(nk.PReLU()(h))
    h = nk.layer("k*x*tanh(exp(x))", k=1.25, learnable=True)(h)
    h = keras.layers.Dense(8, activation=nk.get("leaky_relu", slope=0.3))(h)
    h = keras.layers.Dense(8, activation=nk.get("x*sigmoid(c*x)", c=2.0))(h)
    h = keras.layers.Dense(8, activation=nk.layer("elu", alpha=0.5))(h)
    h = keras.layers.Activation(nk.tanh)(nk.layer(bend, seed=1)(h))
    h = nk.CReLU()(nk.RReLU(seed=3)(nk.Maxout(pieces=2)(nk.GLU()(keras.layers.Dense(16)(h)))))
    return keras.Model(x, keras.layers.Dense(3)(nk.softmax(h)))


def test_models_train_are_saved_and_load_in_another_process(bend: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model, x = network(bend), sample(64, 8)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = {w.path: plain(w) for w in model.trainable_weights}
    losses = model.fit(x, sample(64, 3, seed=1), epochs=3, batch_size=16, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    learned = [w for w in model.trainable_weights if w.name in ("slope", "beta", "k")]
    assert len(learned) == 4
    assert all(not np.array_equal(plain(w), before[w.path]) for w in learned)
    expected = model.predict(x, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    assert np.array_equal(keras.models.load_model(path).predict(x, verbose=0), expected)
    assert plain(keras.models.clone_model(model)(x)).shape == expected.shape
    np.savez(tmp_path / "data.npz", x=x, expected=expected)
    # there nobody has defined keras_bend, and Keras may run on another backend
    code = (
        "import sys, numpy, keras, nonlin.keras\n"
        "data, model = numpy.load(sys.argv[2]), keras.models.load_model(sys.argv[1])\n"
        "got = model.predict(data['x'], verbose=0)\n"
        "print(keras.backend.backend(), abs(got - data['expected']).max(), len(model.layers))"
    )
    other = "jax" if BACKEND == "torch" else "torch"
    done = run([sys.executable, "-c", code, str(path), str(tmp_path / "data.npz")], other)
    name, error, count = done.split()
    assert (name, int(count)) == (other, len(model.layers))
    assert float(error) < 1e-5


def run(command: list[str], backend: str) -> str:
    """Run a command where Keras works on another backend; return what it printed."""
    done = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.skipif("NONLIN_INNER" in os.environ, reason="this is the run on another backend")
@pytest.mark.parametrize("other", OTHERS)
def test_the_other_backends(other: str) -> None:
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    os.environ["NONLIN_INNER"] = other
    try:
        options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore"]
        run([sys.executable, "-m", "pytest", *options, __file__], other)
    finally:
        del os.environ["NONLIN_INNER"]


# -- what is missing ---------------------------------------------------------------------------------------------------


def failure(code: str, backend: str = BACKEND) -> str:
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode
    return done.stderr


def test_without_keras_the_install_line_is_told() -> None:
    hidden = (
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'keras' else found(name, *a)\nimport nonlin.keras"
    )
    message = failure(hidden)
    assert MissingExtraError.__name__ in message
    assert "pip install 'nonlin[keras]'" in message


def test_a_backend_that_is_not_installed_is_a_sentence() -> None:
    message = failure("import sys\nsys.modules['tensorflow'] = None\nimport nonlin.keras", "tensorflow")
    assert "ModelError: Keras cannot be imported" in message
    assert "KERAS_BACKEND=torch" in message


def test_every_kind_has_its_options() -> None:
    assert set(KIND_OPTIONS) == set(nonlin.catalogue.KINDS)
    with pytest.raises(ParameterError, match="k has no gradient here, so it can be neither learned nor an array"):
        backend.by_ops(parse("row_top(x, k)", ["x", "k"]), {"x": ops.ones(3), "k": ops.ones(())})
