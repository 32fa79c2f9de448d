"""NL3xx: checks of the initial weights of a live model. A network read from source has none, and gets no findings here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nonlin.errors import NonlinError
from nonlin.findings import Finding, Place, Remedy, Severity
from nonlin.lint.depth import LAYERS, Gain, Step, bias_of, chains, definition, fan_in, gain, second_moment, weight_of
from nonlin.lint.net import AFFINE, PLAIN, Net, Node
from nonlin.lint.rules import finding

RANGE = (1e-2, 1e2)
"""The depth gain between which nothing is said: predicted within a factor of 3 of the measured, and 1 is ideal."""
DEFAULT = (0.28, 0.39)
"""fan_in Var(w) of PyTorch's own default, which is 1/3: it shrinks a rectifier's signal by 0.41 a layer, and up to eight layers
train all the same; so from 1e-2 down to 1e-3 it is information."""
LECUN = (0.7, 1.4)
"""fan_in Var(w) at which SELU is self-normalising, with room for the scatter of small layers."""
LECUN_BY: Mapping[str, str] = {
    "torch": "nn.init.kaiming_normal_(weight, nonlinearity='linear'), biases 0",
    "keras": "kernel_initializer='lecun_normal'",
}
"""How each framework draws weights of that variance."""
FAR = 8.0
"""How many times too wide or narrow a layer must be to be told."""
_LEAST = 64
"""Layers with fewer weights scatter too much to be judged one by one."""


def scale(node: Node, weight: Any) -> float:
    """Return fan_in Var(w), with the mean taken off."""
    return fan_in(node, weight) * float(weight.var(correction=0))


def _layers(net: Net) -> Iterator[tuple[int, Node, Any]]:
    """Yield the affine layers with known weights, each once however often it is called."""
    seen: set[str] = set()
    for i, node in enumerate(net.nodes):
        if node.op in LAYERS and not (node.owner and node.owner in seen):
            seen.add(node.owner)
            weight = weight_of(node)
            if weight is not None:
                yield i, node, weight


# -- depth --------------------------------------------------------------------------------------------------------------


def depth_gain(net: Net) -> Iterator[Finding]:
    """NL301: the product of the layers' gains over a chain without norm or skip is far from 1."""
    common, own = _inputs(net)
    for steps in chains(net):
        if len(steps) < 3 or _all_selu(steps):
            continue  # NL303 says of SELU what is to be said
        if any(weight_of(net.nodes[s.node]) is None for s in steps):
            continue
        starts_at_input = all(net.nodes[i].op == "input" for i in net.nodes[steps[0].node].inputs)
        found = gain(net, steps, *((common, own) if starts_at_input else (0.0, 1.0)))
        if found is None or RANGE[0] <= found.total <= RANGE[1]:
            continue
        if found.total == 0:
            continue  # zero layers are NL302's
        yield _depth_finding(net, found)


def _all_selu(steps: tuple[Step, ...]) -> bool:
    return all(made.name == "selu" for s in steps[1:] for made in s.functions) and any(s.functions for s in steps)


def _depth_finding(net: Net, found: Gain) -> Finding:
    nodes = [net.nodes[s.node] for s in found.steps]
    total, n = found.total, len(nodes)
    ratios = [b / a if a else math.inf for a, b in zip(found.deviations, found.deviations[1:], strict=False)]
    worst = max(range(len(ratios)), key=lambda k: abs(math.log(ratios[k])) if 0 < ratios[k] < math.inf else 0.0)
    weights = [weight_of(node) for node in nodes]
    default = all(
        DEFAULT[0] <= scale(node, w) <= DEFAULT[1] for node, w in zip(nodes, weights, strict=True) if w.numel() >= _LEAST
    )
    mild = default and 1e-3 <= total < RANGE[0]
    names = ", ".join(dict.fromkeys(made.name for s in found.steps for made in s.functions)) or "no activation"
    verb = "shrinks" if total < 1 else "grows"
    times = 1 / total if total < 1 else total
    how = "nonlin.nn.init_(model)" if net.framework == "torch" else "kernel_initializer='he_normal' before ReLU and its kin"
    remedy = Remedy("initialise", net.name, f"draw the weights for the activation that follows each layer: {how}",
                    before=f"gain {total:.2g}", after="gain about 1", expect="the first layers get a signal and a gradient",
                    check="nonlin.lint again; the standard deviation of the last pre-activations over samples")  # fmt: skip
    return finding(
        "NL301",
        f"the signal {verb} {times:.3g} times over {n} layers ({names}) from {_named(nodes[0])} to "
        f"{_named(nodes[-1])}, and no normalisation or skip connection makes up for it",
        nodes[worst + 1].place,
        Severity.INFO if mild else None,
        confidence="likely",
        proof=f"predicted from the weights: {_product(ratios)} = {total:.3g}; steepest at {_named(nodes[worst + 1])}",
        remedy=remedy,
        related=(nodes[0].place, nodes[-1].place),
        data={"gain": total, "layers": n},
    )


