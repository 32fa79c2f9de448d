"""Functions of TensorFlow and Keras: losses, variables, placeholders, the layers of TensorFlow 1, and tensor functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

from nonlin.lint.source import data, keras, layers, losses
from nonlin.lint.source.arguments import bind
from nonlin.lint.source.functions import function, matmul
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.torch import FUNCTIONS
from nonlin.lint.source.values import (
    Criterion,
    Data,
    Either,
    External,
    Function,
    Instance,
    Layer,
    Partial,
    Settings,
    Tensor,
    Unknown,
    Weight,
    known,
    tensors,
    whole,
)

NAMES = (("y_pred", "predictions", "output", "logits", "input"), ("y_true", "labels", "target"))
"""Names of prediction and target in Keras."""


class Kind(NamedTuple):
    """A loss of Keras: what it takes, what it takes with ``from_logits``, and its settings."""

    kind: str
    logits: str = ""
    facts: Mapping[str, Any] = {}


LOSSES: dict[str, Kind] = {
    "categorical_crossentropy": Kind("categorical", "cross_entropy", {"sparse": False}),
    "sparse_categorical_crossentropy": Kind("categorical", "cross_entropy", {"sparse": True}),
    "binary_crossentropy": Kind("bce", "bce_logits"),
    "binary_focal_crossentropy": Kind("bce", "bce_logits"),
    "categorical_focal_crossentropy": Kind("categorical", "cross_entropy"),
    "mean_squared_error": Kind("mse"),
    "mean_absolute_error": Kind("l1"),
    "mean_absolute_percentage_error": Kind("l1", "", {"relative": True}),
    "mean_squared_logarithmic_error": Kind("mse", "", {"logarithmic": True}),
    "huber": Kind("huber"),
    "huber_loss": Kind("huber"),
    "log_cosh": Kind("huber"),
    "logcosh": Kind("huber"),
    "hinge": Kind("hinge"),
    "squared_hinge": Kind("hinge"),
    "categorical_hinge": Kind("hinge"),
    "kl_divergence": Kind("kl", "", {"probabilities": True}),
    "kullback_leibler_divergence": Kind("kl", "", {"probabilities": True}),
    "poisson": Kind("poisson"),
}
"""Losses of Keras by the texts that name them, from keras.losses."""
SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence", "cosine_proximity": "",
}  # fmt: skip
"""Their short names."""


class Raw(NamedTuple):
    """A loss function of TensorFlow: its kind, its arguments in order, and the names of prediction and target."""

    kind: str
    signature: str
    prediction: str
    target: str
    facts: Mapping[str, Any] = {}


RAW: dict[str, Raw] = {
    "nn.softmax_cross_entropy_with_logits": Raw("cross_entropy", "labels logits axis", "logits", "labels"),
    "nn.softmax_cross_entropy_with_logits_v2": Raw("cross_entropy", "labels logits axis", "logits", "labels"),
    "nn.sparse_softmax_cross_entropy_with_logits": Raw(
        "cross_entropy", "labels logits", "logits", "labels", {"sparse": True}
    ),
    "nn.sigmoid_cross_entropy_with_logits": Raw("bce_logits", "labels logits", "logits", "labels"),
    "nn.weighted_cross_entropy_with_logits": Raw("bce_logits", "labels logits pos_weight", "logits", "labels"),
    "losses.softmax_cross_entropy": Raw("cross_entropy", "onehot_labels logits", "logits", "onehot_labels"),
    "losses.sparse_softmax_cross_entropy": Raw("cross_entropy", "labels logits", "logits", "labels", {"sparse": True}),
    "losses.sigmoid_cross_entropy": Raw("bce_logits", "multi_class_labels logits", "logits", "multi_class_labels"),
    "losses.mean_squared_error": Raw("mse", "labels predictions", "predictions", "labels"),
    "losses.absolute_difference": Raw("l1", "labels predictions", "predictions", "labels"),
    "losses.huber_loss": Raw("huber", "labels predictions", "predictions", "labels"),
    "losses.hinge_loss": Raw("hinge", "labels logits", "logits", "labels"),
    "losses.log_loss": Raw("bce", "labels predictions", "predictions", "labels"),
}
"""Losses of ``tf.nn`` and ``tf.losses`` (TensorFlow 1)."""

RENAMED: Mapping[str, str] = {
    "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod",
    "reduce_logsumexp": "logsumexp", "cast": "float", "expand_dims": "unsqueeze", "stop_gradient": "detach", "batch_dot": "matmul",
    "batch_flatten": "flatten", "dot": "matmul", "concatenate": "cat", "convert_to_numpy": "numpy", "negative": "neg", "clip_by_value": "clamp",
    "avg_pool": "avg_pool2d", "max_pool": "max_pool2d", "max_pool2d": "max_pool2d", "l2_normalize": "normalize", "softmax_v2": "softmax",
    "moveaxis": "movedim", "sum": "sum", "average_pool": "avg_pool2d",
}  # fmt: skip
"""Functions of TensorFlow and ``keras.ops`` and what torch calls the same."""
HOMES = ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg", "keras.ops", "keras.backend", "keras.layers")
"""Modules whose functions are looked up in torch's table, by torch's name."""
OLD_LAYERS = {
    "dense": "Dense", "conv1d": "Conv1D", "conv2d": "Conv2D", "conv3d": "Conv3D", "max_pooling2d": "MaxPooling2D", "flatten": "Flatten",
    "average_pooling2d": "AveragePooling2D", "dropout": "Dropout", "batch_normalization": "BatchNormalization",
    "conv2d_transpose": "Conv2DTranspose", "fully_connected": "Dense",
}  # fmt: skip
"""Functions of ``tf.layers`` and ``tf.contrib.layers`` and the layer each makes."""


def external(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return what a thing of Keras or TensorFlow gives, or None where its name is in no table."""
    if not name.startswith(("keras.", "tensorflow")):
        return None
    module, _, last = name.rpartition(".")
    if name == "keras.layers.Input" or last == "placeholder":
        return _input(run, last, args, kwargs, frame, node)
    if name == "keras.models.Model" and not args and not kwargs:
        return None
    if last == "image_data_format":
        return "channels_last"  # what Keras is installed with
    if module in ("keras.initializers", "keras.initializers.initializers") or last.endswith("_initializer"):
        return External("init:" + keras.made_initialiser(name, args, kwargs))
    if module == "keras.optimizers" and last[:1].isupper():
        return _optimiser(run, last, args, kwargs)
    found = _loss(run, name, module, last, args, kwargs, frame, node)
    if found is not None:
        return found
    if last in ("Variable", "get_variable") and module in ("tensorflow", "keras", "keras.backend"):
        return _variable(last, args, kwargs)
    if module in ("tensorflow.layers", "tensorflow.contrib.layers") and last in OLD_LAYERS:
        return _old_layer(run, last, args, kwargs, frame, node)
    if module in HOMES:
        return _function(run, last, args, kwargs, frame, node)
    return None


