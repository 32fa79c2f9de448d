"""What is asked: a network in words that come from tables, checked, with defaults that are said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nonlin.errors import ParameterError, unknown

__all__ = ["ARCHS", "CONSTRAINTS", "DEVICES", "NORMS", "TASKS", "Arch", "Question", "Refusal", "ask", "depth_of"]


@dataclass(frozen=True)
class Arch:
    """A kind of network: what it is, what it can be asked to do (the default first), and how it usually looks."""

    name: str
    meaning: str
    tasks: tuple[str, ...]
    why: str
    """Why only these tasks; the end of a sentence."""
    depth: int
    """Hidden layers, where none are told."""
    norm: str
    """Its usual normalisation."""
    skips: bool = False
    """Whether sums bypass its layers."""


_SUPERVISED = ("multiclass", "binary", "multilabel", "regression", "positive", "count", "bounded")
_A = Arch
ARCHS: Mapping[str, Arch] = {
    a.name: a
    for a in (
        _A("mlp", "fully connected layers, also for tables", _SUPERVISED, "generation needs a network made for it: gan-generator, "
           "autoencoder, diffusion, or a transformer", 3, "none"),
        _A("cnn", "convolutions without skip connections: images, spectrograms", _SUPERVISED, "generation needs a network made for it: "
           "gan-generator, autoencoder or diffusion", 8, "batch"),
        _A("resnet", "convolutions with sums that bypass them", _SUPERVISED, "generation needs a network made for it: gan-generator, "
           "autoencoder or diffusion", 18, "batch", True),
        _A("unet", "an answer for each pixel: segmentation, depth, restoration", ("multiclass", "binary", "multilabel", "regression"),
           "it answers for each pixel: one of several classes (multiclass), a mask (binary), several (multilabel), or numbers "
           "(regression)", 9, "batch"),
        _A("rnn", "LSTM, GRU or simple recurrent layers: sequences, speech, text", (*_SUPERVISED, "generation"), "", 1, "none"),
        _A("transformer", "attention and feed-forward layers", ("generation", *_SUPERVISED), "", 12, "layer", True),
        _A("autoencoder", "encoder and decoder of data, also variational", ("generation", "regression"),
           "its output is the data itself: generation for pixels in [0, 1], regression for data of any scale", 4, "none"),
        _A("gan-generator", "noise to images", ("generation",), "it makes samples; what judges them is the gan-discriminator", 4, "batch"),
        _A("gan-discriminator", "real or made", ("binary",), "it tells real from made", 4, "batch"),
        _A("diffusion", "denoiser (U-Net) of a diffusion model", ("generation",), "it predicts noise, of which samples are made", 16,
           "group", True),
        _A("siren", "coordinates to values: images, shapes, fields", ("regression", "binary"),
           "it represents one signal: values (regression), or inside and outside of a shape (binary)", 4, "none"),
        _A("pinn", "coordinates to the solution of a differential equation", ("regression",),
           "it is the solution, a function of real numbers", 4, "none"),
        _A("self-normalising", "fully connected layers of SELU, deep without normalisation", _SUPERVISED,
           "generation needs a network made for it: gan-generator, autoencoder or diffusion", 8, "none"),
        _A("q-network", "state to the value of each action", ("regression",), "values of actions are real numbers", 2, "none"),
        _A("policy-network", "state to action", ("multiclass", "bounded"),
           "actions are one of several (multiclass) or numbers between limits (bounded)", 2, "none"),
        _A("recommender", "embeddings of users and items, then fully connected layers", ("binary", "regression", "multiclass", "multilabel"),
           "it tells a click (binary), a rating (regression), the next item (multiclass) or several labels (multilabel)", 3, "none"),
    )
}  # fmt: skip
"""The networks that rows speak of."""

TASKS: Mapping[str, str] = {
    "multiclass": "one of several classes",
    "binary": "yes or no",
    "multilabel": "any number of several labels",
    "regression": "real numbers",
    "positive": "real numbers above 0",
    "count": "whole numbers from 0 on",
    "bounded": "real numbers between two limits",
    "generation": "new data: text, images, sound",
}
"""What the output means."""

NORMS: Mapping[str, str] = {
    "batch": "batch normalisation",
    "layer": "layer normalisation",
    "rms": "RMS normalisation",
    "group": "group normalisation",
    "none": "no normalisation",
}
DEVICES: Mapping[str, str] = {"cpu": "a CPU", "gpu": "a GPU"}
CONSTRAINTS: Mapping[str, str] = {
    "int8": "it will run in 8-bit integers",
    "latency": "every microsecond counts",
    "smooth": "derivatives of the output are needed, or must be continuous",
}

_TABLES: Mapping[str, Mapping[str, Any]] = {
    "arch": ARCHS, "task": TASKS, "norm": NORMS, "device": DEVICES, "constraint": CONSTRAINTS,
}  # fmt: skip
DEEPEST = 10_000


@dataclass(frozen=True)
class Question:
    """A network as far as it matters for the choice. ``assumed`` names what was not told but taken from defaults."""

    arch: str
    task: str
    depth: int
    norm: str
    device: str = "gpu"
    constraints: tuple[str, ...] = ()
    skips: bool = False
    assumed: tuple[str, ...] = ()

    def __str__(self) -> str:
        extra = "".join(f", {c}" for c in self.constraints)
        return f"{self.arch}, {self.task}, {self.depth} hidden layers, norm {self.norm}, {self.device}{extra}"


@dataclass(frozen=True)
class Refusal:
    """A combination that no row answers: words of each table it is made of, and the sentence that says why and the way out."""

    arch: str
    norm: str
    constraint: str
    sentence: str


REFUSALS: tuple[Refusal, ...] = (
    Refusal("siren", "batch layer rms group", "",
            "a network of sines is not normalised: its weights are drawn so that every phase has the right spread, and a normalisation "
            "would set another frequency; give --norm none"),
    Refusal("pinn", "batch", "", "with batch normalisation the output at one point depends on the others, so that its derivatives are not "
            "those of a function of the coordinates; give --norm none or layer"),
    Refusal("self-normalising", "batch layer rms group", "",
            "SELU keeps mean 0 and variance 1 by itself, which a normalisation would undo (lint rule NL303); give --norm none, or --arch mlp "
            "with this normalisation"),
    Refusal("rnn", "batch group", "", "the statistics of a batch, or of channels, differ from time step to time step; "
            "give --norm layer or none"),
    Refusal("transformer", "batch group", "", "sequences differ in length and content, so that statistics over a batch or over channels swing; "
            "give --norm layer or rms"),
    Refusal("siren", "", "int8", "sin(30 x) turns a rounding error of 1/256 of its input's range into a tenth of a radian and more; run it "
            "in float16, or quantise another network: --arch mlp"),
    Refusal("self-normalising", "", "int8", "the fixed point of mean 0 and variance 1 is that of exact arithmetic with exact weights, and no "
            "normalisation restores it after rounding; give --arch mlp"),
    Refusal("self-normalising", "", "smooth", "SELU has a kink at 0, and a smooth function has another fixed point; give --arch mlp, and a "
            "normalisation"),
    Refusal("pinn", "", "int8", "a solution whose second derivatives are taken has none after rounding to 256 values; leave --constraint "
            "int8 out"),
    Refusal("gan-discriminator", "", "int8", "a discriminator is used in training only, which is not done in 8-bit integers; leave "
            "--constraint int8 out"),
    Refusal("diffusion", "", "int8", "no row knows evidence for 8-bit activations in a denoiser, whose errors add up over its steps; leave "
            "--constraint int8 out"),
)  # fmt: skip
"""Norms and constraints that a network cannot be asked with; what tasks it can be asked, its own row tells."""


def a(word: str) -> str:
    """Return a word with its article.

    >>> a("cnn"), a("autoencoder")
    ('a cnn', 'an autoencoder')
    """
    return f"{'an' if word[0] in 'aeio' or word in ('mlp', 'rnn') else 'a'} {word}"


def depth_of(value: Any) -> int:
    """Return a number of hidden layers; raise ParameterError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= DEEPEST:
        raise ParameterError(f"depth must be a whole number of hidden layers from 1 to {DEEPEST}, not {value!r}")
    return value


