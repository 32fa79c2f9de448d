"""Gated units: one half of an axis, or a second array, gates the other. The gate stands second unless a call says otherwise."""

from nonlin.catalogue.language import (
    alpha,
    clip,
    exp,
    gate,
    in_family,
    maximum,
    minimum,
    normal_cdf,
    param,
    pi,
    sigmoid,
    sqrt,
    tanh,
    v,
    where,
    x,
)

define = in_family("gated")
limit = v("limit")
TWO = ("x", "gate")

define("glu", x / (1 + exp(-gate)), inputs=TWO, title="GLU", aliases=("gated_linear_unit",), cite="dauphin2017",
       evidence="peers", summary="The value times the sigmoid of the gate.")  # fmt: skip
define("gtu", tanh(x) / (1 + exp(-gate)), inputs=TWO, title="GTU", aliases=("gated_tanh_unit",), cite="oord2016",
       evidence="peers", summary="The tanh of the value times the sigmoid of the gate, as in WaveNet and LSTM cells.")  # fmt: skip
define("bilinear_glu", x * gate, inputs=TWO, title="BilinearGLU", aliases=("bilinear",), cite="shazeer2020", evidence="paper",
       summary="The product of value and gate: a gated unit without an activation.")  # fmt: skip
define("reglu", x * maximum(gate, 0), inputs=TWO, title="ReGLU", cite="shazeer2020", evidence="paper",
       summary="The value times the ReLU of the gate.")  # fmt: skip
define("geglu", x * (gate * normal_cdf(gate)), inputs=TWO, title="GEGLU", cite="shazeer2020", evidence="paper",
       summary="The value times the exact GELU of the gate.")  # fmt: skip
define("geglu_tanh", x * (gate / 2 * (1 + tanh(sqrt(2 / pi) * (gate + 0.044715 * gate**3)))), inputs=TWO, title="GEGLUTanh",
       cite="shazeer2020", evidence="peers",
       summary="The value times GELU's tanh approximation of the gate, which JAX-born models use.")  # fmt: skip
define("swiglu", x * (gate / (1 + exp(-gate))), inputs=TWO, title="SwiGLU", aliases=("silu_glu", "siglu"), cite="shazeer2020",
       evidence="paper", summary="The value times the SiLU of the gate: the feed-forward unit of most language models.")  # fmt: skip
define("swiglu_clamped", (clip(x, -limit, limit) + 1) * (minimum(gate, limit) * sigmoid(alpha * minimum(gate, limit))),
       inputs=TWO, alpha=param(1.702), limit=param(7.0, low=0.0), title="SwiGLUClamped", aliases=("swiglu_oai", "gpt_oss_glu"),
       cite="openai2025", evidence="paper",
       summary="SwiGLU with clamped inputs and a value shifted by 1, as in gpt-oss (which interleaves: gate='even').")  # fmt: skip
define("seglu", x * (1.0507009873554804934193349852946 * where(gate > 0, gate, 1.6732632423543772848170429916717
                                                                  * (exp(gate) - 1))),
       inputs=TWO, title="SeGLU", cite="acttensor", evidence="paper",
       summary="The value times the SELU of the gate.")  # fmt: skip
define("dual_relu", maximum(x, 0) - maximum(gate, 0), inputs=TWO, title="DualReLU", cite="godin2017",
       evidence="single source", summary="The difference of two rectified halves: unbounded to both sides.")  # fmt: skip
define("dual_elu", where(x > 0, x, alpha * (exp(x) - 1)) - where(gate > 0, gate, alpha * (exp(gate) - 1)), inputs=TWO,
       alpha=param(1.0), title="DualELU", cite="godin2017", evidence="single source",
       summary="The difference of the ELUs of two halves.")  # fmt: skip
