"""Whole diagnoses: planted faults are named first, right models are let be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import nonlin.diagnose
from nonlin.diagnose import diagnose
from nonlin.diagnose.page import html_page, write_page
from nonlin.diagnose.result import Diagnosis, thinned
from nonlin.diagnose.text import diagnosis_text
from nonlin.diagnose.training import Course
from nonlin.diagnose.work import gated
from nonlin.errors import ParameterError, StoreError
from nonlin.findings import CAUSES, Severity
from nonlin.watch.history import Run
from nonlin.watch.records import Alert
from nonlin.watch.rules import RULES

X = torch.randn(300, 8, generator=torch.Generator().manual_seed(0))
LABELS = X[:, :4].argmax(1)


def mlp(*end: nn.Module, width: int = 4) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, width), *end)


def shown(found: Diagnosis, width: int = 100) -> str:
    from rich.console import Console

    console = Console(width=width, record=True, file=open("/dev/null", "w"), highlight=False)  # noqa: SIM115
    with console.file:
        console.print(diagnosis_text(found))
        return console.export_text()


@pytest.fixture(scope="module")
def softmax() -> Diagnosis:
    return diagnose(mlp(nn.Softmax(dim=1)), (X, LABELS), "cross_entropy", steps=60)


def test_the_planted_fault_comes_first_with_place_proof_remedy_and_cost(softmax: Diagnosis) -> None:
    entry = softmax.entries[0]
    assert (entry.rule.code, entry.severity, entry.place.layer) == ("NL102", Severity.ERROR, "3")
    assert "0.7437" in entry.proof  # ln(1 + 3/e)
    assert "-  (3): Softmax(dim=1)" in softmax.diffs[0]
    assert entry.cost.startswith("little")
    assert softmax.headline.startswith("1 error") and "softmax into cross entropy" in softmax.headline


def test_a_right_model_is_let_be() -> None:
    found = diagnose(mlp(), (X, LABELS), "cross_entropy", steps=200, lr=0.01)
    assert found.urgent == () and found.course.learnt is True
    assert found.headline == "No known mistake was found." and found.advice == ""


def test_causes_come_before_their_symptoms_and_in_order() -> None:
    big = 1000 * X
    found = diagnose(mlp(nn.Softmax(dim=1)), (big, LABELS), "cross_entropy", steps=120)
    causes = [CAUSES.index(e.cause) for e in found.urgent]
    assert causes == sorted(causes)
    assert {"NL402", "NL102"} <= {e.rule.code for e in found.urgent}


def test_where_nothing_is_known_but_nothing_is_learnt_there_is_advice() -> None:
    noise = torch.randint(0, 4, (300,), generator=torch.Generator().manual_seed(1))
    found = diagnose(mlp(), (X, noise), "cross_entropy", steps=30, lr=1e-7)
    if not found.urgent:
        assert "one batch alone" in found.advice and "the loss did not fall" in found.headline


def test_without_time_it_is_lint_alone() -> None:
    model = mlp(nn.Softmax(dim=1))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    found = diagnose(model, (X, LABELS), "cross_entropy", minutes=0)
    assert found.entries[0].rule.code == "NL102" and found.course.steps == 0
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize(
    ("code", "losses", "baseline", "severity"),
    [
        ("NW113", [1.0] * 10 + [0.1] * 50, 0.9, Severity.INFO),
        ("NW113", [1e9] * 10 + [0.89] * 50, 0.9, Severity.ERROR),  # it fell, but learnt nothing
        ("NW113", [1.0] * 60, None, Severity.ERROR),
        ("NW105", [1.0] * 10 + [0.1] * 50, 0.9, Severity.ERROR),
    ],
)
def test_symptoms_of_a_training_that_went_well_are_information(
    code: str, losses: list[float], baseline: float | None, severity: Severity
) -> None:
    alert = Alert(RULES[code], Severity.ERROR, "", "it happened", 20, 3.0, 2.0)
    course = Course(len(losses), 1.0, losses, baseline, run=Run(alerts=(alert,)))
    assert [a.severity for a in gated(course)] == [severity]


def test_the_page_about_it_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[3] / "docs" / "diagnose.md").read_text(encoding="utf-8")
    program, use = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "mymodel.py").write_text(program)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import mymodel  # type: ignore[import-not-found]

    names = {"nonlin": nonlin, "make_model": mymodel.make_model, "make_data": mymodel.make_data}
    exec(compile(use, "docs/diagnose.md", "exec"), names)
    found = names["found"]
    assert "0.9048" in found.entries[0].proof  # type: ignore[attr-defined]
    assert "+        return self.out(torch.relu(self.hidden(x)))" in found.diffs[0]  # type: ignore[attr-defined]


def test_a_guessed_loss_is_never_held_against_the_model() -> None:
    for end in (nn.Softmax(dim=1), nn.LogSoftmax(dim=1), nn.Sigmoid()):
        found = diagnose(mlp(end), (X, LABELS), steps=5)
        assert not [e for e in found.entries if e.cause == "pairing" and e.severity > Severity.INFO]
        assert any("No loss was given" in r for r in found.remarks)


def test_targets_out_of_reach_are_seen_also_where_the_loss_was_told() -> None:
    found = diagnose(mlp(nn.Sigmoid(), width=1), (X, 5 * X[:, :1]), steps=20)
    assert found.entries[0].rule.code == "NL110"


def test_a_model_that_cannot_run_is_explained_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_net.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(8, 4)\n        self.out = nn.Linear(4, 4)\n\n    def forward(self, x):\n"
        "        return self.out(nn.ReLU(self.fc(x)))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import broken_net  # type: ignore[import-not-found]

    found = diagnose(broken_net.Net(), (X, LABELS), "cross_entropy", steps=5)
    assert found.entries[0].rule.code == "NL213"
    assert found.entries[0].place.line == 11
    assert "It was not trained" in found.course.sentence()


def test_findings_get_the_line_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "soft_net.py").write_text(
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc = nn.Linear(8, 4)\n\n    def forward(self, x):\n        return torch.softmax(self.fc(x), dim=1)\n\n\n"
        "def step(model, x, y):\n    return nn.CrossEntropyLoss()(model(x), y)\n\n\nnet = Net()\nstep(net, torch.zeros(2, 8), None)\n"
        .replace("\n\n\nnet = Net()\nstep(net, torch.zeros(2, 8), None)\n", "\n")
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    import soft_net  # type: ignore[import-not-found]

    found = diagnose(soft_net.Net(), (X, LABELS), "cross_entropy", steps=5)
    assert found.entries[0].rule.code == "NL102"
    assert found.entries[0].place.file.endswith("soft_net.py") and found.entries[0].place.line == 11


@pytest.mark.parametrize(
    ("option", "says"), [({"minutes": -1}, "minutes"), ({"steps": -1}, "steps"), ({"minutes": float("inf")}, "finite")]
)
def test_numbers_out_of_range_are_sentences(option: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        diagnose(mlp(), (X, LABELS), "cross_entropy", **option)


def test_json_is_plain_and_whole(softmax: Diagnosis) -> None:
    document = json.loads(json.dumps(softmax.to_json(), allow_nan=False))
    assert document["entries"][0]["rule"] == "NL102"
    assert {"remedy", "diff", "if_wrong", "proof", "place", "seen_in_training"} <= set(document["entries"][0])
    assert document["training"]["steps"] == 60 and len(document["training"]["losses"]) <= 201
    assert document["facts"]["seed"] == 0


def test_json_holds_what_is_no_number() -> None:
    found = diagnose(mlp(), (X, LABELS), "cross_entropy", steps=60, lr=1e30)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert '"nan"' in text or '"inf"' in text
    assert found.course.stopped == "not finite"


def test_the_page_in_the_terminal(softmax: Diagnosis) -> None:
    text = shown(softmax)
    order = [text.index(word) for word in ("softmax into cross entropy", "where", "what", "proof", "do ", "if wrong")]
    assert order == sorted(order)
    assert "Trained 60 steps" in text
    assert max(map(len, shown(softmax, 60).splitlines())) <= 60


def test_the_page_as_html(softmax: Diagnosis, tmp_path: Path) -> None:
    html = html_page(softmax)
    assert "NL102" in html and "Softmax(dim=1)" in html and "If wrong" in html
    assert "http://" not in html.replace("http://www.w3.org", "") and "<script src" not in html
    path = write_page(softmax, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == html
    with pytest.raises(StoreError):
        write_page(softmax, tmp_path)


def test_names_of_the_users_own_cannot_break_the_page() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module("<i>", nn.Linear(8, 4))
            self.add_module("[red]", nn.Softmax(dim=1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = getattr(self, "[red]")(getattr(self, "<i>")(x))
            return out

    found = diagnose(Odd(), (X, LABELS), "cross_entropy", steps=3)
    assert "<i>" not in html_page(found)
    assert "[red]" in shown(found)


def test_the_package_can_be_called() -> None:
    assert nonlin.diagnose(mlp(), (X, LABELS), "cross_entropy", minutes=0).name == "Sequential"  # type: ignore[operator]


def test_thinned_keeps_the_first_and_the_last() -> None:
    assert thinned([], 5) == [] and thinned([1.0], 5) == [(0, 1.0)]
    kept = thinned([float(i) for i in range(1001)], 200)
    assert kept[0] == (0, 0.0) and kept[-1] == (1000, 1000.0) and len(kept) <= 201
