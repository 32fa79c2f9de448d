"""The checks of lint, each a function of a network, and their running."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nonlin.findings import Finding, ranked
from nonlin.lint import affine, axes, data, initialisation, inplace, pairing, reachable, structure
from nonlin.lint.net import Net

__all__ = ["CHECKS", "Check", "run"]

Check = Callable[[Net], Iterator[Finding]]
"""What a check is: it gives the findings of one rule, or of a few that exclude each other, in one network."""

CHECKS: tuple[Check, ...] = (*pairing.CHECKS, *axes.CHECKS, *reachable.CHECKS, *affine.CHECKS, *inplace.CHECKS, *structure.CHECKS,
                             *initialisation.CHECKS, *data.CHECKS)  # fmt: skip
"""Every check; the order does not matter, for findings are ranked."""


def run(net: Net) -> list[Finding]:
    """Return what all checks find in ``net``, the worst first."""
    return ranked(found for check in CHECKS for found in check(net))
