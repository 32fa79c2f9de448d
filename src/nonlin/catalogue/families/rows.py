"""Functions of a whole row: each output depends on every input along an axis."""

from nonlin.catalogue.language import exp, in_family, log, row_max, row_sum, x

define = in_family("rows")

define("softmax", exp(x) / row_sum(exp(x)), cite="bridle1990",
       summary="Positive outputs that sum to 1 along an axis; derivative: the full Jacobian diag(s) - s s^T.")  # fmt: skip
define("log_softmax", x - log(row_sum(exp(x))), cite="bridle1990",
       summary="Logarithm of softmax, exact also where softmax rounds to 0 or 1.")  # fmt: skip
define("maxout", row_max(x), cite="goodfellow2013",
       summary="The largest of each group of pieces along an axis; at a tie the first one gets the gradient.")  # fmt: skip
