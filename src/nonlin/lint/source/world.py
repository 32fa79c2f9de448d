"""What is run: every file from its top, then the functions and classes that nothing in the files has used."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nonlin.findings import Finding, Place
from nonlin.lint.net import Net
from nonlin.lint.rules import finding
from nonlin.lint.source import (
    arithmetic,
    assign,
    calls,
    data,
    evaluate,
    execute,
    functions,
    keras,
    layers,
    losses,
    nets,
    objects,
    parts,
    tensorflow,
    trainers,
)
from nonlin.lint.source.arguments import words
from nonlin.lint.source.machine import Frame, LimitError, Run, Source
from nonlin.lint.source.names import activations, canonical
from nonlin.lint.source.tape import Tape
from nonlin.lint.source.torch import FUNCTIONS, LAYERS, LOSS_FUNCTIONS, LOSSES
from nonlin.lint.source.values import Bound, Class, External, Function, Instance, Layer, Method, Unknown, tensors


def external(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return what a library's thing gives, or None where it is in no table."""
    found = tensorflow.external(run, name, args, kwargs, frame, node)
    return found if found is not None else functions.external(run, name, args, kwargs, frame, node)


STARS: Mapping[str, tuple[str, ...]] = {
    "torch.nn": (*LOSSES, "Module", "Parameter", "init", "functional"),
    "torch.nn.functional": (*FUNCTIONS, *LOSS_FUNCTIONS),
    "torch": ("nn", "optim", "Tensor", "tensor", "randn", "rand", "sigmoid", "softmax", "relu", "tanh", "cat", "matmul"),
    "keras.layers": ("Layer",),
    "keras.models": ("Sequential", "Model"),
}
"""What ``from library import *`` brings, as far as the tables know."""
FASTAI = {"nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch", "tensor": "torch.tensor"}
"""What every star import of fastai brings."""


def starred(library_name: str, name: str) -> External | None:
    """Return what a name means after ``from library import *``, or None."""
    if library_name.startswith("fastai"):
        known = name in trainers.TRAINERS
        return External(FASTAI[name]) if name in FASTAI else External(f"{library_name}.{name}") if known else None
    full = canonical(f"{library_name}.{name}")
    if name in STARS.get(library_name, ()) or full in activations() or full in LAYERS or full in keras.LAYERS:
        return External(full)
    return None


def run_for(sources: Mapping[str, Source]) -> Run:
    """Return a run through files, with all its parts."""
    return Run(sources, {
        "evaluate": evaluate.evaluate, "execute": execute.execute, "call": calls.call, "attribute": parts.attribute,
        "operate": arithmetic.operate, "items": parts.items, "item": parts.item, "assign": assign.assign,
        "set_attribute": assign.set_attribute, "load": load, "starred": starred, "super": objects.super_object,
        "layer": layers.layer, "layer_call": layers.call, "layer_attribute": layers.attribute, "layer_method": layers.method,
        "applied": layers.applied, "inner_layers": layers.inner_layers, "weight_method": functions.weight_method,
        "tensor_attribute": functions.tensor_attribute, "tensor_method": functions.tensor_method, "select": functions.select,
        "matmul": functions.matmul, "with_head": trainers.with_head, "external": external, "loss": losses.call, "loss_by_name": losses.by_name,
        "wasserstein": losses.wasserstein, "data_attribute": data.data_attribute, "data_item": data.data_item,
        "method": Method, "library_method": Method, "followed_not": calls.followed_not, "invoke": calls.invoke, "model_method": model_method,
        "optimised": optimised, "top": top,
    })  # fmt: skip


def top(run: Run) -> Frame:
    """Return an empty frame of any file, for what is not written anywhere."""
    return Frame({}, next(iter(run.sources.values())))


