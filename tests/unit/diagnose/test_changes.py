"""Remedies as diffs of the printed model."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from nonlin.diagnose.changes import diff_of, model_diff, source_diff, text_diff
from nonlin.findings import Place, Remedy


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 4), nn.Sigmoid())
        self.head = nn.ModuleDict({"fc": nn.Linear(4, 2), "end": nn.Softmax(dim=1)})
        self.same = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))


def changed(diff: str) -> tuple[list[str], list[str]]:
    """The lines taken away and the lines put there."""
    lines = diff.splitlines()
    return [x[1:].strip() for x in lines if x.startswith("-")], [x[1:].strip() for x in lines if x.startswith("+")]


@pytest.mark.parametrize(
    ("remedy", "gone", "come"),
    [
        (Remedy("remove", "head.end", ""), ["(end): Softmax(dim=1)"], []),
        (Remedy("replace", "body.1", "", after="nn.ReLU()"), ["(1): Sigmoid()"], ["(1): ReLU()"]),
        (Remedy("replace", "body.3", "", after="gelu"), ["(3): Sigmoid()"], ["(3): gelu()"]),
        (Remedy("insert", "body.2", "", after="nn.ReLU()"), [], ["(new): ReLU()"]),
        (
            Remedy("set", "head.end", "", before="dim=1", after="dim=-1"),
            ["(end): Softmax(dim=1)"],
            ["(end): Softmax(dim=-1)"],
        ),
    ],
)
def test_a_change_is_shown_where_the_module_stands(remedy: Remedy, gone: list[str], come: list[str]) -> None:
    assert changed(model_diff(Net(), remedy)) == (gone, come)


def test_further_modules_change_in_the_same_way_if_they_are_alike() -> None:
    remedy = Remedy("replace", "body.1", "", after="nn.ReLU()")
    assert changed(model_diff(Net(), remedy, ["body.3", "head.end", "nowhere"])) == (
        ["(1): Sigmoid()", "(3): Sigmoid()"], ["(1): ReLU()", "(3): ReLU()"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "remedy",
    [
        Remedy("remove", "nowhere", ""),
        Remedy("remove", "body", ""),  # not one line
        Remedy("replace", "body.1", "", after="use a ReLU or a GELU"),
        Remedy("initialise", "body.0", "", "gain 0.1", "gain 1"),
        Remedy("advise", "the data", "", "3", "1"),
        Remedy("remove", "", ""),
    ],
)
def test_what_cannot_be_shown_is_left_to_words(remedy: Remedy) -> None:
    assert diff_of(remedy, Net()) == ""


def test_folded_modules_are_found() -> None:
    gone, come = changed(model_diff(Net(), Remedy("replace", "same.1", "", after="nn.Identity()")))
    assert len(gone) == len(come) == 1 and "3 x Linear" in gone[0]


def test_source_texts_are_diffs_of_their_own_and_none_is_empty() -> None:
    assert changed(diff_of(Remedy("replace", "loss", "", "BCELoss()", "BCEWithLogitsLoss()"), Net())) == (
        ["BCELoss()"], ["BCEWithLogitsLoss()"],
    )  # fmt: skip
    assert diff_of(None, Net()) == ""
    assert text_diff("a", "a") == ""
    assert text_diff("a\n", "b\n", "net.py").startswith("--- net.py")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("    return torch.softmax(self.fc(x), dim=1)", "    return self.fc(x)"),
        ("    return torch.nn.functional.relu(a + b)", "    return a + b"),
        ("    return scores.softmax(dim=1)", "    return scores"),
        ("    return self.fc(x).softmax(dim=1)", "    return self.fc(x)"),
        ("    return softmax(scores)", "    return scores"),
        ("    return torch.softmax(torch.relu(x), dim=1)", "    return torch.relu(x)"),
        ("    return torch.softmax(a, 1) * torch.softmax(b, 1)", ""),  # which of the two is not known
        ("    return self.softmax(x)", ""),  # a module's call: the model's own diff shows it
        ("    return F.softmax(*args)", ""),
        ("    return helper(x)", ""),
    ],
)
def test_a_call_in_the_text_is_taken_away(tmp_path: Path, line: str, left: str) -> None:
    file, name = tmp_path / "net.py", next((n for n in ("softmax", "relu") if n in line), "")
    file.write_text(f"def forward(self, x):\n{line}\n")
    diff = source_diff(Place("", str(file), 2), Remedy("remove", "", f"remove the {name}"))
    if left:
        assert diff.splitlines()[-2:] == [f"-{line}", f"+{left}"] and diff.startswith("--- net.py")
    else:
        assert diff == ""


def test_no_file_is_no_diff(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("print 'Python 2'\n")
    for place in (
        Place(),
        Place("x", str(tmp_path / "none.py"), 1),
        Place("x", str(tmp_path / "old.py"), 1),
        Place("x", str(tmp_path), 1),
    ):
        assert source_diff(place, Remedy("remove", "x", "")) == ""
