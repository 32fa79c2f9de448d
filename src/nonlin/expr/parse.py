"""Formulas typed by people: read through Python's ``ast`` with a whitelist, never evaluated.

Only numbers, names, the four operations, powers, comparisons, ``a if condition else b`` and calls of known functions
are accepted. Attributes, subscripts, strings, keywords and everything else are errors that point at their column.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from nonlin.errors import FormulaError, near
from nonlin.expr.nodes import Expr, add, call, const, div, mul, number, power, sub, var, walk, where
from nonlin.expr.primitives import PRIMITIVES
from nonlin.expr.rewrite import stabilise

MAX_LENGTH, MAX_DEPTH, MAX_NODES = 4000, 64, 1000
"""Limits of a typed formula: characters, nesting of its syntax, and distinct nodes of the expression."""
MAX_EXPONENT = 64
"""Largest size of a constant power of a constant; beyond it exact arithmetic would fill the memory."""

Macro = Callable[..., Expr]
_HIDDEN = {"add", "sub", "mul", "div", "neg", "lt", "le", "gt", "ge", "pi"}
CALLABLE: dict[str, tuple[int, Macro]] = {
    **{n: (p.arity, (lambda op: lambda *a: call(op, *a))(n)) for n, p in PRIMITIVES.items() if n not in _HIDDEN},
    "clip": (3, lambda u, low, high: call("min", call("max", u, low), high)),
    "square": (1, lambda u: mul(u, u)),
}
SYNONYMS = {"ln": "log", "atan": "arctan", "asinh": "arcsinh", "sgn": "sign", "minimum": "min", "maximum": "max",
             "power": "pow", "Phi": "normal_cdf", "logistic": "sigmoid"}  # fmt: skip
"""Other names of functions in formulas -> the name here."""
_OPERATORS: dict[type[ast.operator], Callable[[Expr, Expr], Expr]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: div,
    ast.Pow: power,
}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}
_CONSTANTS = {"pi": Expr("pi"), "e": call("exp", const(1))}


def function_names() -> list[str]:
    """Return the names a formula may call, without the catalogue's own."""
    return sorted({*CALLABLE, *SYNONYMS})