def _named(node: Node) -> str:
    """A layer by its name, or by its line where the program gives it none."""
    return f"'{node.place.layer}'" if node.place.layer or not node.place.line else f"the layer of line {node.place.line}"


def _product(ratios: list[float]) -> str:
    shown = [f"{r:.3g}" for r in ratios]
    return " x ".join(shown if len(shown) <= 6 else [*shown[:3], "...", *shown[-2:]])


def _inputs(net: Net) -> tuple[float, float]:
    """Return the second moment of the features' means and the mean of their variances over the batch; 0 and 1 if unknown."""
    x = input_values(net)
    if x is None or len(x) < 2:
        return 0.0, 1.0
    common, own = float((x.mean(axis=0) ** 2).mean()), float(x.var(axis=0).mean())
    return (common, own) if own > 0 and math.isfinite(common + own) else (0.0, 1.0)


def input_values(net: Net) -> Any:
    """Return the batch's only floating-point input as a float64 array of (samples, features), at most 4096 samples; or None."""
    given: Mapping[str, Any] = net.settings.get("inputs", {})
    floats = [t for t in given.values() if t.is_floating_point() and not t.is_meta and t.dim() >= 2 and t.numel()]
    if len(floats) != 1 or len(given) != 1:
        return None
    x = floats[0].detach()[:4096].double().cpu()
    return x.reshape(len(x), -1).numpy()


# -- constant layers ------------------------------------------------------------------------------------------------------


def constant_layers(net: Net) -> Iterator[Finding]:
    """NL302: equal weights in layers that follow each other, or zeros that no gradient leaves."""
    if net.model is None:
        return
    flat: dict[int, float] = {}
    for i, node, weight in _layers(net):
        trained = getattr(node.module, "weight", None) if node.module is not None else None
        single = weight.shape[0] < 2 or weight.numel() < 4 or node.attrs.get("groups", 1) not in (1,)
        if single or (trained is not None and not trained.requires_grad) or node.attrs.get("trained") is False:
            continue  # one unit has no twin, and a filter that is not trained is meant
        low, high = weight.aminmax()
        if bool(low == high):
            flat[i] = float(low)
    for i, value in flat.items():
        node, heads = net.nodes[i], _next_layers(net, i)
        if value == 0 and (not heads or _in_branch(net, i)):
            continue  # a zero head, or the zero end of a residual branch, is a choice
        twins = [h for h in heads if h in flat]
        if twins:
            what = "zero" if value == 0 else f"the constant {value:.4g}"
            other = net.nodes[twins[0]].place
            why = (
                "with two zero layers in a row, neither gets a gradient"
                if value == 0 and flat[twins[0]] == 0
                else "units with equal weights before and after compute the same, get the same gradient, and stay copies for ever"
            )
            yield _constant(node, f"all weights of '{node.place.layer}' and '{other.layer}' are {what}: {why}", None, other)
        elif value == 0 and heads and _dead_at_zero(net, i):
            yield _constant(node, f"all weights and biases of '{node.place.layer}' are zero and a rectifier follows, whose slope at 0 "
                            "is 0: no gradient ever reaches them", None)  # fmt: skip
        elif value != 0 and heads:
            yield _constant(node, f"all weights of '{node.place.layer}' are the constant {value:.4g}: its units all compute the same "
                            "at the start", Severity.WARNING)  # fmt: skip


