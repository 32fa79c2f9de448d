"""ONNX: functions of ``nonlin.backends.nodes`` that add nodes to a graph; infix operators do too."""

from nonlin.expr.spellings import INFIX, ROWS

SPELLINGS = {
    **INFIX,
    **ROWS,
    "pow": "power({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "min": "minimum({0}, {1})",
    "max": "maximum({0}, {1})",
    "pi": "pi",
    "abs": "abs({0})",
    "sign": "sign({0})",
    "floor": "floor({0})",
    "round": "round({0})",
    "exp": "exp({0})",
    "expm1": "expm1({0})",
    "log": "log({0})",
    "log1p": "log1p({0})",
    "tanh": "tanh({0})",
    "sigmoid": "sigmoid({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "arctan": "arctan({0})",
    "arcsinh": "arcsinh({0})",
    "sqrt": "sqrt({0})",
    "erf": "erf({0})",
    "erfc": "erfc({0})",
    "straight_through": "{0}",
}
