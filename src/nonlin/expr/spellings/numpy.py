"""NumPy and SciPy: arrays."""

from nonlin.expr.spellings import INFIX, ROWS

SPELLINGS = {
    **INFIX,
    **ROWS,
    "pow": "np.power({0}, {1})",
    "where": "np.where({0}, {1}, {2})",
    "min": "np.minimum({0}, {1})",
    "max": "np.maximum({0}, {1})",
    "pi": "np.pi",
    "abs": "np.abs({0})",
    "sign": "np.sign({0})",
    "floor": "np.floor({0})",
    "round": "np.round({0})",
    "exp": "np.exp({0})",
    "expm1": "np.expm1({0})",
    "log": "np.log({0})",
    "log1p": "np.log1p({0})",
    "tanh": "np.tanh({0})",
    "sin": "np.sin({0})",
    "cos": "np.cos({0})",
    "arctan": "np.arctan({0})",
    "arcsinh": "np.arcsinh({0})",
    "sinh": "np.sinh({0})",
    "cosh": "np.cosh({0})",
    "sqrt": "np.sqrt({0})",
    "erf": "special.erf({0})",
    "erfc": "special.erfc({0})",
    "straight_through": "{0}",
    "join": "({0}, {1})",
}
