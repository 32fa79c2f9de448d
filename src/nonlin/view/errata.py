"""The page of claims that teaching texts make about activation functions, beside what is computed.

Each row quotes a claim found in widespread texts, in short and in translation, and answers it with facts that are computed
when the page is made. The command shows them again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nonlin.catalogue import REFERENCES, definitions, resolve
from nonlin.facts.moments import gain, moments
from nonlin.facts.subject import num
from nonlin.facts.table import fact
from nonlin.facts.twins import twins


class Quotes:
    """Hands out the texts of facts and remembers them, so that a test can look for them in a command's output."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self, function: str, which: str) -> str:
        """Return the text of one fact."""
        return self.say(fact(function, which).text)

    def say(self, text: str) -> str:
        """Return a text that the command prints too."""
        self.given.append(text)
        return text


@dataclass(frozen=True)
class Claim:
    """What a text says, what holds instead (with its numbers filled in), and the command that shows it."""

    claim: str
    truth: Callable[[Quotes], str]
    command: str


@dataclass(frozen=True)
class Answer:
    """A claim answered: the sentence, and the texts in it that the command prints."""

    claim: str
    truth: str
    command: str
    quotes: tuple[str, ...]


def _same_as(formula: str) -> str:
    return ", ".join(twin.name for twin in twins(resolve(formula)))


def _value(function: str, at: float, order: int = 0) -> str:
    """The value, or a derivative, at one point."""
    import numpy as np

    from nonlin.view.sampling import values

    return f"{float(values(resolve(function), np.array([at]), order)[0]):.4g}"


def _gain(name: str) -> str:
    return f"{gain(name):.4f}"


def _softmax_example() -> tuple[str, str]:
    """The Jacobian of softmax at two equal entries, from its definition: s_i (delta_ij - s_j)."""
    import numpy as np

    from nonlin.backends.numpy import evaluate
    from nonlin.expr import stabilise, tangent, var

    slope = stabilise(tangent(definitions()["softmax"].closed(), {"x": var("d")}))
    rows = [evaluate(slope, np.zeros(2), {"d": np.eye(2)[k]}) for k in range(2)]
    return num(float(rows[0][0])), num(float(rows[0][1]))


def _cited(name: str) -> str:
    return REFERENCES[definitions()[name].cite]


