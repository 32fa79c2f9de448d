"""What torch.fx can see of one module's own ``forward``, with its children as closed boxes.

Tracing module by module, rather than the model as a whole, means that one untraceable part costs only itself, and that
the model keeps its classes, methods, hooks and state_dict: a module whose graph changes gets a subclass of its own class.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node, Tracer

from nonlin.nn.recognise import calls

FLAG = "training_flag"
"""Name of the child that tells a traced forward whether it is training."""


class TrainingFlag(nn.Module):
    """Returns its own training flag: what keeps ``F.dropout(x, training=self.training)`` alive in a traced graph."""

    def forward(self) -> bool:
        return self.training


class Traced(NamedTuple):
    """The graph of a module's forward, or the reason why there is none."""

    graph: Graph | None
    reason: str = ""


class _OwnCalls(Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


class _Differs(Exception):
    """Two traces of one forward disagree in more than a training flag."""


def has_own_forward(module: nn.Module) -> bool:
    """Whether ``forward`` was written by a user (or torch.fx), not by PyTorch or nonlin."""
    if isinstance(module, GraphModule) or "forward" in vars(module):
        return True
    if isinstance(module, torch.jit.ScriptModule):
        return False
    where = getattr(type(module).forward, "__module__", "") or ""
    return not where.startswith(("torch.", "nonlin."))


def trace_own(module: nn.Module) -> Traced:
    """Trace a module's forward in training and evaluation mode and return one graph that serves both."""
    if isinstance(module, GraphModule):
        return Traced(module.graph)
    if "forward" in vars(module):
        return Traced(None, "its forward was replaced on the instance")
    try:
        graphs = {flag: _trace(module, flag) for flag in (True, False)}
        return Traced(_merged(graphs[True], graphs[False]))
    except _Differs:
        return Traced(None, "its forward takes different ways in training and in evaluation")
    except Exception as err:  # the user's code runs on proxies here and may raise anything
        return Traced(None, f"torch.fx cannot trace its forward ({_first_line(err)})")


def _first_line(err: Exception) -> str:
    lines = str(err).strip().splitlines()
    return f"{type(err).__name__}: {lines[0]}" if lines else type(err).__name__


def _trace(module: nn.Module, training: bool, concrete: dict[str, Any] | None = None) -> Graph:
    before = module.training
    module.__dict__["training"] = training
    try:
        return _OwnCalls().trace(module, concrete)
    finally:
        module.__dict__["training"] = before


def _merged(training: Graph, evaluation: Graph) -> Graph:
    """Return the graph of training mode with every flag that differs between the two replaced by a TrainingFlag call."""
    pairs = list(zip(training.nodes, evaluation.nodes, strict=False))
    if len(training.nodes) != len(evaluation.nodes):
        raise _Differs
    twin = {b: a for a, b in pairs}
    flag: list[Node] = []

    def flag_node() -> Node:
        if not flag:
            with training.inserting_before(next(n for n in training.nodes if n.op != "placeholder")):
                flag.append(training.create_node("call_module", FLAG))
        return flag[0]

    def merge(a: Any, b: Any) -> Any:
        if isinstance(a, Node) and isinstance(b, Node) and twin.get(b) is a:
            return a
        if type(a) is not type(b):
            raise _Differs
        if isinstance(a, tuple | list):
            if len(a) != len(b):
                raise _Differs
            return type(a)(merge(u, v) for u, v in zip(a, b, strict=True))
        if isinstance(a, dict):
            if a.keys() != b.keys():
                raise _Differs
            return {k: merge(a[k], b[k]) for k in a}
        if a is True and b is False:
            return flag_node()
        if a is b or (not isinstance(a, Node | torch.Tensor) and a == b):
            return a
        raise _Differs

    for a, b in pairs:
        if (a.op, a.target) != (b.op, b.target):
            raise _Differs
        a.args, a.kwargs = merge(tuple(a.args), tuple(b.args)), merge(dict(a.kwargs), dict(b.kwargs))
    return training


def fixed_by_tracing(module: nn.Module, graph: Graph) -> str:
    """Return why ``graph`` is not faithful to ``forward`` when its optional arguments are left out, or ''."""
    if isinstance(module, GraphModule):
        return ""
    optional = {
        n: p.default for n, p in inspect.signature(type(module).forward).parameters.items() if p.default is not p.empty
    }
    if not optional:
        return ""
    told = f"its forward decides by its optional argument {', '.join(optional)}, which a traced graph cannot"
    try:
        without = _trace(module, True, optional)
    except Exception:  # as above
        return told
    return "" if _steps(without) == _steps(graph) else told


def _steps(graph: Graph) -> list[tuple[str, Any]]:
    """Return the operations a graph's result depends on, in order."""
    live: set[Node] = set()
    stack = [n for n in graph.nodes if n.op == "output"]
    while stack:
        node = stack.pop()
        if node not in live:
            live.add(node)
            stack.extend(node.all_input_nodes)
    kept = [n for n in graph.nodes if n in live and n.op not in ("placeholder", "output") and n.target != FLAG]
    return [(n.op, n.target) for n in kept]


# -- giving a module its changed graph ------------------------------------------------------------------------

_classes: dict[tuple[type, str], type] = {}


def adopt(module: nn.Module, graph: Graph) -> None:
    """Make ``module`` compute ``graph`` from now on; everything else about it stays as it is."""
    flags = [n for n in graph.nodes if n.op == "call_module" and n.target == FLAG]
    for node in flags:
        if not node.users:
            graph.erase_node(node)
        elif FLAG not in module._modules:
            module.add_module(FLAG, TrainingFlag().train(module.training))
    if isinstance(module, GraphModule):
        module.recompile()
        return
    for node in graph.nodes:
        node.type = None  # annotations may be text that means nothing outside the user's file
    base = getattr(type(module), "_swapped_base", type(module))
    code = graph.python_code("self")
    module.__class__ = _swapped_class(base, code.src, code.globals)


def _swapped_class(base: type, text: str, names: Mapping[str, Any]) -> type:
    """Return a subclass of ``base`` whose forward is the traced text."""
    if (base, text) not in _classes:
        space = dict(names)
        exec(compile(text, f"<nonlin swap of {base.__qualname__}>", "exec"), space)  # emitted by torch.fx
        packed = {k: ("import", v.__name__) if isinstance(v, ModuleType) else ("object", v) for k, v in names.items()}
        forward: FunctionType = space["forward"]
        forward.__module__ = base.__module__
        body = {"forward": forward, "__module__": base.__module__, "__qualname__": base.__qualname__,
                "__doc__": base.__doc__, "__reduce_ex__": _reduce, "_swapped_base": base,
                "_swapped_parts": (base, text, packed)}  # fmt: skip
        _classes[base, text] = type(base.__name__, (base,), body)
    return _classes[base, text]


def _reduce(self: nn.Module, protocol: Any) -> Any:
    state = self.__getstate__()
    return _remake, type(self)._swapped_parts, state  # type: ignore[attr-defined]


def _remake(base: type, text: str, packed: Mapping[str, tuple[str, Any]]) -> Any:
    names = {k: import_module(v) if how == "import" else v for k, (how, v) in packed.items()}
    made = _swapped_class(base, text, names)
    return made.__new__(made)  # type: ignore[call-overload]


# -- what tracing cannot see ------------------------------------------------------------------------------------


def mentioned(module: nn.Module) -> set[str] | None:
    """Return the names of activation functions that a module's source mentions; None if it has no readable source."""
    by_name = {t if isinstance(t, str) else getattr(t, "__name__", ""): rows for t, rows in calls().items()}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(type(module))))
    except (OSError, TypeError, SyntaxError):
        return None
    met: set[str] = set()
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        if name in by_name and not own:
            met.update(row.name for row in by_name[name])
    return met


def feeding(output: Node, passes: Callable[[Node], bool]) -> list[Node]:
    """Return the nodes whose value reaches ``output`` through nodes that ``passes`` lets through."""
    met: list[Node] = []
    stack = list(output.all_input_nodes)
    while stack:
        node = stack.pop()
        if passes(node):
            stack.extend(node.all_input_nodes)
        elif node not in met:
            met.append(node)
    return met
