"""One Keras layer for every activation function: what differs between ``Mish`` and ``PReLU`` is their definition."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from nonlin.backends import keras as backend
from nonlin.backends.calling import evaluated
from nonlin.backends.layout import check_gate
from nonlin.catalogue import LAW_WORDS, REFERENCES, Definition, lookup, resolve
from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.expr import const, stabilise, substitute
from nonlin.keras.saving import catalogued, from_config, to_config

PACKAGE = "nonlin.keras"
OPTIONS: dict[str, Any] = {"axis": -1, "pieces": 2, "gate": "second"}
"""The options that say how a layer works along an axis, and their defaults."""
KIND_OPTIONS: dict[str, tuple[str, ...]] = {
    "elementwise": (),
    "rowwise": ("axis",),
    "grouped": ("axis", "pieces"),
    "gated": ("axis", "gate"),
    "concatenated": ("axis",),
    "paired": ("axis",),
}
"""Which of them a layer of each kind has."""
_KEYWORDS = ("learnable", "channels", "channel_axis", "seed", "name", "dtype", "trainable")


class ActivationLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base class of every layer in ``nonlin.keras``; make one with ``nonlin.keras.layer`` or a class by title.

    Fixed parameters are numbers folded into the formula. A learned one is a weight under its own name, in the layer's
    variable dtype: one value, or, where the definition says one per channel, one for each entry of ``channel_axis``, the
    last axis unless told otherwise (Keras' convention; PyTorch's modules count channels along dimension 1).

    Attributes:
        definition: the function's definition, with the defaults of the catalogue.
    """

    definition: Definition

    def __init__(
        self,
        definition: Definition,
        given: Mapping[str, Any] | None = None,
        *,
        axis: int = -1,
        pieces: int = 2,
        gate: str = "second",
        learnable: bool | None = None,
        channels: int | None = None,
        channel_axis: int = -1,
        seed: int | None = None,
        **keywords: Any,
    ) -> None:
        if why_not(definition):
            raise ModelError(why_not(definition))
        known, checked = definition.settable, definition.check(given or {})
        _check_options(definition, learnable, axis=axis, pieces=pieces, channels=channels, channel_axis=channel_axis)
        super().__init__(**keywords)
        self.definition = definition
        self.exact = {n: checked.get(n, p.default) for n, p in known.items()}
        self.learned = tuple(n for n, p in known.items() if (p.learnable if learnable is None else learnable))
        named: dict[str, Any] = {"axis": axis, "pieces": pieces, "gate": check_gate(gate)}
        self.options = {n: named[n] for n in KIND_OPTIONS[definition.kind]}
        self.learnable, self.channels, self.channel_axis, self.seed = learnable, channels, channel_axis, seed
        fixed = {n: const(v) for n, v in self.exact.items() if n not in self.learned}
        # ready before it is called: torch.compile would trace into the symbolic work
        self.at_rest, self.in_training = (stabilise(substitute(f, fixed)) for f in (definition.resting, definition.textbook))
        self.elementwise = definition.kind == "elementwise"
        self.generator = keras.random.SeedGenerator(seed) if definition.random else None
        self.learned_weights: dict[str, Any] = {}
        self.supports_masking = True

    @property
    def values(self) -> dict[str, Any]:
        """Each parameter's number, or its weight where it is learned."""
        return {**{n: float(v) for n, v in self.exact.items()}, **self.learned_weights}

    def build(self, x_shape: Any, gate_shape: Any = None) -> None:
        """Make the weights; ``x_shape`` tells how many channels there are."""
        for n in self.learned:
            wide = self.definition.params[n].per == "channel" and self.channels != 1
            shape = (self._channels(x_shape),) if wide else ()
            start = keras.initializers.Constant(float(self.exact[n]))
            # not cast to a half type with the inputs: the function is computed in single precision
            self.learned_weights[n] = self.add_weight(shape=shape, initializer=start, name=n, autocast=False)
        self.built = True

    def _channels(self, x_shape: Any) -> int:
        rank, axis, title = len(x_shape), self.channel_axis, self.definition.title
        if not -rank <= axis < rank:
            raise DataError(f"{title}: channel_axis={axis} is out of range for x with {rank} dimensions")
        found = x_shape[axis]
        if found is None:
            raise DataError(f"{title}: the length of channel_axis={axis} is not known; give channels=1 for one value")
        if self.channels not in (None, found):
            raise DataError(f"{title} has channels={self.channels}, but x has {found} along channel_axis={axis}")
        return int(found)

    def call(self, x: Any, gate: Any = None, training: bool = False) -> Any:
        """Return the function at ``x``; ``gate`` is the gate of a gated unit as a tensor of its own."""
        arrays = {n: self._shaped(w, len(x.shape)) for n, w in self.learned_weights.items()}
        noise = self.generator if training else None
        if noise is None and self.elementwise:
            return backend.evaluate(self.at_rest, x, arrays)
        options = self.options if gate is None else {**self.options, "gate": gate}
        root = self.at_rest if noise is None else self.in_training
        return evaluated(backend, self.definition, root, x, arrays, noise, **options)

    def _shaped(self, weight: Any, rank: int) -> Any:
        """Return a weight in a shape that broadcasts against ``x``."""
        value = ops.convert_to_tensor(weight)
        trailing = rank - 1 - self.channel_axis % rank if len(value.shape) else 0
        return ops.reshape(value, (-1, *(1,) * trailing)) if trailing else value

    def compute_output_shape(self, x_shape: Any, gate_shape: Any = None) -> tuple[int | None, ...]:
        """Return the shape of the output for that of the input."""
        made, shape = self.definition, list(x_shape)
        if made.kind == "elementwise" or (made.keeps_length and gate_shape is None):
            return tuple(shape)
        axis = self.options["axis"]
        taken = self.options.get("pieces", 1 if gate_shape is not None else len(made.inputs))
        shape[axis] = None if shape[axis] is None else shape[axis] // taken * len(made.outputs)
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what Keras saves: the options and the parameters' first values; weights are saved beside it."""
        config = {**super().get_config(), **self.options, **{n: float(v) for n, v in self.exact.items()}}
        if self.exact:
            config["learnable"] = self.learnable
        if _per_channel(self.definition):
            config |= {"channels": self.channels, "channel_axis": self.channel_axis}
        return config | ({"seed": self.seed} if self.definition.random else {})


