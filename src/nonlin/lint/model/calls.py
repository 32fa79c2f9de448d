"""Reading a network by running it once: which module and function got which tensor.

Hooks on the modules and a ``TorchFunctionMode`` see every call, whatever Python the forward is written in. Tensors are told
apart by identity. What works in place gives back a view of its result, a new object on the same memory, so that a program that
goes on to read the old name can be told from one that reads the new one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from nonlin.errors import ModelError
from nonlin.findings import Place
from nonlin.lint.model.building import COMPUTED, FIXED, LEARNED, Applied, Builder, Operand, operands_in
from nonlin.lint.model.losses import loss_call, loss_module
from nonlin.lint.model.ops import SCALARS, VIEWS, spelled
from nonlin.nn.base import ActivationModule
from nonlin.nn.maxout import MaxoutLinear

HERE = (os.path.dirname(torch.__file__) + os.sep, os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep,
         os.path.dirname(os.__file__) + os.sep + "contextlib", "<")  # fmt: skip
"""Beginnings of the names of files that are not the user's: PyTorch, nonlin, and text that was never a file."""
END = os.path.join(os.path.dirname(__file__), "reading.py")
"""Where the reading starts: frames further out called lint, and are no part of the model."""
_OPENED = (nn.Transformer, nn.TransformerEncoder, nn.TransformerDecoder, nn.TransformerEncoderLayer,
           nn.TransformerDecoderLayer)  # fmt: skip
"""Modules of PyTorch that are made of others, and are looked into."""
_BOXES = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def is_leaf(module: nn.Module) -> bool:
    """Whether a module is one operation: PyTorch's own layers and nonlin's functions, but not what is made of layers."""
    if isinstance(module, ActivationModule | MaxoutLinear | torch.jit.ScriptModule):
        return True
    where = type(module).__module__
    if where.startswith("torch.nn.utils"):
        return False  # parametrised classes are made there, and inherit the forward of their own
    forward = getattr(type(module).forward, "__module__", "") or ""
    own = forward.startswith("torch.nn.modules") and type(module).forward is not nn.Module.forward
    return own and not isinstance(module, (*_BOXES, *_OPENED))