def _constant(node: Node, message: str, severity: Severity | None, other: Place | None = None) -> Finding:
    remedy = Remedy("initialise", node.place.layer, "draw the weights at random: nonlin.nn.init_(model)",
                    expect="units differ from each other from the first step on", check="the variance of the weights is not 0")  # fmt: skip
    return finding("NL302", message, node.place, severity, remedy=remedy, related=(other,) if other else ())


def _next_layers(net: Net, index: int) -> list[int]:
    """Return the affine layers that get the output of a node through anything else."""
    met, rest, seen = [], [index], {index}
    while rest:
        for i in net.consumers(rest.pop()):
            if i not in seen:
                seen.add(i)
                if net.nodes[i].op in AFFINE or net.nodes[i].op in ("recurrent", "attention"):
                    met.append(i)
                else:
                    rest.append(i)
    return met


def _in_branch(net: Net, index: int) -> bool:
    """Whether a layer's output is added to, or multiplied with, something else before the next layer."""
    rest, seen = [index], {index}
    while rest:
        for i in net.consumers(rest.pop()):
            node = net.nodes[i]
            if node.op in ("add", "mul", "concat", "matmul", "attention", "unknown"):
                return True
            if i not in seen and node.op not in AFFINE:
                seen.add(i)
                rest.append(i)
    return False


def _dead_at_zero(net: Net, index: int) -> bool:
    """Whether a rectifier alone reads a layer whose bias is zero too."""
    bias = bias_of(net.nodes[index])
    readers = [net.nodes[i] for i in net.consumers(index)]
    quiet = bias is None or bool((bias == 0).all())
    return quiet and bool(readers) and all(n.op == "activation" and n.function in ("relu", "relu6") for n in readers)


# -- kits -----------------------------------------------------------------------------------------------------------------


def selu_kit(net: Net) -> Iterator[Finding]:
    """NL303: SELU without LeCun's variance, with plain dropout, or beside batch normalisation."""
    sites = [(i, n) for i, n in enumerate(net.nodes) if n.op == "activation" and n.function == "selu"]
    wide: list[tuple[Node, float]] = []
    order: dict[str, tuple[Node, Node]] = {}
    for i, node in sites:
        source = net.nodes[node.inputs[0]] if len(node.inputs) == 1 else None
        weight = weight_of(source) if source is not None and source.op in LAYERS else None
        if source is not None and weight is not None and weight.numel() >= _LEAST:
            r = scale(source, weight)
            if not LECUN[0] <= r <= LECUN[1]:
                wide.append((source, r))
        near = [*(net.nodes[k] for k in net.consumers(i)), *([source] if source is not None else [])]
        for other in near:
            if other.op == "dropout" and other.attrs.get("kind") != "alpha" and _drops(net, other):
                order.setdefault("dropout", (node, other))
            if other.op == "norm" and other.attrs.get("kind") == "batch":
                order.setdefault("norm", (node, other))
    if wide and "norm" not in order:  # with a norm the variance does not matter, and the norm is told
        far, r = max(wide, key=lambda item: abs(math.log(item[1])) if item[1] > 0 else math.inf)
        yield _kit(far, f"fan_in Var(w) of {_named(far)} is {r:.3g} ({len(wide)} of {len(sites)} SELU layers are off); SELU keeps "
                   f"mean 0 and variance 1 only at 1", LECUN_BY[net.framework], r)  # fmt: skip
    if "dropout" in order:
        node, other = order["dropout"]
        yield _kit(other, f"Dropout beside SELU ({_named(node)}) changes the mean and variance it keeps", "nn.AlphaDropout")
    if "norm" in order:
        node, other = order["norm"]
        yield _kit(other, f"batch normalisation beside SELU ({_named(node)}) does again what SELU does by itself",
                   "leave the normalisation out, or use ReLU with it")  # fmt: skip


def _drops(net: Net, node: Node) -> bool:
    """Whether a dropout layer certainly drops; in a program as text its rate may be an option that is 0."""
    rate = node.attrs.get("p", 0.0 if net.reader == "source" else 1.0)
    return isinstance(rate, int | float) and rate > 0