def model_method(
    run: Run, made: Any, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """Return what a method of Keras' Model gives on an object of a subclass, or None where it is none."""
    if name not in keras.MODEL_METHODS or not any(n.startswith("keras.") for n in made.cls.externals()):
        return None
    return keras.MODEL_METHODS[name](run, made, args, kwargs, frame, node) or Unknown(name, True)


def optimised(
    run: Run, made: Any, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """``optimizer.minimize(loss)`` of TensorFlow 1: the optimiser of this program."""
    run.tape.settings.update(made.facts)
    return Unknown(name, True)


# -- files


@contextmanager
def taped(run: Run, name: str) -> Iterator[Tape]:
    """Run what follows on a tape of its own, and finish the models compiled on it."""
    old = (run.tape, run.path, run.framework, run.training, run.calls, run.way)
    run.tape, run.path, run.training, run.calls, run.way = Tape(name), [], None, [], []
    run.tapes.append(run.tape)
    try:
        yield run.tape
        tensorflow.finalise(run)
    finally:
        run.tape.framework = "keras" if "keras" in (run.framework, run.tape.framework) else "torch"
        run.tape, run.path, run.framework, run.training, run.calls, run.way = old


def load(run: Run, source: Source) -> None:
    """Run a file from its top, once."""
    if source.frame is not None:
        return
    package = source.module or source.name
    source.frame = Frame({"__name__": "__main__", "__file__": source.name, "__package__": package}, source)
    run.framework = _framework(source)
    with taped(run, _stem(source)):
        run.execute(source.frame, source.tree.body)


def _framework(source: Source) -> str:
    text = source.text
    return (
        "keras"
        if ("keras" in text or "tensorflow" in text) and "import torch" not in text and "from torch" not in text
        else "torch"
    )


def _stem(source: Source) -> str:
    return source.name.replace("\\", "/").rpartition("/")[2].partition(".")[0]


class Outcome:
    """What was read of one file."""

    def __init__(self) -> None:
        self.nets: list[Net] = []
        self.findings: list[Finding] = []


def explore(sources: Mapping[str, Source], main: Iterable[Source]) -> dict[str, Outcome]:
    """Run files and return what was found, by the file's name."""
    run = run_for(sources)
    files = [s for s in main if s.relevant]
    outcomes = {s.name: Outcome() for s in main}
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(max(old, 6000))
    try:
        for source in files:
            run.next_file()
            _guarded(run, source, outcomes, lambda s=source: load(run, s))  # type: ignore[misc]
        for source in files:
            run.next_file()
            for entry in _entries(run, source):
                _guarded(run, source, outcomes, entry)
    finally:
        sys.setrecursionlimit(old)
    _collect(run, outcomes, files)
    return outcomes


def _guarded(run: Run, source: Source, outcomes: Mapping[str, Outcome], does: Callable[[], Any]) -> None:
    """Do something that may meet a program larger than the limits; a remark says so."""
    state = (run.tape, run.path, run.journals, run.calls, run.way, run.training, run.framework)
    try:
        does()
    except Exception as error:  # whatever a strange program leads to, the rest of it and the other files are still read
        run.tape, run.path, run.journals, run.calls, run.way, run.training, run.framework = state
        run.journals, run.calls, run.way, run.path = [], [], [], []
        message = (
            f"{source.name} is too large or too deeply nested to be followed to its end; what was read so far is checked."
        )
        if not isinstance(error, LimitError | RecursionError):
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            message = f"{source.name} could not be followed to its end: nonlin failed with {told}. Please report it."
        outcome = outcomes[source.name]
        if not any(f.message == message for f in outcome.findings):
            outcome.findings.append(finding("NL903", message, Place("", source.name)))


def _entries(run: Run, source: Source) -> Iterator[Callable[[], Any]]:
    """What nothing has run yet: objects made but never called, then functions and classes, those first that others do not use."""
    for made in [*run.instances]:
        if isinstance(made, Instance) and made.place.file == source.name and objects.is_module(made.cls):
            yield lambda made=made: _methods(run, made)  # type: ignore[misc]
    if source.frame is None:
        return
    uses = _uses(run, [source.tree])
    things = [v for v in source.frame.names.values() if isinstance(v, Function | Class) and v.frame.source is source]
    things.sort(key=lambda v: (_used(v, uses), isinstance(v, Class), v.node.lineno))
    for thing in things:
        if isinstance(thing, Class):
            yield lambda thing=thing: _class(run, thing)  # type: ignore[misc]
        elif thing.node not in run.visited:
            yield lambda thing=thing: _function(run, thing)  # type: ignore[misc]
    for layer in [
        v for v in source.frame.names.values() if isinstance(v, Layer) and v.row.special == "chain" and not v.called
    ]:
        yield lambda layer=layer: _chain(run, layer, source)  # type: ignore[misc]


def _uses(run: Run, trees: Iterable[ast.AST]) -> set[str]:
    """Names and attributes that stand anywhere in trees; each tree is walked once."""
    found: set[str] = set()
    for tree in trees:
        if tree not in run.words:
            names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            run.words[tree] = names | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        found |= run.words[tree]
    return found


def _used(thing: Function | Class, uses: set[str]) -> bool:
    return thing.name in uses


def _function(run: Run, function: Function) -> None:
    if function.node in run.visited:
        return
    with taped(run, function.name):
        result = run.call(function, [], {}, function.frame, function.node)
        _results(run, result, function)


def _results(run: Run, result: Any, function: Function) -> None:
    """A function that builds a model and returns it: look at the model."""
    for value in result if isinstance(result, list | tuple) else [result]:
        if isinstance(value, Layer) and value.row.special == "chain" and not value.called and value.children:
            if not any(r["model"] is value for r in run.compiled):
                value.name = value.name or function.name
                run.call(value, [Unknown("input", True)], {}, function.frame, None)
        elif isinstance(value, Instance) and not value.called and objects.is_module(value.cls):
            _methods(run, value)
        elif isinstance(value, Layer) and value.row.special == "functional" and not value.called:
            run.tape.outputs.extend(t.index for t in tensors(value.given.get("outputs")) if t.tape is run.tape)


def _chain(run: Run, layer: Layer, source: Source) -> None:
    if layer.called or not layer.children or source.frame is None:
        return
    with taped(run, layer.name):
        run.call(layer, [Unknown("input", True)], {}, source.frame, None)


def _class(run: Run, cls: Class) -> None:
    own = [v for v in cls.attrs.values() if isinstance(v, Function)]
    chain = any(name == "torch.nn.Sequential" for name in cls.externals())
    if any(v.node not in run.visited for v in own if (chain or v.name != "__init__") and v.kind != "setter"):
        with taped(run, cls.name):
            made = objects.instance_of(run, cls, cls.frame)
        _methods(run, made)


LATE = ("forward", "call", "__call__")
"""Methods run after those that may use them."""


def _methods(run: Run, made: Instance) -> None:
    """Run the methods of an object that nothing has run, those first that the others do not use."""
    uses = _uses(run, [cls.node for cls in made.cls.lineage() if isinstance(cls, Class)])
    found: dict[str, Function] = {}
    for cls in made.cls.lineage():
        for name, value in cls.attrs.items() if isinstance(cls, Class) else ():
            if isinstance(value, Function) and name not in found and not (name.startswith("__") and name != "__call__"):
                found[name] = value
    order = sorted(found.items(), key=lambda pair: (pair[0] in LATE, pair[0] in uses, pair[1].node.lineno))
    module = objects.is_module(made.cls)
    for name, function in order:
        if function.node in run.visited or function.kind in ("setter", "class"):
            continue
        with taped(run, made.cls.name):
            if module and name in LATE:
                run.call(made, _required(function, made), {}, function.frame, None)
            else:
                owner = made if function.kind != "static" else None
                run.call(Bound(owner, function) if owner is not None else function, [], {}, function.frame, None)
    if isinstance(made.core, Layer) and made.core.row.special == "chain" and made.core.children and not made.called:
        with taped(run, made.cls.name):
            run.call(made, [Unknown("input", True)], {}, made.cls.frame, None)


LABELS = words("labels label targets target y gt y_true")
"""Arguments of a forward that hold targets: with them it may take the loss itself."""


def _required(function: Function, made: Instance) -> list[Any]:
    """Unknown values for the arguments that a forward must be given; a default that is None is given where it is a target."""
    spec = function.node.args
    plain = [*spec.posonlyargs, *spec.args][1:]
    count = len(plain) - len(spec.defaults)
    last = max([i for i, p in enumerate(plain) if i < count or p.arg in LABELS], default=-1)
    values: list[Any] = []
    for at, parameter in enumerate(plain[: last + 1]):
        if at < count or parameter.arg in LABELS:
            values.append(Unknown(parameter.arg, True))
        else:
            default = spec.defaults[at - count]
            values.append(default.value if isinstance(default, ast.Constant) else Unknown(parameter.arg))
    return values


def _collect(run: Run, outcomes: Mapping[str, Outcome], files: list[Source]) -> None:
    """Give every network and every finding to the file it stands in."""
    made = [net for tape in run.tapes for net in nets.networks(tape, run.optimisers)]
    first = files[0].name if files else ""
    for net in nets.unique(made):
        where = next((n.place.file for n in net.nodes if n.place.file in outcomes and n.op not in nets.LEAVES), first)
        outcomes[where].nets.append(net)
    for each in run.findings:
        if each.place.file in outcomes and each not in outcomes[each.place.file].findings:
            outcomes[each.place.file].findings.append(each)
