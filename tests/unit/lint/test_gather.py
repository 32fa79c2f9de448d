"""From text to findings: told once, silenced by comments, and never lost to one odd program."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonlin.findings import Severity
from nonlin.lint import gather
from nonlin.lint.gather import check_files, check_text
from nonlin.lint.net import Net
from nonlin.lint.rules import RULES

WRONG = RULES["NL102"].wrong


def write(folder: Path, **files: str) -> list[str]:
    paths = []
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.write_text(text)
        paths.append(str(path))
    return paths


def test_files_are_checked_together(tmp_path: Path) -> None:
    model = "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    model += "        self.fc = nn.Linear(8, 10)\n\n    def forward(self, x):\n        return self.fc(x).softmax(-1)\n"
    train = "from torch import nn\nfrom model import Net\n\nnet = Net()\nloss = nn.CrossEntropyLoss()(net(x), y)\n"
    checked = check_files(write(tmp_path, model=model, train=train))
    (only,) = checked.findings
    assert only.rule.code == "NL102" and only.place.file.endswith("model.py") and only.place.line == 10
    assert only.related[0].file.endswith("train.py") and checked.files == 2


def test_a_comment_at_the_loss_silences_too(tmp_path: Path) -> None:
    text = WRONG.rstrip("\n") + "  # nonlin: ignore[NL102] a lesson\n"
    checked = check_files(write(tmp_path, lesson=text))
    assert checked.findings == () and checked.ignored == 1


def test_a_line_is_told_once_however_many_networks_share_it() -> None:
    twice = WRONG + "loss = nn.CrossEntropyLoss()(model(a), b)\n"
    assert [f.rule.code for f in check_text(twice).findings] == ["NL102"]


def test_the_worst_comes_first() -> None:
    text = WRONG.replace("nn.ReLU(),", "nn.ReLU(), nn.Linear(16, 16),")
    assert [f.rule.code for f in check_text(text).findings] == ["NL102", "NL201"]


def test_one_odd_network_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = gather.run

    def odd(net: Net) -> object:
        if any(Path(n.place.file).name == "odd.py" for n in net.nodes):
            raise ZeroDivisionError("odd")
        return real(net)

    monkeypatch.setattr(gather, "run", odd)
    checked = check_files(write(tmp_path, odd=WRONG, wrong=WRONG))
    assert [f.rule.code for f in checked.findings] == ["NL102", "NL903"]
    assert "nonlin failed with ZeroDivisionError: odd" in checked.findings[1].message
    assert checked.findings[1].severity is Severity.INFO


def test_one_odd_file_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = gather.read_all

    def odd(paths: list[str]) -> object:
        if any(Path(p).name == "odd.py" for p in paths):
            raise OverflowError("odd")
        return real(paths)

    monkeypatch.setattr(gather, "read_all", odd)
    checked = check_files(write(tmp_path, odd=WRONG, wrong=WRONG))
    assert [f.rule.code for f in checked.findings] == ["NL102", "NL903"]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    check_files(write(tmp_path, a=WRONG, b=WRONG), lambda *step: told.append(step))
    assert told[0] == ("reading", 0, 2) and told[1][1:] == (0, 2) and told[2][1:] == (1, 2)
