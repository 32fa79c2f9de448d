"""Functions of Keras tensors: they stand wherever Keras takes a function, and are saved with the model."""

from __future__ import annotations

from typing import Any

import keras

from nonlin.backends import keras as backend
from nonlin.backends.calling import apart, called, specialised
from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError
from nonlin.keras.saving import from_config, to_config


@keras.saving.register_keras_serializable(package="nonlin")
class Function:
    """One activation function of Keras tensors; ``nonlin.keras.get`` and the names of ``nonlin.keras`` make them.

    >>> float(get("leaky_relu", slope=0.5)(-3.0))
    -1.5
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.__name__ = definition.name
        self.__doc__ = f"{definition.summary or definition.name}\n\nFormula: ``{definition.formula}``"
        # ready before it is called: torch.compile would trace into the symbolic work
        self._plain = specialised(definition, ()) if definition.kind == "elementwise" else None

    def __call__(self, x: Any, *, axis: int = -1, pieces: int = 2, gate: Any = "second", seed: Any = None,
                 **params: Any) -> Any:  # fmt: skip
        """Return the function at ``x``.

        Args:
            x: tensor, symbolic tensor, array or number, of any shape; a real type, whose dtype the result keeps.
            axis: the axis a function works along, unless it is elementwise.
            pieces: for a grouped function (maxout), the size of the groups of neighbours along ``axis``.
            gate: for a gated function, the gate as a tensor of its own, or which part of ``axis`` it is: the ``"second"``
                half, the ``"first"``, or the ``"even"`` or ``"odd"`` entries.
            seed: for a function with noise, a ``keras.random.SeedGenerator`` to draw it with, as in training; None is the
                function at rest.
            **params: parameter values: numbers, or tensors that broadcast against ``x``; these get gradients.

        Raises:
            DataError: ``x`` is not of a real numeric type, or its axis does not fit.
            ParameterError: an unknown parameter, a value out of range, or a seed for a function without noise.
        """
        if isinstance(x, keras.KerasTensor):
            return self._symbolic(x, {"axis": axis, "pieces": pieces, "gate": gate}, seed, params)
        if self._plain is not None and not params and seed is None:
            return backend.evaluate(self._plain, x)
        return called(backend, self.definition, x, params, seed, axis=axis, pieces=pieces, gate=gate)

    def _symbolic(self, x: Any, options: dict[str, Any], seed: Any, params: dict[str, Any]) -> Any:
        """Return the output of a new layer in a model that is being put together."""
        from nonlin.keras.layers import KIND_OPTIONS, layer

        made = self.definition
        numbers, arrays = apart(made, params)
        if arrays or seed is not None or not isinstance(options["gate"], str):
            what = next(iter(arrays), "seed" if seed is not None else "gate")
            raise ParameterError(f"{made.name}: {what} cannot be given for a symbolic tensor; use a layer of nonlin.keras")
        return layer(made.bind(**numbers), **{n: options[n] for n in KIND_OPTIONS[made.kind]})(x)

    def get_config(self) -> dict[str, Any]:
        """Return what Keras saves: its name if the catalogue has it, else its formula and parameters."""
        return to_config(self.definition)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Function:
        """Return the function that was saved."""
        return cls(from_config(config))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((self.definition.name, self.definition.textbook))

    def __repr__(self) -> str:
        return f"<nonlin.keras {self.definition.name}: {self.definition.formula}>"


def get(name: Any, **params: float) -> Function:
    """Return an activation function of tensors by name, alias, ``name(parameter=value)``, or a typed formula in ``x``.

    Args:
        name: such a text, a definition, or what ``nonlin.get`` returns.
        **params: values of its parameters, as numbers. (Tensors are given when the function is called.)

    Raises:
        UnknownNameError: no such name; the message holds a near match.
        FormulaError: the formula cannot be read; the message points at the column.
        ParameterError: a parameter is unknown, missing or out of range.

    >>> get("x*tanh(exp(x))")
    <nonlin.keras x*tanh(exp(x)): x*tanh(exp(x))>
    """
    return Function(resolve(getattr(name, "definition", name), **params))
