"""JavaScript numbers; what ``Math`` lacks or rounds otherwise are helpers whose names begin with ``$``."""

from nonlin.expr.spellings import INFIX

SPELLINGS = {
    **INFIX,
    "pow": "Math.pow({0}, {1})",
    "where": "({0} ? {1} : {2})",
    "min": "Math.min({0}, {1})",
    "max": "Math.max({0}, {1})",
    "pi": "Math.PI",
    "abs": "Math.abs({0})",
    "sign": "Math.sign({0})",
    "floor": "Math.floor({0})",
    "round": "$round({0})",
    "exp": "Math.exp({0})",
    "expm1": "Math.expm1({0})",
    "log": "Math.log({0})",
    "log1p": "Math.log1p({0})",
    "tanh": "Math.tanh({0})",
    "sin": "Math.sin({0})",
    "cos": "Math.cos({0})",
    "arctan": "Math.atan({0})",
    "arcsinh": "Math.asinh({0})",
    "sinh": "Math.sinh({0})",
    "cosh": "Math.cosh({0})",
    "sqrt": "Math.sqrt({0})",
    "erf": "$erf({0})",
    "erfc": "$erfc({0})",
    "straight_through": "{0}",
}