def _input(run: Run, last: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Tensor:
    run.framework = "keras"
    given = bind("dtype shape name" if last == "placeholder" else "shape batch_size", args, kwargs)
    shape = given.get("shape", given.get("batch_shape"))
    lengths = (
        tuple(whole(n) for n in shape)
        if isinstance(shape, list | tuple)
        else (whole(shape),)
        if whole(shape) is not None
        else None
    )
    if lengths is not None and last != "placeholder" and "batch_shape" not in given:
        lengths = (None, *lengths)
    return run.emit("input", [], run.place(frame, node), shape=lengths)


def _optimiser(run: Run, last: str, args: list[Any], kwargs: dict[str, Any]) -> Settings:
    given = bind("learning_rate", args, kwargs)
    rate = given.get("learning_rate", given.get("lr"))
    facts: dict[str, Any] = {"optimizer": last.lower()}
    if isinstance(rate, int | float):
        facts["lr"] = float(rate)
    run.optimisers[""] = facts
    return Settings(last, facts)


def _snake(name: str) -> str:
    text = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    return text.replace("k_l_", "kl_").replace("log_cosh", "log_cosh")


def criterion(run: Run, name: str, given: dict[str, Any], shown: str, place: Any) -> Criterion | None:
    """Return the loss that a text or a name of keras.losses means; None where it is none."""
    word = SHORT.get(name.lower(), name if name in LOSSES else _snake(name) if name[:1].isupper() else name)
    row = LOSSES.get(word)
    if row is None:
        return None
    logits = given.get("from_logits", False)
    kind = row.kind if not row.logits or logits is False else row.logits if logits is True else "unknown"
    facts = {**row.facts, **losses.facts(given), **({"from_logits": bool(logits)} if row.logits and known(logits) else {})}
    return Criterion(kind, facts, place, shown, (1, 0), NAMES)


def _loss(
    run: Run, name: str, module: str, last: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> Any:
    place, shown = run.place(frame, node), run.shown(frame, node)
    row = RAW.get(name.removeprefix("tensorflow."))
    if row is not None:
        given = bind(row.signature, args, kwargs)
        found = Criterion(
            row.kind, dict(row.facts), place, run.shown(frame, node.func) if isinstance(node, ast.Call) else last
        )
        return losses.take(run, found, given.get(row.prediction), given.get(row.target), frame, node)
    if module not in ("keras.losses", "tensorflow.losses", "keras.backend", "keras.ops", "keras.metrics"):
        return None
    if last[:1].isupper():
        return criterion(run, last, bind("from_logits", args if not last.startswith("Mean") else [], kwargs), shown, place)
    if last in LOSSES or last in SHORT:
        signature = "y_true y_pred from_logits"
        if last == "sparse_categorical_crossentropy" and module == "keras.losses":
            signature = "y_true y_pred from_logits ignore_class"
        given = bind(signature, args, {{"target": "y_true", "output": "y_pred"}.get(k, k): v for k, v in kwargs.items()})
        made = criterion(run, last, given, shown, place)
        return losses.take(run, made, given.get("y_pred"), given.get("y_true"), frame, node) if made is not None else None
    return None


def _variable(last: str, args: list[Any], kwargs: dict[str, Any]) -> Weight:
    given = bind("initial_value" if last == "Variable" else "name shape dtype initializer", args, kwargs)
    value = given.get("initial_value")
    if isinstance(value, External) and value.name.startswith("init:"):
        return Weight("parameter", {"init": value.name[5:]})
    shape = value.shape if isinstance(value, Data) else None
    if isinstance(given.get("shape"), list | tuple):
        shape = tuple(whole(n) for n in given["shape"])
    facts: dict[Any, Any] = {}
    if isinstance(value, Data) and value.low is not None and value.low == value.high:
        facts["init"] = "zeros" if value.low == 0 else f"constant:{value.low:g}"
    start = keras.initialiser(given.get("initializer"))
    return Weight("parameter", {**facts, **({"init": start} if start else {})}, shape)


def _old_layer(run: Run, last: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    kwargs = {{"activation_fn": "activation", "num_outputs": "units"}.get(k, k): v for k, v in kwargs.items()}
    if last == "fully_connected":  # tf.contrib.layers: ReLU unless another is given
        kwargs.setdefault("activation", External("tensorflow.nn.relu"))
    inputs = args[:1] or [kwargs.pop("inputs", Unknown())]
    made = layers.layer(run, f"keras.layers.{OLD_LAYERS[last]}", args[1:], kwargs, frame, node)
    return run.call(made, inputs, {}, frame, node)


def _function(run: Run, last: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    name = RENAMED.get(last, last)
    place = run.place(frame, node)
    if not tensors(args) and not tensors(list(kwargs.values())):
        return None
    if last == "matmul" or name == "matmul":
        values = [*args, *(kwargs[k] for k in ("a", "b") if k in kwargs)]
        return matmul(run, values[0], values[1], place) if len(values) > 1 else None
    if last == "bias_add":
        return run.emit("scale", args[:1], place, attrs={"kind": "parameter"})
    if last in ("conv1d", "conv2d", "conv3d") and len(args) > 1:
        weight = args[1]
        shape = weight.shape if isinstance(weight, Weight) else None
        facts = {"out_features": shape[-1]} if shape and shape[-1] is not None else {}
        init = {k: v for k, v in weight.facts.items() if k == "init"} if isinstance(weight, Weight) else {}
        return run.emit("conv", args[:1], place, attrs={**facts, **init, "features_dim": -1})
    if last == "dropout":
        return run.emit("dropout", args[:1], place)
    if last == "reshape" and len(args) > 1:
        return function(run, FUNCTIONS["view"], "view", args[:2], {}, frame, node)
    if last == "concat" and len(args) > 1 and isinstance(args[1], list | tuple):
        args = args[::-1]
    if last in ("add", "multiply", "concatenate") and args and isinstance(args[0], list | tuple) and last != "concatenate":
        return run.emit("mul" if last == "multiply" else "add", list(args[0]), place)
    return function(run, FUNCTIONS[name], name, args, kwargs, frame, node) if name in FUNCTIONS else None


# -- compiled models, when the program has been read


def finalise(run: Run) -> None:
    """Make the graphs of the models that were compiled on this tape, and take their losses."""
    for record in [r for r in run.compiled if r["tape"] is run.tape]:
        run.compiled.remove(record)
        run.framework = run.tape.framework = "keras"
        made = record["model"]
        outputs = _outputs(run, made, record)
        if outputs is None:
            continue
        before = len(run.tape.steps)
        _apply(run, record, record["loss"], outputs)
        for step in run.tape.steps[before:]:
            step.settings = record["settings"]


def _outputs(run: Run, made: Any, record: Mapping[str, Any]) -> Any:
    if isinstance(made, Layer) and made.row.special == "functional":
        found = made.given.get("outputs")
        run.tape.outputs.extend(t.index for t in tensors(found) if t.tape is run.tape)
        if tensors(found) and all(t.tape is run.tape for t in tensors(found)):
            return found
        return None
    if isinstance(made, Layer) and made.row.special == "chain" and not made.children:
        return None
    if isinstance(made, Layer | Instance):
        given = record.get("inputs")
        return run.call(made, [given if isinstance(given, Data) else Unknown("input", True)], {}, record["frame"], None)
    return None


def _apply(run: Run, record: Mapping[str, Any], loss: Any, outputs: Any) -> None:
    if isinstance(outputs, list | tuple):
        for at, output in enumerate(outputs):
            part = loss[at] if isinstance(loss, list | tuple) and at < len(loss) else list(loss.values())[at] if isinstance(
                loss, dict) and len(loss) == len(outputs) else loss if not isinstance(loss, list | tuple | dict) else None  # fmt: skip
            _apply(run, {**record, "targets": None}, part, output)
        return
    if isinstance(outputs, dict):
        for key, output in outputs.items():
            _apply(run, {**record, "targets": None}, loss.get(key) if isinstance(loss, dict) else loss, output)
        return
    if isinstance(loss, dict | list | tuple) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    _one(run, record, loss, outputs)


def _one(run: Run, record: Mapping[str, Any], loss: Any, output: Any) -> None:
    place = record["place"]
    if isinstance(output, Either):
        output = run.tensor(output)
    if not isinstance(output, Tensor) or output.tape is not run.tape:
        return
    found: Criterion | None = None
    if isinstance(loss, Criterion):
        found = loss
    elif isinstance(loss, str):
        found = criterion(run, loss, {}, f"loss={loss!r}", place)
    elif isinstance(loss, External):
        last = loss.name.rpartition(".")[2]
        found = (
            criterion(run, last, {}, run.shown(record["frame"], record["node"]), place) if "losses" in loss.name else None
        )
        row = RAW.get(loss.name.removeprefix("tensorflow."))
        found = Criterion(row.kind, {}, place, last) if row is not None and found is None else found
    elif isinstance(loss, Function | Partial | Instance):
        if isinstance(loss, Function) and "wasserstein" in loss.name.lower():
            found = Criterion("wasserstein", {}, place, loss.name)
        else:
            before, target = len(run.tape.nodes), Unknown("y_true", True)
            run.call(loss, [target, output], {}, record["frame"], record["node"])
            if isinstance(loss, Function):
                losses.by_name(run, loss.name, [target, output], before, place, (1, 0))
            return
    elif isinstance(loss, Either):
        found = Criterion("unknown", {}, place, "one of several")
    if found is not None:
        losses.record(run, found.kind, output, place, found, data.targets(record.get("targets")))
