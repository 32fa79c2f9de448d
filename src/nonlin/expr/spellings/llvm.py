"""Vectors in LLVM's IR: names of ``nonlin.backends.llvm.elementary``."""

from nonlin.expr.spellings import INFIX

SPELLINGS = {
    **INFIX,
    **{name: f"{name}({{0}})" for name in ("abs", "sign", "floor", "round", "exp", "expm1", "log", "log1p", "tanh", "sigmoid",
                                           "softplus", "sech2", "sech", "sinh", "cosh", "sin", "cos", "arctan", "arcsinh", "sqrt",
                                           "erf", "erfc", "normal_cdf", "normal_pdf", "tanh_softplus", "sech2_softplus")},
    "pow": "pow({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "min": "minimum({0}, {1})",
    "max": "maximum({0}, {1})",
    "pi": "pi",
    "straight_through": "{0}",
    "join": "({0}, {1})",
}  # fmt: skip
