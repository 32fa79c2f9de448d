"""The peers' own functions, called: found by their names, differentiated by their own framework.

A framework is imported here, when one of its functions is asked for, and nowhere else in this room.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from nonlin.errors import EXTRAS, ParameterError, unknown
from nonlin.loading import load_module
from nonlin.peers.rows import Peer, Row
from nonlin.peers.truth import KINDS as TYPES
from nonlin.peers.truth import Array, rounded

Function = Callable[[Any], Any]
LIBRARY = {
    "torch": "torch", "timm": "torch", "fastai": "torch", "transformers": "torch", "monai": "torch", "mmcv": "torch",
    "jax": "jax", "flax": "jax", "tensorflow": "tensorflow", "onnx": "onnx",
}  # fmt: skip
"""Peer -> whose arrays its functions take. Those of Keras depend on its backend; those not named cannot be run here."""
FACTORIES: Mapping[str, tuple[str, str]] = {
    # what stands before ['name'] -> module and attribute, which is called with the name or indexed by it
    "get_act_fn": ("timm.layers", "get_act_fn"),
    "get_act_layer": ("timm.layers", "get_act_layer"),
    "ACT2FN": ("transformers.activations", "ACT2FN"),
    "Act": ("monai.networks.layers.factories", "Act"),
    "MODELS": ("mmengine.registry", "MODELS"),
}


def installed(found: Peer) -> bool:
    """Whether a peer's functions can be called here; nothing is imported to find out."""
    able = found.name in LIBRARY or found.name == "keras"
    return able and bool(found.package) and importlib.util.find_spec(found.package) is not None


def why_not(found: Peer) -> str:
    """Return why a peer's functions cannot be called here, with the way out."""
    if found.name not in LIBRARY and found.name != "keras":
        reason = "it is not a Python package" if not found.package else "its functions are layers or need a GPU"
        return f"{found.title} cannot be run here: {reason}"
    line = EXTRAS[found.name].install_line if found.name in EXTRAS else f"pip install {found.package}"
    return f"{found.title} is not installed; install it with: {line}"


def imported(found: Peer) -> Any:
    """Import a peer and return its module.

    Keras is given the PyTorch backend if it has none yet and nothing says which, for PyTorch is always here.
    """
    if found.name == "keras" and "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    return importlib.import_module(found.package)


def version(found: Peer) -> str:
    """Return the installed version of a peer."""
    return str(imported(found).__version__)


def label(found: Peer) -> str:
    """Return a peer's name, version and, of Keras, the backend: ``keras 3.15.1 on torch``."""
    told = f"{found.name} {version(found).partition('+')[0]}"
    return f"{told} on {backend()}" if found.name == "keras" else told


def backend() -> str:
    """Return the backend Keras runs on."""
    return str(importlib.import_module("keras").backend.backend())


def library_of(found: Peer) -> str:
    """Return whose arrays a peer's functions take: torch, jax, tensorflow or onnx."""
    if found.name == "keras":
        imported(found)
        return backend()
    return LIBRARY[found.name]


@dataclass(frozen=True)
class Running:
    """A function that can be called on arrays of one library."""

    function: Function
    library: str

    def derivatives(self, points: Array, dtype: str, orders: int = 3) -> list[Array | str]:
        """Return the value and derivatives at ``points`` (n) as float64, or for each order why there is none."""
        return DERIVATIVES[self.library](self.function, points, dtype, orders)

    def jacobian(self, rows: Array, dtype: str) -> tuple[Array, Array | str]:
        """Return the values (k, m) of ``rows`` (k, n) and the Jacobians (k, m, n), as float64; m is 1 for a reduction."""

        def whole(x: Any) -> Any:
            y = self.function(x)
            return y[..., None] if y.ndim < x.ndim else y

        return JACOBIANS[self.library](whole, rows, dtype)


def running(found: Peer, name: str, row: Row, given: Mapping[str, Any], dtype: str = "float64") -> Running:
    """Return a peer's function with these arguments, ready to be called on arrays of ``dtype``; a row's axis is the last.

    Raises:
        ParameterError: the peer has no such name in its installed version, or it is a whole layer.
    """
    if row.layer:
        raise ParameterError(f"{name} is a whole layer with weights; its activation function cannot be called alone")
    imported(found)
    library = library_of(found)
    arguments = dict(given)
    if library == "onnx":
        from nonlin.peers.onnx_node import node

        return Running(node(name, arguments, row, dtype), "onnx")
    if row.axis is not None and row.axis[1] != -3:
        arguments[row.axis[0]] = -1
    function = _called(found, name, arguments, dtype)
    if row.separate:
        return Running(_apart(function), library)
    return Running(_flat(function) if row.axis is not None and row.axis[1] == -3 else function, library)


def _apart(function: Any) -> Function:
    """A function of two arrays, on one array that holds them one after the other."""
    return lambda x: function(x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :])


