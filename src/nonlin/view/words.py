"""The words and numbers that the terminal table and the report of a study share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

VERDICT_MEANINGS: Mapping[str, str] = {
    "better": "significantly more accurate than {baseline}",
    "worse": "significantly less accurate than {baseline}",
    "the same": "shown to differ from {baseline} by less than {margin}, whatever the sign (equivalence test, its own Holm)",
    "undecided": "neither a difference nor sameness is shown; more seeds may tell",
    "too few seeds": "neither could be shown; a difference can be from {needed} seeds on",
    "diverges": "at least one run ended in NaN or infinity; it ranks last, and its numbers leave those runs out",
}


def number(value: float | None, decimals: int = 2, sign: bool = False) -> str:
    """Return a number with fixed decimals, an en dash where it is unknown.

    With ``sign``, a difference too small for its decimals keeps its direction: ``-0.00``. Without, there is no such thing.
    """
    if value is None:
        return "–"
    text = f"{value:{'+' if sign and value else ''}.{decimals}f}"
    return text if sign and value else text.removeprefix("-") if not float(text) else text


def points(value: float | None, decimals: int = 2, sign: bool = False) -> str:
    """Return a fraction as percentage points: 0.9301 is ``93.01``."""
    return number(None if value is None else 100 * value, decimals, sign)


def interval(low: float | None, high: float | None, decimals: int = 2, sign: bool = False) -> str:
    """Return ``91.57 to 93.80`` for the ends of an interval given as fractions."""
    if low is None or high is None:
        return "–"
    return f"{points(low, decimals, sign)} to {points(high, decimals, sign)}"


def decimals_for(rows: Rows) -> int:
    """Return how many decimals of a point the narrowest interval of a table gives meaning to: 2 or 3."""
    widths = [r["high"] - r["low"] for r in rows if r.get("low") is not None and r.get("high") is not None]
    return 3 if any(0 < w < 2e-4 for w in widths) else 2


def rank(row: Mapping[str, Any]) -> str:
    """Return ``2 (1-4)``: the rank and its interval; ``2`` where they agree."""
    low, high = row["rank_low"], row["rank_high"]
    return f"{row['rank']}" if low == high == row["rank"] else f"{row['rank']} ({low}–{high})"


def share(value: float | None) -> str:
    """Return a share in percent with one decimal; small ones are not rounded to nothing."""
    if value is None:
        return "–"
    return "<0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"


def dead(row: Mapping[str, Any]) -> str:
    """Return the share of dead units of a row; where every run ended in NaN nothing is known of its units."""
    return share(None if row["diverged"] == row["n"] else row["dead_share"])


def milliseconds(seconds: float | None) -> str:
    """Return a time in milliseconds with about three digits."""
    if seconds is None:
        return "–"
    ms = 1000 * seconds
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.1f}" if ms >= 10 else f"{ms:.2f}"


def count(n: int, noun: str) -> str:
    """Return ``1 seed`` or ``6 seeds``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def by_depth(rows: Rows) -> dict[int, list[Mapping[str, Any]]]:
    """Group the rows of a result by their depth, in the order given."""
    groups: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["depth"], []).append(row)
    return groups


def network(study: Mapping[str, Any], depth: int) -> str:
    """Return the network in words: ``network 64-64-32-10``, or its hidden layers where inputs and outputs are unknown."""
    recipe = study["recipe"]
    if study.get("factory"):
        return f"own model {study['factory']}"
    widths = [*recipe["hidden"], *[recipe["hidden"][-1]] * depth][: depth or None]
    runs: list[list[int]] = []  # 64-32-32-32-32 is written 64-32×4
    for width in widths:
        if runs and runs[-1][0] == width and len(widths) > 4:
            runs[-1][1] += 1
        else:
            runs.append([width, 1])
    parts = [f"{w}×{n}" if n > 1 else str(w) for w, n in runs]
    if recipe["net"] == "cnn":
        return f"convolutional network, channels {'-'.join(parts)}"
    if study.get("features") and study.get("classes"):
        return f"network {study['features']}-{'-'.join(parts)}-{study['classes']}"
    return f"network with hidden {'layers' if len(widths) > 1 else 'layer'} {'-'.join(parts)}"


