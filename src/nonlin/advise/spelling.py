"""How a function is written in a torch program: PyTorch's own module where it has one, else nonlin's."""

from __future__ import annotations

from functools import lru_cache

from nonlin.catalogue import definitions, resolve

__all__ = ["torch_call"]


@lru_cache(maxsize=256)
def torch_call(spec: str) -> str:
    """Return the expression that makes a function's module; empty for the identity.

    Args:
        spec: a function as ``nonlin.get`` takes it.

    >>> [torch_call(s) for s in ("gelu", "leaky_relu(slope=0.2)", "clipped_gelu", "2*sin(x)", "identity")]
    ['nn.GELU()', 'nn.LeakyReLU(0.2)', 'nonlin.nn.ClippedGELU()', "nonlin.nn.module('2*sin(x)')", '']
    """
    from nonlin.nn.recognise import MODULES

    made = resolve(spec)
    if made.family == "formula":
        return f"nonlin.nn.module({spec!r})"
    base = made.name.partition("(")[0]
    if base == "identity":
        return ""
    plain = definitions()[base]
    changed = {n: v for n, v in made.defaults.items() if v != plain.defaults[n]}
    if base == "gelu_tanh":
        return "nn.GELU(approximate='tanh')"
    row = next((r for r in MODULES if r.name == base and set(changed) <= set(r.params)), None)
    if row is None:
        inside = ", ".join(f"{n}={float(v):g}" for n, v in changed.items())
        return f"nonlin.nn.{plain.title}({inside})"
    first = next(iter(row.params), "")
    inside = ", ".join(f"{float(v):g}" if n == first else f"{row.params[n]}={float(v):g}" for n, v in changed.items())
    return f"nn.{row.module.__name__}({inside})"
