"""The order of a diagnosis: pose the problem, lint it, train it under watch, rank what was found."""

from __future__ import annotations

import inspect
import math
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nonlin.diagnose.entries import entries
from nonlin.diagnose.problem import Problem, pose
from nonlin.diagnose.result import Diagnosis, made_diffs
from nonlin.diagnose.training import Course, train
from nonlin.errors import DataError, ModelError, NonlinError, ParameterError
from nonlin.findings import Finding, Severity
from nonlin.lint.checks import run as run_checks
from nonlin.lint.model import read as read_model
from nonlin.lint.model.batches import Batch
from nonlin.lint.net import PLAIN
from nonlin.watch.records import Alert

__all__ = ["run"]

ONLY_TEXT = ("NL115", "NL212", "NL213")
"""Mistakes that only the text shows: the model reader sees at most that the model does not run."""

ALWAYS = ("NW105", "NW110")
"""Alerts that a loss which falls does not excuse: numbers that are none, and a floor that it cannot pass."""


def run(
    model: Any,
    data: Any,
    loss: Any = None,
    *,
    minutes: float = 2.0,
    steps: int = 1000,
    optimizer: Any = None,
    lr: float | None = None,
    batch_size: int = 64,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Diagnosis:
    """Diagnose; see :func:`nonlin.diagnose.diagnose`."""
    if not (isinstance(minutes, int | float) and 0 <= minutes < math.inf):
        raise ParameterError(f"minutes must be 0 or more and finite, not {minutes!r}")
    if steps < 0:
        raise ParameterError(f"steps must be 0 or more, not {steps}")
    problem = pose(model, data, loss, optimizer, lr, batch_size, last_activation)
    problem = replace(problem, model=problem.model.train())
    findings, remarks = examine(problem)
    course = Course()
    if minutes and steps:
        course = train(problem, seconds=60 * minutes, steps=steps, seed=seed, progress=progress)
    ranked = tuple(entries(findings, gated(course)))
    facts = {
        "data": problem.data.what,
        "loss": problem.loss.shown,
        "optimizer": problem.how,
        "parameters": sum(p.numel() for p in problem.model.parameters()),
        "device": str(problem.device),
        "seed": seed,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    return Diagnosis(
        problem.name,
        ranked,
        course,
        facts,
        (*remarks, *course.remarks),
        made_diffs(ranked, problem.model),
        repr(problem.model),
    )


def gated(course: Course) -> list[Alert]:
    """Return the alerts of a training, as information where it came to learn well all the same: a symptom alone harms nobody.

    The watch judges while it does not know yet how the training ends; here the end is known.
    """
    well = course.learnt is True and (course.baseline is None or (course.last or 0.0) < 0.9 * course.baseline)
    return [
        replace(a, severity=Severity.INFO) if well and a.rule.code not in ALWAYS else a
        for a in course.run.alerts
    ]  # fmt: skip


def last_activation(model: nn.Module, sample: Batch) -> str:
    """Return the catalogue id of the activation that makes the output; empty where there is none or it is not known."""
    try:
        net = read_model(model, None, _as_given(sample))
    except NonlinError:
        return ""
    for index in net.outputs[:1]:
        while net.nodes[index].op in PLAIN and net.nodes[index].inputs:
            index = net.nodes[index].inputs[0]
        if net.nodes[index].op == "activation":
            return net.nodes[index].function
    return ""


def _as_given(sample: Batch) -> Any:
    inputs = dict(sample.kwargs) if sample.kwargs else sample.args[0] if len(sample.args) == 1 else sample.args
    return inputs, sample.targets


def examine(problem: Problem) -> tuple[list[Finding], tuple[str, ...]]:
    """Return what lint says of the objects and, where the file is known, of the text; and remarks about what was not read."""
    sample, remarks = problem.data.sample, list[str]()
    failed = False
    findings: list[Finding] = []
    try:
        net = read_model(problem.model, problem.loss.given, _as_given(sample), problem.optimizer)
        findings = run_checks(net)
        remarks += net.remarks
    except (DataError, ModelError) as error:  # the model does not run: the text may say why
        failed = True
        remarks.append(str(error))
    if problem.loss.guessed:
        remarks.append(
            f"No loss was given, so whether the output fits it was not judged; the training took {problem.loss.shown}."
        )
    return _with_text(problem, findings, failed), tuple(remarks)


def _with_text(problem: Problem, findings: list[Finding], failed: bool) -> list[Finding]:
    """Return findings with the file and line the text reader knows for them, and those that only it can see."""
    said = _text_findings(problem)
    by_code: dict[str, list[Finding]] = {}
    for finding in said:
        by_code.setdefault(finding.rule.code, []).append(finding)
    placed = []
    for finding in findings:
        same = by_code.get(finding.rule.code, [])
        alike = sum(f.rule.code == finding.rule.code for f in findings)
        if not finding.place.file and len(same) == alike == 1 and same[0].place.file:
            there = same[0].place
            finding = replace(finding, place=replace(there, layer=finding.place.layer or there.layer))
        placed.append(finding)
    known = {f.rule.code for f in findings}
    more = [f for f in said if f.rule.code not in known and (f.rule.code in ONLY_TEXT or failed)]
    return [*placed, *more]


def _text_findings(problem: Problem) -> list[Finding]:
    """Return what the source reader says of the file that defines the model's class; nothing where that is a library's."""
    cls = type(problem.model)
    if cls.__module__.split(".")[0] in ("torch", "torchvision", "timm", "transformers", "nonlin"):
        return []
    try:
        file = inspect.getsourcefile(cls)
    except (TypeError, OSError):
        return []
    if not file or not Path(file).is_file():
        return []
    from nonlin.lint.source import read

    here = Path.cwd()
    path = Path(file).resolve()
    reading = read(path.relative_to(here) if path.is_relative_to(here) else path)
    nets = [n for n in reading.nets if n.name == cls.__name__]
    found = [*reading.findings, *(finding for net in nets for finding in run_checks(net))]
    return [f for f in found if f.severity > Severity.INFO and not reading.suppressed(f)]