def section(study: Mapping[str, Any], depth: int) -> str:
    """Return the heading of one depth: ``5 hidden layers: network 64-64-32-32-32-32-10``."""
    return f"{count(depth, 'hidden layer')}: {network(study, depth)}" if depth else network(study, depth)


def margin_text(margin: float) -> str:
    """Return a margin given as a fraction: ``1 point``, ``0.3 points``."""
    return f"{100 * margin:g} {'point' if margin == 0.01 else 'points'}"


def training(study: Mapping[str, Any]) -> str:
    """Return ``10 seeds, 20 epochs, batch 32, adam 0.001``."""
    r = study["recipe"]
    seeds = count(len(study["seeds"]), "seed")
    return f"{seeds}, {count(r['epochs'], 'epoch')}, batch {r['batch_size']}, {r['optimizer']} {r['learning_rate']:g}"


def unfinished(result: Mapping[str, Any]) -> str:
    """Return a sentence about what is missing from an interrupted study, or an empty string."""
    if not result.get("interrupted"):
        return ""
    trials = result["trials"]
    done = trials["known_before"] + trials["trained"]
    return f"Unfinished: {done} of {trials['total']} trials are trained; only seeds that every function has are shown."


def how_to_read(result: Mapping[str, Any], verdicts: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """Return what the columns of the table mean, as (term, sentence) pairs.

    Args:
        result: of a study, with at least one row.
        verdicts: those to explain; by default the ones that occur.
    """
    rows = result["rows"]
    first, baseline = rows[0], rows[0]["baseline"]
    level = f"{100 * (1 - first['alpha']):g} %"
    others = sum(1 for r in by_depth(rows)[first["depth"]] if r["name"] != baseline)
    facts = {"baseline": baseline, "margin": margin_text(first["margin"]), "needed": first["seeds_needed"]}
    occurring = {r["verdict"] for r in rows} if verdicts is None else set(verdicts)
    meanings = [(v, text.format(**facts)) for v, text in VERDICT_MEANINGS.items() if v in occurring]
    validated = "held-out" if result["study"]["recipe"]["validation"] else "training"
    per_depth = ", at each depth on its own" if len(by_depth(rows)) > 1 else ""
    return [
        ("accuracy", "share of test samples classified right, in %, after the last epoch; "
         f"the mean of {count(first['n'], 'seed')}"),
        (f"vs {baseline}", f"difference to {baseline} in percentage points, paired: on each seed both start from the same "
         "random numbers and see the data in the same order"),
        ("intervals", f"{level} bootstrap (BCa) over the seeds, one at a time"),
        ("test", f"sign flips of the paired differences, Holm over {count(others, 'comparison')}{per_depth}: the chance of "
         f"even one false 'better' or 'worse' is at most {100 * first['alpha']:g} %"),
        *meanings,
        ("rank (a–b)", "where the function lands when the seeds are drawn again"),
        ("dead", f"share of hidden units whose derivative is 0 on every {validated} sample"),
        ("ms/epoch", "training time of one network for one epoch; functions that trained together share it"),
    ]  # fmt: skip


def remarks(rows: Rows) -> list[str]:
    """Return a sentence for each row whose numbers stand for less than all its seeds."""
    several = len(by_depth(rows)) > 1
    partial = [r for r in rows if r["diverged"] or (r["pairs"] < r["n"] and r["verdict"] != "baseline")]
    where = [f", {count(r['depth'], 'hidden layer')}" if several else "" for r in partial]
    return [f"{r['name']}{at}: {r['sentence']}" for r, at in zip(partial, where, strict=True)]


_PRETTY = (
    (r"\*\*2(?![\d.])", "²"), (r"\*\*3(?![\d.])", "³"), (r"\*\*", "^"), (r"\*", "·"), (r"\bsqrt\b", "√"), (r"\bpi\b", "π"),
    (r"\bnormal_cdf\b", "Φ"), (r"\bnormal_pdf\b", "φ"), (r"\bsigmoid\b", "σ"), (r"\bsech2\b", "sech²"), (r"<=", "≤"),
    (r">=", "≥"), (r"(?<!\de)-", "−"),
)  # fmt: skip


def pretty(formula: str) -> str:
    """Return a formula's text with the field's letters.

    >>> pretty("x*normal_cdf(x)**2")
    'x·Φ(x)²'
    """
    for pattern, letter in _PRETTY:
        formula = re.sub(pattern, letter, formula)
    return formula
