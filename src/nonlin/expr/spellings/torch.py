"""PyTorch; ``where``, ``minimum`` and ``maximum`` are our own, which take plain numbers too."""

from nonlin.expr.spellings import INFIX, ROWS

SPELLINGS = {
    **INFIX,
    **ROWS,
    "pow": "torch.pow({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "min": "minimum({0}, {1})",
    "max": "maximum({0}, {1})",
    "pi": "math.pi",
    "abs": "torch.abs({0})",
    "sign": "torch.sign({0})",
    "floor": "torch.floor({0})",
    "round": "torch.round({0})",
    "exp": "torch.exp({0})",
    "expm1": "torch.expm1({0})",
    "log": "torch.log({0})",
    "log1p": "torch.log1p({0})",
    "tanh": "torch.tanh({0})",
    "sin": "torch.sin({0})",
    "cos": "torch.cos({0})",
    "arctan": "torch.atan({0})",
    "arcsinh": "torch.asinh({0})",
    "sinh": "torch.sinh({0})",
    "cosh": "torch.cosh({0})",
    "sqrt": "torch.sqrt({0})",
    "erf": "torch.erf({0})",
    "erfc": "torch.erfc({0})",
    "straight_through": "{0}",
    "join": "({0}, {1})",
}
