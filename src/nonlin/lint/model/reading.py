"""From a live model to the graph the rules see: choose the way of reading, run it without a trace, and say what was missed."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.lazy import LazyModuleMixin

from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.findings import Place
from nonlin.lint.model import losses as known_losses
from nonlin.lint.model.batches import Batch, shown_shapes, split
from nonlin.lint.model.building import COMPUTED, Applied, Builder, Finished, Operand, operands_in
from nonlin.lint.model.calls import Recorder, is_leaf, shape_of, tensors_in
from nonlin.lint.model.graphs import Reading, Run, inputs_for, trace
from nonlin.lint.model.quiet import as_if_training, untouched
from nonlin.lint.model.targets import facts
from nonlin.lint.net import Loss, Net, Node

_NORMS = (nn.modules.batchnorm._BatchNorm,)


@dataclass
class Graph:
    """What one way of reading gave: the nodes, the actual output if the model ran, and the losses met inside."""

    builder: Builder
    outputs: list[int]
    reader: str
    losses: list[Applied] = field(default_factory=list)
    value: Any = None
    chosen: int | None = None
    recorder: Recorder | None = None
    more: list[int] = field(default_factory=list)
    """Nodes besides the outputs that matter: the value of the loss."""

    @property
    def unknown(self) -> int:
        """How many operations could not be followed."""
        return sum(n.op == "unknown" for n in self.builder.nodes)


def read(model: Any, loss: Any = None, batch: Any = None, optimizer: Any = None) -> Net:
    """Return the graph of a live model, with what the loss, one batch and the optimiser tell.

    The model runs once on the batch at most, as in training; afterwards its weights, buffers, gradients, flags, hooks and the
    random generators are as they were.

    Args:
        model: a ``torch.nn.Module`` (wrapped by torch.compile or DataParallel or not), a program of ``torch.export``, or a
            Keras 3 model.
        loss: its name (``"cross_entropy"``), a loss module, or a function of the model's output and the targets.
        batch: ``(inputs, targets)`` as the training loop has them; inputs are a tensor, a tuple of arguments, or a dictionary
            of keyword arguments. A single tensor or dictionary is inputs alone.
        optimizer: a ``torch.optim.Optimizer``, or a dictionary such as ``{"optimizer": "Adam", "lr": 1e-3}``.

    Raises:
        ModelError: ``model`` is no model, or the class of one.
        DataError: the model cannot run on the batch, or the targets are not numbers.
        ParameterError: the loss is not known by this name, or is the class of a loss.

    >>> net = read(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), "cross_entropy")
    >>> net.reader, [n.op for n in net.nodes], net.losses[0].kind
    ('fx', ['input', 'linear', 'activation', 'linear'], 'cross_entropy')
    """
    if type(model).__module__.split(".")[0] in ("keras", "tf_keras") or _is_keras(model):
        from nonlin.lint.model.keras import read_keras

        return read_keras(model, loss, batch, optimizer)
    inner = _unwrapped(model)
    _check_loss(loss)
    given = split(batch)
    remarks: list[str] = []
    if any(isinstance(m, LazyModuleMixin) and m.has_uninitialized_params() for m in inner.modules()):
        inner = _sized(inner, given)
    with untouched(inner), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the user's forward belong to the training run
        graph = _graph(inner, given, remarks)
        found, trouble = _losses(graph, loss, given) if graph else ([], "")
    settings = {**_settings(optimizer), **({"loss_error": trouble} if trouble else {})}
    made = graph.builder.finish(graph.outputs, found, graph.more) if graph else Finished(_tree(inner), (), ())
    remarks += _missed(inner, made.nodes, graph is not None)
    return Net(
        name=type(inner).__name__,
        nodes=made.nodes,
        outputs=made.outputs,
        losses=tuple(Loss(*a) for a in made.losses),
        targets=facts(given.targets) if given else None,
        reader=graph.reader if graph else "calls",
        complete=graph is not None and not any(n.op == "unknown" for n in made.nodes),
        remarks=tuple(remarks),
        model=inner,
        settings={**settings, **({"inputs": given.tensors()} if given else {})},
    )


def _is_keras(model: Any) -> bool:
    return any(c.__module__.startswith("keras.") and c.__name__ == "Model" for c in type(model).__mro__)


def _unwrapped(model: Any) -> nn.Module:
    """Return the user's own module inside wrappers; raises ModelError for what is none."""
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise ModelError(f"model is the class {model.__name__}, not a model; pass an instance: {model.__name__}(...)")
    if type(model).__name__ == "ExportedProgram":
        model = model.module()
    for _ in range(8):
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if inner is None:
            break
        model = inner
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"model must be a torch.nn.Module or a Keras model, not {type(model).__module__}.{type(model).__name__}; "
            "if it is a function that makes one, call it first"
        )
    return model


