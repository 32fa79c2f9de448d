"""The spelling columns of the primitives table: one file per target, a dictionary from primitive to template.

In a template ``{0}``, ``{1}``, ... stand for the arguments. A primitive that a column does not name is lowered to ones that
it does. Adding a target is adding a file.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

INFIX = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
         "lt": "({0} < {1})", "le": "({0} <= {1})", "gt": "({0} > {1})", "ge": "({0} >= {1})"}  # fmt: skip
"""Arithmetic and comparisons, written the same way in every language with infix operators."""
ROWS = {**{name: f"{name}({{0}})" for name in ("row_sum", "row_max", "row_first_max", "row_logsumexp", "row_softmax",
                                              "row_log_softmax", "row_length")},
        "row_top": "row_top({0}, {1})", "row_threshold": "row_threshold({0}, {1})"}  # fmt: skip
"""Reductions over the last axis, functions that each array library brings along."""

COLUMNS: dict[str, dict[str, str]] = {
    module.name: import_module(f"{__name__}.{module.name}").SPELLINGS for module in iter_modules(__path__)
}
"""Target -> primitive -> template."""
TARGETS = tuple(COLUMNS)
