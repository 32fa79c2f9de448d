"""TensorBoard and trackers: what they are told, and how seldom."""

from __future__ import annotations

import math
from typing import Any

import pytest
import watched

from nonlin.errors import ParameterError, UnknownNameError
from nonlin.watch.records import Layer, Sample
from nonlin.watch.sinks import Log, TensorBoard


class Board:
    """Remembers what a TensorBoard writer was told."""

    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []
        self.texts: list[tuple[str, str, int]] = []
        self.histograms: list[tuple[str, int, int]] = []
        self.flushed = 0

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        self.scalars.append((tag, scalar_value, global_step))

    def add_text(self, tag: str, text_string: str, global_step: int) -> None:
        self.texts.append((tag, text_string, global_step))

    def add_histogram(self, tag: str, values: Any, global_step: int) -> None:
        self.histograms.append((tag, len(values), global_step))

    def flush(self) -> None:
        self.flushed += 1


def test_tensorboard_gets_curves_histograms_and_alerts() -> None:
    board = Board()
    watched.produce(TensorBoard(board, ["dead", "rate"], seconds=0.0), count=5)
    tags = {tag for tag, _, _ in board.scalars}
    assert {"nonlin/loss", "nonlin/lr", "nonlin/dead/features.3", "nonlin/rate/features.1"} <= tags
    assert not any("std" in tag or "dead/features.0" in tag for tag in tags)
    assert [step for tag, _, step in board.scalars if tag == "nonlin/loss"] == [0, 10, 20, 30, 40]
    assert all(type(value) is float for _, value, _ in board.scalars)
    assert ("nonlin/unit_rate/features.3", 64, 40) in board.histograms
    assert board.texts[0][0] == "nonlin/about"
    assert [(tag, step) for tag, _, step in board.texts[1:]] == [("nonlin/alerts", 40)]
    assert board.texts[1][1].startswith("**info** NW111 update-size from step 40")
    assert board.flushed == 1


def test_a_writer_that_knows_curves_only_is_enough() -> None:
    class Bare:
        def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
            seen.append(tag)

    seen: list[str] = []
    watched.produce(TensorBoard(Bare(), seconds=0.0), count=10)  # type: ignore[arg-type]
    assert seen


def test_log_gets_one_flat_dictionary_a_sample() -> None:
    seen: list[dict[str, float]] = []
    told: list[tuple[str, str, str]] = []
    watched.produce(Log(seen.append, ["dead"], seconds=0.0, on_alert=lambda *a: told.append(a)))
    assert len(seen) == 40
    assert seen[0].keys() == {"nonlin/step", "nonlin/loss", "nonlin/lr", "nonlin/seconds", "nonlin/grad_ratio", "nonlin/alerts",
                              "nonlin/dead/features.1", "nonlin/dead/features.3", "nonlin/dead/features.5"}  # fmt: skip
    assert [row["nonlin/alerts"] for row in seen][::10] == [0, 1, 2, 2]  # remarks are not counted
    assert [(title, word) for title, _, word in told] == [
        ("NW111 update-size", "info"), ("NW103 vanishing-gradient", "warning"), ("NW101 dead-units", "error")]  # fmt: skip


def test_the_step_may_be_an_argument() -> None:
    seen: list[tuple[int, dict[str, float]]] = []

    def log_metrics(metrics: dict[str, float], step: int) -> None:
        seen.append((step, metrics))

    watched.produce(Log(log_metrics, (), seconds=0.0, with_step=True, prefix="run/act"), count=2)
    assert [step for step, _ in seen] == [0, 10]
    assert seen[0][1].keys() == {"run/act/loss", "run/act/lr", "run/act/seconds", "run/act/grad_ratio", "run/act/alerts"}


def test_names_hold_what_trackers_allow() -> None:
    seen: list[dict[str, float]] = []
    sink = Log(seen.append, ["std"])
    sink.begin((Layer("F.relu@12(é)", 0, "activation"),), {})
    sink.sample(Sample(1, 0.0, {}, {"F.relu@12(é)": {"std": math.inf}}))
    assert seen == [{"nonlin/step": 1, "nonlin/std/F.relu_12___": math.inf, "nonlin/alerts": 0}]


def test_both_are_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("nonlin.watch.sinks.time.monotonic", lambda: now[0])
    few: list[dict[str, float]] = []
    slow: list[dict[str, float]] = []
    sinks = Log(few.append, (), every=10, seconds=0.0), Log(slow.append, (), seconds=2.0)
    for step in range(40):
        for sink in sinks:
            sink.sample(Sample(step, now[0], {}, {}))
        now[0] += 0.5
    assert [row["nonlin/step"] for row in few] == [0, 10, 20, 30]
    assert [row["nonlin/step"] for row in slow] == list(range(0, 40, 4))


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    with pytest.raises(ParameterError, match=r"writer must be a TensorBoard writer with add_scalar, .*, not list"):
        TensorBoard([])  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"log must be a function that takes a dictionary, such as wandb\.log, not 'x'"):
        Log("x")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown statistic of a layer 'deaad'. Did you mean 'dead'?"):
        Log(print, ["deaad"])
    with pytest.raises(UnknownNameError, match="unknown statistic of a layer 'loss'"):
        Log(print, ["loss"])  # of the model, not of a layer
    with pytest.raises(ParameterError, match=r"must be a list of names, such as \['dead'\], not a string"):
        Log(print, "dead")
    with pytest.raises(ParameterError, match="every must be at least 1 sample, not 0"):
        Log(print, every=0)
    with pytest.raises(ParameterError, match=r"seconds must be 0 or more, not -1\.0"):
        Log(print, seconds=-1.0)