def _flat(function: Function) -> Function:
    """A function over the channels of images, on rows."""
    return lambda x: function(x[:, :, None, None])[:, :, 0, 0]


def _called(found: Peer, name: str, arguments: Mapping[str, Any], dtype: str) -> Function:
    made = _looked_up(name)
    if isinstance(made, type):
        if found.name == "keras":
            return _with(made(**arguments, dtype=dtype), {})
        return _module(made(**arguments), dtype)
    return _module(made, dtype) if not arguments else _with(made, arguments)


def _with(function: Any, arguments: Mapping[str, Any]) -> Function:
    return lambda x: function(x, **arguments)


def _module(made: Any, dtype: str) -> Function:
    """A module of torch in the type asked for and out of training, or one of flax with its parameters."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(made, torch.nn.Module):
        return _with(made.to(getattr(torch, dtype)).eval(), {})
    if hasattr(made, "init_with_output"):
        jax = importlib.import_module("jax")
        return lambda x: made.apply(made.init(jax.random.key(0), x), x)
    return _with(made, {})


def _looked_up(name: str) -> Any:
    """Return what a spelling names."""
    head, quote, rest = name.partition("['")
    if quote:
        module, attribute = FACTORIES[head]
        factory, key = getattr(importlib.import_module(module), attribute), rest.removesuffix("']")
        made = factory[key] if hasattr(factory, "__getitem__") else factory(key)
        return made
    parts = name.split(".")
    for n in range(len(parts) - 1, 0, -1):
        path = ".".join(parts[:n])
        try:
            made = importlib.import_module(path)
        except ModuleNotFoundError as err:
            if err.name != path:  # something it needs is missing
                raise
            continue
        for part in parts[n:]:
            if not hasattr(made, part):
                raise ParameterError(f"{name} is not there: {path} has no {part}")
            made = getattr(made, part)
        return made
    raise ParameterError(f"{name} is not there: {parts[0]} cannot be imported")


def own(text: str) -> Any:
    """Import anyone's function, written ``module:name``, and return it; a class is made without arguments."""
    path, colon, name = text.partition(":")
    if not colon or not path or not name:
        raise ParameterError(f"a function of your own is written module:name, such as mymodel.layers:mish, not {text!r}")
    try:
        module = load_module(path)
    except ModuleNotFoundError as err:
        raise ParameterError(f"{text}: there is no module {err.name!r} to import") from None
    if not hasattr(module, name):
        raise unknown(f"function of {path}", name, [n for n in vars(module) if not n.startswith("_")])
    made = getattr(module, name)
    if isinstance(made, type):
        made = made()
    if not callable(made):
        raise ParameterError(f"{text} is a {type(made).__name__}, not a function")
    return made


def runs_on(function: Any, text: str, dtype: str = "float32") -> Running:
    """Return anyone's function with the library whose arrays it takes: torch, JAX, TensorFlow or NumPy."""
    torch = sys.modules.get("torch") or importlib.import_module("torch")
    if isinstance(function, torch.nn.Module):
        return Running(_module(function, dtype), "torch")
    reasons = []
    for library in ("torch", _answers_with(function)):
        attempt = Running(function, library)
        try:
            found = attempt.derivatives(np.array([0.25, 0.5]), dtype, 1)[0]
        except Exception as err:  # it is their code: any error only says that it does not take these arrays
            reasons.append(f"{library}: {err}")
            continue
        if not isinstance(found, str) and found.shape == (2,):
            return attempt
        reasons.append(f"{library}: {found if isinstance(found, str) else f'two numbers gave the shape {found.shape}'}")
    raise ParameterError(f"{text} takes no array and returns none of the same shape. {'; '.join(reasons)}")


def _answers_with(function: Any) -> str:
    """Return the library of the array a function returns for a NumPy array."""
    try:
        answer = type(function(np.array([0.25, 0.5], np.float32))).__module__.partition(".")[0]
    except Exception:  # it is their code: the attempt that follows tells what it raised
        return "numpy"
    return {"jaxlib": "jax", "jax": "jax", "tensorflow": "tensorflow"}.get(answer, "numpy")


# -- torch -------------------------------------------------------------------------------------------------------------


def _torch_in(points: Array, dtype: str) -> Any:
    import torch

    return torch.from_numpy(np.array(points, np.float64)).to(getattr(torch, dtype))


def _torch_out(x: Any) -> Array:
    return np.asarray(x.detach().double().numpy(force=True))


def _torch_derivatives(function: Function, points: Array, dtype: str, orders: int) -> list[Array | str]:
    import torch

    x = _torch_in(points, dtype).requires_grad_()
    y = function(x.clone())
    if not isinstance(y, torch.Tensor):
        return [f"it returns {type(y).__name__}"] * orders
    found: list[Array | str] = [_torch_out(y)]
    for _ in range(1, orders):
        if not y.requires_grad:
            found.append(np.zeros(points.shape))
            continue
        try:
            (y,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True, materialize_grads=True)
        except (RuntimeError, NotImplementedError) as err:
            return [*found, *[str(err).splitlines()[0]] * (orders - len(found))]
        found.append(_torch_out(y))
    return found


