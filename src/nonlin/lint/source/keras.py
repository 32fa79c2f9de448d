"""What the layers, models, losses and initialisers of Keras and TensorFlow are, and what models of Keras do."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from nonlin.findings import Place
from nonlin.lint.net import Node
from nonlin.lint.source import misuse
from nonlin.lint.source.arguments import bind
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.names import activations, words
from nonlin.lint.source.tape import Shape
from nonlin.lint.source.torch import Row
from nonlin.lint.source.values import (
    External,
    Function,
    Instance,
    Layer,
    Partial,
    Settings,
    Tensor,
    Unknown,
    known,
    number,
    tensors,
    whole,
)


def _rows(*groups: tuple[str, str, str, Mapping[str, Any], str]) -> dict[str, Row]:
    return {
        f"keras.layers.{name}": Row(f"keras.layers.{name}", op, signature, {"shown": name, **facts}, special)
        for names, op, signature, facts, special in groups
        for name in names.split()
    }


CONV = "filters kernel_size strides padding data_format dilation_rate groups activation use_bias kernel_initializer"
DEPTHWISE = "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias"
RECURRENT = "units activation recurrent_activation use_bias kernel_initializer"
LAYERS: dict[str, Row] = {
    **_rows(
        ("Dense", "linear", "units activation use_bias kernel_initializer bias_initializer", {}, ""),
        ("EinsumDense", "linear", "equation output_shape activation", {}, ""),
        ("Conv1D", "conv", CONV, {"rank": 1}, ""),
        ("Conv2D", "conv", CONV, {"rank": 2}, ""),
        ("Conv3D", "conv", CONV, {"rank": 3}, ""),
        ("SeparableConv1D SeparableConv2D", "conv", CONV, {"rank": 2, "groups": 2, "kind": "separable"}, ""),
        ("DepthwiseConv1D DepthwiseConv2D", "conv", DEPTHWISE, {"groups": 2, "kind": "depthwise"}, ""),
        ("Conv1DTranspose Conv2DTranspose Conv3DTranspose Deconvolution2D", "conv_transpose", CONV, {}, ""),
        ("LSTM CuDNNLSTM", "recurrent", RECURRENT, {"kind": "lstm"}, ""),
        ("GRU CuDNNGRU", "recurrent", RECURRENT, {"kind": "gru"}, ""),
        ("SimpleRNN", "recurrent", "units activation use_bias kernel_initializer", {"kind": "rnn"}, ""),
        ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", "recurrent", "filters kernel_size", {"kind": "lstm"}, ""),
        ("Embedding", "embedding", "input_dim output_dim", {}, ""),
        ("BatchNormalization", "norm", "axis momentum epsilon", {"kind": "batch"}, ""),
        ("LayerNormalization", "norm", "axis epsilon", {"kind": "layer"}, ""),
        ("GroupNormalization", "norm", "groups axis", {"kind": "group"}, ""),
        ("UnitNormalization", "norm", "axis", {"kind": "l2"}, ""),
        ("RMSNormalization", "norm", "axis", {"kind": "rms"}, ""),
        ("Normalization", "scale", "axis", {"kind": "standardise"}, ""),
        ("Rescaling", "scale", "scale offset", {}, ""),
        ("Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D", "dropout", "rate", {}, ""),
        ("AlphaDropout", "dropout", "rate", {"kind": "alpha"}, ""),
        ("GaussianNoise GaussianDropout", "dropout", "rate", {"kind": "gaussian"}, ""),
        ("MaxPooling1D MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D", "max_pool", "pool_size strides padding", {}, ""),
        ("AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D", "avg_pool", "pool_size strides", {}, ""),
        ("GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D", "avg_pool", "",
         {"global": True}, ""),
        ("GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool1D GlobalMaxPool2D", "max_pool", "", {"global": True}, ""),
        ("Flatten", "flatten", "", {}, ""),
        ("Reshape RepeatVector Cropping1D Cropping2D Cropping3D", "reshape", "target_shape", {}, ""),
        ("UpSampling1D UpSampling2D UpSampling3D Resizing CenterCrop", "reshape", "size", {"kind": "interpolate"}, ""),
        ("Permute", "transpose", "dims", {}, ""),
        ("ZeroPadding1D ZeroPadding2D ZeroPadding3D", "pad", "padding", {}, ""),
        ("Identity Masking ActivityRegularization RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomCrop",
         "identity", "", {}, ""),
        ("Add Average Maximum Minimum", "add", "", {}, ""),
        ("Subtract", "add", "", {"kind": "sub"}, ""),
        ("Multiply", "mul", "", {}, ""),
        ("Dot", "matmul", "axes", {}, ""),
        ("Concatenate", "concat", "axis", {}, ""),
        ("MultiHeadAttention Attention AdditiveAttention GroupQueryAttention", "attention", "num_heads key_dim", {"kind": "multihead"}, ""),
        ("Activation", "activation", "activation", {}, "activation"),
        ("Bidirectional TimeDistributed SpectralNormalization", "identity", "layer", {}, "wrapper"),
        ("Lambda", "identity", "function", {}, "lambda"),
        ("InputLayer", "identity", "input_shape", {}, "entry"),
        ("Input", "input", "shape", {}, "input"),
    ),
    "keras.models.Sequential": Row("keras.models.Sequential", "identity", "layers", {}, "chain"),
    "keras.models.Model": Row("keras.models.Model", "identity", "inputs outputs", {}, "functional"),
}  # fmt: skip
"""Layers of Keras 2 and 3 by their public names; activations come from the peers' table."""

