"""A function as code to copy: ``nonlin show NAME --as TARGET``. Each target is a row of a table.

The Python ones need nothing of nonlin: they are the emitted program, and the text of those of our helpers that it calls.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Any

from nonlin.backends import c, javascript, onnx
from nonlin.backends.emission import literal
from nonlin.backends.kernel import guarded
from nonlin.backends.listing import Piece, base_name, check_order, pieces, prepared, title
from nonlin.catalogue import Definition, parts
from nonlin.errors import EXTRAS, ParameterError, unknown
from nonlin.expr import derivative, substitute, var, variables
from nonlin.expr.bridge import to_latex, to_sympy
from nonlin.expr.program import Syntax, identifiers, source


@dataclass(frozen=True)
class Library:
    """An array library of Python: the type its code is written for, how names in it are imported, where helpers stand."""

    dtype: str
    imports: dict[str, str]
    helpers: str
    full: str


LIBRARIES = {
    "numpy": Library("float64", {"np": "import numpy as np", "special": "from scipy import special"},
                     "nonlin.backends.numpy", "np.full_like({x}, {value})"),
    "torch": Library("float32", {"torch": "import torch", "math": "import math"},
                     "nonlin.backends.torch_scope", "torch.full_like({x}, {value})"),
    "jax": Library("float32", {"jax": "import jax", "jnp": "from jax import numpy as jnp", "nn": "from jax import nn",
                               "special": "from jax.scipy import special"},
                   "nonlin.backends.jax", "jnp.full_like({x}, {value})"),
}  # fmt: skip
_HELPERS = re.compile(r"\b(row_\w+|minimum|maximum|where)\(")
_RESERVED = {
    *keyword.kwlist,
    *dir(builtins),
    "where",
    "minimum",
    "maximum",
    "np",
    "jnp",
    "nn",
    "jax",
    "torch",
    "math",
    "special",
}


def _python(library: str, made: Definition, order: int) -> str:
    """Return Python functions of arrays: the value and the derivatives up to ``order``."""
    row = LIBRARIES[library]
    functions = [_function(library, row, made, piece) for piece in pieces(made, check_order(order))]
    text = "\n\n\n".join(functions)
    called = {n: n for n in _HELPERS.findall(re.sub(r"\w+\.\w+\(", "", text))}
    if library == "torch" and "where" in called:  # ours knows the type of the result
        called["where"] = "_where"
    helpers = _Helpers(row)
    if called:
        EXTRAS["jax"].require() if library == "jax" else None
        module = import_module(row.helpers)
        for name in called.values():
            helpers.add(name, getattr(module, name))
    used = [line for name, line in row.imports.items() if re.search(rf"\b{name}\.", text)]
    imports = sorted({*used, *helpers.imports})
    head = "\n".join(f"# {line}" for line in [*title(made), f"For {row.dtype}."])
    defined = [*helpers.constants, *helpers.functions.values(), text]
    lead = ["from __future__ import annotations", "\n".join(imports)] if helpers.functions else ["\n".join(imports)]
    return "\n\n".join([head, *filter(None, lead)]) + "\n\n\n" + "\n\n\n".join(defined) + "\n"


def _function(library: str, row: Library, made: Definition, piece: Piece) -> str:
    """Return one Python function."""
    (name,) = identifiers([base_name(made) + piece.suffix], _RESERVED).values()
    written = identifiers((*piece.inputs, *piece.params), {*_RESERVED, name})
    root = prepared(guarded(piece.root, row.dtype, order=piece.order), library)
    arguments = [written[n] for n in piece.inputs] + [f"{written[n]}={v!r}" for n, v in piece.params.items()]
    syntax = Syntax(
        head="def {function}({arguments}):",
        returned="    return ({value})[..., 0]" if piece.one else "    return {value}",
        width=88,
    )
    text = source(library, [root], list(written), literal, function=name, syntax=syntax, spelled=written)
    lines = text.rstrip("\n").splitlines()[1:]
    if not variables(root):
        value = lines[-1].removeprefix("    return ")
        lines = ["    return " + row.full.format(x=written[piece.inputs[0]], value=value)]
    elif library == "torch":
        x = written[piece.inputs[0]]
        given = [f"    {w} = torch.as_tensor({w}, dtype={x}.dtype)" for n, w in written.items() if n in piece.params]
        made_where = [f"    where = _where({x}.dtype)"] if re.search(r"(?<!\.)\bwhere\(", text) else []
        lines = [*given, *made_where, *lines]
    said = piece.says[0].upper() + piece.says[1:]
    return "\n".join([f"def {name}({', '.join(arguments)}):", f'    """{said}."""', *lines])


class _Helpers:
    """The text of helper functions, and of everything of their module that they use."""

    def __init__(self, row: Library) -> None:
        self.row = row
        self.imports: set[str] = set()
        self.constants: list[str] = []
        self.functions: dict[str, str] = {}

    def add(self, name: str, thing: Any) -> None:
        """Add what ``name`` stands for in the module of the helpers, what it uses first."""
        owner = getattr(thing, "__module__", "")
        if isinstance(thing, ModuleType):
            self.imports.add(next((i for n, i in self.row.imports.items() if n == name), f"import {thing.__name__}"))
        elif isinstance(thing, int | float):
            self.constants.append(f"{name} = {thing!r}")
        elif inspect.isclass(thing) and issubclass(thing, ValueError):
            self.constants.append(f"{name} = ValueError")  # one of nonlin's own errors
        elif owner not in (self.row.helpers, self.row.helpers.rpartition(".")[0]) and not owner.startswith("nonlin."):
            self.imports.add(f"from {owner} import {name}")
        elif name not in self.functions:
            self.functions[name] = ""  # a place held, for functions that call themselves
            text = (
                re.sub(r"^@.*\n", "", inspect.getsource(thing)) if not inspect.isclass(thing) else inspect.getsource(thing)
            )
            for used, value in _globals_of(thing).items():
                if used != name:
                    self.add(used, value)
            del self.functions[name]
            self.functions[name] = text.rstrip("\n")


def _globals_of(thing: Any) -> dict[str, Any]:
    """Return the names of its module that a function, or a class's methods, refer to, and what they stand for."""
    bodies = [getattr(v, "__func__", v) for v in vars(thing).values()] if inspect.isclass(thing) else [inspect.unwrap(thing)]
    found: dict[str, Any] = {}
    for body in bodies:
        body = getattr(body, "fun", body)  # inside what JAX's decorators make
        if isinstance(body, FunctionType):
            found.update({n: body.__globals__[n] for n in _names(body.__code__) if n in body.__globals__})
    return found


