"""The table of rules: complete, reachable, cited, and made of functions and numbers that exist."""

from __future__ import annotations

import contextlib
import itertools
import re

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from nonlin.advise.literature import WORKS, author_year, cited
from nonlin.advise.problems import PROBLEMS, problem, seen_by, told_problem
from nonlin.advise.question import ARCHS, CONSTRAINTS, DEVICES, NORMS, REFUSALS, TASKS, ask
from nonlin.advise.row import FILL, ONE, PARTS, Row, When, filled
from nonlin.advise.rules import RULES, fitting, rule
from nonlin.advise.taught import TAUGHT
from nonlin.catalogue import REFERENCES, resolve
from nonlin.errors import NonlinError, ParameterError, UnknownNameError
from nonlin.facts import facts
from nonlin.lint.model.losses import by_name
from nonlin.lint.rules import RULES as LINTED
from nonlin.watch.rules import RULES as WATCHED


def texts(row: Row) -> list[str]:
    return [row.reason, row.note, row.choose if row.part not in ("hidden", "output") else "", *(o.when for o in row.others)]


@pytest.mark.parametrize("row", RULES.values(), ids=list(RULES))
def test_a_rule_is_whole(row: Row) -> None:
    assert row.id.startswith(f"{row.part}-") and row.part in PARTS
    assert row.sources and all(cited(k) for k in row.sources.split())
    assert all(cited(k) for o in row.others for k in o.sources.split())
    for text in texts(row):
        assert "{" not in filled(text) and "unknown" not in filled(text), filled(text)
    assert row.reason.endswith(".")
    if row.part in ("hidden", "output"):
        for spec in (row.choose, *(o.choice for o in row.others)):
            assert resolve(spec)
    if row.reads:
        assert resolve(row.reads)
    if row.kind:
        assert by_name(row.kind).kind == row.kind
    assert all(code in LINTED or code in WATCHED for code in row.rules)
    words = (row.when.arch, row.when.task, row.when.norm, row.when.device, row.when.constraint, row.when.also)
    for given, table in zip(words, (ARCHS, TASKS, NORMS, DEVICES, CONSTRAINTS, CONSTRAINTS), strict=True):
        assert set(given.split()) <= set(table)


def test_every_question_has_an_answer_and_every_rule_a_question() -> None:
    met: set[str] = set()
    asked = 0
    subsets = [c for n in range(4) for c in itertools.combinations(CONSTRAINTS, n)]
    for arch in ARCHS.values():
        for task, norm, words, depth, device in itertools.product(arch.tasks, NORMS, subsets, (2, 40), DEVICES):
            try:
                question = ask(arch.name, task, norm=norm, constraints=words, depth=depth, device=device)
            except ParameterError:
                continue
            rows = list(fitting(question))
            counts = {part: sum(r.part == part for r in rows) for part in PARTS}
            assert all(counts[part] == 1 for part in ONE) and counts["order"] >= 1, question
            asked += 1
            met |= {r.id for r in rows}
    assert asked > 5000
    assert met == set(RULES)


def test_the_network_named_in_the_brief_texts() -> None:
    """A few answers that the literature is unanimous about."""
    hidden = {arch: next(fitting(ask(arch))).choose for arch in ARCHS}
    assert hidden["cnn"] == hidden["mlp"] == hidden["resnet"] == hidden["q-network"] == hidden["gan-generator"] == "relu"
    assert hidden["transformer"] == "swiglu" and next(fitting(ask("transformer", "multiclass"))).choose == "gelu"
    assert hidden["unet"] == "relu" and hidden["rnn"] == "tanh" and hidden["self-normalising"] == "selu"
    assert hidden["gan-discriminator"] == "leaky_relu(slope=0.2)" and "sin" in hidden["siren"]
    dropout = next(r for r in fitting(ask("self-normalising")) if r.part == "dropout")
    assert "AlphaDropout" in dropout.choose
    assert next(fitting(ask("cnn", constraints=["int8"]))).choose == "relu6"
    assert next(fitting(ask("transformer", constraints=["int8"]))).choose == "clipped_gelu"