def parse(
    text: str,
    names: Iterable[str] | None = None,
    *,
    macros: Mapping[str, Macro] | None = None,
    free: Iterable[str] = (),
    textbook: bool = False,
) -> Expr:
    """Return the expression of a typed formula, in stable form (or as written with ``textbook=True``).

    ``names`` are the variables allowed; None allows ``x`` and any other free name (a parameter to be given a value).
    ``macros`` are further functions, such as the catalogue's; a name in ``free`` that stands alone is a variable even if one
    of them bears it. ``^`` is not a power: write ``**``.

    Raises:
        FormulaError: with the column, for anything that is not a formula or is too large.

    >>> parse("x/(1 + exp(-x))")
    Expr('x*sigmoid(x)')
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula is text, not {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters; at most {MAX_LENGTH} are allowed")
    body = text.strip()
    if not body:
        raise FormulaError("the formula is empty; write for example 'x*tanh(exp(x))'")
    if "\n" in body or "\0" in body:
        raise FormulaError("the formula must be one line of plain text")
    nesting = deepest = 0
    for column, letter in enumerate(body):  # before Python's own parser, whose stack a hostile text could exhaust
        nesting += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, nesting)
        if deepest > MAX_DEPTH:
            raise FormulaError(f"the formula is nested deeper than {MAX_DEPTH} levels", body, column)
    try:
        tree = ast.parse(body, mode="eval")
    except SyntaxError as err:
        column = err.offset - 1 if err.offset else len(body)  # Python gives none at the end of the text
        raise FormulaError(f"the formula cannot be read: {err.msg}", body, column) from None
    except (RecursionError, MemoryError, ValueError):
        raise FormulaError("the formula is nested too deeply", body) from None
    reader = _Reader(body, None if names is None else set(names), macros or {}, set(free))
    expr = reader.read(tree.body, 0)
    if expr.op in ("lt", "le", "gt", "ge"):
        raise FormulaError("the formula is a comparison; write where(x > 0, a, b) to use one", body, 0)
    if sum(1 for _ in walk(expr)) > MAX_NODES:
        raise FormulaError(f"the formula has more than {MAX_NODES} distinct parts", body)
    return expr if textbook else stabilise(expr)


class _Reader:
    """Walks one syntax tree; holds the text for the error messages."""

    def __init__(self, text: str, names: set[str] | None, macros: Mapping[str, Macro], free: set[str]) -> None:
        self.text, self.names, self.macros, self.free = text, names, macros, free

    def fail(self, message: str, node: ast.AST) -> FormulaError:
        # ast counts bytes of UTF-8; people count characters
        offset = getattr(node, "col_offset", 0)
        return FormulaError(message, self.text, len(self.text.encode()[:offset].decode(errors="ignore")))

    def read(self, node: ast.expr, depth: int) -> Expr:
        if depth > MAX_DEPTH:
            raise self.fail(f"the formula is nested deeper than {MAX_DEPTH} levels", node)
        try:
            return self._read(node, depth)
        except ZeroDivisionError:
            raise self.fail("the formula divides by zero here", node) from None
        except OverflowError:
            raise self.fail("this number is too large", node) from None

    def _read(self, node: ast.expr, depth: int) -> Expr:
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.read(node.operand, depth + 1)
            return mul(-1, inner) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.Compare):
            return self._compare(node, depth)
        if isinstance(node, ast.IfExp):
            test = self._condition(node.test, depth)
            return where(test, self.read(node.body, depth + 1), self.read(node.orelse, depth + 1))
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self.fail(
            f"{_describe(node)} is not part of a formula; allowed are numbers, x, + - * / **, comparisons inside "
            "where(...), and functions such as tanh, exp, max",
            node,
        )

    def _number(self, node: ast.Constant) -> Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(f"{value!r} is not a number a formula can use", node)
        if isinstance(value, int) and value.bit_length() > 1024:
            raise self.fail("this number is too large", node)
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            raise self.fail("this number is too large", node)
        return const(value)

    def _name(self, node: ast.Name) -> Expr:
        if node.id in self.free or (self.names is not None and node.id in self.names):
            return var(node.id)
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id in CALLABLE or node.id in SYNONYMS or node.id in self.macros:
            raise self.fail(f"{node.id!r} is a function; write {node.id}(...)", node)
        if node.id.startswith("__"):
            raise self.fail(f"the name {node.id!r} is not allowed in a formula", node)
        if self.names is None:
            return var(node.id)
        options = self.names | set(_CONSTANTS)
        allowed = ", ".join(sorted(self.names))
        raise self.fail(f"unknown name {node.id!r}.{near(node.id, options)} The variables here are: {allowed}", node)

    def _binary(self, node: ast.BinOp, depth: int) -> Expr:
        combine = _OPERATORS.get(type(node.op))
        if combine is None:
            hint = "; write ** for a power" if isinstance(node.op, ast.BitXor) else ""
            raise self.fail(f"the operator {_describe(node.op)} is not part of a formula{hint}", node)
        left, right = self.read(node.left, depth + 1), self.read(node.right, depth + 1)
        if any(n.op in ("lt", "le", "gt", "ge") for n in (left, right)):
            raise self.fail("a comparison is not a number; write where(x > 0, a, b)", node)
        if combine is power:
            base, exponent = number(left), number(right)
            if base is not None and exponent is not None and (abs(exponent) > MAX_EXPONENT or _bits(base) > 256):
                raise self.fail(f"constant powers are limited to exponents up to {MAX_EXPONENT}", node)
        result = combine(left, right)
        value = number(result)
        if value is not None and _bits(value) > 4096:
            raise self.fail("this number is too large", node)
        return result

    def _compare(self, node: ast.Compare, depth: int) -> Expr:
        if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARE:
            raise self.fail("a comparison in a formula is one of a < b, a <= b, a > b, a >= b", node)
        left, right = self.read(node.left, depth + 1), self.read(node.comparators[0], depth + 1)
        return Expr(_COMPARE[type(node.ops[0])], (left, right))

    def _condition(self, node: ast.expr, depth: int) -> Expr:
        test = self.read(node, depth + 1)
        if test.op not in ("lt", "le", "gt", "ge"):
            raise self.fail("the condition must be a comparison such as x > 0", node)
        return test

    def _call(self, node: ast.Call, depth: int) -> Expr:
        if not isinstance(node.func, ast.Name):
            raise self.fail("only functions called by their plain name are allowed, such as tanh(x)", node)
        name = SYNONYMS.get(node.func.id, node.func.id)
        options = [*CALLABLE, *SYNONYMS, *self.macros]
        if name not in CALLABLE and name not in self.macros:
            known = f" Functions: {', '.join(sorted(CALLABLE))}." if not near(name, options) else ""
            raise self.fail(f"unknown function {node.func.id!r}.{near(name, options)}{known}", node)
        keywords = [k.arg for k in node.keywords]
        starred = any(isinstance(a, ast.Starred) for a in node.args) or None in keywords
        if starred or (keywords and name not in self.macros):
            raise self.fail(f"{name} takes plain arguments only", node)
        if len(set(keywords)) < len(keywords):
            raise self.fail(f"{name}: a parameter is given twice", node)
        if name == "where":
            if len(node.args) != 3:
                raise self.fail(f"where takes 3 arguments (condition, a, b), not {len(node.args)}", node)
            test = self._condition(node.args[0], depth)
            return where(test, self.read(node.args[1], depth + 1), self.read(node.args[2], depth + 1))
        args = [self.read(a, depth + 1) for a in node.args]
        given = {str(k.arg): self.read(k.value, depth + 1) for k in node.keywords}
        if any(a.op in ("lt", "le", "gt", "ge") for a in (*args, *given.values())):
            raise self.fail("a comparison is not a number; write where(x > 0, a, b)", node)
        if name in self.macros and (given or name not in CALLABLE):  # the primitive tanh, not tanh's textbook quotient
            try:
                return self.macros[name](*args, **given)
            except (TypeError, ValueError) as err:
                raise self.fail(f"{name}: {str(err).removeprefix(f'{name}: ')}", node) from None
        arity, build = CALLABLE[name]
        if name in ("min", "max") and len(args) > 2:
            result = args[0]
            for other in args[1:]:
                result = call(name, result, other)
            return result
        if len(args) != arity and not (name == "join" and len(args) > arity):
            raise self.fail(f"{name} takes {arity} argument{'s' * (arity != 1)}, not {len(args)}", node)
        return build(*args)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


_DESCRIPTIONS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute (a.b)",
    ast.Subscript: "a subscript (a[b])",
    ast.Lambda: "a lambda",
    ast.BoolOp: "'and'/'or'",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "a string",
    ast.Starred: "a starred argument",
    ast.BitXor: "^",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.MatMult: "@",
}


def _describe(node: ast.AST) -> str:
    return _DESCRIPTIONS.get(type(node), type(node).__name__)