def _check_loss(loss: Any) -> None:
    if isinstance(loss, str):
        known_losses.by_name(loss)
    elif isinstance(loss, type):
        raise ParameterError(f"loss is the class {loss.__name__}, not a loss; pass an instance: {loss.__name__}()")
    elif loss is not None and not callable(loss):
        raise ParameterError(
            f"loss must be a name such as 'cross_entropy', a loss module, or a function of output and targets, not {loss!r}"
        )


def _sized(model: nn.Module, batch: Batch | None) -> nn.Module:
    """Return a copy of a model with lazy layers that has run on the batch, so that they know their sizes."""
    if batch is None:
        raise ModelError(
            "the model has lazy layers that do not know their sizes yet; pass batch=(inputs, targets), or run it once"
        )
    try:
        twin = copy.deepcopy(model)
    except Exception as err:  # the user's classes are copied here and may raise anything
        raise ModelError(
            f"the model has lazy layers and cannot be copied ({first_line(err)}); run it on a batch before linting it"
        ) from err
    with untouched(nn.Module()), torch.no_grad():
        _attempt(lambda: twin(*batch.args, **batch.kwargs), batch)
    return twin


def first_line(err: BaseException) -> str:
    """Return the class and first line of an error."""
    lines = str(err).strip().splitlines()
    return f"{type(err).__name__}: {lines[0]}" if lines else type(err).__name__


# -- the graph --------------------------------------------------------------------------------------------------------


def _graph(model: nn.Module, batch: Batch | None, remarks: list[str]) -> Graph | None:
    """Return the graph of the first way that reads everything, or else of the one that reads most."""
    given = None if batch is None else batch.on(_device(model))
    reason, traced = "", None
    if isinstance(model, torch.jit.ScriptModule):
        remarks.append("the model is compiled TorchScript, which cannot be looked into; lint the module it was made from")
        return None
    if is_leaf(model) and given is None:
        return _alone(model)
    try:
        with untouched(model), as_if_training(model), torch.no_grad():
            traced = trace(model)
    except Exception as err:  # the user's code runs on proxies here and may raise anything
        reason = f"torch.fx cannot trace {type(model).__name__} ({first_line(err)})"
    if given is None:
        if traced is None:
            remarks.append(f"{reason}; pass batch=(inputs, targets), and the model is run once to see what it does")
            return None
        return _from_trace(Reading(model, traced))
    if traced is not None:
        found = _run_trace(model, traced, given)
        if found is not None and not found.unknown:
            return found
    recorded = _record(model, given, remarks)
    return recorded


def _alone(model: nn.Module) -> Graph:
    """Return the graph of a model that is one layer."""
    builder = Builder()
    source = Operand(builder.add("input", place=Place("input")), COMPUTED)
    return Graph(builder, [builder.module(model, [source], None, Place(type(model).__name__))], "fx")


def _from_trace(reading: Reading) -> Graph:
    return Graph(reading.builder, reading.outputs, "fx", reading.losses, chosen=_logits_node(reading))


