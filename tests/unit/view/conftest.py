from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

HOSTILE = '<img src=x onerror="alert(1)">&\'</script>'


def row(name: str, rank: int, depth: int = 2, **changes: Any) -> dict[str, Any]:
    base = {
        "depth": depth, "name": name, "n": 10, "diverged": 0, "mean": 0.95 - rank / 100, "low": 0.94 - rank / 100,
        "high": 0.96 - rank / 100, "difference": (2 - rank) / 100, "diff_low": (2 - rank) / 100 - 0.004,
        "diff_high": (2 - rank) / 100 + 0.0051, "p": 0.01, "p_holm": 0.02, "p_same_holm": 0.9, "verdict": "better",
        "rank": rank, "rank_low": rank, "rank_high": rank + 1, "pairs": 10, "baseline": "relu", "margin": 0.01,
        "alpha": 0.05,
        "higher_is_better": True, "seeds_needed": 7, "sentence": f"{name} in words", "dead_share": 0.125,
        "seconds_per_epoch": 0.0123,
        "curves": {"loss": [2.0, 1.0, 0.5], "accuracy": [0.3, 0.6, 0.9], "validation_loss": [2.1, 1.2, 0.8],
                   "validation_accuracy": [0.2, 0.5, 0.8]},
    }  # fmt: skip
    return base | changes


def baseline(rank: int = 2, depth: int = 2) -> dict[str, Any]:
    unknown = dict.fromkeys(("difference", "diff_low", "diff_high", "p", "p_holm", "p_same_holm"))
    return row("relu", rank, depth, verdict="baseline", **unknown)


def result(rows: list[dict[str, Any]], **study: Any) -> dict[str, Any]:
    names = list(dict.fromkeys(r["name"] for r in rows))
    functions = [{"label": n, "layers": [{"formula": f"f_{n}(x)", "params": {"slope": 0.25}, "learnable": ["slope"]}] * 2}
                 for n in names]  # fmt: skip
    recipe = {"net": "mlp", "hidden": [64, 32], "epochs": 3, "batch_size": 32, "optimizer": "adam", "learning_rate": 0.001,
              "validation": 0.2, "init": "gain"}  # fmt: skip
    return {
        "study": {"task": "digits", "data": "ab" * 32, "data_note": "a note on data", "recipe": recipe,
                  "functions": functions, "seeds": list(range(10)), "depths": sorted({r["depth"] for r in rows}),
                  "baseline": "relu", "margin": 0.01, "factory": "", "note": "", "features": 64, "classes": 10, **study},
        "store": "results/digits.sqlite",
        "trials": {"total": 30, "known_before": 0, "trained": 30},
        "interrupted": False,
        "environment": {"versions": {"nonlin": "0.1.0"}, "python": "3.12.1", "command": ["nonlin", "compare", "a b"],
                        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2}, "created": "2026-01-01T00:00:00"},
        "metric": "test accuracy at the last epoch",
        "rows": rows,
    }  # fmt: skip


@pytest.fixture
def study() -> dict[str, Any]:
    """Three functions at one depth."""
    return result([row("gelu", 1), baseline(), row("tanh", 3, verdict="worse")])


@pytest.fixture
def deep() -> dict[str, Any]:
    """Two functions at two depths; one diverges in most runs, the others wholly."""
    gone = dict.fromkeys(("mean", "low", "high", "difference", "diff_low", "diff_high", "p", "p_holm", "p_same_holm"))
    curves = {"loss": [1.0, None, None], "accuracy": [0.1, 0.1, 0.1]}
    return result(
        [
            baseline(1, 2),
            row("boom", 2, 2, verdict="diverges", diverged=9, pairs=1, diff_low=None, diff_high=None, low=None, high=None),
            baseline(1, 10),
            row("boom", 2, 10, verdict="diverges", diverged=10, pairs=0, curves=curves, dead_share=None, **gone),
        ]
    )


@pytest.fixture
def hostile() -> dict[str, Any]:
    """A study whose every text from a user tries to be markup."""
    made = result([row(HOSTILE, 1, sentence=HOSTILE), baseline()], task=HOSTILE, note=HOSTILE, data_note=HOSTILE)
    made["study"]["functions"][0]["layers"] = [{"formula": HOSTILE, "params": {}, "learnable": []}]
    made["environment"]["command"] = ["nonlin", HOSTILE]
    made["store"] = HOSTILE
    return made


@pytest.fixture
def make_row() -> Callable[..., dict[str, Any]]:
    return row


@pytest.fixture
def make_result() -> Callable[..., dict[str, Any]]:
    return result
