"""Where the activations of a model are: child modules, calls in a traced forward, functions held as attributes."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.fx import Graph, Node

from nonlin.nn.maxout import MaxoutLinear
from nonlin.nn.recognise import FUSED, Found, recognise, recognise_call
from nonlin.nn.trace import Traced, feeding, fixed_by_tracing, has_own_forward, mentioned, trace_own

_PRODUCTS = {operator.mul, operator.imul, torch.mul, "mul", "mul_"}
_SHAPERS = {torch.flatten, torch.squeeze, torch.unsqueeze, torch.reshape, "flatten", "squeeze", "unsqueeze", "view",
            "reshape", "contiguous", "float"}  # fmt: skip
_QUIET = (nn.Flatten, nn.Unflatten, nn.Dropout, nn.Identity)
GATES = ("sigmoid", "hard_sigmoid", "tanh")
"""Functions that, multiplied with something, are gates rather than activations."""
OUTPUTS = ("sigmoid", "log_sigmoid", "hard_sigmoid", "tanh", "hard_tanh")
"""Functions that, at the end of a model, give its outputs their range."""


@dataclass
class Site:
    """One activation in a model: which, where, and why it should be left alone unless asked for by name."""

    paths: list[str]
    found: Found
    owner: nn.Module | None
    key: str = ""
    node: Node | None = None
    module: nn.Module | None = None
    keep: str = ""
    note: str = ""

    @property
    def path(self) -> str:
        """Its first path in the model."""
        return self.paths[0]


class Unreached(NamedTuple):
    """A place where activations are computed that cannot be replaced, with the functions and the reason."""

    path: str
    names: tuple[str, ...]
    reason: str


@dataclass
class Survey:
    """All activations of a model."""

    sites: list[Site] = field(default_factory=list)
    unreached: list[Unreached] = field(default_factory=list)
    graphs: dict[int, Graph] = field(default_factory=dict)


def survey(model: nn.Module) -> Survey:
    """Find every activation of ``model`` that can be replaced, and every place known to hold one that cannot."""
    found = Survey()
    modules = list(_outside_maxout(model))
    by_module: dict[int, Site] = {}
    for path, module in modules:
        met = recognise(module)
        if met is not None and id(module) in by_module:
            by_module[id(module)].paths.append(path)
        elif met is not None:
            by_module[id(module)] = Site([path], met, None, module=module)
    found.sites += by_module.values()
    done: set[int] = set()
    for path, module in modules:
        if id(module) not in done and id(module) not in by_module:
            done.add(id(module))
            _look_inside(found, path, module)
    _mark(found, model)
    return found


def _outside_maxout(model: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield (path, module) in registration order, shared modules under each path, without the insides of MaxoutLinear."""
    yield path, model
    if not isinstance(model, MaxoutLinear):
        for name, child in model._modules.items():
            if child is not None:
                yield from _outside_maxout(child, f"{path}.{name}" if path else name)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _look_inside(found: Survey, path: str, module: nn.Module) -> None:
    """Add the activations that ``module`` itself computes."""
    for cls, names in FUSED.items():
        if isinstance(module, cls):
            inside = (str(module.nonlinearity),) if isinstance(module, nn.RNN | nn.RNNCell) else names
            found.unreached.append(Unreached(path, inside, f"{cls.__name__} computes it inside one kernel"))
    for key, value in vars(module).items():
        if isinstance(value, list | tuple):
            inside = tuple(met.name for m in value if isinstance(m, nn.Module) and (met := recognise(m)))
            if inside:
                reason = "it is in a plain Python list, which PyTorch does not see; use nn.ModuleList"
                found.unreached.append(Unreached(_join(path, key), inside, reason))
    if isinstance(module, torch.jit.ScriptModule):
        found.unreached.append(Unreached(path, (), "it is compiled TorchScript; swap before scripting"))
    elif has_own_forward(module) and _calls(found, path, module):
        return
    for key, value in vars(module).items():
        met = recognise_call(value) if callable(value) and not isinstance(value, type) else None
        if met is not None:
            found.sites.append(Site([_join(path, key)], met, module, key))