OURS = {
    "units": "out_features", "filters": "out_features", "output_dim": "out_features", "input_dim": "in_features", "rate": "p",
    "strides": "stride", "use_bias": "bias", "pool_size": "kernel_size", "nb_filter": "out_features", "nb_epoch": "epochs",
    "init": "kernel_initializer", "input": "inputs", "output": "outputs",
}  # fmt: skip
"""Keras' names of arguments and the graph's."""


def translated(run: Run, given: dict[str, Any], frame: Frame, node: ast.AST | None) -> dict[str, Any]:
    """Return the arguments of a layer by the graph's names, its activation and its initialiser made plain."""
    found = {OURS.get(k, k): v for k, v in given.items()}
    activation = found.get("activation")
    if isinstance(activation, External):
        where = next((k.value for k in node.keywords if k.arg == "activation"), node) if isinstance(node, ast.Call) else node
        misuse.class_as_layer(run, activation, frame, where, "the argument activation")
    if isinstance(node, ast.Call):
        place = next((run.place(frame, k.value) for k in node.keywords if k.arg == "activation"), None)
        found["activation_place"] = place
    return found


# -- initialisers

STARTS = {
    "zero": "zeros", "zeros": "zeros", "one": "ones", "ones": "ones", "normal": "normal:0.05", "random_normal": "normal:0.05",
    "uniform": "uniform:0.05", "random_uniform": "uniform:0.05",
}  # fmt: skip
"""Texts that name initialisers whose numbers are not in their names; from keras.initializers."""


def initialiser(value: Any) -> str:
    """Return how weights start, as ``zeros``, ``normal:0.05`` or ``glorot_uniform``; nothing where not known."""
    if isinstance(value, str):
        return STARTS.get(value.lower(), value.lower())
    if isinstance(value, External):
        kind, _, rest = value.name.partition(":")
        if kind == "init":
            return rest
        if value.name.startswith("keras.initializers."):
            return made_initialiser(value.name, [], {})
    return ""


def made_initialiser(name: str, args: list[Any], kwargs: dict[str, Any]) -> str:
    """Return what an initialiser object starts weights with."""
    last = name.rpartition(".")[2]
    last = (
        "".join("_" + c.lower() if c.isupper() else c for c in last)
        .lstrip("_")
        .replace("random_", "")
        .removesuffix("_initializer")
    )
    if last in ("normal", "truncated_normal"):
        given = bind("mean stddev", args, kwargs)
        std = number(given.get("stddev", 0.05))
        return f"{last}:{std:g}" if std is not None and number(given.get("mean", 0.0)) == 0 else last
    if last == "uniform":
        given = bind("minval maxval", args, kwargs)
        low, high = number(given.get("minval", -0.05)), number(given.get("maxval", 0.05))
        return f"uniform:{high:g}" if low is not None and high is not None and low == -high else last
    if last == "constant":
        value = number(bind("value", args, kwargs).get("value", 0.0))
        return "zeros" if value == 0 else f"constant:{value:g}" if value is not None else last
    return STARTS.get(last, last)


# -- activations given to layers


def activated(run: Run, value: Any, tensor: Tensor, place: Place, uid: str, shown: str = "") -> Any:
    """Apply what a layer's argument ``activation`` says."""
    if value is None or value == "linear":
        return tensor
    function, facts = "", {"shown": shown or (f"activation={value!r}" if isinstance(value, str) else "activation")}
    if isinstance(value, str):
        function = words().get(value.lower(), "")
        if not function:
            return run.emit("activation", [tensor], place, attrs={**facts, "named": value}, owner=f"{uid}.activation")
    elif isinstance(value, External) and value.name in activations():
        function, facts["shown"] = activations()[value.name].meaning({}), value.name.replace("tensorflow.", "tf.")
    elif isinstance(value, Function | Partial | Layer | Instance):
        return run.call(value, [tensor], {}, run.build["top"](run), None)
    elif isinstance(value, External) and value.name in ("keras.activations.linear", "tensorflow.identity"):
        return tensor
    else:
        return run.emit("unknown", [tensor], place, attrs=facts)
    attrs: dict[str, Any] = dict(facts)
    if function in ("softmax", "log_softmax", "sparsemax"):
        attrs["dim"] = -1
    return run.emit("activation", [tensor], place, function=function, attrs=attrs, owner=f"{uid}.activation")


