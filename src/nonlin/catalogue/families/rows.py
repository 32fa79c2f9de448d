"""Functions of a whole row: each output depends on every input along an axis."""

from nonlin.catalogue.language import (
    abs_,
    alpha,
    exp,
    in_family,
    log,
    maximum,
    noise,
    param,
    row_first_max,
    row_length,
    row_max,
    row_mean,
    row_sum,
    row_threshold,
    row_top,
    scale,
    sigmoid,
    sqrt,
    u,
    v,
    x,
)

define = in_family("rows")
k, tau, epsilon, lam = map(v, ("k", "tau", "epsilon", "lam"))

define("softmax", exp(x) / row_sum(exp(x)), cite="bridle1990", evidence="peers",
       summary="Positive outputs that sum to 1 along an axis; derivative: the full Jacobian diag(s) - s s^T.")  # fmt: skip
define("log_softmax", x - log(row_sum(exp(x))), cite="bridle1990", evidence="peers",
       summary="Logarithm of softmax, exact also where softmax rounds to 0 or 1.")  # fmt: skip
define("softmin", exp(-x) / row_sum(exp(-x)), cite="bridle1990", evidence="peers",
       summary="Softmax of the negated row: the smallest entry gets the largest share.")  # fmt: skip
define("softmax_temperature", exp(x / tau) / row_sum(exp(x / tau)), tau=param(1.0, low=1e-3), aliases=("tempered_softmax",),
       cite="hinton2015", evidence="peers",
       summary="Softmax of x/tau: tau above 1 softens, towards 0 it becomes hardmax.")  # fmt: skip
define("softmax_one", exp(x) / (1 + row_sum(exp(x))), title="SoftmaxOne", cite="miller2023", evidence="peers",
       aliases=("softmax_1", "quiet_softmax", "off_by_one_softmax"),
       summary="Softmax with one more entry fixed at 0, so that all outputs may be near 0.")  # fmt: skip
define("sparsemax", maximum(x - row_threshold(x, 2), 0), cite="martins2016", evidence="paper",
       summary="Euclidean projection onto the simplex: a softmax that gives exact zeros.")  # fmt: skip
define("entmax", maximum((alpha - 1) * x - row_threshold((alpha - 1) * x, alpha), 0) ** (1 / (alpha - 1)),
       alpha=param(1.5, low=1.01, high=4.0, constant=True), aliases=("entmax15", "alpha_entmax"), cite="peters2019", evidence="paper",
       summary="Between softmax (alpha towards 1) and sparsemax (alpha = 2); the default is 1.5-entmax.")  # fmt: skip
define("sparsegen_lin", maximum(x / (1 - lam) - row_threshold(x / (1 - lam), 2), 0), lam=param(0.5, low=-100.0, high=0.99),
       cite="laha2018", evidence="peers",
       summary="Sparsemax of x/(1 - lam): lam towards 1 gives sparser rows.")  # fmt: skip
define("hardmax", row_first_max(x), cite="onnx_operators", evidence="paper",
       summary="1 at the first largest entry, 0 elsewhere; its derivative is 0.")  # fmt: skip
define("top_k_softmax", row_top(x, k) * exp(x) / row_sum(row_top(x, k) * exp(x)), k=param(2.0, low=1.0, constant=True),
       cite="shazeer2017", evidence="paper",
       summary="Softmax over the k largest entries, 0 elsewhere: the gate of sparse mixtures of experts.")  # fmt: skip
define("k_winners", x * row_top(x, k), k=param(2.0, low=1.0, constant=True), title="KWinners", aliases=("kwta", "k_wta", "k_winners_take_all"),
       cite="xiao2019", evidence="paper",
       summary="Keeps the k largest entries of a row and sets the others to 0.")  # fmt: skip
define("sig_softmax", exp(x) * sigmoid(x) / row_sum(exp(x) * sigmoid(x)), title="SigSoftmax", cite="kanai2018",
       evidence="paper",
       summary="Softmax with each term multiplied by its sigmoid, which lifts the softmax bottleneck.")  # fmt: skip