def _per_channel(made: Definition) -> bool:
    return any(p.per == "channel" for p in made.settable.values())


def _check_options(made: Definition, learnable: object, **counts: object) -> None:
    """Raise ParameterError for an option of the wrong type or size."""
    if learnable not in (None, True, False):
        raise ParameterError(f"{made.title}: learnable must be True, False or None, not {learnable!r}")
    if learnable and not made.settable:
        raise ParameterError(f"{made.title}: learnable=True, but {made.name} has no parameters to learn")
    for name, value in counts.items():
        least = 1 if name in ("pieces", "channels") else None
        if value is None and name == "channels":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            allowed = "a whole number" + (f" of at least {least}" if least else "")
            raise ParameterError(f"{made.title}: {name} must be {allowed}, not {value!r}")


def why_not(made: Definition) -> str:
    """Return why there can be no layer of a function, in a sentence; an empty text if there can."""
    taken = [n for n in made.settable if n in (*OPTIONS, *_KEYWORDS)]
    if taken:
        return (f"{made.name}: a layer cannot have a parameter called {taken[0]!r}, which Keras layers use for something "
                f"else; rename it in the definition, for example to {taken[0] + '_'!r}")  # fmt: skip
    if made.context:
        return (f"there is no Keras layer of {made.name}: its parameters come from {made.context}; compute them in a layer "
                f"of your own and give them to nonlin.keras.{made.name}(x, ...)")  # fmt: skip
    return ""