def _torch_jacobian(function: Function, rows: Array, dtype: str) -> tuple[Array, Array | str]:
    import torch

    x = _torch_in(rows, dtype).requires_grad_()
    y = function(x.clone())
    if not y.requires_grad:
        return _torch_out(y), np.zeros((*y.shape, rows.shape[-1]))
    slopes = [torch.autograd.grad(y[:, i].sum(), x, retain_graph=True)[0] for i in range(y.shape[-1])]
    return _torch_out(y), _torch_out(torch.stack(slopes, dim=1))


# -- jax ---------------------------------------------------------------------------------------------------------------


PADDED = 256
"""Lengths that are compiled for are multiples of this."""


def _wide(dtype: str) -> Any:
    """JAX holds double precision only where it is told to."""
    jax = importlib.import_module("jax")
    if dtype != "float64":
        return nullcontext()
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64()


def _jax_derivatives(function: Function, points: Array, dtype: str, orders: int) -> list[Array | str]:
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    n = len(points)
    padded = np.concatenate([points, np.zeros(-n % PADDED)])  # XLA compiles anew for every length
    with _wide(dtype):
        x = jnp.asarray(padded, dtype=dtype)
        found: list[Array | str] = []
        step = function
        for _ in range(orders):
            try:
                wide = jnp.float64 if dtype == "float64" else jnp.float32
                found.append(np.asarray(step(x).astype(wide), np.float64)[:n])
            except (TypeError, NotImplementedError) as err:
                return [*found, *[str(err).splitlines()[0]] * (orders - len(found))]
            step = _jax_slope(jax, step)
        return found


def _jax_slope(jax: Any, function: Function) -> Function:
    return lambda x: jax.grad(lambda t: function(t).sum())(x)


def _jax_jacobian(function: Function, rows: Array, dtype: str) -> tuple[Array, Array | str]:
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
    with _wide(dtype):
        x = jnp.asarray(rows, dtype=dtype)
        value = np.asarray(function(x), np.float64)
        return value, np.asarray(jax.vmap(jax.jacrev(lambda row: function(row[None])[0]))(x), np.float64)


# -- tensorflow --------------------------------------------------------------------------------------------------------


def _tensorflow_derivatives(function: Function, points: Array, dtype: str, orders: int) -> list[Array | str]:
    tf = importlib.import_module("tensorflow")
    x = tf.cast(tf.constant(points), dtype)
    steps = [function]
    for _ in range(1, orders):
        steps.append(_tensorflow_slope(tf, steps[-1]))
    found: list[Array | str] = []
    for step in steps:
        try:
            found.append(np.asarray(tf.cast(step(x), "float64")))
        except (LookupError, tf.errors.UnimplementedError) as err:
            return [*found, *[str(err).splitlines()[0]] * (orders - len(found))]
    return found


def _tensorflow_slope(tf: Any, function: Function) -> Function:
    def slope(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        found = tape.gradient(y, x)
        return tf.zeros_like(x) if found is None else found

    return slope


def _tensorflow_jacobian(function: Function, rows: Array, dtype: str) -> tuple[Array, Array | str]:
    tf = importlib.import_module("tensorflow")
    x = tf.cast(tf.constant(rows), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    slopes = tape.batch_jacobian(y, x)
    return np.asarray(tf.cast(y, "float64")), np.asarray(tf.cast(slopes, "float64"))


# -- numpy and onnx ----------------------------------------------------------------------------------------------------

NO_GRADIENT = "it has no gradient"


def _plain_derivatives(function: Function, points: Array, dtype: str, orders: int) -> list[Array | str]:
    kind = np.float32 if dtype == "bfloat16" else np.dtype(dtype)
    x = rounded(points, TYPES[dtype]).astype(kind)
    with np.errstate(all="ignore"):
        return [np.asarray(function(x), np.float64), *[NO_GRADIENT] * (orders - 1)]


def _plain_jacobian(function: Function, rows: Array, dtype: str) -> tuple[Array, Array | str]:
    with np.errstate(all="ignore"):
        return np.asarray(function(rows.astype(dtype)), np.float64), NO_GRADIENT


DERIVATIVES: Mapping[str, Callable[[Function, Array, str, int], list[Array | str]]] = {
    "torch": _torch_derivatives,
    "jax": _jax_derivatives,
    "tensorflow": _tensorflow_derivatives,
    "numpy": _plain_derivatives,
    "onnx": _plain_derivatives,
}
JACOBIANS: Mapping[str, Callable[[Function, Array, str], tuple[Array, Array | str]]] = {
    "torch": _torch_jacobian,
    "jax": _jax_jacobian,
    "tensorflow": _tensorflow_jacobian,
    "numpy": _plain_jacobian,
    "onnx": _plain_jacobian,
}
