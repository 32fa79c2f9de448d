"""Steps, signs and quantisers, most with a straight-through gradient."""

from nonlin.catalogue.language import (
    clip,
    in_family,
    param,
    round_,
    sign,
    straight_through,
    v,
    where,
    x,
)

define = in_family("steps")
define("binary_step", where(x > 0, 1, 0), aliases=("heaviside", "unit_step", "hard_limiter"), cite="mcculloch1943",
       evidence="peers", summary="1 above 0, else 0; its derivative is 0, so nothing trains through it.")  # fmt: skip
define("bipolar_step", where(x > 0, 1, -1), evidence="single source",
       cite="folklore", summary="1 above 0, else -1; sign with -1 at 0.")  # fmt: skip
define("sign", sign(x), title="Sign", aliases=("signum",), evidence="peers",
       cite="folklore", summary="Sign of the input, 0 at 0; its derivative is 0.")  # fmt: skip
define("round", round_(x), title="Round", aliases=("rint",), evidence="peers",
       cite="folklore", summary="Nearest integer, to the even one from halfway; its derivative is 0.")  # fmt: skip
define("sign_ste", straight_through(where(x >= 0, 1, -1), clip(x, -1, 1)), title="SignSTE", cite="courbariaux2016",
       evidence="peers", aliases=("binarize", "sign_straight_through"), tags=("quantised",),
       summary="Sign with +1 at 0, trained with the derivative of the identity limited to [-1, 1].")  # fmt: skip
define("rsign", straight_through(
           where(x > v("shift"), 1, -1),
           where(x > v("shift"), 2 * clip(x - v("shift"), -1, 1) - clip(x - v("shift"), -1, 1) ** 2,
                 2 * clip(x - v("shift"), -1, 1) + clip(x - v("shift"), -1, 1) ** 2)),
       shift=param(0.0, learnable=True, per="channel"), title="RSign", cite="liu2020reactnet", evidence="paper",
       aliases=("react_sign",), tags=("quantised",),
       summary="Sign with a learned threshold per channel, trained with the triangular derivative 2 - 2|x - "
               "shift|.")  # fmt: skip