@pytest.mark.parametrize("more", [(), ("int8",), ("latency",), ("int8", "latency")], ids=str)
def test_smooth_choices_are_smooth(more: tuple[str, ...]) -> None:
    chosen = set()
    for arch in ARCHS:
        with contextlib.suppress(ParameterError):
            chosen.add(next(fitting(ask(arch, constraints=["smooth", *more]))).choose)
    assert len(chosen) >= 2
    for spec in chosen:
        assert facts(spec).smoothness.value == float("inf"), spec


def test_choices_for_8_bits_are_bounded() -> None:
    for arch in ARCHS:
        with contextlib.suppress(ParameterError):
            chosen = next(fitting(ask(arch, constraints=["int8"]))).choose
            assert facts(chosen).bounded.text == "both sides", (arch, chosen)


def test_gelu_tanh_is_as_near_as_its_row_says() -> None:
    x = np.linspace(-10, 10, 200_001)
    exact = x * ndtr(x)
    approximate = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    assert 4e-4 < np.abs(approximate - exact).max() < 5e-4


def test_numbers_are_computed_from_closed_forms() -> None:
    assert filled("{gain:relu}") == "1.414" and filled("{square:relu}") == "0.5" and filled("{gain:selu}") == "1"
    assert filled("{slope:tanh@2}") == "0.0707"  # 1 - tanh(2)^2
    assert filled("{floor:sigmoid@10}").endswith("1.4612")  # ln(1 + 9/e)
    assert filled("{levels:gelu@10}") == "2.2"  # 127 * 0.16997 / 10
    assert set(re.findall(r"\{(\w+):", "".join(t for r in RULES.values() for t in texts(r)))) <= set(FILL)


def test_what_is_said_of_torch_is_so() -> None:
    assert torch.nn.init.calculate_gain("selu") == 3 / 4 and "calculate_gain('selu') is 3/4" in RULES["init-selu"].reason
    assert torch.nn.LeakyReLU().negative_slope == 0.01 and "default of 0.01" in RULES["hidden-gan-discriminator"].note


def test_references() -> None:
    assert not set(WORKS) & set(REFERENCES), "a work stands in both tables"
    keys = {k for r in RULES.values() for k in (r.sources + " " + " ".join(o.sources for o in r.others)).split()}
    keys |= {k for p in PROBLEMS.values() for c in p.cures for k in c.sources.split()}
    keys |= {k for t in TAUGHT.values() for k in t.sources.split()}
    assert set(WORKS) <= keys, f"cited by no row: {set(WORKS) - keys}"
    for key in keys:
        assert re.fullmatch(
            r"[^\d,]+( et al\.)? \d{4}(, [a-z ]+)?|PyTorch documentation|T[a-zA-Z0-9. ]+", author_year(key)
        ), author_year(key)


def test_two_works_of_one_year_are_told_apart() -> None:
    keys = {k for r in RULES.values() for k in (r.sources + " " + " ".join(o.sources for o in r.others)).split()}
    assert len({author_year(k) for k in keys}) == len(keys)


def test_a_sigmoid_rounds_to_1_where_its_row_says() -> None:
    """From there on BCELoss has no gradient for a target of 0; BCEWithLogitsLoss has."""
    said = float(filled("{rounds:sigmoid}"))
    assert said == pytest.approx(
        25 * np.log(2), abs=0.05
    )  # 1 - sigmoid(z) is e^-z, and half a step of float32 below 1 is 2^-25
    for z, alive in ((said - 2, True), (said + 1, False)):
        x = torch.tensor([z], requires_grad=True)
        torch.nn.BCELoss()(torch.sigmoid(x), torch.zeros(1)).backward()
        assert x.grad is not None and (float(x.grad) > 0.9) is alive
        y = torch.tensor([z], requires_grad=True)
        torch.nn.BCEWithLogitsLoss()(y, torch.zeros(1)).backward()
        assert y.grad is not None and float(y.grad) > 0.9


