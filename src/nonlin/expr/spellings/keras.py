"""Keras 3, with ``keras.ops`` as ``ops``; any backend of Keras runs it."""

from nonlin.expr.spellings import INFIX, ROWS

SPELLINGS = {
    **INFIX,
    **ROWS,
    "pow": "ops.power({0}, {1})",
    "where": "ops.where({0}, {1}, {2})",
    "min": "ops.minimum({0}, {1})",
    "max": "ops.maximum({0}, {1})",
    "pi": "math.pi",
    "abs": "ops.abs({0})",
    "sign": "ops.sign({0})",
    "floor": "ops.floor({0})",
    "round": "ops.round({0})",
    "exp": "ops.exp({0})",
    "expm1": "ops.expm1({0})",
    "log": "ops.log({0})",
    "log1p": "ops.log1p({0})",
    "tanh": "ops.tanh({0})",
    "sigmoid": "ops.sigmoid({0})",
    "sin": "ops.sin({0})",
    "cos": "ops.cos({0})",
    "arctan": "ops.arctan({0})",
    "arcsinh": "ops.arcsinh({0})",
    "sqrt": "ops.sqrt({0})",
    "erf": "ops.erf({0})",
    "erfc": "ops.erfc({0})",
    "straight_through": "{0}",
    "join": "({0}, {1})",
}