def _calls(found: Survey, path: str, module: nn.Module) -> bool:
    """Add the activation calls in a module's forward; return whether it could be traced."""
    traced: Traced = trace_own(module)
    if traced.graph is None:
        names = mentioned(module)
        if names is None:
            found.unreached.append(Unreached(path, (), f"{traced.reason}, and its source cannot be read"))
        elif names:
            found.unreached.append(Unreached(path, tuple(sorted(names)), traced.reason))
        return False
    sites = []
    for node in traced.graph.nodes:
        met = None
        if node.op in ("call_function", "call_method") and (node.args or "input" in node.kwargs):
            met = recognise_call(node.target, tuple(node.args), node.kwargs)
        if met is not None:
            key = node.name  # of the call, and of the child that may take its place
            while hasattr(module, key):
                key += "_"
            sites.append(Site([_join(path, key)], met, module, key, node))
    reason = fixed_by_tracing(module, traced.graph) if sites else ""
    if reason:
        found.unreached.append(Unreached(path, tuple(dict.fromkeys(s.found.name for s in sites)), reason))
    else:
        found.sites += sites
    found.graphs[id(module)] = traced.graph
    return True


# -- gates and outputs ------------------------------------------------------------------------------------------


def _mark(found: Survey, model: nn.Module) -> None:
    """Say of each site why it should stay, if it is a gate, an output, or no activation of single units."""
    by_module = {id(s.module): s for s in found.sites if s.module is not None}
    by_node = {s.node: s for s in found.sites if s.node is not None}
    for module in model.modules():
        graph = found.graphs.get(id(module))
        kept: set[Node] = set()
        for node in reversed(graph.nodes) if graph is not None else ():
            site = by_node.get(node)
            if site is None and node.op == "call_module":
                site = by_module.get(id(_child(module, node)))
            if site is not None:
                _mark_node(site, node, kept)
    for end in _ends(found, model):
        site = by_node.get(end) if isinstance(end, Node) else by_module.get(id(end))
        if site is not None and site.found.name in OUTPUTS:
            site.keep = "it gives the model's output its range"
    for site in found.sites:
        if site.found.definition.kind != "elementwise":
            site.keep = "it works on whole rows"


def _mark_node(site: Site, node: Node, kept: set[Node]) -> None:
    """Say what the graph around one activation tells; ``kept`` are the nodes after it that stay."""
    source = node.args[0] if node.args else node.kwargs.get("input")
    users = list(node.users)
    if site.found.name in GATES and users and all(u.target in _PRODUCTS for u in users):
        site.keep = "it is multiplied with another value: a gate"
    elif users and all(u in kept for u in users):
        site.keep = "its value only goes into a function that stays: part of a formula"
    elif isinstance(source, Node) and source.op == "get_attr":
        site.keep = "it acts on a parameter of the model, not on units"
    if site.keep:
        kept.add(node)
    elif (
        site.found.inplace and site.module is not None and isinstance(source, Node) and (len(source.users) > 1 or not users)
    ):
        site.note = "its input is read elsewhere too, where it may have shown the activated value; check the forward"


def _child(module: nn.Module, node: Node) -> Any:
    found: Any = module
    for part in str(node.target).split("."):
        found = getattr(found, part, None)
    return found


def _ends(found: Survey, module: nn.Module) -> list[Any]:
    """Return the activation modules and call nodes that make a module's output; [] where that cannot be told."""
    if isinstance(module, nn.Sequential) and not has_own_forward(module):
        for child in reversed(module):
            if not isinstance(child, _QUIET):
                return [child, *_ends(found, child)]
        return []
    graph = found.graphs.get(id(module))
    if graph is None:
        return []
    output = next(n for n in graph.nodes if n.op == "output")
    ends: list[Any] = []
    for node in feeding(output, lambda n: _passes(module, n)):
        inner = _child(module, node) if node.op == "call_module" else None
        ends += [inner, *_ends(found, inner)] if isinstance(inner, nn.Module) else [node]
    return ends


def _passes(module: nn.Module, node: Node) -> bool:
    """Whether a node only reshapes or drops what comes in."""
    if node.op == "call_module":
        return isinstance(_child(module, node), _QUIET)
    return node.op in ("call_function", "call_method") and node.target in _SHAPERS
