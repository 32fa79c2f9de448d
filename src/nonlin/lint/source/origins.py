"""Where data comes from: functions that make, load or split numbers, and what is certain of what they give."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nonlin.lint.source.arguments import bind
from nonlin.lint.source.data import CURVES, KEPT, count_of, curve, data_method, exact, made, part, shape_of
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.values import Data, Unknown, number, whole

MANY = 200
"""From this many random numbers on it is certain (to one in 10^14) that a normal sample holds values below -1 and above 1."""


class Known(NamedTuple):
    """A data set whose targets are public knowledge."""

    low: float
    high: float
    whole: bool
    classes: int | None = None
    pixels: bool = False
    """Inputs are 0 to 255."""


SETS: Mapping[str, Known] = {
    "keras.datasets.mnist.load_data": Known(0, 9, True, 10, True),
    "keras.datasets.fashion_mnist.load_data": Known(0, 9, True, 10, True),
    "keras.datasets.cifar10.load_data": Known(0, 9, True, 10, True),
    "keras.datasets.cifar100.load_data": Known(0, 99, True, 100, True),
    "keras.datasets.imdb.load_data": Known(0, 1, True, 2),
    "keras.datasets.reuters.load_data": Known(0, 45, True, 46),
    "keras.datasets.boston_housing.load_data": Known(5, 50, False),
    "sklearn.datasets.load_iris": Known(0, 2, True, 3),
    "sklearn.datasets.load_wine": Known(0, 2, True, 3),
    "sklearn.datasets.load_digits": Known(0, 9, True, 10),
    "sklearn.datasets.load_breast_cancer": Known(0, 1, True, 2),
    "sklearn.datasets.load_diabetes": Known(25, 346, True),
    "sklearn.datasets.make_moons": Known(0, 1, True, 2),
    "sklearn.datasets.make_circles": Known(0, 1, True, 2),
}
"""Ranges of the targets, from the documentation of Keras' data sets and of scikit-learn's toy data sets."""


def _normal(args: list[Any], kwargs: dict[str, Any]) -> Data:
    shape = shape_of([kwargs["size"]] if "size" in kwargs else args)
    return _spread(shape, 0.0, 1.0)


FAR = 7.0
"""Standard deviations beyond which no value of a normal sample of any usual size lies (one in 4 * 10^11)."""


def _spread(shape: tuple[int | None, ...] | None, mean: float, scale: float) -> Data:
    """A normal sample."""
    enough = count_of(shape) >= MANY
    return Data(shape, mean - scale if enough else None, mean + scale if enough else None, False,
                least=mean - FAR * scale, most=mean + FAR * scale)  # fmt: skip


def _gauss(args: list[Any], kwargs: dict[str, Any]) -> Data:
    given = bind("loc scale size", args, kwargs)
    size = given.get("size")
    shape = shape_of([size]) if size is not None else ()
    mean, scale = number(given.get("loc", given.get("mean", 0.0))), number(given.get("scale", given.get("stddev", 1.0)))
    return _spread(shape, float(mean), abs(float(scale))) if mean is not None and scale is not None else Data(shape)


def _uniform(args: list[Any], kwargs: dict[str, Any]) -> Data:
    shape = shape_of([kwargs["size"]] if "size" in kwargs else args)
    enough = count_of(shape) >= MANY
    return Data(shape, 0.125 if enough else None, 0.875 if enough else None, False, least=0.0, most=1.0)


def _between(args: list[Any], kwargs: dict[str, Any]) -> Data:
    given = bind("low high size", args, kwargs)
    low, high = number(given.get("low", given.get("minval", 0.0))), number(given.get("high", given.get("maxval", 1.0)))
    size = given.get("size", given.get("shape"))
    shape = shape_of([size]) if size is not None else ()
    if low is None or high is None:
        return Data(shape)
    edge = (high - low) / 8  # of samples of 200, one in 4 * 10^11 misses an outer eighth
    enough = count_of(shape) >= MANY
    return Data(
        shape, low + edge if enough else None, high - edge if enough else None, False, least=float(low), most=float(high)
    )


def _integers(args: list[Any], kwargs: dict[str, Any]) -> Data:
    given = bind("low high size", args, kwargs)
    low, high = whole(given.get("low", 0)), whole(given.get("high"))
    if given.get("high") is None:
        low, high = 0, whole(given.get("low"))
    size = given.get("size")
    shape = shape_of([size]) if size is not None else ()
    if low is None or high is None or high <= low or count_of(shape) < 20 * (high - low):
        return Data(shape, whole=True)
    return Data(shape, float(low), float(high - 1), True, high - low)


def _constant(value: float) -> Callable[[list[Any], dict[str, Any]], Data]:
    return lambda args, kwargs: Data(
        shape_of([kwargs["shape"]] if "shape" in kwargs else args[:1] or args), value, value, True, 1
    )


def _zeros_torch(value: float) -> Callable[[list[Any], dict[str, Any]], Data]:
    return lambda args, kwargs: Data(shape_of([kwargs["size"]] if "size" in kwargs else args), value, value, True, 1)


def _linspace(args: list[Any], kwargs: dict[str, Any]) -> Data:
    given = bind("start stop num", args, {{"end": "stop", "steps": "num"}.get(k, k): v for k, v in kwargs.items()})
    low, high, count = number(given.get("start")), number(given.get("stop")), whole(given.get("num", 50))
    if low is None or high is None or count is None or count < 2:
        return Data()
    if count > KEPT:
        return Data((count,), float(min(low, high)), float(max(low, high)), False)
    return exact([low + (high - low) * i / (count - 1) for i in range(count)], (count,))


def _arange(args: list[Any], kwargs: dict[str, Any]) -> Data:
    ends = [number(a) for a in args]
    if not ends or None in ends:
        return Data()
    start, stop, step = (0, ends[0], 1) if len(ends) == 1 else (ends[0], ends[1], ends[2] if len(ends) > 2 else 1)
    if start is None or stop is None or not step:
        return Data()
    count = max(0, math.ceil((stop - start) / step))
    return exact([start + step * i for i in range(count)], (count,)) if 0 < count <= KEPT else Data((count,))


def _array(args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = args[0] if args else next(iter(kwargs.values()), Unknown())
    if isinstance(value, Data):
        return value
    found = made(value)
    return found if found is not None else value if isinstance(value, Unknown) else Data()


def _one_hot(args: list[Any], kwargs: dict[str, Any]) -> Data:
    given = bind("y num_classes", args, kwargs)
    value = given.get("y", given.get("input", given.get("indices")))
    classes = whole(given.get("num_classes", given.get("depth")))
    if classes is None and isinstance(value, Data):
        classes = value.classes
    return Data(
        (value.shape[0] if isinstance(value, Data) and value.shape else None, classes), 0.0, 1.0, True, classes, True
    )


def _classification(args: list[Any], kwargs: dict[str, Any]) -> tuple[Data, Data]:
    classes = whole(kwargs.get("n_classes", 2))
    count = whole(kwargs.get("n_samples", args[0] if args else 100))
    target = Data((count,), 0.0, float(classes - 1), True, classes) if classes else Data((count,), whole=True)
    return Data((count, whole(kwargs.get("n_features", 20)))), target


def _blobs(args: list[Any], kwargs: dict[str, Any]) -> tuple[Data, Data]:
    classes = whole(kwargs.get("centers", 3))
    return Data(), Data((None,), 0.0, float(classes - 1), True, classes) if classes else Data()


def _split(args: list[Any], kwargs: dict[str, Any]) -> Any:
    parts: list[Any] = []
    for value in args:
        for _ in range(2):
            parts.append(part(value) if isinstance(value, Data) else Unknown())
    return tuple(parts)


def _regression(args: list[Any], kwargs: dict[str, Any]) -> tuple[Data, Data]:
    """Targets are a weighted sum of normal features: of a few hundred, some lie far below -1 and some far above 1."""
    given = bind("n_samples n_features n_informative n_targets bias", args, kwargs)
    count = whole(given.get("n_samples", 100))
    enough = count is not None and count >= MANY and given.get("bias", 0.0) == 0
    inputs = Data((count, whole(given.get("n_features", 100))))
    return inputs, Data((count,), -1.0 if enough else None, 1.0 if enough else None, False)


def _stack(args: list[Any], kwargs: dict[str, Any]) -> Data:
    """Several arrays joined: what one reaches, all reach."""
    parts = [p for p in args[0] if isinstance(p, Data)] if args and isinstance(args[0], list | tuple) else []
    if not parts or len(parts) != len(args[0]):
        return Data()
    lows, highs = [p.low for p in parts if p.low is not None], [p.high for p in parts if p.high is not None]
    leasts, mosts = [p.least for p in parts], [p.most for p in parts]
    return Data(None, min(lows, default=None), max(highs, default=None), all(p.whole for p in parts) or None,
                least=min(v for v in leasts if v is not None) if leasts and None not in leasts else None,
                most=max(v for v in mosts if v is not None) if mosts and None not in mosts else None)  # fmt: skip


ORIGINS: Mapping[str, Callable[[list[Any], dict[str, Any]], Any]] = {
    "numpy.array": _array,
    "numpy.asarray": _array,
    "numpy.float32": _array,
    "torch.tensor": _array,
    "torch.Tensor": lambda args, kwargs: (
        _array(args, kwargs) if args and isinstance(args[0], list) else Data(shape_of(args))
    ),
    "torch.FloatTensor": _array,
    "torch.LongTensor": _array,
    "torch.from_numpy": _array,
    "torch.as_tensor": _array,
    "tensorflow.constant": _array,
    "tensorflow.convert_to_tensor": _array,
    "numpy.random.randn": _normal,
    "numpy.random.standard_normal": _normal,
    "numpy.random.normal": _gauss,
    "torch.randn": _normal,
    "tensorflow.random.normal": lambda args, kwargs: _normal(args[:1] or [kwargs.get("shape")], {}),
    "tensorflow.random_normal": lambda args, kwargs: _normal(args[:1] or [kwargs.get("shape")], {}),
    "numpy.random.rand": _uniform,
    "numpy.random.random": _uniform,
    "numpy.random.random_sample": _uniform,
    "torch.rand": _uniform,
    "numpy.random.uniform": _between,
    "numpy.random.randint": _integers,
    "torch.randint": _integers,
    "numpy.zeros": _constant(0.0),
    "numpy.ones": _constant(1.0),
    "torch.zeros": _zeros_torch(0.0),
    "torch.ones": _zeros_torch(1.0),
    "numpy.linspace": _linspace,
    "torch.linspace": _linspace,
    "numpy.arange": _arange,
    "torch.arange": _arange,
    "keras.utils.to_categorical": _one_hot,
    "torch.nn.functional.one_hot": _one_hot,
    "tensorflow.one_hot": _one_hot,
    "sklearn.datasets.make_classification": _classification,
    "sklearn.datasets.make_regression": _regression,
    **dict.fromkeys(
        (
            "numpy.stack",
            "numpy.concatenate",
            "numpy.vstack",
            "numpy.hstack",
            "numpy.column_stack",
            "torch.cat",
            "torch.stack",
        ),
        _stack,
    ),
    "sklearn.datasets.make_blobs": _blobs,
    "sklearn.model_selection.train_test_split": _split,
}
"""Functions that make or split data, and what is certain of what they give."""


def originate(name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return the data a library's function gives, or None where it is not in the tables."""
    name = name.replace("RandomState.", "").replace("default_rng.", "").replace("Generator.", "")
    if name in SETS:
        return _loaded(name, SETS[name], kwargs)
    does = ORIGINS.get(name)
    return does(args, kwargs) if does is not None else None


def _loaded(name: str, row: Known, kwargs: dict[str, Any]) -> Any:
    inputs = Data(None, 0.0, 255.0, True) if row.pixels else Data()
    target = Data((None,), row.low, row.high, row.whole, row.classes)
    if name.startswith("keras."):
        return ((inputs, target), (part(inputs), part(target)))
    if kwargs.get("return_X_y") is True or ".make_" in name:
        return (inputs, target)
    found = Unknown(name)
    parts: Any = found.parts
    parts.update({"data": inputs, "target": target, ("item", "data"): inputs, ("item", "target"): target})
    return found


def data_call(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return what a library's function of data gives, or None where this is not known to be one."""
    found = originate(name, args, kwargs)
    if found is not None:
        place = run.place(frame, node)
        for each in found if isinstance(found, tuple) else (found,):
            if isinstance(each, Data) and not each.place.line:
                each.place = place
        return found
    module, _, last = name.rpartition(".")
    if args and isinstance(args[0], Data) and module in ("numpy", "torch", "tensorflow", "tensorflow.math"):
        if last in CURVES:
            return curve(last, args[0])
        return data_method(args[0], last, args[1:], kwargs)
    return None
