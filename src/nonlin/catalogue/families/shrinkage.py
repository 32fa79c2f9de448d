"""Functions that pull their input towards 0: shrinkage and thresholding."""

from nonlin.catalogue.language import (
    in_family,
    maximum,
    param,
    sign,
    tanh,
    threshold,
    where,
    x,
)

define = in_family("shrinkage")
define("tanhshrink", x - tanh(x), title="Tanhshrink", aliases=("tanh_shrink",), evidence="peers",
       cite="folklore", summary="What tanh takes away from the input: x**3/3 near 0, x -+ 1 far out.")  # fmt: skip
define("softshrink", sign(x) * maximum(abs(x) - threshold, 0), threshold=param(0.5, low=0.0), title="Softshrink",
       aliases=("soft_shrink", "soft_thresholding"), cite="donoho1995", evidence="peers",
       summary="Soft thresholding: pulls inputs towards 0, the proximal map of the L1 norm.")  # fmt: skip
define("hardshrink", where(abs(x) > threshold, x, 0), threshold=param(0.5, low=0.0), title="Hardshrink",
       aliases=("hard_shrink", "hard_thresholding"), cite="donoho1994", evidence="peers",
       summary="Hard thresholding: inputs no larger than the threshold become 0, the rest stay.")  # fmt: skip
define("hardshrink_plus",
       "x*(1 + ((x - threshold)/sqrt((x - threshold)**2 + epsilon) - (x + threshold)/sqrt((x + threshold)**2 + epsilon))/2)",
       threshold=param(0.5, low=0.0), epsilon=param(0.01, low=1e-12), aliases=("htf_plus",), cite="kunc2024",
       evidence="single source",
       summary="Hard shrink with its two jumps made smooth: sign(u) is replaced by u/sqrt(u**2 + epsilon).")  # fmt: skip
define("pan", "maximum(abs(x) - threshold, 0)", threshold=param(1.0, low=0.0), aliases=("pan_function",), cite="kunc2024",
       evidence="single source",
       summary="Absolute value of soft shrink: zero on [-threshold, threshold], slope +-1 outside.")  # fmt: skip
