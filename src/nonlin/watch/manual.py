"""The documentation of watching: how to use it, and from the tables what each statistic and each alert means."""

from __future__ import annotations

from nonlin.watch.records import STATISTICS
from nonlin.watch.rules import LINES, RULES

__all__ = ["manual"]

_HEAD = """# Watch a training

`nonlin.watch` looks at a few steps of a training, layer by layer and unit by unit, and raises an alert where a number crosses a
line: which layer, which number, for how long, and what to do. The training itself stays the same to the bit, and pays 1 % of its time
by default. This page is made by `make docs` from the tables of the package; do not edit it.

```python
import torch
from torch import nn

import nonlin
from nonlin.watch.live import Table
from nonlin.watch.record import Record

model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3))
optimizer, loss = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
x = torch.randn(512, 8)
y = x[:, :3].argmax(1)

with nonlin.watch(model, optimizer, loss=loss, sinks=[Record("run.sqlite"), Table()]) as w:
    for step in range(100):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

print(w.summary())
w.report("report.html")
```

| to change | write |
|---|---|
| the cost | `nonlin.watch(model, optimizer, budget=0.05)`, a share of the step time; `every=10` for a fixed interval |
| the rules | `nonlin.watch(model, optimizer, ignore=["NW117"])` |
| a loop without an optimiser object | `w = nonlin.watch(model)` and `w.step(loss=value)` after each step |

## Views

Everything that shows or keeps a training is a *sink*, given as `sinks=[...]`. A sink that fails is dropped with a warning; the
training goes on.

| sink | what it does |
|---|---|
| `nonlin.watch.record.Record("run.sqlite")` | an SQLite record that survives `kill -9`; one file holds any number of runs |
| `nonlin.watch.live.Table()` | a table in the terminal, layers with alerts first; in a log file one line for every ten samples |
| `nonlin.watch.server.LivePage("run.sqlite")` | a record, and a page in the browser that follows it; `pip install 'nonlin[web]'` |
| `nonlin.watch.sinks.TensorBoard(writer)` | curves, histograms of units, and alerts, through a `SummaryWriter` |
| `nonlin.watch.sinks.Log(wandb.log)` | one flat dictionary a sample for any function; `with_step=True` for `mlflow.log_metrics` |

A sink of your own is any object with `begin`, `sample`, `alert` and `close`; `nonlin.watch.records.Sink` says what they take.

```python
import nonlin
from nonlin.watch.sinks import Log

rows = []
sink = Log(rows.append, ["dead", "rate"], seconds=5.0, on_alert=lambda title, text, severity: print(severity, title))
```

### The record, later or from another process

    nonlin watch show run.sqlite             # layers and alerts in the terminal; --json for scripts
    nonlin watch report run.sqlite -o report.html
    nonlin watch serve run.sqlite            # the same page in the browser, following the training

`nonlin watch serve run.sqlite` prints an address with a random token. It listens on 127.0.0.1 only, refuses requests without the token or with
another host name, and reads the record without writing anything. `--run 2` chooses a run, `--port 8080` a port.

`nonlin.watch.record.open_record("run.sqlite")` returns the run as data: layers, samples, alerts, facts. At most the samples of
the last quarter of a second are lost when a process is killed. Numbers have seven digits; of units' arrays the last are kept.
Keep records on a local disk. In SQL: `samples.layers` is JSON, for each statistic a list over the layers of `layers.id`.

### The report

One HTML file without any request, below a megabyte whatever the network's size: the top five alerts with what to do, the loss, alerts on
a time line, maps of layers by time, histograms of units, the last values, and how it was made. Maps tell the value of a cell to the mouse
and to the arrow keys; words stand for every picture.

## Statistics

{statistics}

A *unit* is a channel of a convolution or a feature of a linear layer. The reference bands are what texts call healthy; many good
networks lie outside, so no alert uses them.

## Alerts

An alert is raised once, when its line has been crossed for some samples, and cleared when the number is back on the other side of a
second line. While the loss falls, a symptom is only information. The worst come first; among equals causes that are cheap to rule out.

{alerts}
"""


def manual() -> str:
    """Return the page about watching as Markdown."""
    return _HEAD.replace("{statistics}", _statistics()).replace("{alerts}", _alerts())


def _statistics() -> str:
    rows = ["| name | what | per | unit | texts call healthy |", "|---|---|---|---|---|"]
    for s in STATISTICS:
        band = f"{100 * s.reference[0]:g}-{100 * s.reference[1]:g} %" if s.reference else ""
        rows.append(f"| `{s.name}` | {s.title}: {_cell(s.what)} | {s.per} | {s.unit} | {band} |")
    return "\n".join(rows)


def _alerts() -> str:
    index = ["| code | name | at most | blames |", "|---|---|---|---|"]
    parts = []
    for rule in RULES.values():
        anchor = f"{rule.code}-{rule.name}".lower()
        index.append(f"| [{rule.code}](#{anchor}) | {rule.name} | {rule.severity.word} | {rule.cause} |")
        lines = [f"### {rule.code} {rule.name}", "", f"{rule.what} {rule.why}", "", f"* **What to do.** {rule.fix}"]
        if rule.code in LINES:
            line = LINES[rule.code]
            unit = f" ({line.unit})" if line.unit else ""
            after = "in one sample" if line.samples == 1 else f"in {line.samples} samples in a row"
            lines.append(
                f"* **Line.** {line.line:.4g}{unit}, {after}; healed beyond {line.heal:.4g}. {_sentence(line.reason)}"
            )
        parts.append("\n".join([*lines, f"* **Source.** {_sentence(rule.source)}"]))
    return "\n\n".join(["\n".join(index), *parts])


def _cell(text: str) -> str:
    return text.replace("|", "&#124;")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
