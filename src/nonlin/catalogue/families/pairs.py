"""Functions of two outputs, and functions of complex numbers."""

from nonlin.catalogue.language import (
    Expr,
    Fraction,
    imag,
    in_family,
    join,
    maximum,
    minimum,
    param,
    row_max,
    sqrt,
    v,
    where,
    x,
)

define = in_family("pairs")
a, b, c, d, bias, eta, low, high = map(v, ("a", "b", "c", "d", "bias", "eta", "low", "high"))
COMPLEX = ("x", "imag")
_size = sqrt(x * x + imag * imag)
_TILES = 8
_edges = [low * Fraction(_TILES - n, _TILES) + high * Fraction(n, _TILES) for n in range(_TILES + 1)]


def _tile(n: int) -> Expr:
    """Membership of the n-th tile: 1 on it, 1 - distance up to eta beyond its ends, and 0 from there on.

    The equation is the published one. A program for it divides the distance by eta, which is the same for eta = 1; for a
    larger eta the equation goes below 0 before it jumps to 0.
    """
    distance = maximum(_edges[n] - x, 0) + maximum(x - _edges[n + 1], 0)
    return 1 - where(distance > eta, 1, distance)


define("crelu", join(maximum(x, 0), maximum(-x, 0)), title="CReLU", aliases=("concatenated_relu",), cite="shang2016",
       evidence="peers", summary="The positive and the negative part side by side: no input is lost, the width doubles.")  # fmt: skip
define("ncrelu", join(maximum(x, 0), -maximum(-x, 0)), title="NCReLU", cite="zagoruyko2017", evidence="paper",
       summary="CReLU whose second half keeps its sign.")  # fmt: skip
define("paired_relu", join(maximum(a * x - b, 0), maximum(c * x - d, 0)), a=param(0.5, learnable=True), title="PairedReLU",
       b=param(0.0, learnable=True), c=param(-0.5, learnable=True), d=param(0.0, learnable=True), cite="tang2018",
       evidence="single source", summary="Two ReLUs of learned slope and threshold side by side.")  # fmt: skip
define("fuzzy_tiling", join(*(_tile(n) for n in range(_TILES))), low=param(-8.0), high=param(8.0, above="low"),
       eta=param(1.0, low=1e-6), aliases=("fta",), cite="pan2021", evidence="peers",
       summary="A soft one-hot code of x over 8 tiles from low to high, sparse by construction.")  # fmt: skip
define("max_min", join(row_max(x), -row_max(-x)), aliases=("oplu",), cite="chernodub2016",
       evidence="peers",
       summary="Sorts each group of two: its largest, then its smallest entry; keeps norms, so networks stay 1-Lipschitz.")  # fmt: skip
define("cardioid", join(where(_size > 0, (1 + x / _size) * x / 2, 0), where(_size > 0, (1 + x / _size) * imag / 2, 0)),
       inputs=COMPLEX, aliases=("complex_cardioid",), cite="virtue2017", evidence="peers",
       summary="Shrinks a complex number by half of one plus the cosine of its phase; ReLU on the real axis.")  # fmt: skip
define("z_relu", join(where(minimum(x, imag) >= 0, x, 0), where(minimum(x, imag) >= 0, imag, 0)), inputs=COMPLEX,
       title="ZReLU", cite="guberman2016", evidence="peers",
       summary="Keeps complex numbers with a phase from 0 to pi/2, both included, and sets the others to 0.")  # fmt: skip
define("mod_relu", join(where(_size > 0, maximum(_size + bias, 0) * x / _size, 0),
                        where(_size > 0, maximum(_size + bias, 0) * imag / _size, 0)),
       inputs=COMPLEX, bias=param(0.0, learnable=True), title="ModReLU", cite="arjovsky2016", evidence="paper",
       summary="ReLU of a complex number's modulus plus a learned bias; the phase stays. At the first bias, 0, the identity.")  # fmt: skip
define("complex_relu", join(maximum(x, 0), maximum(imag, 0)), inputs=COMPLEX, title="ComplexReLU", cite="trabelsi2018",
       evidence="peers", summary="ReLU of the real and of the imaginary part.")  # fmt: skip