def finished(run: Run, made: Layer, result: Tensor, place: Place) -> Any:
    """Complete what a layer of Keras did: how its weights start, its shape, its activation."""
    node = run.tape.node(result)
    attrs = dict(node.attrs)
    for key, argument in (("init", "kernel_initializer"), ("bias_init", "bias_initializer")):
        start = initialiser(made.given.get(argument))
        if start:
            attrs[key] = start
    shape = _shape(run, made, node)
    attrs.pop("activation", None)
    if node.op == "recurrent":
        for key in ("activation", "recurrent_activation"):
            value = made.given.get(key)
            word = words().get(value, value) if isinstance(value, str) else None
            if isinstance(value, External) and value.name in activations():
                word = activations()[value.name].meaning({})
            attrs |= {key: word} if word is not None else {}
        attrs["function"] = attrs.get("activation", "tanh" if made.given.get("activation", "tanh") == "tanh" else "")
    if node.op == "concat":
        widths = [run.tape.nodes[i].width for i in node.inputs]
        if all(isinstance(w, int) for w in widths) and made.given.get("axis", -1) in (-1, 1, 3):
            attrs["out_features"] = sum(w for w in widths if w is not None)
    if node.op not in ("flatten", "reshape", "transpose"):
        attrs.setdefault("features_dim", -1)
    run.tape.nodes[result.index] = Node(
        node.op, node.inputs, node.place, node.function, attrs, shape, node.owner, None, node.training
    )
    if node.op in ("linear", "conv", "conv_transpose"):
        inner = made.given.get("activation_place")
        where = (
            Place(place.layer, inner.file, inner.line, inner.column, inner.end_line, inner.end_column) if inner else place
        )
        return activated(run, made.given.get("activation"), result, where, made.uid)
    return result


def _shape(run: Run, made: Layer, node: Node) -> Shape:
    before = run.tape.nodes[node.inputs[0]].shape if node.inputs else None
    width = whole(made.given.get("out_features"))
    rank = node.attrs.get("rank")
    if node.op == "conv" and isinstance(rank, int) and width is not None:
        return (None,) * (rank + 1) + (width,)
    if node.attrs.get("global"):
        channels = run.tape.nodes[node.inputs[0]].width if before is None or len(before) > 2 else None
        return (None, channels)
    if node.op in ("max_pool", "avg_pool", "pad", "conv_transpose") or node.attrs.get("kind") == "interpolate":
        return (*([None] * (len(before) - 1)), width if node.op == "conv_transpose" else before[-1]) if before else None
    if node.op == "recurrent":
        if made.given.get("return_sequences") is True:
            return (None, None, width)
        return (None, width) if made.given.get("return_sequences", False) is False else None
    if node.op == "embedding":
        return (None, None, width)
    if node.op == "reshape":
        target = made.given.get("target_shape")
        return (None, *(whole(n) if whole(n) != -1 else None for n in target)) if isinstance(target, list | tuple) else None
    return node.shape


def given_shape(made: Layer) -> Shape:
    """Return the shape of the input that a model's first layer is told: ``input_shape=(784,)`` or ``input_dim=784``."""
    children = list(made.children.values()) if isinstance(made.children, dict) else made.children or []
    first = children[0] if children and made.row.name.startswith("keras.") else None
    if isinstance(first, Tensor):
        shape: Shape = first.tape.node(first).shape
        return shape
    if not isinstance(first, Layer):
        return None
    shape_given = first.given.get("input_shape", first.given.get("shape", first.given.get("batch_input_shape")))
    if shape_given is None and first.row.special == "wrapper" and isinstance(first.given.get("layer"), Layer):
        return given_shape(Layer(first.row, {}, children=[first.given["layer"]]))
    width = whole(first.given.get("in_features"))
    if isinstance(shape_given, list | tuple):
        lengths = tuple(whole(n) for n in shape_given)
        return lengths if "batch_input_shape" in first.given else (None, *lengths)
    return (None, width) if width is not None and first.row.op == "linear" else None


# -- layers that are more than one operation


def _activation(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, place: Place) -> Any:
    tensor = run.tensor(args[0] if args else Unknown(), place)
    value = made.given.get("activation")
    return activated(
        run, value, tensor, place, made.uid, f"Activation({value!r})" if isinstance(value, str) else "Activation"
    )