def test_conditions_are_told() -> None:
    assert str(When()) == "any"
    assert (
        str(When(arch="cnn mlp", norm="none", depth=15, skips=False))
        == "cnn or mlp, norm none, 15 layers or more, without skip connections"
    )


def test_an_unknown_rule() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'hidden-cnn'"):
        rule("hidden-cn")


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_whole(name: str) -> None:
    told = told_problem(PROBLEMS[name])
    assert told["cures"] and told["why"] and "{" not in str([told["why"], told["note"], [c["why"] for c in told["cures"]]])
    assert all(cited(k) for c in PROBLEMS[name].cures for k in c.sources.split())
    assert all(resolve(c.function) for c in PROBLEMS[name].cures if c.function)
    assert [r.code for r in seen_by(PROBLEMS[name])] == list(PROBLEMS[name].rules)


def test_problems_have_other_names() -> None:
    assert problem("Dead ReLU").id == "dying-relu" and problem("vanishing_gradients").id == "vanishing"
    assert problem("nan").id == "not-finite"
    words = [w for p in PROBLEMS.values() for w in (p.id, *p.also)]
    assert len(set(words)) == len(words)
    with pytest.raises(UnknownNameError, match="Did you mean 'exploding'"):
        problem("explodin")


def test_most_alerts_lead_to_a_problem() -> None:
    """Every alert of watch is what some problem looks like, but a plateau, which may be the end."""
    assert {code for p in PROBLEMS.values() for code in p.rules if code.startswith("NW")} == set(WATCHED) - {
        "NW109",
        "NW117",
    }


# -- questions --------------------------------------------------------------------------------------------------------


def test_defaults_are_said() -> None:
    asked = ask("transformer", depth=6)
    assert (asked.task, asked.norm, asked.skips) == ("generation", "layer", True)
    assert asked.assumed == ("task", "norm", "device")
    assert ask("cnn", constraints=["int8", "int8"]).constraints == ("int8",)


@pytest.mark.parametrize(("arch", "task"), [(a, t) for a in ARCHS for t in TASKS if t not in ARCHS[a].tasks])
def test_a_task_that_a_network_is_not_asked_for(arch: str, task: str) -> None:
    with pytest.raises(ParameterError, match=rf"an? {arch} is not asked for {task} .*Tasks of an? {arch}: "):
        ask(arch, task)


@pytest.mark.parametrize("no", REFUSALS, ids=[f"{r.arch}-{r.norm or r.constraint}" for r in REFUSALS])
def test_a_combination_without_an_answer(no: object) -> None:
    from nonlin.advise.question import Refusal

    assert isinstance(no, Refusal)
    for norm in no.norm.split():
        with pytest.raises(ParameterError, match=re.escape(no.sentence)):
            ask(no.arch, norm=norm)
    if no.constraint:
        with pytest.raises(ParameterError, match=re.escape(no.sentence)):
            ask(no.arch, constraints=[no.constraint])


@pytest.mark.parametrize(("words", "said"), [
    ({"arch": "cn"}, "unknown arch 'cn'. Did you mean 'cnn'?"),
    ({"arch": "cnn", "task": "multi-class"}, "Did you mean 'multiclass'?"),
    ({"arch": "cnn", "norm": "bach"}, "Did you mean 'batch'?"),
    ({"arch": "cnn", "device": "tpu"}, "Choose one of: cpu, gpu."),
    ({"arch": "cnn", "constraints": ["int4"]}, "unknown constraint 'int4'. Did you mean 'int8'?"),
    ({"arch": "cnn", "depth": 0}, "depth must be a whole number of hidden layers from 1 to 10000, not 0"),
    ({"arch": "cnn", "depth": True}, "not True"),
])  # fmt: skip
def test_words_that_are_not_known(words: dict[str, object], said: str) -> None:
    with pytest.raises(NonlinError, match=re.escape(said)):
        ask(**words)  # type: ignore[arg-type]
