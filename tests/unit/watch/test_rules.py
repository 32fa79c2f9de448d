"""Every alert: raised by a planted symptom, silent on its healthy twin, gated, lasting, raised once and cleared."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
import pytest

from nonlin.findings import CAUSES, Severity
from nonlin.watch.derive import Seen
from nonlin.watch.function import shape_of
from nonlin.watch.judge import HEALED, Judge
from nonlin.watch.parameters import Weights
from nonlin.watch.records import Alert
from nonlin.watch.rules import LINES, RULES
from nonlin.watch.sites import Site
from nonlin.watch.symptoms import CHECKS, State
from nonlin.watch.trend import Trend

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


def place(name: str, kind: str = "affine", function: str = "", *, gate: bool = False, final: bool = False, n: int = 64,
          constant: bool = False, broken: bool = False, index: int = 0, **stats: float) -> Seen:  # fmt: skip
    site = Site(name, kind, index, shape_of(function) if function else None)
    site.units, site.gate, site.final = 100, gate, final
    return Seen(site, stats, n, constant, broken)


def losses(progress: bool | None, count: int = 300) -> Trend:
    made = Trend()
    for i in range(count if progress is not None else 0):
        made.add(2 - (i / count if progress else 0.0))
    return made


def net(spreads: list[float], **more: Any) -> list[Seen]:
    return [place(f"fc{i}", spread=s, index=i, **more) for i, s in enumerate(spreads)]


def weights(grads: dict[str, float] | None = None, **more: Any) -> Weights:
    return Weights(grads or {}, {}, more.pop("total", 1.0), **more)


FLOOR = math.log1p(9 / math.e)


def course(values: Any) -> Trend:
    made = Trend()
    for value in values:
        made.add(float(value))
    return made


STEADY = FLOOR + 1e-3 * np.sin(np.arange(200))
RISING = [*np.full(100, 1.0), *np.linspace(1, 5, 60)]
SWINGING = 1 + 0.05 * 2.0 ** (np.arange(150) // 50) * np.sin(np.arange(150))
FLAT_LATE = [*np.linspace(2, 1, 100), *np.full(600, 1.0)]

PLANTED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # code, state with the symptom, the healthy twin
    ("NW101", {"seen": [place("a", "activation", "relu", dead=0.95, dormant=0.95)]},
     {"seen": [place("a", "activation", "relu", dead=0.3, dormant=0.95)]}),
    ("NW101", {"seen": [place("a", "activation", "gelu", dead=0.1, dormant=0.7)]},
     {"seen": [place("a", "activation", "gelu", dead=0.9, dormant=0.1)]}),
    ("NW101", {"seen": [place("a", "activation", "relu", dead=0.6)]},
     {"seen": [place("a", "activation", "relu", final=True, dead=0.6)]}),
    ("NW102", {"seen": [place("a", "activation", "tanh", saturated=0.8)]},
     {"seen": [place("a", "activation", "relu", saturated=0.8)]}),
    ("NW102", {"seen": [place("a", "activation", "sigmoid", saturated=0.8)]},
     {"seen": [place("a", "activation", "sigmoid", final=True, saturated=0.99)]}),
    ("NW103", {"seen": net([1, 1, 1]), "weights": weights({"fc0": 1e-6, "fc1": 1e-4, "fc2": 1e-2})},
     {"seen": net([1, 1, 1]), "weights": weights({"fc0": 1e-3, "fc1": 1.0, "fc2": 10.0})}),
    ("NW103", {"seen": net([1, 1, 1]), "weights": weights({"fc0": 1e-6, "fc2": 1e-2})},
     {"seen": net([1, 1, 1]), "weights": weights({"fc0": 1e-6, "fc2": 1e-5})}),
    ("NW104", {"weights": weights(total=9.0), "norms": deque([1.0] * 20, maxlen=50)},
     {"weights": weights(total=7.0), "norms": deque([1.0] * 20, maxlen=50)}),
    ("NW104", {"weights": weights(total=9.0), "norms": deque([1.0] * 20, maxlen=50)},
     {"weights": weights(total=9.0, skipped=True), "norms": deque([1.0] * 20, maxlen=50)}),
    ("NW105", {"seen": [place("a"), place("b", broken=True)]}, {"seen": [place("a"), place("b")]}),
    ("NW105", {"seen": net([1, 1]), "weights": weights({"fc0": math.nan, "fc1": 1.0})},
     {"seen": net([1, 1]), "weights": weights({"fc0": math.nan}, skipped=True)}),
    ("NW105", {"bad_loss": 7}, {}),
    ("NW106", {"seen": [place("a"), place("b", constant=True)]}, {"seen": [place("a", constant=True), place("b", constant=True)]}),
    ("NW106", {"seen": [place("a"), place("b", constant=True)]}, {"seen": [place("a"), place("b", constant=True, n=4)]}),
    ("NW107", {"seen": net([1, 0.1, 0.01, 1e-3, 1e-4])}, {"seen": net([1, 0.1, 0.01, 1e-3, 1e-4]), "normed": True}),
    ("NW107", {"seen": net([1, 0.1, 0.01, 1e-3, 1e-4])}, {"seen": net([1, 0.8, 0.7, 0.5, 1e-4])}),
    ("NW108", {"trend": losses(False)}, {"trend": losses(True)}),
    ("NW109", {"trend": course([40.0]), "loss_kind": "cross_entropy", "classes": 10},
     {"trend": course([40.0]), "loss_kind": "mse", "classes": 10}),
    ("NW109", {"trend": course([40.0]), "loss_kind": "bce_logits"},
     {"trend": course([4.0]), "loss_kind": "cross_entropy", "classes": 10}),
    ("NW110", {"trend": course(STEADY), "loss_kind": "cross_entropy", "classes": 10},
     {"trend": course(STEADY + 0.05), "loss_kind": "cross_entropy", "classes": 10}),
    ("NW110", {"trend": course(STEADY), "loss_kind": "cross_entropy", "classes": 10},
     {"trend": course(np.linspace(FLOOR + 0.2, FLOOR - 0.2, 200)), "loss_kind": "cross_entropy", "classes": 10}),
    ("NW111", {"updates": {"a": deque([-5.0] * 12)}}, {"updates": {"a": deque([-3.0] * 12)}}),
    ("NW112", {"trend": course(SWINGING)}, {"trend": course(1 + 0.05 * np.sin(np.arange(150)))}),
    ("NW113", {"trend": course(RISING)}, {"trend": course(RISING[:100])}),
    ("NW114", {"seen": [place("a", "activation", "relu", rate=0.01)]}, {"seen": [place("a", "activation", "relu", rate=0.3)]}),
    ("NW114", {"seen": [place("a", "activation", "relu", rate=0.99)]}, {"seen": [place("a", "activation", "sigmoid", rate=1.0)]}),
    ("NW115", {"seen": [place("a", "activation", "sigmoid", centre=9.0)]},
     {"seen": [place("a", "activation", "sigmoid", centre=2.4)]}),
    ("NW116", {"seen": net([3.0**-i for i in range(9)])}, {"seen": net([1.5**-i for i in range(9)])}),
    ("NW116", {"seen": net([3.0**i for i in range(9)])}, {"seen": net([3.0**i for i in range(5)])}),
    ("NW117", {"trend": course(FLAT_LATE)}, {"trend": course(np.linspace(2, 1, 700))}),
]  # fmt: skip


def look(judge: Judge, times: int, start: int = 0, **state: Any) -> list[Alert]:
    news = []
    for k in range(times):
        news += judge.look(State(step=start + 10 * k, **state))
    return news


def codes(alerts: list[Alert]) -> set[str]:
    return {a.rule.code for a in alerts}


@pytest.mark.parametrize(("code", "sick", "healthy"), PLANTED, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(PLANTED)])
def test_a_planted_symptom_is_told_and_its_healthy_twin_not(
    code: str, sick: dict[str, Any], healthy: dict[str, Any]
) -> None:
    need = LINES[code].samples
    judge = Judge()
    assert code not in codes(look(judge, need - 1, **sick)), "before it lasted"
    raised = look(judge, 1, 10 * need, **sick)
    (alert,) = [a for a in raised if a.rule.code == code]
    assert alert.severity <= RULES[code].severity
    assert alert.remedy is not None and alert.remedy.summary
    assert alert.layer in alert.message, "it names the layer"
    assert code not in codes(look(judge, 3, 60, **sick)), "raised once"
    assert code not in codes(look(Judge(), 12, **healthy))


def test_the_tables_agree() -> None:
    assert set(RULES) == set(LINES) == set(CHECKS) == {c for c, _, _ in PLANTED}
    for rule in RULES.values():
        assert rule.cause in CAUSES and rule.what.endswith(".") and rule.fix.endswith(".") and rule.source


@pytest.mark.parametrize(
    ("progress", "step", "share", "severity", "words"),
    [
        (True, 900, 0.95, INFO, "The loss falls"),
        (None, 0, 0.95, INFO, "No loss was given"),
        (None, 900, 0.95, WARNING, "No loss was given"),
        (False, 0, 0.95, ERROR, "does not fall"),
        (False, 0, 0.6, WARNING, "does not fall"),
    ],
)
def test_severity_is_gated_on_progress(
    progress: bool | None, step: int, share: float, severity: Severity, words: str
) -> None:
    seen = [place("a", "activation", "relu", dead=share)]
    (alert,) = [a for a in look(Judge(), 1, step, seen=seen, trend=losses(progress)) if a.rule.code == "NW101"]
    assert alert.severity is severity and words in alert.message


def test_too_early_to_say_is_information() -> None:
    seen = [place("a", "activation", "relu", dead=0.95)]
    (alert,) = [a for a in look(Judge(), 1, 500, seen=seen, trend=losses(False, 50)) if a.rule.code == "NW101"]
    assert alert.severity is INFO and "not known yet" in alert.message


def test_gates_and_attention_are_information_only() -> None:
    seen = [place("g", "activation", "sigmoid", gate=True, saturated=0.9), place("s", "attention", "softmax", saturated=0.99),
            place("r", "recurrent", "tanh", saturated=0.9)]  # fmt: skip
    alerts = [a for a in look(Judge(), 3, seen=seen, trend=losses(False)) if a.rule.code == "NW102"]
    assert [(a.layer, a.severity) for a in alerts] == [("g", INFO), ("s", INFO), ("r", INFO)]


def test_an_alert_is_cleared_when_healed_and_may_come_back() -> None:
    judge = Judge()
    sick, better, well = ({"seen": [place("a", "activation", "tanh", saturated=v)]} for v in (0.8, 0.45, 0.1))
    assert len(look(judge, 3, **sick)) == 1
    assert not look(judge, 10, 30, **better), "between the two lines it neither heals nor is raised again"
    news = look(judge, HEALED, 200, **well)
    assert [a.cleared for a in news] == [220] and not judge.open
    assert len(look(judge, 3, 300, **sick)) == 1 and len(judge.alerts) == 2
    assert not look(Judge(), 9, **better), "the line of healing alone raises nothing"


def test_samples_must_follow_each_other() -> None:
    judge = Judge()
    sick, well = ({"seen": [place("a", "activation", "tanh", saturated=v)]} for v in (0.8, 0.1))
    for _ in range(5):
        assert not look(judge, 2, **sick)
        look(judge, 1, **well)


def test_information_becomes_worse_when_progress_ends() -> None:
    judge = Judge()
    seen = [place("a", "activation", "relu", dead=0.95)]
    (first,) = look(judge, 1, seen=seen, trend=losses(True))
    news = [a for a in look(judge, 1, 50, seen=seen, trend=losses(False)) if a.rule.code == "NW101"]
    assert first.severity is INFO and [(a.severity, a.cleared) for a in news] == [(INFO, 50), (ERROR, None)]
    assert codes(judge.open) >= {"NW101"} and judge.open[0].severity is ERROR


def test_dead_units_do_not_heal_for_want_of_a_window() -> None:
    judge = Judge()
    look(judge, 1, seen=[place("a", "activation", "relu", dead=0.95)])
    assert not look(judge, 9, 50, seen=[place("a", "activation", "relu", rate=0.3)]) and len(judge.open) == 1
    assert len(look(judge, 1, 200, seen=[place("a", "activation", "relu", dead=0.0)])) == 1


def test_the_message_has_number_line_and_duration() -> None:
    seen = [place("enc.act", "activation", "tanh", saturated=0.8)]
    (alert,) = look(Judge(), 3, seen=seen, trend=losses(False, 120))
    assert alert.message == (
        "layer 'enc.act' (tanh): 80 % of its inputs lie where |f'| is under 5 % of its maximum (line: 50 %), for 20 steps. "
        "The loss does not fall."
    )
    assert (alert.value, alert.line, alert.lasted, alert.step) == (0.8, 0.5, 20, 20)


def test_a_known_softmax_makes_the_floor_certain() -> None:
    state = {"trend": course(STEADY), "loss_kind": "cross_entropy", "classes": 10}
    sure = look(Judge(), 1, seen=[place("out", "activation", "softmax", final=True)], **state)
    guess = look(Judge(), 1, seen=[place("out")], **state)
    assert [(a.severity, a.confidence) for a in sure if a.rule.code == "NW110"] == [(ERROR, "certain")]
    assert [(a.severity, a.confidence) for a in guess if a.rule.code == "NW110"] == [(WARNING, "possible")]


def test_rules_can_be_left_out() -> None:
    assert not look(Judge(["NW101"]), 1, seen=[place("a", "activation", "relu", dead=0.95)])