def _names(code: CodeType) -> list[str]:
    inner = [n for constant in code.co_consts if isinstance(constant, CodeType) for n in _names(constant)]
    return [*code.co_names, *inner]


def _sympy(made: Definition, order: int) -> str:
    """Return SymPy expressions: the textbook formula with exact numbers, and its derivatives."""
    import sympy as sp
    from sympy.printing.python import PythonPrinter

    name = base_name(made)
    if made.kind in ("rowwise", "grouped"):
        raise ParameterError(f"{made.name} works on whole rows, which SymPy's scalars cannot hold; --as numpy prints it")
    reserved = {*keyword.kwlist, *dir(sp), "round"} - {"x"}
    written = identifiers(variables(made.resting), reserved)
    lines = [f"{w} = Symbol({w!r}, real=True)" for n, w in written.items() if n in made.inputs]
    for n, p in made.settable.items():
        if n in written:
            lines.append(f"{written[n]} = {PythonPrinter().doprint(sp.Rational(str(p.default)))}")
    renamed = substitute(made.resting, {n: var(w) for n, w in written.items()})
    for i, output in enumerate(parts(renamed), 1):
        plain = f"{name}_{i}" if len(parts(renamed)) > 1 else name
        (shown,) = identifiers([plain], {*reserved, *written.values()}).values()
        lines.append(f"{shown} = {PythonPrinter().doprint(to_sympy(output))}")
        for n in made.inputs:
            last = shown
            for k in range(1, check_order(order) + 1):
                slope = f"{plain}_grad" + (f"_{n}" if len(made.inputs) > 1 else "") + (str(k) if k > 1 else "")
                lines.append(f"{slope} = diff({last}, {written[n]})")
                last = slope
    text = "\n".join(lines)
    names = sorted({n for n in re.findall(r"[A-Za-z_]\w*", text) if hasattr(sp, n)} - set(written.values()))
    own = sorted({n for n in re.findall(r"([A-Za-z_]\w*)\(", text) if not hasattr(sp, n)})
    declared = [f"{n} = Function({n!r})" for n in own]
    imported = f"from sympy import {', '.join(sorted({*names, *(['Function'] if own else [])}))}"
    return "\n".join(["\n".join(f"# {line}" for line in title(made)), "", imported, "", *declared, text]) + "\n"


def _latex(made: Definition, order: int) -> str:
    """Return LaTeX: the textbook formula, then its derivatives up to ``order`` in stable form, one a line."""
    lines = [rf"f(x) = {to_latex(made.textbook)}"]
    if made.kind == "elementwise":
        for k in range(1, check_order(order) + 1):
            marks = "'" * k if k < 4 else rf"^{{({k})}}"
            lines.append(rf"f{marks}(x) = {to_latex(derivative(made.at_rest(), 'x', k))}")
    return "\n".join(lines) + "\n"


TARGETS: dict[str, Callable[[Definition, int], str]] = {
    "latex": _latex,
    "numpy": partial(_python, "numpy"),
    "torch": partial(_python, "torch"),
    "jax": partial(_python, "jax"),
    "sympy": _sympy,
    "c": c.code,
    "javascript": javascript.code,
    "onnx": onnx.code,
}
"""Target -> the text of a definition and its derivatives up to an order."""


def code(made: Definition, target: str, order: int = 1) -> str:
    """Return a function, and its derivatives up to ``order``, as the text of a program in ``target``.

    Raises:
        UnknownNameError: no such target; the message holds a near match.
        ParameterError: ``order`` is not a whole number of at least 0, or the target cannot hold the function.
        MissingExtraError: a package that the target needs is not installed.

    >>> from nonlin.catalogue import definitions
    >>> print(code(definitions()["softplus"], "latex", order=1), end="")
    f(x) = \\frac{\\log{\\left(e^{\\beta x} + 1 \\right)}}{\\beta}
    f'(x) = \\sigma\\left(\\beta x\\right)
    """
    if target not in TARGETS:
        raise unknown("target", str(target), TARGETS)
    return TARGETS[target](made, check_order(order))
