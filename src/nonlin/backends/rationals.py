"""Rational approximations of what ONNX lacks, as short as can be: each operation is a node, and a pass over memory.

``python -m docs.rationals`` finds them. Every coefficient is positive, so neither numerator nor denominator cancels and
Horner's scheme keeps their accuracy.
"""

from __future__ import annotations

Rational = tuple[tuple[float, ...], tuple[float, ...]]
"""Coefficients of the numerator and of the denominator, lowest power first."""

RATIONALS: dict[tuple[str, str], Rational] = {
    # exp(x*x) * erfc(x), a function of x in [0, 10.5]
    ("erfcx", "float32"): (  # relative error 6.2e-9
        (1.0000000061373906, 1.2415421811664535, 0.7348858453182243, 0.23078355477152687, 0.03312509221948822),
        (1.0, 2.369921964714499, 2.409046508716617, 1.3314947257122998, 0.40907808644309407, 0.05871205129453827),
    ),
    # arctan(x) / x, a function of x*x in [0, 1]
    ("atan", "float64"): (  # relative error 5.8e-18
        (1.0, 2.5055135767521346, 2.2828283673248118, 0.920918326624839, 0.15917870066571868, 0.009358198795352218,
         8.068972954798404e-05),
        (1.0, 2.8388469100854654, 3.0291106706868525, 1.5057096443537885, 0.3496982288932325, 0.03299409743979549,
         0.0008265236143253858),
    ),
    # tanh(x) / x, a function of x*x in [0, 0.26]
    ("tanh", "float32"): (  # relative error 3.3e-10
        (0.9999999996687914, 0.09500288884742973),
        (1.0, 0.4283361800063472, 0.009446235526144856),
    ),
    # artanh(x) / x, a function of x*x in [0, 0.1112]
    ("atanh", "float32"): (  # relative error 3.9e-9
        (1.0000000039746693, 0.33333156813981224, 0.20012484229558902, 0.13979805220509256, 0.14091747574531835),
        (1.0,),
    ),
}  # fmt: skip
"""(name, precision) -> the approximation; the precision is the least type it is good for."""

STEPS_PER_UNIT = 16
"""exp(-x*x) is exp(-z*z) * exp((z - x)*(z + x)) with z = floor(16*x)/16, whose square is exact: squaring x itself would
cost up to x*x/2 ulps."""
