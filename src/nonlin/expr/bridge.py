"""The bridge to SymPy, loaded only when asked for: LaTeX, and a second opinion on derivatives."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from nonlin.expr.nodes import Expr, variables
from nonlin.expr.program import source
from nonlin.expr.show import number_text

_GREEK = {"alpha", "beta", "gamma", "delta", "theta", "lambda", "mu", "sigma", "tau", "kappa", "omega"}


def _rational(node: Expr) -> str | None:
    value = node.payload
    return f"sp.Rational({value.numerator}, {value.denominator})" if isinstance(value, Fraction) else None


def _written(node: Expr) -> str | None:
    """Constants as people write them: decimals stay decimals."""
    value = node.payload
    if not isinstance(value, Fraction):
        return None
    text = number_text(value)
    return f"sp.Symbol({text!r})" if "." in text or "e" in text else _rational(node)


def _run(root: Expr, literal: Callable[[Expr], str | None], scope: dict[str, Any], symbols: list[Any]) -> Any:
    text = source("sympy", [root], variables(root), literal)
    space = dict(scope)
    exec(compile(text, "<nonlin sympy>", "exec"), space)  # text emitted from our own nodes, never from a user's
    return space["f"](*symbols)


@lru_cache(maxsize=1)
def _definitions() -> dict[str, Any]:
    import sympy as sp

    return {
        "sp": sp,
        "expm1": lambda u: sp.exp(u) - 1,
        "log1p": lambda u: sp.log(1 + u),
        "sech2": lambda u: 1 - sp.tanh(u) ** 2,
        "log_cosh": lambda u: sp.log(sp.cosh(u)),
        "sigmoid": lambda u: 1 / (1 + sp.exp(-u)),
        "softplus": lambda u: sp.log(1 + sp.exp(u)),
        "normal_cdf": lambda u: (1 + sp.erf(u / sp.sqrt(2))) / 2,
        "normal_pdf": lambda u: sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi),
        "round_half_even": sp.Function("round"),
    }


def to_sympy(root: Expr) -> Any:
    """Return an elementwise expression as a SymPy expression in real symbols, constants exact.

    Raises:
        ValueError: for a rowwise expression, which SymPy's scalars cannot hold.
    """
    import sympy as sp

    from nonlin.expr.primitives import is_rowwise

    if is_rowwise(root):
        raise ValueError("a rowwise expression has no scalar SymPy form")
    return _run(root, _rational, _definitions(), [sp.Symbol(n, real=True) for n in variables(root)])


@lru_cache(maxsize=1)
def _notation() -> dict[str, Any]:
    """Functions that print the way the field writes them."""
    import sympy as sp

    def named(latex: str) -> Any:
        def _latex(self: Any, printer: Any, exp: str | None = None) -> str:
            power = f"^{{{exp}}}" if exp else ""
            return rf"{latex}{power}\left({printer.doprint(self.args[0])}\right)"

        return type(latex.strip("\\{} "), (sp.Function,), {"_latex": _latex})

    def row(symbol: str) -> Any:
        def _latex(self: Any, printer: Any, exp: str | None = None) -> str:
            body = self.args[0].subs(sp.Symbol("x_{i}"), sp.Symbol("x_{j}"))
            inner = rf"{symbol} {printer.doprint(body)}"
            return rf"\left({inner}\right)^{{{exp}}}" if exp else inner

        return type("Row", (sp.Function,), {"_latex": _latex})

    plain = {name: named(rf"\operatorname{{{name}}}") for name in ("softplus", "expm1", "log1p")}
    words = {"row_softmax": "softmax", "row_log_softmax": "logsoftmax", "row_logsumexp": "logsumexp",
             "row_first_max": "first\\,max", "round_half_even": "round"}  # fmt: skip

    def indexed(symbol: str) -> Any:
        def _latex(self: Any, printer: Any, exp: str | None = None) -> str:
            power = f"^{{{exp}}}" if exp else ""
            return rf"{symbol}_{{{printer.doprint(self.args[1])}}}{power}\left({printer.doprint(self.args[0])}\right)"

        return type("Indexed", (sp.Function,), {"_latex": _latex})

    return {
        **_definitions(),
        **plain,
        "row_length": lambda u: sp.Symbol("n"),
        "row_top": indexed(r"\operatorname{top}"),
        "row_threshold": indexed(r"\tau"),
        **{op: named(rf"\operatorname{{{word}}}") for op, word in words.items()},
        "sigmoid": named(r"\sigma"),
        "normal_cdf": named(r"\Phi"),
        "normal_pdf": named(r"\varphi"),
        "sech2": named(r"\operatorname{sech}^{2}"),
        "row_sum": row(r"\sum_{j}"),
        "row_max": row(r"\max_{j}"),
    }


def to_latex(root: Expr) -> str:
    """Return a formula in LaTeX, as the field writes it: sigma, Phi, sums over j for rows.

    >>> from nonlin.expr import parse
    >>> to_latex(parse("x*sigmoid(x)"))
    'x \\\\sigma\\\\left(x\\\\right)'
    """
    import sympy as sp

    from nonlin.expr.primitives import is_rowwise

    rowwise = is_rowwise(root)
    letters = []
    for name in variables(root):
        shown = "x_{i}" if rowwise and name == "x" else name
        if shown in _GREEK:
            shown = f"\\{shown}"
        elif len(shown) > 1 and shown != "x_{i}":
            shown = rf"\mathrm{{{shown}}}"
        letters.append(sp.Symbol(shown))
    outputs = root.args if root.op == "join" else (root,)
    named = dict(zip(variables(root), letters, strict=True))
    made = [_run(o, _written, _notation(), [named[n] for n in variables(o)]) for o in outputs]
    written = [str(sp.latex(m, fold_short_frac=False)) for m in made]
    return written[0] if len(written) == 1 else r"\left[" + r",\; ".join(written) + r"\right]"
