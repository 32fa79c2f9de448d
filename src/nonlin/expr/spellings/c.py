"""C99; ``{f}`` is the suffix of the type's functions: none for double, ``f`` for float."""

from nonlin.expr.spellings import INFIX

SPELLINGS = {
    **INFIX,
    "pow": "pow{f}({0}, {1})",
    "where": "({0} ? {1} : {2})",
    "min": "smaller{f}({0}, {1})",
    "max": "larger{f}({0}, {1})",
    "pi": "3.14159265358979323846{f}",  # C99 itself has no M_PI
    "abs": "fabs{f}({0})",
    "sign": "signum{f}({0})",
    "floor": "floor{f}({0})",
    "round": "rint{f}({0})",
    "exp": "exp{f}({0})",
    "expm1": "expm1{f}({0})",
    "log": "log{f}({0})",
    "log1p": "log1p{f}({0})",
    "tanh": "tanh{f}({0})",
    "sin": "sin{f}({0})",
    "cos": "cos{f}({0})",
    "arctan": "atan{f}({0})",
    "arcsinh": "asinh{f}({0})",
    "sqrt": "sqrt{f}({0})",
    "erf": "erf{f}({0})",
    "erfc": "erfc{f}({0})",
    "straight_through": "{0}",
}
