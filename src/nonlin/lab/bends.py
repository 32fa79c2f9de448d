"""One activation function inside a hand-written training step: value and derivative from one compiled kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nonlin.backends import numpy as on_numpy
from nonlin.backends.branchless import branchless
from nonlin.backends.kernel import Kernel, differentiated
from nonlin.backends.layout import run
from nonlin.backends.torch import compiled, evaluate
from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, const, stabilise, substitute, walk
from nonlin.expr.rewrite import lower


class Bend:
    """A function's forward and backward on float32 tensors of shape (..., features, samples).

    ``learned`` names its learnable parameters, ``initial`` their starting values; those of rowwise and grouped functions
    keep their values, as they do in ``nonlin.nn``. Noise is drawn by the caller. All but elementwise
    functions work over the features, of which maxout and gated units take ``narrows`` for each they give.
    """

    def __init__(self, definition: Definition) -> None:
        if definition.kind == "concatenated" or definition.context:
            what = f"needs {definition.context}" if definition.context else "gives more features than it takes"
            raise ParameterError(f"{definition.name} {what}; train it in a network of your own (--model)")
        self.definition = definition
        self.elementwise = definition.kind == "elementwise"
        self.learned = [n for n, p in definition.settable.items() if p.learnable and self.elementwise]
        self.initial = [float(definition.settable[n].default) for n in self.learned]
        self.random = definition.random if self.elementwise else {}
        self.narrows = 1 if definition.keeps_length else 2
        fixed = {n: const(p.default) for n, p in definition.settable.items() if n not in self.learned}
        self.rest = stabilise(substitute(definition.at_rest(), fixed))
        moving = stabilise(substitute(definition.expr, fixed))
        names = ("x", *self.learned)
        if self.elementwise:
            noisy = (*names, *self.random)
            slopes = tuple(differentiated(moving, (n,)) for n in names)
            self.training = compiled((moving, *slopes), noisy, torch.float32, True)
            rest_slopes = tuple(differentiated(self.rest, (n,)) for n in names)
            self.resting = _kernel((self.rest, *rest_slopes), names)
            self.value = _kernel((self.rest,), names)

    def forward(self, z: Tensor, knobs: Sequence[Tensor], noise: Sequence[Tensor] | None, train: bool) -> tuple[Tensor, Any]:
        """Return f(z) and what :meth:`backward` needs (None unless ``train``)."""
        if not self.elementwise:
            return self._rows(z, train)
        if not train:
            return _tensor(self.value(z, *knobs), z), None
        if noise is not None:
            value, *slopes = self.training(z, *knobs, *noise)
        else:
            value, *slopes = self.resting(z, *knobs)
        return _tensor(value, z), slopes

    def _rows(self, z: Tensor, train: bool) -> tuple[Tensor, Any]:
        with torch.enable_grad():
            leaf = z.detach().requires_grad_(train)
            out = run(self.definition, self.rest, leaf, torch, evaluate, {}, axis=-2)
        return out.detach(), (leaf, out) if train else None

    def backward(self, saved: Any, d: Tensor, knob_grads: Sequence[Tensor]) -> Tensor:
        """Return the gradient before the function; fill those of the learned parameters, (seeds, 1, 1) each."""
        if not self.elementwise:
            leaf, out = saved
            before: Tensor = torch.autograd.grad(out, leaf, d)[0]
            return before
        slope, *others = saved
        for grad, by in zip(knob_grads, others, strict=True):
            grad.copy_((d * by).sum((-1, -2), keepdim=True))
        product: Tensor = d * slope
        return product

    def alive(self, saved: Any, shape: tuple[int, ...]) -> Tensor:
        """Return which units have a derivative other than 0 on some sample: bool of ``shape``."""
        if not self.elementwise:
            return torch.ones(shape, dtype=torch.bool)
        slope = saved[0]
        if not isinstance(slope, Tensor):
            return torch.full(shape, bool(slope))
        return (slope != 0).any(-1).expand(shape)


_VECTORISED = {"exp", "expm1", "log", "log1p", "tanh"}
"""Functions that NumPy computes in vector registers, two to five times as fast as PyTorch's CPU kernels."""
_SCALAR = {"erf", "erfc", "pow", "sin", "cos", "arctan", "arcsinh"}
"""Functions that NumPy and SciPy compute one number at a time, or no faster."""


def _kernel(roots: tuple[Expr, ...], names: tuple[str, ...]) -> Kernel:
    """Return the faster of the two kernels on CPU tensors; the choice follows from the formula alone."""
    if names == ("x",):
        straight = tuple(branchless(r) for r in roots)
        used = {node.op for r in straight for node in walk(lower(r, "numpy"))}
        if used & _VECTORISED and not used & _SCALAR:
            return _through_numpy(on_numpy.compiled(straight, names, "float32", True))
    return compiled(roots, names, torch.float32, True)


def _through_numpy(kernel: Kernel) -> Kernel:
    def run(z: Tensor) -> Any:
        made = kernel(z.numpy())
        if isinstance(made, tuple):
            return tuple(v if isinstance(v, float) else torch.from_numpy(v) for v in made)
        return torch.from_numpy(made)

    return run


def _tensor(value: Any, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full_like(like, value)


@lru_cache(maxsize=256)
def bend(definition: Definition) -> Bend:
    """Return the (shared) training form of a definition."""
    return Bend(definition)
