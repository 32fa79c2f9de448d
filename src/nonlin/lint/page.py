"""The documentation of lint, written from its rules."""

from __future__ import annotations

from nonlin.findings import Rule
from nonlin.lint.rules import GROUPS, RULES

_HEAD = """# Lint

{count} rules about activation functions, what they feed, and how they begin. None needs training. This page is made from the rules
by `make docs`; do not edit it.

A *finding* is an error where it follows from the program (its proof is told), a warning where it is likely, and information where
it is worth knowing. A rule that cannot be sure is silent: a wrong diagnosis is worse than none.

## Use

    nonlin lint train.py src/ notebook.ipynb     # text only: nothing is imported or run
    cat train.py | nonlin lint -
    nonlin lint package.module:make_model --loss cross_entropy --batch package.module:make_batch
    nonlin lint --explain NL102                  # why, the fix, a wrong and a right program
    nonlin lint --list

The first two read programs as text: PyTorch, Keras and TensorFlow, scripts and notebooks. The third runs `make_model()` and traces
its model, and looks at its weights and at one batch, `make_batch()` giving `(inputs, targets)`: targets are half of the diagnosis. From
Python the same is `nonlin.lint(model, loss="cross_entropy", batch=(x, y))`, which returns the findings, the worst first.

| option | meaning |
|---|---|
| `--select NL1,NL205` | only rules whose codes begin so, or have this name |
| `--ignore NL208` | all but these |
| `--show info` | also what is for information only (default: warnings and errors; JSON and SARIF hold all) |
| `--most 0` | all findings of a file; the default is the five worst |
| `--fail-on warning` | exit with 1 for this severity or worse (default `error`; `never` for 0 always) |
| `--format github` | annotations of a pull request; also `json` (`--json`) and `sarif` (2.1.0) |
| `--diff`, `--fix` | show, or write, the edits that provably change nothing but the mistake |

Exit codes: 0 nothing of that severity, 1 findings, 2 a mistake in the command.

## In continuous integration

    nonlin lint src/ --format github                                    # annotates the lines of a pull request
    nonlin lint src/ --format sarif --output lint.sarif                 # for code scanning

To adopt it in a project that has findings, write those of today down and be told of new ones only. Their fingerprints hold the words
of the line, not its number, so that they survive edits elsewhere:

    nonlin lint src/ --write-baseline lint-baseline.json
    nonlin lint src/ --baseline lint-baseline.json

## Ignoring a finding

A comment on the line, with the reason, silences a rule there:

    self.gate = nn.Softmax(dim=0)  # nonlin: ignore[NL113] the experts are the first axis

## Rules

{index}
"""


def rules_page() -> str:
    """Return the page of all rules as Markdown: one section each, whose anchor is its code."""
    index = []
    for prefix, title in GROUPS.items():
        index += [f"\n**{title}**\n", "| code | name | at most | what |", "|---|---|---|---|"]
        index += [f"| [{r.code}](#{r.code.lower()}) | {r.name} | {r.severity.word} | {r.what} |" for r in _of(prefix)]
    sections = [_section(r) for prefix in GROUPS for r in _of(prefix)]
    return _HEAD.format(count=len(RULES), index="\n".join(index).strip()) + "\n" + "\n".join(sections)


def _of(prefix: str) -> list[Rule]:
    return [r for r in RULES.values() if r.code.startswith(prefix)]


def _section(rule: Rule) -> str:
    """Return one rule's section."""
    lines = [f"## {rule.code}", "", f"**{rule.name}** ({rule.severity.word} at most; {rule.cause}). {rule.what}", "", rule.why, "",
             f"*Fix.* {rule.fix}", "", f"*Source.* {rule.source}", ""]  # fmt: skip
    for title, program in (("Wrong", rule.wrong), ("Right", rule.right)):
        lines += [f"{title}:", "", *_indented(program), ""]
    return "\n".join(lines)


def _indented(program: str) -> list[str]:
    plain = "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in program)
    return [f"    {line}".rstrip() for line in plain.rstrip("\n").split("\n")]
