"""Seeing the forward of a sampled step: hooks that are there only while it runs, and how each call is counted.

The model itself gets one pre-hook on a sampled step; those of its parts are attached when its forward begins and removed when
it ends, so that a validation between two steps, or a step that is not sampled, meets a model without hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from nonlin.nn.recognise import Found, recognise
from nonlin.watch.function import Shape, shape_of
from nonlin.watch.functional import Calls
from nonlin.watch.gates import attention_rows, module_attention, recurrent_gates
from nonlin.watch.inert import Hook
from nonlin.watch.shadow import compiled_parts, shadow_forward
from nonlin.watch.sites import MOST_CALLS, Book, Site

LEARNING = 2
"""Sampled steps in which functional calls are looked for at least; they are looked for longer only where there are any."""

_CONVS = (nn.modules.conv._ConvNd,)
_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)


class Guard(Protocol):
    """Who takes the time of everything done inside the training, and its failures."""

    def guarded(self, work: Callable[..., Any], *args: Any) -> Any:
        """Return ``work(*args)``, or None after a failure, which is told once and ends watching."""


def kind_of(module: nn.Module) -> str:
    """Return what a module is to watching: a kind of ``Layer``, or an empty text for one that is looked through."""
    if recognise(module) is not None:
        return "activation"
    if isinstance(module, _RECURRENT):
        return "recurrent"
    if isinstance(module, nn.MultiheadAttention):
        return "attention"
    if isinstance(module, _NORMS) or "Norm" in type(module).__name__:
        return "norm"
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return ""
    if isinstance(module, nn.Linear | nn.Bilinear | nn.modules.conv._ConvNd):
        return "affine"
    weight = module._parameters.get("weight")
    return "affine" if not module._modules and weight is not None and weight.ndim >= 2 else ""


_WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")


def user_path(path: str) -> str:
    """Return a module's path without the names that wrappers put into it.

    >>> user_path("blocks.0._orig_mod.act")
    'blocks.0.act'
    """
    return ".".join(part for part in path.split(".") if part not in _WRAPPERS)


class Observer:
    """Counts the activations of one model's forward on sampled steps.

    Args:
        core: the user's own module, without wrappers; names are paths in it.
        outer: what is called in training: ``core`` or a wrapper of it.
        book: where the places and their counts are kept.
        guard: runs everything that could fail or cost time.
        told: called with the output of each forward seen.
    """

    def __init__(
        self, core: nn.Module, outer: nn.Module, book: Book, guard: Guard, told: Callable[[Any], None] = lambda output: None
    ) -> None:
        self.core, self.outer, self.book, self.guard, self.told = core, outer, book, guard, told
        self.names = {id(m): user_path(path) or type(core).__name__ for path, m in core.named_modules()}
        self.kinds = {id(m): kind_of(m) for m in core.modules()}
        self.normed = "norm" in self.kinds.values()
        self.shadowed = bool(compiled_parts(outer))
        self.roots: list[nn.Module] = [outer if self.shadowed else core]
        self.calls: dict[Any, int] = {}
        self.producer = (0, False)
        self.before: dict[int, Any] = {}
        self._planned_once: list[Any] | None = None
        self.mode: Calls | None = None
        self.learned = self.step = self.forwards = 0
        self.functional = self.inside = self.stopped = False
        self._roots: list[Callable[[], None]] = []
        self._parts: list[RemovableHandle] = []

    # -- a sampled step -----------------------------------------------------------------------------------------

    def open(self, step: int) -> None:
        """Begin a sampled step: put the hooks on the model itself."""
        self.step, self.forwards, self.stopped = step, 0, False
        for root in self.roots:
            self._roots += self._hook_root(root)

    def close(self) -> None:
        """End a sampled step: no hook is left, whatever happened in it."""
        self.leave()
        self._unhook_roots()
        if self.forwards:
            self.learned += 1
            self._mark_last()
        else:
            self._look_deeper()

    @property
    def learning(self) -> bool:
        """Whether functional calls, gates and outputs are still looked for."""
        return self.learned < LEARNING

    def _hook_root(self, root: nn.Module) -> list[Callable[[], None]]:
        if self.shadowed and root._compiled_call_impl is not None:
            return [_wrap_compiled(root, self._enter_shadow)]
        if self.shadowed:
            return [root.register_forward_pre_hook(Hook(self._enter_shadow), with_kwargs=True, prepend=True).remove]
        return [root.register_forward_pre_hook(Hook(self._enter)).remove]

    def _look_deeper(self) -> None:
        """After a step in which the model was not called as a whole: watch the calls of its children."""
        if not self.shadowed:
            deeper = [c for root in self.roots for c in root.children()]
            self.roots = deeper or self.roots

    # -- inside the forward -------------------------------------------------------------------------------------

    def _enter(self, module: nn.Module, args: Any) -> None:
        if torch.is_grad_enabled():  # asked before the guard switches it off: a forward without it trains nothing
            self.guard.guarded(self.enter, module)

    def enter(self, root: nn.Module | None = None) -> None:
        """Attach the hooks of the parts, and last the one that ends it, to the module whose forward begins."""
        if self.inside or self.stopped or _elsewhere():
            return
        self.inside = True
        self.forwards += 1
        self.calls.clear()
        try:
            self.attach()
            if root is not None:
                self._parts.append(root.register_forward_hook(self._leave, always_call=True))
            if self.learning or self.functional:
                self.mode = Calls(self.names, {i for i, k in self.kinds.items() if k}, self._function, self._attended)
                self.mode.__enter__()  # type: ignore[no-untyped-call]
        except BaseException:
            self.leave()  # nothing would, when the forward ends
            raise

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if self.inside:
            self.guard.guarded(self.finish, output)
            self.leave()

    def finish(self, output: Any) -> None:
        """Note what the forward's output is, before the hooks go."""
        if self.mode is not None:
            for tensor in _tensors(output):
                site = self.mode.owner(tensor)
                if site is not None:
                    site.final = True
        self.told(output)

    def leave(self) -> None:
        """Remove the hooks of the parts and the mode."""
        mode, self.mode, self.inside = self.mode, None, False
        if mode is not None:
            mode.quiet = True
            if torch.overrides._get_current_function_mode() is mode:
                mode.__exit__(None, None, None)
        for handle in self._parts:
            handle.remove()
        self._parts.clear()
        self.before.clear()
        if self.stopped:
            self._unhook_roots()

    def release(self, ended: bool = True) -> None:
        """Take everything off; while a forward has not ended its mode can only be left, and the last hook go, when it does."""
        self.stopped = True
        if ended or not self.inside:
            self.leave()
        elif self.mode is not None:
            self.mode.quiet = True

    def _unhook_roots(self) -> None:
        for remove in self._roots:
            remove()
        self._roots.clear()

    def attach(self) -> None:
        """Put hooks on the parts that are watched."""
        if self._planned_once is None:
            self._planned_once = list(self._planned())
        for put, hook, options in self._planned_once:
            self._parts.append(put(hook, **options))

    def _planned(self) -> Iterator[tuple[Callable[..., RemovableHandle], Any, dict[str, bool]]]:
        """Yield what puts each hook on, the hook, and its options: made once, for looking at modules takes longer than hooking."""
        for module in self.core.modules():
            kind, name = self.kinds[id(module)], self.names[id(module)]
            if kind == "activation" and (found := recognise(module)) is not None:
                shape = shape_of(found.definition)
                yield module.register_forward_hook, self._activation_hook(name, shape), {}
                if found.inplace:
                    yield module.register_forward_pre_hook, self._inplace_hook(name, shape), {}
            elif kind == "affine":
                yield module.register_forward_hook, self._affine_hook(name), {}
            elif kind == "recurrent":
                yield module.register_forward_hook, self._recurrent, {"with_kwargs": True}
            elif kind == "attention":
                yield module.register_forward_hook, self._multihead, {"with_kwargs": True}

    def _site(self, owner: int, name: str, kind: str, shape: Shape | None) -> Site | None:
        """Return the place of this call: a module called again in one forward is a place of its own."""
        if not self.inside and not self.shadowed:
            return None
        nth = min(self.calls.get(owner, 0), MOST_CALLS - 1)
        self.calls[owner] = nth + 1
        return self.book.get((owner, nth), f"{name}#{nth + 1}" if nth else name, kind, shape, name)

    def _activation_hook(self, name: str, shape: Shape) -> Callable[[nn.Module, Any, Any], None]:
        def see(module: nn.Module, args: Any, output: Any) -> None:
            site = self._site(id(module), name, "activation", shape)
            if site is not None:
                if shape.rows and getattr(output, "ndim", 0) > 2:
                    site.kind = "attention"
                given = self.before.pop(id(module), args[0] if args else None)
                site.see(output, given, producer=self.producer, shift=self.step)
                if self.mode is not None and self.learning:
                    self.mode.remember(output, site)

        return lambda module, args, output: self.guard.guarded(see, module, args, output)

    def _inplace_hook(self, name: str, shape: Shape) -> Callable[[nn.Module, Any], None]:
        def see(module: nn.Module, args: Any) -> None:
            nth = min(self.calls.get(id(module), 0), MOST_CALLS - 1)
            site = self.book.sites.get((id(module), nth)) or Site(name, "activation", 0, shape)
            self.before[id(module)] = site.before_inplace(args[0] if args else None, self.producer, self.step)

        return lambda module, args: self.guard.guarded(see, module, args)

    def _affine_hook(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def see(module: nn.Module, args: Any, output: Any) -> None:
            site = self._site(id(module), name, "affine", None)
            if site is not None:
                conv = isinstance(module, _CONVS)
                width = getattr(module, "out_channels", getattr(module, "out_features", 0))
                self.producer = (width or 0, conv)
                site.see(output, producer=self.producer, shift=self.step)

        return lambda module, args, output: self.guard.guarded(see, module, args, output)

    def _recurrent(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        def see() -> None:
            name = self.names[id(module)]
            for gate, function, values, given in recurrent_gates(module, args, kwargs):
                key = hash((id(module), gate))
                if isinstance(module, nn.RNNCellBase):
                    self.calls.pop(key, None)  # the steps of an unrolled cell are one place
                site = self._site(key, f"{name}.{gate}", "recurrent", shape_of(function))
                if site is not None:
                    site.gate, site.module = function == "sigmoid", name
                    site.see(values, given, shift=self.step)
            self.producer = (0, False)

        self.guard.guarded(see)

    def _multihead(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        def see() -> None:
            rows = module_attention(module, args, kwargs)
            name = self.names[id(module)]
            site = None if rows is None else self._site(id(module), name, "attention", shape_of("softmax"))
            if site is not None:
                site.see(rows, shift=self.step)

        self.guard.guarded(see)

    def _function(self, path: str, line: str, found: Found, given: Any, run: Callable[[], Any]) -> Any:
        def begin() -> tuple[Site | None, Any]:
            self.functional = True
            shape = shape_of(found.definition)
            rows = shape.rows and getattr(given, "ndim", 0) > 2
            name = f"{path}.{shape.name.partition('(')[0]}() ({line})"
            site = self._site(hash((path, line, shape.name)), name, "attention" if rows else "activation", shape)
            if site is None:
                return None, None
            site.module = path
            return site, site.before_inplace(given, self.producer, self.step) if found.inplace else given

        def end(site: Site, before: Any, output: Any) -> None:
            site.see(output, before, producer=self.producer, shift=self.step)
            if self.mode is not None and self.learning:
                self.mode.remember(output, site)

        site, before = self.guard.guarded(begin) or (None, None)
        output = run()
        if site is not None:
            self.guard.guarded(end, site, before, output)
        return output

    def _attended(self, path: str, line: str, args: Any, kwargs: Any) -> None:
        def see() -> None:
            self.functional = True
            rows = attention_rows(*args, **kwargs)
            site = self._site(hash((path, line)), f"{path}.attention() ({line})", "attention", shape_of("softmax"))
            if rows is not None and site is not None:
                site.module = path
                site.see(rows, shift=self.step)

        self.guard.guarded(see)

    def _mark_last(self) -> None:
        """An activation after the last layer with weights gives the output its range."""
        for site in reversed(list(self.book)):
            if site.kind in ("affine", "recurrent"):
                return
            site.final = site.final or site.kind == "activation"

    # -- a compiled model -----------------------------------------------------------------------------------------

    def _enter_shadow(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.is_grad_enabled() and not self.inside and not self.stopped and not _elsewhere():
            self.guard.guarded(self.shadow, args, kwargs)

    def shadow(self, args: Any, kwargs: Any) -> None:
        """Run the original model on a slice of the batch, in eager mode, leaving no trace in it."""
        with self._open_forward():
            with torch._C._EnableTorchFunction():  # which the guard has switched off for its own work
                output = shadow_forward(self.core, args, kwargs)
            if self.mode is not None:
                self.finish(output)

    @contextmanager
    def _open_forward(self) -> Iterator[None]:
        try:
            self.enter()
            yield
        finally:
            self.leave()


def _wrap_compiled(root: nn.Module, before: Callable[[nn.Module, Any, Any], None]) -> Callable[[], None]:
    """Call ``before`` ahead of a module compiled in place (``model.compile()``); return what undoes it."""
    compiled = root.__dict__["_compiled_call_impl"]

    def call(*args: Any, **kwargs: Any) -> Any:
        before(root, args, kwargs)
        return compiled(*args, **kwargs)

    root.__dict__["_compiled_call_impl"] = call

    def undo() -> None:
        if root.__dict__.get("_compiled_call_impl") is call:
            root.__dict__["_compiled_call_impl"] = compiled

    return undo


def _elsewhere() -> bool:
    """Whether the forward is being traced, exported or compiled rather than run."""
    return bool(torch._C._get_tracing_state()) or torch.compiler.is_compiling()


def _tensors(output: Any) -> Iterator[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, tuple | list):
        for value in output:
            yield from _tensors(value)