def _wrapper(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, place: Place) -> Any:
    inner = made.given.get("layer")
    result = run.call(inner, args, kwargs, frame, None)
    found = tensors(result)
    if made.row.name.endswith("Bidirectional") and found:
        node = run.tape.node(found[0])
        width = node.attrs.get("out_features")
        if isinstance(width, int):
            shape = (*node.shape[:-1], 2 * width) if node.shape else None
            attrs = {**node.attrs, "out_features": 2 * width, "bidirectional": True}
            run.tape.nodes[found[0].index] = Node(
                node.op, node.inputs, node.place, node.function, attrs, shape, node.owner, None, node.training
            )
    return result


def _lambda(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, place: Place) -> Any:
    return run.call(made.given.get("function"), args, kwargs, frame, None)


def _entry(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, place: Place) -> Any:
    return args[0] if args else Unknown()


def _functional(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, place: Place) -> Any:
    """Call a functional model on other inputs: its operations once more."""
    inputs, outputs = tensors(made.given.get("inputs")), tensors(made.given.get("outputs"))
    values = args[0] if args and isinstance(args[0], list | tuple) else args[:1]
    if not outputs or outputs[0].tape is not run.tape or len(inputs) != len(values):
        return run.build["followed_not"](run, made.name, tensors(args), frame, None)
    renamed = {a.index: run.tensor(b, place).index for a, b in zip(inputs, values, strict=True)}
    needed = sorted({i for out in outputs for i in run.tape.behind(out.index)})
    for index in needed:
        if index in renamed:
            continue
        node = run.tape.nodes[index]
        if not any(i in renamed for i in node.inputs):
            continue
        copied = Node(node.op, tuple(renamed.get(i, i) for i in node.inputs), node.place, node.function, node.attrs, node.shape,
                      node.owner, None, node.training)  # fmt: skip
        run.tape.nodes.append(copied)
        run.tape.models.append(run.model() if run.path else (made.uid, made.name))
        renamed[index] = len(run.tape.nodes) - 1
    found = [Tensor(run.tape, renamed.get(o.index, o.index)) for o in outputs]
    return found[0] if len(found) == 1 else found


CALLS: Mapping[str, Callable[..., Any]] = {
    "activation": _activation,
    "wrapper": _wrapper,
    "lambda": _lambda,
    "entry": _entry,
    "functional": _functional,
}
"""What layers do that are more than one operation."""


# -- what models do


def compile_model(run: Run, made: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Note that a model is compiled; its graph is made when the program has been read to its end."""
    given = bind("optimizer loss metrics", args, kwargs)
    record = {"loss": given.get("loss"), "place": run.place(frame, node), "settings": {}, "frame": frame, "node": node, "model": made,
              "tape": run.tape, "targets": None}  # fmt: skip
    optimizer = given.get("optimizer")
    if isinstance(optimizer, Settings):
        record["settings"] = dict(optimizer.facts)
    elif isinstance(optimizer, str):
        record["settings"] = {"optimizer": optimizer.lower()}
    metrics = given.get("metrics")
    if isinstance(metrics, list | tuple) and known(metrics):
        record["settings"]["metrics"] = list(metrics)
    run.compiled.append(record)
    run.events += 1
    return None


def fit(run: Run, made: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Note what a model is trained on."""
    run.events += 1
    given = bind("x y batch_size epochs", args, kwargs)
    record = next((r for r in reversed(run.compiled) if r["model"] is made), None)
    if record is not None and given.get("y") is not None and record["targets"] is None:
        record["targets"] = given["y"]
        record["inputs"] = given.get("x")
    return Unknown("history", True)


def add(run: Run, made: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Append a layer to a chain."""
    children = made.children if isinstance(made, Layer) else getattr(getattr(made, "core", None), "children", None)
    value = args[0] if args else kwargs.get("layer")
    if isinstance(children, list) and value is not None:
        run.touch(children)
        children.append(value)
        where = node.args[0] if isinstance(node, ast.Call) and node.args else node
        misuse.class_as_layer(run, value, frame, where, "the model")
    return None


def _part(run: Run, made: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return Unknown("layer", True)


MODEL_METHODS: Mapping[str, Callable[..., Any]] = {
    "compile": compile_model,
    "fit": fit,
    "fit_generator": fit,
    "train_on_batch": fit,
    "add": add,
    "get_layer": _part,
    "summary": lambda run, made, args, kwargs, frame, node: None,
    "save": lambda run, made, args, kwargs, frame, node: None,
    "predict": lambda run, made, args, kwargs, frame, node: Unknown("prediction", True),
    "evaluate": lambda run, made, args, kwargs, frame, node: Unknown("score", True),
}
"""Methods of Keras' models."""