def _word(table: str, value: Any) -> str:
    if not isinstance(value, str) or value not in _TABLES[table]:
        raise unknown(table, str(value), _TABLES[table], f"Choose one of: {', '.join(_TABLES[table])}.")
    return value


def ask(
    arch: str,
    task: str | None = None,
    *,
    depth: int | None = None,
    norm: str | None = None,
    device: str | None = None,
    constraints: Iterable[str] = (),
    skips: bool | None = None,
) -> Question:
    """Return the question that these words ask; what is None is the usual for the network, and named in ``assumed``.

    Args:
        arch: a key of ``ARCHS``.
        task: a key of ``TASKS``, one that the network can be asked.
        depth: hidden layers, at least 1.
        norm: a key of ``NORMS``.
        device: ``cpu`` or ``gpu``, where it will run.
        constraints: keys of ``CONSTRAINTS``; one given twice counts once.
        skips: whether sums bypass layers; None for what is usual.

    Raises:
        UnknownNameError: a word that is not in its table, with a near one.
        ParameterError: the depth is no whole number of at least 1, or no row answers this combination; the sentence says why.

    >>> print(ask("transformer", depth=6))
    transformer, generation, 6 hidden layers, norm layer, gpu
    """
    row = ARCHS[_word("arch", arch)]
    words = (constraints,) if isinstance(constraints, str) else tuple(constraints)
    given = {"task": task, "depth": depth, "norm": norm, "device": device}
    question = Question(
        row.name,
        _word("task", task if task is not None else row.tasks[0]),
        depth_of(depth) if depth is not None else row.depth,
        _word("norm", norm if norm is not None else row.norm),
        _word("device", device if device is not None else "gpu"),
        tuple(dict.fromkeys(_word("constraint", c) for c in words)),
        row.skips if skips is None else skips,
        tuple(name for name, value in given.items() if value is None),
    )
    _check(question, row)
    return question


def _check(question: Question, row: Arch) -> None:
    if question.task not in row.tasks:
        raise ParameterError(
            f"{a(row.name)} is not asked for {question.task} ({TASKS[question.task]}): {row.why}. "
            f"Tasks of {a(row.name)}: {', '.join(row.tasks)}"
        )
    for no in REFUSALS:
        clash = question.norm in no.norm.split() or no.constraint in question.constraints
        if question.arch == no.arch and clash:
            what = f"norm {question.norm}" if no.norm else f"constraint {no.constraint}"
            raise ParameterError(f"{question.arch} with {what}: {no.sentence}")