define("spherical_softmax", (x**2 + epsilon) / row_sum(x**2 + epsilon), epsilon=param(1e-5, low=1e-30), cite="brebisson2016",
       evidence="peers", summary="Squares instead of exponentials, normalised over the row; epsilon keeps a row of zeros defined.")  # fmt: skip
define("taylor_softmax", (1 + x + x**2 / 2) / row_sum(1 + x + x**2 / 2), cite="brebisson2016", evidence="peers",
       summary="Second-order Taylor polynomial of exp, which is positive everywhere, normalised over the row.")  # fmt: skip
define("softpick", maximum(exp(x) - 1, 0) / (row_sum(abs_(exp(x) - 1)) + epsilon), epsilon=param(1e-8, low=0.0),
       cite="zuhri2025", evidence="paper",
       summary="A rectified softmax that need not sum to 1, so that attention may attend to nothing.")  # fmt: skip
define("scalable_softmax", exp(scale * log(row_length(x)) * x) / row_sum(exp(scale * log(row_length(x)) * x)),
       scale=param(0.43, learnable=True), aliases=("ssmax",), cite="nakanishi2025", evidence="peers",
       summary="Softmax of s log(n) x for rows of length n, so that attention does not fade as rows grow.")  # fmt: skip
define("gumbel_softmax", exp((x - log(-log(u))) / tau) / row_sum(exp((x - log(-log(u))) / tau)), u=noise("uniform"),
       rest=exp(x / tau) / row_sum(exp(x / tau)), tau=param(1.0, low=1e-3), aliases=("concrete",), cite="jang2017",
       evidence="paper",
       summary="Softmax of x plus Gumbel noise: a differentiable sample of a category; softmax outside training.")  # fmt: skip
define("standardize", (x - row_mean(x)) / sqrt(row_mean((x - row_mean(x)) ** 2) + epsilon), epsilon=param(1e-5, low=1e-12),
       cite="jax_nn", evidence="paper", summary="Each row shifted to mean 0 and scaled to variance 1.")  # fmt: skip
define("ab_relu", maximum(x - alpha * row_mean(x), 0), alpha=param(1.0), title="ABReLU", aliases=("average_biased_relu",),
       cite="dubey2018", evidence="single source", summary="ReLU of the row with its mean subtracted.")  # fmt: skip
define("squash", x * row_sum(x**2) / ((1 + row_sum(x**2)) * sqrt(row_sum(x**2) + epsilon)), epsilon=param(1e-12, low=1e-30),
       cite="sabour2017", evidence="paper",
       summary="Shrinks a vector to length below 1 without turning it: the capsule nonlinearity.")  # fmt: skip
define("poly_norm", sum((v(f"w{n}") * x**n / sqrt(row_mean(x ** (2 * n)) + epsilon) for n in (1, 2, 3)), v("bias")),
       w1=param(1 / 3, learnable=True), w2=param(1 / 3, learnable=True), w3=param(1 / 3, learnable=True),
       bias=param(0.0, learnable=True), epsilon=param(1e-6, low=1e-12), cite="zhuo2024", evidence="paper",
       summary="Learned sum of the row's powers 1 to 3, each scaled to root mean square 1.")  # fmt: skip
define("maxout", row_max(x), cite="goodfellow2013", evidence="peers",
       summary="The largest of each group of pieces along an axis; at a tie the first one gets the gradient.")  # fmt: skip
define("logsumexp", log(row_sum(exp(x))), title="LogSumExp", groups=True, cite="jax_nn", evidence="peers",
       summary="Smooth maximum of each group of pieces along an axis.")  # fmt: skip
define("log_mean_exp", log(row_mean(exp(x))), groups=True, cite="jax_nn", evidence="peers",
       summary="Logarithm of the mean of the exponentials of each group of pieces along an axis.")  # fmt: skip
define("lwta", x * row_first_max(x), groups=True, title="LWTA", aliases=("local_winner_take_all",), cite="srivastava2013",
       evidence="peers", summary="Keeps the largest of each group of pieces and sets its neighbours to 0.")  # fmt: skip
