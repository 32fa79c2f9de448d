"""The form people type and read; a primitive not named here is written as a call of its name."""

from nonlin.expr.spellings import INFIX

SPELLINGS = {
    **INFIX,
    "pow": "({0} ** {1})",
    "where": "where({0}, {1}, {2})",
    "min": "min({0}, {1})",
    "max": "max({0}, {1})",
    "pi": "pi",
}
