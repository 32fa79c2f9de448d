"""The guide to choosing, written from the rules."""

from __future__ import annotations

from collections.abc import Mapping

from nonlin.advise.literature import author_year, cited
from nonlin.advise.problems import PROBLEMS, Problem, seen_by
from nonlin.advise.question import ARCHS, CONSTRAINTS, NORMS, REFUSALS, TASKS
from nonlin.advise.row import PARTS, Row, filled
from nonlin.advise.rules import RULES
from nonlin.advise.taught import TAUGHT, VERDICTS, Taught

_HEAD = """# Choose

Which activation function to take, and what goes with it. This page is made from the table of rules by `make docs`; do not edit it. What
it says of functions in numbers (ranges, gains, slopes, floors) is computed from their formulas.

    nonlin advise --arch cnn --task multilabel --norm batch      # from a description
    nonlin advise package.module:make_model                      # from a model, which is read and not changed
    nonlin advise                                                # in a terminal: step by step
    nonlin advise --problem dying-relu                           # what to do about it
    nonlin advise --rules                                        # this table; --explain hidden-cnn shows one rule

From Python: `nonlin.advise(arch="cnn", task="multilabel")` or `nonlin.advise(model)`. Every form has `--json`; `--code` prints the program
alone. Questions in plain words are not read.

## In short

1. **Hidden layers**: ReLU, unless the network has a function of its own (the table below) or a constraint asks for another.
2. **Output**: end with the plain numbers of the last layer and take a loss that applies sigmoid or softmax itself
   (`BCEWithLogitsLoss`, `CrossEntropyLoss`). An activation there only where the output must be bounded or positive.
3. **Initial weights**: the gain of the function that is really there: `nonlin.nn.init_(model)`.
4. **Order**: layer, norm, activation; in transformers norm, layer, activation, sum; in residual blocks the activation after the sum.
5. **Dropout**: after the activation, never before a batch normalisation nor on what the loss gets; `AlphaDropout` with SELU.
6. **Measure**: differences between good functions are smaller than those between seeds. `nonlin compare relu gelu silu` trains them
   with seeds and intervals, and `nonlin advise` then tells what was found beside what the literature says.

An answer is a row for each part, with its reason, its sources, and when to take something else. Of hidden layers, output, initial
weights and dropout the first row that fits is taken; of order and cost all that fit. The works behind a reason say what it says; those
behind an alternative say where it comes from or who has it, and the case after *if* is judgement unless they name it.

## Questions

| `--arch` | what it is | `--task` (the first is assumed) | layers | norm |
|---|---|---|---|---|
{archs}

Tasks: {tasks}. Norms: {norms}. Constraints (`--constraint`, may be repeated): {constraints}.

Some combinations have no answer, and are refused with a sentence:

{refusals}

"""


def choosing_page() -> str:
    """Return the page as Markdown: questions, rules by part, problems, what texts say, and the works cited."""
    archs = [f"| `{a.name}` | {a.meaning} | {', '.join(a.tasks)} | {a.depth} | {a.norm} |" for a in ARCHS.values()]
    refused = [f"- **{r.arch}** with {('norm ' + ', '.join(r.norm.split())) if r.norm else 'constraint ' + r.constraint}: {_plain(r.sentence)}."
               for r in REFUSALS]  # fmt: skip
    head = _HEAD.format(
        archs="\n".join(archs),
        tasks=_listed(TASKS),
        norms=_listed(NORMS),
        constraints=_listed(CONSTRAINTS),
        refusals="\n".join(refused),
    )
    body = ["## Rules", ""]
    for part, title in PARTS.items():
        body += [f"### {title.capitalize()}", ""]
        for row in RULES.values():
            if row.part == part:
                body += _rule(row)
    body += ["## Problems", ""]
    for p in PROBLEMS.values():
        body += _problem(p)
    body += ["## What teaching texts say", "", "Recommendations of widespread texts, beside the rules that answer them.", ""]
    body += [f"- *{word}*: {meaning}" for word, meaning in VERDICTS.items()]
    body += ["", "| case | they say | | answer |", "|---|---|---|---|", *(_claim(t) for t in TAUGHT.values()), ""]
    body += ["## Works", "", *(f"- {_plain(cited(k))}" for k in sorted(_cited()))]
    return head + "\n".join(body) + "\n"


def _listed(table: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}` ({meaning})" for name, meaning in table.items())


def _plain(text: str) -> str:
    """Keep Markdown from reading stars, bars and angle brackets in a text."""
    return text.replace("*", "\\*").replace("|", "\\|").replace("<", "&lt;")


def _function(spec: str) -> str:
    return "no function" if spec == "identity" else f"`{spec}`"


def _by(keys: str) -> str:
    return f" ({'; '.join(author_year(k) for k in keys.split())})" if keys else ""


def _rule(row: Row) -> list[str]:
    functions = row.part in ("hidden", "output")
    choice = _function(row.choose) if functions else _plain(row.choose)
    loss = (
        f", with `{row.loss}`"
        if row.loss.startswith("nn.") and " " not in row.loss
        else f", with {row.loss}"
        if row.loss
        else ""
    )
    reads = f"; predictions are the `{row.reads}` of it" if row.reads else ""
    lines = [f"**{row.id}**, for {row.when}: {choice}{loss}{reads}. {_plain(filled(row.reason))}{_by(row.sources)}"]
    lines += [f" Targets: {_plain(row.targets)}."] if row.targets and row.targets != "none" else []
    lines += [f" *Mind:* {_plain(filled(row.note))}"] if row.note else []
    lines += [f" Checked by {', '.join(row.rules)}."] if row.rules else []
    made = ["".join(lines), ""]
    for o in row.others:
        name = _function(o.choice) if functions else _plain(o.choice)
        made.append(f"- {name}{f' with `{o.torch}`' if o.torch else ''} if {_plain(filled(o.when))}{_by(o.sources)}")
    return [*made, ""] if row.others else made


def _problem(of: Problem) -> list[str]:
    lines = [f"### {of.id}", "", f"{of.what} {_plain(filled(of.why))} {_plain(of.look)}", ""]
    for i, c in enumerate(of.cures, 1):
        function = f" (`{c.function}`)" if c.function and c.function != "identity" else ""
        lines.append(f"{i}. {_plain(c.do)}{function}: {_plain(filled(c.why))}{_by(c.sources)}")
    lines += ["", f"*Mind:* {_plain(filled(of.note))}"] if of.note else []
    seen = "; ".join(f"{r.code} {r.name}" for r in seen_by(of))
    return [*lines, *(["", f"Seen by {seen}."] if seen else []), ""]


def _claim(t: Taught) -> str:
    note = f" {_plain(filled(t.note))}" if t.note else ""
    return f"| {_plain(t.case)} | {_plain(t.says)} | {t.verdict} | {', '.join(t.rules)}.{note}{_by(t.sources)} |"


def _cited() -> set[str]:
    """Keys of all works that rows, problems and claims cite."""
    texts = [r.sources for r in RULES.values()] + [o.sources for r in RULES.values() for o in r.others]
    texts += [c.sources for p in PROBLEMS.values() for c in p.cures] + [t.sources for t in TAUGHT.values()]
    return {key for text in texts for key in text.split()}