class Recorder(TorchFunctionMode):
    """Records calls into a builder while it is entered; :meth:`see` tells it what is known before."""

    def __init__(self, builder: Builder, model: nn.Module) -> None:
        super().__init__()
        self.builder = builder
        self.model = model
        self.known: WeakIdKeyDictionary = WeakIdKeyDictionary()
        self.losses: list[Applied] = []
        self.inside = 0
        """How many operations deep: what a leaf does inside is not recorded."""
        self.path: list[str] = []
        for p in model.parameters():
            self.known[p] = Operand(-1, LEARNED)
        for b in model.buffers():
            self.known[b] = Operand(-1, FIXED)
        for module in model.modules():
            for held in tensors_in([v for k, v in vars(module).items() if k not in ("_parameters", "_buffers", "_modules")]):
                self.known.setdefault(held, Operand(-1, FIXED))

    # -- values ------------------------------------------------------------------------------------------------------

    def see(self, value: Any, index: int) -> None:
        """Say that node ``index`` made the tensors in ``value``."""
        for tensor in tensors_in(value):
            self.known[tensor] = Operand(index, COMPUTED)

    def fix(self, value: Any) -> None:
        """Say that the tensors in ``value`` do not come from the network, unless they are known to."""
        for tensor in tensors_in(value):
            self.known.setdefault(tensor, Operand(-1, FIXED))

    def operand(self, tensor: torch.Tensor) -> Operand:
        """Return what is known of a tensor; one that nobody saw being made is an unknown value."""
        found = self.known.get(tensor)
        if found is None:
            if isinstance(tensor, nn.Parameter):
                found = Operand(-1, LEARNED)
            else:  # made by what no mode sees, such as an autograd.Function
                found = Operand(self.builder.add("unknown", shape=shape_of(tensor)), COMPUTED)
            self.known[tensor] = found
        known: Operand = found._replace(shape=shape_of(tensor), tensor=tensor if found.role == LEARNED else None)
        return known

    # -- calls -------------------------------------------------------------------------------------------------------

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.inside:
            return func(*args, **kwargs)
        name, shown, inplace = spelled(func)
        given = self._given(args), self._given(kwargs)
        self.inside += 1
        try:
            result = func(*args, **kwargs)
        finally:
            self.inside -= 1
        made = list(tensors_in(result))
        if name == "setitem":
            self._written(func, args[0], given, shown)
        if not made or name in SCALARS:
            return result
        return self._record(func, (name, shown, inplace), args, given, result, made)

    def _record(
        self, func: Any, spelling: tuple[str, str, bool], args: Any, given: Any, result: Any, made: list[Any]
    ) -> Any:
        name, shown, inplace = spelling
        operands = list(operands_in(given))
        applied = loss_call(func, name, *given)
        if applied is not None:
            self.losses.append(applied._replace(place=self._place(shown), shown=shown))
        if not any(o.role == COMPUTED for o in operands):
            self._note(made, Operand(-1, LEARNED if any(o.role == LEARNED for o in operands) else FIXED))
            return result
        if applied is not None:
            index = self.builder.add("arithmetic", [o.node for o in operands if o.role == COMPUTED], attrs={"kind": "loss"},
                                     place=self._place(shown), shape=shape_of(made[0]))  # fmt: skip
            self._note(made, Operand(index, COMPUTED))
            return result
        first = args[0] if args and isinstance(args[0], torch.Tensor) else None
        same = first is not None and result is first
        if same and name in (
            "contiguous",
            "to",
            "float",
            "type",
            "cuda",
            "cpu",
            "expand",
            "clone",
            "detach",
            "requires_grad",
        ):
            return result  # nothing was done
        alias = _shares(first, made[0]) if first is not None and len(made) == 1 and not same else False
        index = self.builder.call(func, given[0], given[1], shape_of(made[0]), self._place(shown), alias=alias)
        node = self.builder.nodes[index]
        if same and (inplace or node.attrs.get("inplace")) and self.known[first].role == COMPUTED:
            result = result.view_as(result)
            made = [result]
        self._note(made, Operand(index, COMPUTED))
        return result

    def _written(self, func: Any, target: Any, given: Any, shown: str) -> None:
        """``x[...] = v``: from now on the name x means the changed tensor."""
        if any(o.role == COMPUTED for o in operands_in(given)):
            index = self.builder.call(func, given[0], given[1], shape_of(target), self._place(shown), alias=False)
            self.builder.nodes[index] = replace(self.builder.nodes[index], attrs={"kind": "setitem"})
            self.known[target] = Operand(index, COMPUTED)

    def _note(self, tensors: list[Any], operand: Operand) -> None:
        for t in tensors:
            if operand.role == COMPUTED or self.known.get(t) is None:
                self.known[t] = operand

    def _given(self, value: Any) -> Any:
        """Return arguments with each tensor replaced by its operand."""
        if isinstance(value, torch.Tensor):
            return self.operand(value)
        if isinstance(value, tuple | list):
            return tuple(self._given(v) for v in value)
        if isinstance(value, Mapping):
            return {k: self._given(v) for k, v in value.items()}
        return value

    def _place(self, shown: str) -> Place:
        where = self.path[-1] if self.path else ""
        file, line = line_of_user()
        return Place(f"{shown} in {where or type(self.model).__name__}", file, line)

    # -- modules -----------------------------------------------------------------------------------------------------

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Watch the modules of the model: what is a leaf becomes one node."""
        handles = []
        try:
            for path, module in self.model.named_modules():
                if isinstance(module, torch.jit.ScriptModule):
                    continue
                leaf = is_leaf(module)
                before, after = (self._enter_leaf, self._leave_leaf) if leaf else (self._enter, self._leave)
                handles.append(module.register_forward_pre_hook(_Bound(before, path), with_kwargs=True, prepend=True))
                handles.append(module.register_forward_hook(_Bound(after, path), with_kwargs=True))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, path: str, module: Any, args: Any, kwargs: Any) -> None:
        self.path.append(path)

    def _leave(self, path: str, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        if self.path and self.path[-1] == path:
            self.path.pop()

    def _enter_leaf(self, path: str, module: Any, args: Any, kwargs: Any) -> None:
        _refuse_modules(path or type(self.model).__name__, args)
        self.inside += 1

    def _leave_leaf(self, path: str, module: Any, args: Any, kwargs: Any, output: Any) -> Any:
        self.inside -= 1
        if self.inside:
            return None
        self.inside += 1  # what is asked of tensors here is no part of the network
        try:
            return self._leaf(path, module, args, kwargs, output)
        finally:
            self.inside -= 1

    def _leaf(self, path: str, module: Any, args: Any, kwargs: Any, output: Any) -> Any:
        operands = [self.operand(t) for t in tensors_in((args, kwargs))]
        made = list(tensors_in(output))
        if not made:
            return None
        applied = loss_module(module, operands)
        if applied is not None:
            self.losses.append(applied._replace(place=Place(path, *line_of_user())))
        if not any(o.role == COMPUTED for o in operands):
            self._note(made, Operand(-1, LEARNED))
            return None
        if isinstance(module, nn.Identity):
            return None
        index = self.builder.module(module, operands, shape_of(made[0]), Place(path, *line_of_user()))
        first = next(tensors_in((args, kwargs)), None)
        changed = None
        if output is first:
            changed = made[0].view_as(made[0])
            made = [changed]
        elif first is not None and len(made) == 1 and self.builder.nodes[index].op in VIEWS and _shares(first, made[0]):
            node = self.builder.nodes[index]
            self.builder.nodes[index] = replace(node, attrs={**node.attrs, "alias": True})
        self._note(made, Operand(index, COMPUTED))
        return changed


def _refuse_modules(path: str, args: Any) -> None:
    """Raise ModelError where a layer of PyTorch is given a module: somebody called a class on a tensor."""
    found = next((a for a in args[:1] if isinstance(a, nn.Module)), None)
    if found is not None:
        name = type(found).__name__
        raise ModelError(
            f"{path!r} is given a module, {name}, instead of a tensor: the class was called on a tensor, which makes a module and "
            f"computes nothing. Make an instance first, self.act = nn.{name}(), and call that; or use the function"
        )


class _Bound:
    """A hook that knows the path of its module."""

    def __init__(self, hook: Any, path: str) -> None:
        self.hook, self.path = hook, path

    def __call__(self, *args: Any) -> Any:
        return self.hook(self.path, *args)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in nested tuples, lists, mappings and data classes, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for v in value.values():
            yield from tensors_in(v)
    elif isinstance(value, tuple | list):
        for v in value:
            yield from tensors_in(v)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        for name in value.__dataclass_fields__:
            yield from tensors_in(getattr(value, name, None))


def shape_of(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """Return a tensor's shape; None for a nested one, which has none."""
    return None if tensor.is_nested else tuple(tensor.shape)


def _shares(a: torch.Tensor | None, b: torch.Tensor) -> bool:
    """Whether two tensors are views of the same numbers, all of them."""
    if (
        a is None
        or a.is_meta
        or b.is_meta
        or a.is_nested
        or b.is_nested
        or a.layout != torch.strided
        or b.layout != torch.strided
    ):
        return False
    try:
        return a.device == b.device and a.numel() == b.numel() > 0 and a.data_ptr() == b.data_ptr()
    except RuntimeError:  # a tensor within torch.func has no memory of its own
        return False


def line_of_user() -> tuple[str, int]:
    """Return the file and line of the user's code that is running; ("", 0) where there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name == END:
            break
        if not name.startswith(HERE):
            return name, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0