@keras.saving.register_keras_serializable(package="nonlin")
class Formula(ActivationLayer):
    """Layer of a formula typed by a person, or of any definition that is not in the catalogue.

    Args:
        formula: text in ``x`` such as ``"x*tanh(exp(x))"``, or a definition.
        **options: values of its parameters, and the options of the layers of the catalogue.

    >>> Formula("k*tanh(x)", k=2.0).values
    {'k': 2.0}
    """

    def __init__(self, formula: str | Definition, **options: Any) -> None:
        values = {n: options.pop(n) for n in list(options) if n not in (*OPTIONS, *_KEYWORDS)}
        made = resolve(formula, **values) if isinstance(formula, str) else formula
        super().__init__(made, {} if isinstance(formula, str) else values, **options)

    def get_config(self) -> dict[str, Any]:
        """Return what Keras saves: the definition in plain data, the options and the parameters' first values."""
        return {"formula": to_config(self.definition), **super().get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Formula:
        """Return the layer that was saved."""
        return cls(from_config(config["formula"]), **{n: v for n, v in config.items() if n != "formula"})


# -- classes -----------------------------------------------------------------------------------------------------------

_classes: dict[tuple[Any, ...], type[ActivationLayer]] = {}


def class_of(definition: Definition) -> type[ActivationLayer]:
    """Return the layer class of a function of the catalogue, always the same object, registered with Keras for saving."""
    key = (definition.name, definition.title, definition.textbook, tuple(definition.params.items()))
    if key not in _classes:
        _classes[key] = keras.saving.register_keras_serializable(package="nonlin")(_make_class(definition))
    return _classes[key]


def _make_class(definition: Definition) -> type[ActivationLayer]:
    signature = _signature(definition)

    def __init__(self: ActivationLayer, *args: Any, **kwargs: Any) -> None:
        wrong = [n for n in kwargs if n not in signature.parameters and n not in _KEYWORDS]
        if wrong:
            definition.check({wrong[0]: kwargs[wrong[0]]})  # raises with the near match
        options = dict(signature.bind(self, *args, **kwargs).arguments)
        options |= options.pop("keywords", {})
        given = {n: options.pop(n) for n in definition.settable if n in options}
        ActivationLayer.__init__(options.pop("self"), definition, given, **options)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    body = {"__init__": __init__, "__doc__": _docstring(definition), "__module__": PACKAGE}
    return type(definition.title, (ActivationLayer,), body)


def _signature(definition: Definition) -> inspect.Signature:
    """Return the signature of ``__init__``: options of the kind, then parameters, then what needs a keyword."""
    plain, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    made = [inspect.Parameter("self", plain)]
    made += [inspect.Parameter(n, plain, default=OPTIONS[n]) for n in KIND_OPTIONS[definition.kind]]
    made += [inspect.Parameter(n, plain, default=float(p.default)) for n, p in definition.settable.items()]
    if definition.settable:
        made.append(inspect.Parameter("learnable", keyword, default=None))
    if _per_channel(definition):
        made.append(inspect.Parameter("channels", keyword, default=None))
        made.append(inspect.Parameter("channel_axis", keyword, default=-1))
    if definition.random:
        made.append(inspect.Parameter("seed", keyword, default=None))
    return inspect.Signature([*made, inspect.Parameter("keywords", inspect.Parameter.VAR_KEYWORD)])


def _docstring(made: Definition) -> str:
    """Return summary, formula, parameters, noise and reference, as a docstring."""
    parts = [made.summary or f"The activation function {made.name}.", f"Formula: ``{made.formula}``"]
    rows = [f"{n}: {p.range_text()}; default {float(p.default):g}{', learned by default' if p.learnable else ''}"
            f"{', one value per channel' if p.per == 'channel' else ''}." for n, p in made.settable.items()]  # fmt: skip
    if made.settable:
        rows.append("learnable: None learns the parameters declared so; True makes every one a weight, False none.")
    if _per_channel(made):
        rows.append("channels: how many there are; None counts them along channel_axis, 1 is one value for all.")
        rows.append("channel_axis: the axis of the channels.")
    if rows:
        parts.append("Args:\n" + "\n".join(f"    {row}" for row in rows))
    parts += [f"In training {n} is drawn for every element, {LAW_WORDS[law]}." for n, law in made.random.items()]
    parts += [f"Reference: {REFERENCES.get(made.cite, made.cite)}"] if made.cite else []
    return "\n\n".join(parts) + "\n"


def layer(spec: Any, **options: Any) -> ActivationLayer:
    """Return a new layer of a function: a name or formula as ``nonlin.get`` takes it, a definition, or what it returns.

    ``options`` are those of its class: its parameters, ``learnable``, ``channels``, ``channel_axis``, ``axis``, ``pieces``,
    ``gate``, ``seed``, and those of every Keras layer (``name``, ``dtype``, ``trainable``).

    >>> layer("leaky_relu(slope=0.3)").values, type(layer("x*tanh(exp(x))")).__name__
    ({'slope': 0.3}, 'Formula')
    """
    values = {n: v for n, v in options.items() if n not in (*OPTIONS, *_KEYWORDS)}
    made = resolve(getattr(spec, "definition", spec), **values)
    rest = {n: v for n, v in options.items() if n not in values}
    base = lookup(made.title)
    if base is None or base.textbook is not made.textbook or not catalogued(base):
        return Formula(made, **rest)
    changed: dict[str, Any] = {n: p.default for n, p in made.settable.items() if p.default != base.params[n].default}
    return class_of(base)(**changed, **rest)