def _run_trace(model: nn.Module, traced: fx.Graph, batch: Batch) -> Graph | None:
    """Return the traced graph with the shapes that the batch gives; None where it does not run, which recording will explain."""
    run = Run(model, traced)
    value: Any = None

    def go() -> None:
        nonlocal value
        value = run.run(*inputs_for(traced, batch.args, batch.kwargs))

    try:
        with as_if_training(model), torch.no_grad():
            go()
    except Exception:  # what does not run as traced is run as it is
        return None
    reading = Reading(model, traced, run.shapes)
    graph = _from_trace(reading)
    graph.value = value
    recorder = Recorder(graph.builder, model)
    ends = [o for n in traced.nodes if n.op == "output" for o in operands_in(reading._given(n.args))]
    made = list(tensors_in(value))
    if len(ends) != len(made):
        return None
    for operand, tensor in zip(ends, made, strict=True):
        recorder.known[tensor] = operand
    graph.recorder = recorder
    return graph


def _record(model: nn.Module, batch: Batch, remarks: list[str]) -> Graph:
    """Run the model once on the batch and return what it did."""
    tries: tuple[tuple[str, tuple[Any, ...], bool], ...] = (
        ("", (), False),
        ("", _NORMS, False),  # batch norm in training refuses a single sample
        ("", (), True),  # a forward that differentiates something itself
        ("it runs in evaluation mode only", (nn.Module,), False),
    )
    errors: list[Exception] = []
    for note, frozen, grad in tries:
        builder = Builder()
        recorder = Recorder(builder, model)
        for name, value in batch.named():
            for tensor in tensors_in(value):
                recorder.see(tensor, builder.add("input", place=Place(name), shape=shape_of(tensor)))
        try:
            with untouched(model), as_if_training(model, frozen), torch.set_grad_enabled(grad), recorder.hooked(), recorder:
                output = model(*batch.args, **batch.kwargs)
        except Exception as err:  # the user's model may raise anything
            errors.append(err)
            continue
        made = [recorder.operand(t).node for t in tensors_in(output)]
        if note:
            remarks.append(f"{type(model).__name__} could not run as in training ({first_line(errors[0])}): {note}")
        graph = Graph(builder, [i for i in made if i >= 0], "calls", recorder.losses, output, recorder=recorder)
        recorder.losses = []
        return graph
    told = next((e for e in errors if isinstance(e, ModelError)), None)
    raise told or _refused(errors[0], batch)


def _attempt(run: Callable[[], Any], batch: Batch) -> Any:
    try:
        return run()
    except Exception as err:  # as above
        raise _refused(err, batch) from err


def _refused(err: Exception, batch: Batch) -> DataError:
    error = DataError(
        f"the model cannot run on the batch given (inputs {shown_shapes(batch)}): {first_line(err)}. "
        "Pass the inputs as the training loop passes them: batch=(inputs, targets)"
    )
    error.__cause__ = err
    return error


def _device(model: nn.Module) -> torch.device | None:
    return next((p.device for p in model.parameters()), None)


# -- the loss ---------------------------------------------------------------------------------------------------------


def _losses(graph: Graph, loss: Any, batch: Batch | None) -> tuple[list[Applied], str]:
    """Return the losses applied to the network's output, and what the loss said if it could not be computed on the batch."""
    inside = list(graph.losses)
    if loss is None:
        return inside, ""
    row = (
        known_losses.by_name(loss)
        if isinstance(loss, str)
        else known_losses.of_module(loss) or known_losses.of_function(loss)
    )
    shown = (
        repr(loss)
        if isinstance(loss, str)
        else f"nn.{type(loss).__name__}()"
        if isinstance(loss, nn.Module)
        else _name(loss)
    )
    trouble = ""
    recorder, end = graph.recorder, _chosen(graph)
    if recorder is not None and not isinstance(loss, str) and batch is not None and batch.targets is not None:
        recorder.losses = []
        value = graph.value if row is None or isinstance(graph.value, torch.Tensor) else _logits(graph.value)
        targets = batch.on(_device(recorder.model)).targets
        recorder.fix((targets, batch.args, batch.kwargs))
        try:
            with torch.no_grad(), recorder:
                value = loss(value, targets)
            graph.more = [
                recorder.known[t].node for t in tensors_in(value) if t in recorder.known and recorder.known[t].node >= 0
            ]
        except Exception as err:  # the user's loss may raise anything
            trouble = first_line(err)
        applied = recorder.losses
        if applied and not trouble:
            return [*inside, *(a._replace(shown=shown) if row else a for a in applied)], ""
    if end is None:
        return inside, trouble
    kind, attrs = (
        (row.kind, known_losses.attrs_of(row, loss if isinstance(loss, nn.Module) else {})) if row else ("unknown", {})
    )
    return [*inside, Applied(kind, end, Place(), shown, attrs)], trouble