def _kit(node: Node, message: str, fix: str, value: float | None = None) -> Finding:
    remedy = Remedy("initialise" if value is not None else "replace", node.place.layer, f"use {fix}", after=fix,
                    expect="pre-activations of mean 0 and variance 1 at every depth", check="their mean and variance on one batch")  # fmt: skip
    return finding(
        "NL303", message, node.place, confidence="likely", remedy=remedy, data={} if value is None else {"variance": value}
    )


def siren_init(net: Net) -> Iterator[Finding]:
    """NL304: the hidden layers of a network of sines have weights far from +-sqrt(6/fan_in)/omega."""
    if net.model is None:
        return
    sines = [n for n in net.nodes if n.op == "activation" and n.function == "sin" and len(n.inputs) == 1]
    if len(sines) < 2:
        return
    off: list[tuple[Node, float, float]] = []
    for node in sines:
        omega, source = 1.0, net.nodes[node.inputs[0]]
        while source.op == "scale" and len(source.inputs) == 1:
            omega *= abs(float(source.attrs.get("factor", 1.0)))
            source = net.nodes[source.inputs[0]]
        weight = weight_of(source) if source.op in LAYERS else None
        if weight is None or weight.numel() < _LEAST or not _follows_sine(net, source):
            continue  # the first layer's width is the choice of the frequencies
        r = omega**2 * fan_in(source, weight) * second_moment(weight) / 2
        if not 1 / FAR <= r <= FAR:
            off.append((source, r, omega))
    if off:
        node, r, omega = max(off, key=lambda item: abs(math.log(item[1])) if item[1] > 0 else math.inf)
        n = fan_in(node, weight_of(node))
        right = f"uniform in +-{math.sqrt(6 / n) / omega:.3g}"
        yield finding(
            "NL304",
            f"the weights of '{node.place.layer}' before sin({omega:g} x) are {math.sqrt(r):.3g} times as wide as SIREN needs "
            f"({len(off)} such layer{'s' if len(off) > 1 else ''})",
            node.place,
            proof=f"omega^2 fan_in E w^2 = {2 * r:.3g}, should be 2: {right}",
            confidence="likely",
            remedy=Remedy("initialise", node.place.layer, f"draw the weights {right}", after=right,
                          expect="the phases of the sines stay within a few radians", check="their standard deviation is about 1"),
            data={"ratio": r, "omega": omega},
        )  # fmt: skip


def _follows_sine(net: Net, node: Node) -> bool:
    """Whether a layer gets the output of a sine."""
    while len(node.inputs) == 1:
        node = net.nodes[node.inputs[0]]
        if node.op == "activation":
            return node.function == "sin"
        if node.op not in PLAIN:
            return False
    return False


def layer_widths(net: Net) -> Iterator[Finding]:
    """NL305: single layers much wider or narrower than their activation asks for; information, and one line a network."""
    if net.model is None or any(depth_gain(net)):
        return  # NL301 tells what it comes to
    from nonlin.facts.moments import moments

    off: list[tuple[Node, float]] = []
    for i, node, weight in _layers(net):
        users = [net.nodes[k] for k in net.consumers(i)]
        if weight.numel() < _LEAST or node.attrs.get("groups", 1) != 1 or len(users) != 1 or users[0].op != "activation":
            continue  # a norm, a skip or a product makes up for it, and a head is a choice
        made = definition(users[0])
        if made is None or made.name in ("sin", "selu"):  # NL304 and NL303 know better
            continue
        try:
            ideal = 1 / moments(made).square
        except NonlinError:
            continue
        r = scale(node, weight) / ideal
        if r > 1e-6 and not 1 / FAR <= r <= FAR:  # constant layers are NL302's
            off.append((node, r))
    if off:
        node, r = max(off, key=lambda item: abs(math.log(item[1])))
        side = f"{math.sqrt(r):.3g} times wider" if r > 1 else f"{math.sqrt(1 / r):.3g} times narrower"
        more = f"; {len(off) - 1} more layers are off by more than a factor of {math.sqrt(FAR):.2g}" if len(off) > 1 else ""
        yield finding("NL305", f"the weights of '{node.place.layer}' are {side} than its activation asks for{more}", node.place,
                      confidence="possible", data={"ratio": r})  # fmt: skip


CHECKS: tuple[Callable[[Net], Iterator[Finding]], ...] = (depth_gain, constant_layers, selu_kit, siren_init, layer_widths)