_R = Claim
CLAIMS: tuple[Claim, ...] = (
    _R("The output of ReLU may be negative, which makes neurons die.",
       lambda q: f"The range of ReLU is {q('relu', 'range')}: never negative. Units die because the slope is 0 {q('relu', 'dead_zone')} "
       f"(dead zone).", "nonlin table --columns range,dead_zone relu"),
    _R("The output of ELU lies in [-1, 1].",
       lambda q: f"It is {q('elu', 'range')}: bounded only {q('elu', 'bounded')}.", "nonlin table --columns range,bounded elu"),
    _R("ELU and GELU both have the output range (-1, inf).",
       lambda q: f"ELU: {q('elu', 'range')}. GELU: {q('gelu', 'range')}; its minimum is {q('gelu', 'minima')}.",
       "nonlin table --columns range,minima elu gelu"),
    _R("The output range of GELU is (-inf, inf).",
       lambda q: f"It is {q('gelu', 'range')}.", "nonlin table --columns range gelu"),
    _R("tanh(x) = 2 sigmoid(x) - 1.",
       lambda q: f"tanh(x) = 2 sigmoid(2x) - 1. The formula 2*sigmoid(x) - 1 is {q.say(_same_as('2*sigmoid(x) - 1').split(', ')[0])}, "
       f"which is tanh(x/2): at 1 it is {_value('2*sigmoid(x) - 1', 1.0)} and not {_value('tanh', 1.0)}.",
       "nonlin show '2*sigmoid(x) - 1'"),
    _R("The derivative of softmax is s_i (1 - s_i).",
       lambda q: "That is its diagonal only: the derivative is a matrix with s_i (1 - s_i) on the diagonal and -s_i s_j elsewhere. For "
       f"two equal entries: {_softmax_example()[0]} and {q.say(_softmax_example()[1])}.",
       "python -c \"import numpy, nonlin; print(nonlin.softmax.grad(numpy.zeros(2)))\""),
    _R("Sigmoid and softmax output values in [0, 1], tanh in [-1, 1].",
       lambda q: f"The ends are never reached: sigmoid {q('sigmoid', 'range')}, softmax {q('softmax', 'range')}, tanh {q('tanh', 'range')}. "
       "Only rounding reaches them.", "nonlin table --columns range sigmoid softmax tanh"),
    _R("Sigmoid can make gradients explode.",
       lambda q: f"Its slope is at most {q('sigmoid', 'lipschitz')}, so that it can only shrink gradients; what explodes is the product "
       "of weights.", "nonlin table --columns lipschitz sigmoid"),
    _R("The gradient of ReLU is constant, and never saturates.",
       lambda q: f"It is constant on each side only: 1 above 0, and 0 {q('relu', 'dead_zone')}, which is as saturated as can be. Of "
       f"standard normal inputs the share {q('relu', 'gradient_availability')} has a gradient.",
       "nonlin table --columns dead_zone,gradient_availability relu"),
    _R("Once a ReLU unit has got a negative input it will never be active again.",
       lambda q: f"A unit is dead only if its input is negative for every sample. For standard normal inputs the share with a gradient is "
       f"{q('relu', 'gradient_availability')}.", "nonlin table --columns gradient_availability relu"),
    _R("The derivative of ReLU at 0 is 0.",
       lambda q: f"There is none: the slope jumps. Which value is used is a convention: {q('relu', 'kinks')}.",
       "nonlin table --columns kinks relu"),
    _R("ReLU does not squash, so that values grow from layer to layer.",
       lambda q: f"|relu(a) - relu(b)| <= {q('relu', 'lipschitz')} |a - b|, and E relu(z)^2 = {moments('relu').square:g} for a normal z: "
       "it shrinks signals, and only the weights can make them grow.", "nonlin table --columns lipschitz relu"),
    _R("Dead ReLU units are prevented by Xavier initialisation.",
       lambda q: f"Xavier's weights halve the mean square in every ReLU layer; the gain that keeps it is {q.say(_gain('relu'))} (He et al. "
       "2015). With zero biases, which units are dead at the start does not depend on the scale of the weights.", "nonlin gain relu"),
    _R("Leaky ReLU is max(a x, x).",
       lambda q: "Only for slopes a up to 1. With a = 2 leaky ReLU has the kink "
       f"{q('leaky_relu(slope=2)', 'kinks')}, max(2*x, x) has {q('max(2*x, x)', 'kinks')}: at -1 they are "
       f"{_value('leaky_relu(slope=2)', -1.0)} and {_value('max(2*x, x)', -1.0)}.",
       "nonlin table --columns kinks 'leaky_relu(slope=2)' 'max(2*x, x)'"),
    _R("The gradient of leaky ReLU is unstable.",
       lambda q: f"It has two values, told at its kink: {q('leaky_relu', 'kinks')}.", "nonlin table --columns kinks leaky_relu"),
    _R("tanh starts to saturate at about 2.",
       lambda q: f"There its slope is still {_value('tanh', 2.0, 1)}. Gradients are lost to rounding {q('tanh', 'saturates')}.",
       "nonlin table --columns saturates tanh"),
    _R("GELU's derivative is approximately a Gaussian.",
       lambda q: f"It is exactly {q.say(_derivative('gelu'))}, which tends to 1 and not to 0: its largest value is "
       f"{q('gelu', 'lipschitz')}, at {q('gelu', 'steepest')}.", "nonlin table --columns derivative,lipschitz,steepest gelu"),
    _R("GELU is a mixture of ReLU and sigmoid.",
       lambda q: f"x*sigmoid(x) is SiLU, with the range {q('silu', 'range')}; GELU is x times the normal distribution function, with "
       f"{q('gelu', 'range')}.", "nonlin table --columns range silu gelu"),
    _R("ELU is a smooth variant of ReLU, like GELU.",
       lambda q: f"ELU is {q('elu', 'smoothness')} (its second derivative jumps at 0), and at other alpha than 1 only "
       f"{q('elu(alpha=2)', 'smoothness')}; GELU is {q('gelu', 'smoothness')}.",
       "nonlin table --columns smoothness elu 'elu(alpha=2)' gelu"),
    _R("ELU has many parameters.",
       lambda q: f"It has {len(definitions()['elu'].settable)}: {q.say(', '.join(definitions()['elu'].settable))}.", "nonlin show elu"),
    _R("SELU introduced adaptive parameters.",
       lambda q: f"Its two constants are fixed numbers, {_constants('selu')}, chosen so that mean 0 and variance 1 are a fixed point; nothing "
       "of it is learned.", "nonlin show selu"),
    _R("Leaky ReLU was proposed in the paper that introduced ReLU for restricted Boltzmann machines.",
       lambda q: f"It is from {_cited('leaky_relu')}", "nonlin show leaky_relu"),
)  # fmt: skip
"""The claims, each with its answer."""


def _derivative(name: str) -> str:
    from nonlin.facts.presets import cell

    return cell(definitions()[name], "derivative").text


def _constants(name: str) -> str:
    from nonlin.expr.nodes import number, walk

    found = [v for n in walk(definitions()[name].closed()) if (v := number(n)) is not None and v.denominator > 1000]
    return " and ".join(f"{float(v):.5f}" for v in sorted(found))


def answers() -> list[Answer]:
    """Return every claim with its answer, computed now."""
    made = []
    for claim in CLAIMS:
        quotes = Quotes()
        made.append(Answer(claim.claim, claim.truth(quotes), claim.command, tuple(quotes.given)))
    return made


def errata_page() -> str:
    """Return the page in Markdown."""
    lines = [
        "# Errata",
        "",
        "What widespread teaching texts say about activation functions, and what is computed. This page is made by "
        "`make docs`; do not edit it. `nonlin show NAME --facts` tells how each fact is known: proved, computed or measured.",
        "",
    ]
    for answer in answers():
        lines += [
            f"**Claim:** *{_plain(answer.claim)}*",
            "",
            f"{_plain(answer.truth)}",
            "",
            "```console",
            f"$ {answer.command}",
            "```",
            "",
        ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Keep Markdown from reading stars in a formula."""
    return text.replace("*", "\\*")