def _name(loss: Any) -> str:
    return str(getattr(loss, "__name__", type(loss).__name__))


def _chosen(graph: Graph) -> int | None:
    """Return the node whose output a loss gets when the program does not say it: the logits, or the first output."""
    if graph.chosen is not None:
        return graph.chosen
    if graph.value is not None and graph.recorder is not None:
        logits = _logits(graph.value)
        operand = graph.recorder.known.get(logits) if isinstance(logits, torch.Tensor) else None
        if operand is not None and operand.node >= 0:
            return int(operand.node)
    return graph.outputs[0] if graph.outputs else None


def _logits(value: Any) -> Any:
    """Return the tensor of an output that is compared with the targets."""
    named = value if isinstance(value, Mapping) else getattr(value, "__dict__", {})
    for name in ("logits", "out", "prediction", "last_hidden_state"):
        if isinstance(named.get(name), torch.Tensor):
            return named[name]
    made = [t for t in tensors_in(value) if t.is_floating_point()]
    return next((t for t in made if t.dim() > 0), made[0] if made else None)


def _logits_node(reading: Reading) -> int | None:
    end = next(n for n in reading.graph.nodes if n.op == "output").args[0]
    if isinstance(end, Mapping) and isinstance(end.get("logits"), fx.Node):
        operand = reading.known.get(end["logits"])
        return operand.node if operand is not None and operand.node >= 0 else None
    return reading.outputs[0] if reading.outputs else None


# -- what is said besides -----------------------------------------------------------------------------------------------


def _settings(optimizer: Any) -> dict[str, Any]:
    if optimizer is None:
        return {}
    if isinstance(optimizer, Mapping):
        return dict(optimizer)
    groups = getattr(optimizer, "param_groups", None)
    if not groups:
        raise ParameterError(
            f"optimizer must be a torch.optim.Optimizer or a dictionary such as {{'optimizer': 'Adam', 'lr': 1e-3}}, "
            f"not {type(optimizer).__name__}"
        )
    rates = [float(g["lr"]) for g in groups if "lr" in g]
    return {"optimizer": type(optimizer).__name__, **({"lr": max(rates)} if rates else {})}


def _tree(model: nn.Module) -> tuple[Node, ...]:
    """Return the modules alone, each behind an unknown value: what feeds what is not known."""
    builder = Builder()
    source = builder.add("unknown", place=Place(type(model).__name__))
    for path, module in model.named_modules():
        if is_leaf(module):
            builder.module(module, [Operand(source, COMPUTED)], None, Place(path))
    return tuple(builder.nodes)


def _missed(model: nn.Module, nodes: tuple[Node, ...], traced: bool) -> list[str]:
    """Say what could not be followed, and whether there is any activation at all."""
    remarks = []
    blind = list(dict.fromkeys(str(n.place) or "a call that PyTorch does not announce" for n in nodes if n.op == "unknown"))
    if blind and traced:
        more = f" and {len(blind) - 3} more" if len(blind) > 3 else ""
        remarks.append(f"not followed: {', '.join(blind[:3])}{more}; what depends on it is not judged")
    if traced and not any(n.op == "input" for n in nodes[:1]):
        remarks.append(f"{type(model).__name__} was given nothing that its output is computed from")
    if not any(n.op in ("activation", "recurrent", "attention", "unknown") for n in nodes):
        remarks.append(f"no activation function was found in {type(model).__name__}")
    return remarks
