"""Replace the activation functions of a model."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from torch import nn

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ModelError, NonlinError, near
from nonlin.nn.base import ActivationModule
from nonlin.nn.base import module as make_module
from nonlin.nn.recognise import MODULES, Found
from nonlin.nn.sites import Site, Survey, Unreached, survey
from nonlin.nn.trace import adopt

_HOOKS = ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks",
          "_forward_pre_hooks_with_kwargs", "_backward_hooks", "_backward_pre_hooks", "_is_full_backward_hook",
          "_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
          "_load_state_dict_post_hooks")  # fmt: skip


class Replaced(NamedTuple):
    """One activation that was replaced: where, what it was, what it is, and what else there is to know."""

    path: str
    old: str
    new: str
    note: str = ""


class Kept(NamedTuple):
    """One activation that was left alone although no name excluded it."""

    path: str
    what: str
    reason: str


@dataclass
class SwapReport:
    """What ``swap`` did: ``replaced``, ``kept`` (gates, outputs, softmax), and ``unreachable``; ``str()`` is for people."""

    replaced: list[Replaced] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    unreachable: list[Unreached] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"replaced {len(self.replaced)}:"]
        lines += [f"  {_at(r.path)}: {r.old} -> {r.new}{f' ({r.note})' if r.note else ''}" for r in self.replaced]
        lines += ["kept (name it in `old` to replace it):"] if self.kept else []
        lines += [f"  {_at(k.path)}: {k.what}: {k.reason}" for k in self.kept]
        lines += ["could not reach:"] if self.unreachable else []
        lines += [f"  {_unreached(u)}" for u in self.unreachable]
        return "\n".join(lines)


def swap(model: nn.Module, old: Any, new: Any, *, inplace: bool = False) -> tuple[nn.Module, SwapReport]:
    """Return ``model`` with activation functions replaced, and a report of what was done.

    Modules (torch's and nonlin's), functional calls (``F.relu(x)``, ``torch.tanh(x)``, ``x.sigmoid()``) in any
    ``forward`` that torch.fx can trace, and functions held as attributes are replaced. A module with replaced calls becomes
    a subclass of its own class, so that attributes, methods, hooks and ``state_dict`` stay; what could not be reached is
    in the report with the reason. Device, dtype, training flag and hooks are kept; a shared module stays shared; an
    in-place function becomes an out-of-place one.

    Args:
        model: any module; it may itself be an activation.
        old: a name or formula, a definition, a module class, or None or ``"all"`` for every activation of single
            units. Left alone unless named in ``old`` or by their exact path: softmax and its kin, gates (a sigmoid or
            tanh that is multiplied with something), and a sigmoid or tanh that makes the model's output.
        new: a name or formula, a definition, a module class, a module (copied for each place), or a mapping from
            patterns over module paths to these: ``{"features.*": "gelu", "head": "tanh"}``. A pattern matches a path
            or a module above it; the first that matches wins.
        inplace: change ``model`` itself instead of a deep copy (a model that is itself an activation is still returned
            as a new module).

    Raises:
        ModelError: there is nothing to replace, or a pattern matches nothing.
        UnknownNameError: an unknown function.

    >>> model, report = swap(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)), "relu", "mish")
    >>> print(report)
    replaced 1:
      1: ReLU() -> Mish()
    """
    if not isinstance(model, nn.Module):
        raise ModelError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    matches = _matcher(old)
    makers = {p: _maker(n) for p, n in new.items()} if isinstance(new, Mapping) else {"*": _maker(new)}
    if not inplace:
        try:
            model = copy.deepcopy(model)
        except Exception as err:  # a user's module may refuse in any way
            raise ModelError(f"the model cannot be copied ({err}); pass inplace=True to change it itself") from err
    found = survey(model)
    report = SwapReport()
    report.unreachable = [u for u in found.unreached if _concerns(u, old, matches)]
    candidates = [s for s in found.sites if matches(s)]
    _check_patterns(new, candidates)
    chosen: list[tuple[Site, nn.Module]] = []
    for site in candidates:
        pattern = next((p for p in makers if _covers(p, site)), None)
        if pattern is None:
            continue
        if site.keep and _is_all(old) and pattern not in site.paths:
            report.kept.append(Kept(site.path, site.found.shown, site.keep))
        else:
            chosen.append((site, makers[pattern](site)))
    if not chosen:
        raise ModelError(_nothing(model, old, found, report))
    return _apply(model, chosen, found, report), report


# -- what is meant -------------------------------------------------------------------------------------------


def _is_all(old: Any) -> bool:
    return old is None or old == "all"


def _matcher(old: Any) -> Callable[[Site], bool]:
    """Return the test whether a site computes ``old``."""
    if _is_all(old):
        return lambda site: True
    if isinstance(old, type) and issubclass(old, nn.Module):
        names = {row.name for row in MODULES if row.module is old}
        if issubclass(old, ActivationModule) and hasattr(old, "definition"):
            names = {old.definition.name}
        return lambda site: isinstance(site.module, old) or (site.module is None and site.found.name in names)
    wanted = _function(old, "old")
    if "(" not in wanted.name and wanted.family != "formula":  # by name, whatever the parameter values
        return lambda site: site.found.name == wanted.name
    return lambda site: site.found.definition.closed() is wanted.closed()


def _function(spec: Any, what: str) -> Definition:
    spec = getattr(spec, "definition", spec)
    if not isinstance(spec, str | Definition):
        raise ModelError(
            f"{what} must be a function's name, a formula, a definition or a module class, not {type(spec).__name__}"
        )
    return resolve(spec)


def _maker(new: Any) -> Callable[[Site], nn.Module]:
    """Return the function that makes the replacement for a site."""
    if isinstance(new, nn.Module):
        return lambda site: copy.deepcopy(new)
    if isinstance(new, type) and issubclass(new, nn.Module):
        try:
            new()
        except TypeError as err:
            raise ModelError(f"new: {new.__name__} cannot be made without arguments ({err}); give an instance") from None
        return lambda site: new()
    made = _function(new, "new")
    if not made.keeps_length or made.context:
        how = f"needs {made.context}" if made.context else "does not give as many features as it takes"
        raise ModelError(f"new: {made.name} {how}; build it into the model, for example with nonlin.nn.{made.title}")

    def make(site: Site) -> nn.Module:
        options = {"dim": site.found.dim} if made.kind == "rowwise" and site.found.dim is not None else {}
        return make_module(made, **options)

    return make


def _covers(pattern: str, site: Site) -> bool:
    """Whether a pattern matches one of a site's paths, or a module above it."""
    for path in site.paths:
        parts = path.split(".")
        if any(fnmatchcase(".".join(parts[:n]), pattern) for n in range(1, len(parts) + 1)):
            return True
    return False


def _check_patterns(new: Any, candidates: list[Site]) -> None:
    for pattern in new if isinstance(new, Mapping) else ():
        if not any(_covers(pattern, s) for s in candidates):
            paths = [s.path for s in candidates]
            options = {".".join(p.split(".")[:n]) for p in paths for n in range(1, p.count(".") + 2)}
            listed = ", ".join(paths[:12]) + (", ..." if len(paths) > 12 else "")
            hint = f"{near(pattern, options)} They are at: {listed or 'none'}"
            raise ModelError(f"the pattern {pattern!r} matches no activation.{hint}")


def _concerns(place: Unreached, old: Any, matches: Callable[[Site], bool]) -> bool:
    """Whether an unreachable place may hold what was asked for."""
    if not place.names:
        return True
    for name in place.names:
        try:
            made = resolve(name)
        except NonlinError:  # a formula with parameters, whose values are out of sight here
            return True
        if made.kind == "elementwise" if _is_all(old) else matches(Site([place.path], Found(made, name), None)):
            return True
    return False


def _nothing(model: nn.Module, old: Any, found: Survey, report: SwapReport) -> str:
    wanted = "" if _is_all(old) else f" {_function_name(old)}"
    held = Counter(s.found.name for s in found.sites)
    has = ", ".join(f"{n} ({k})" for n, k in held.items()) or "none that nonlin recognises"
    text = f"{type(model).__name__} has no activation{wanted} to swap; the activations it has: {has}"
    for kept in report.kept:
        text += f"\n  kept {_at(kept.path)}: {kept.what}: {kept.reason}; name it in `old` to replace it"
    for place in report.unreachable:
        text += f"\n  could not reach {_unreached(place)}"
    return text


def _function_name(old: Any) -> str:
    return str(getattr(old, "__name__", getattr(old, "name", old)))


def _at(path: str) -> str:
    return path or "(the model itself)"


def _unreached(place: Unreached) -> str:
    return f"{_at(place.path)}: {', '.join(place.names) or 'unknown'}: {place.reason}"


# -- doing it -------------------------------------------------------------------------------------------------


def _apply(model: nn.Module, chosen: list[tuple[Site, nn.Module]], found: Survey, report: SwapReport) -> nn.Module:
    replacement: dict[int, nn.Module] = {}
    changed: dict[int, nn.Module] = {}
    for site, made in chosen:
        notes = ["was in place, is not any more"] if site.found.inplace else []
        notes += [site.note] if site.note else []
        notes += [f"shared with {', '.join(site.paths[1:])}"] if len(site.paths) > 1 else []
        owner = site.module if site.module is not None else site.owner
        assert owner is not None
        made.train(owner.training)
        _move(made, model, site)
        if site.module is not None:
            for name in _HOOKS:  # the same objects, so that handles given out earlier still remove them
                if name in vars(site.module):
                    made.__dict__[name] = vars(site.module)[name]
            replacement[id(site.module)] = made
        elif site.node is not None:
            _replace_call(site, made)
            changed[id(owner)] = owner
        else:
            del owner.__dict__[site.key]
            setattr(owner, site.key, made)
            _leave_fast_path(model, owner)
        report.replaced.append(Replaced(site.path, site.found.shown, repr(made), "; ".join(notes)))
    for owner in changed.values():
        adopt(owner, found.graphs[id(owner)])
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if id(child) in replacement:
                parent._modules[name] = replacement[id(child)]
                _leave_fast_path(model, parent)
    return replacement.get(id(model), model)


def _replace_call(site: Site, made: nn.Module) -> None:
    """Put a call of the new module in place of a functional call in its owner's graph."""
    node, owner = site.node, site.owner
    assert node is not None
    assert owner is not None
    owner.add_module(site.key, made)
    source = node.args[0] if node.args else node.kwargs["input"]
    with node.graph.inserting_before(node):
        call = node.graph.call_module(site.key, (source,))
    if site.found.inplace:  # what reads the input later was meant to see the activated value
        order = {n: i for i, n in enumerate(node.graph.nodes)}
        for user in list(source.users):  # type: ignore[union-attr]
            if order[user] > order[node]:
                user.replace_input_with(source, call)
    node.replace_all_uses_with(call)
    node.graph.erase_node(node)


def _move(made: nn.Module, model: nn.Module, site: Site) -> None:
    """Give parameters of ``made`` the device and floating dtype of those nearest to the site."""
    if not any(True for _ in made.parameters()):
        return
    parts = site.path.split(".")
    above = [model.get_submodule(".".join(parts[:n])) for n in range(len(parts) - 1, -1, -1)]
    for module in [site.module, site.owner, *above]:
        for p in module.parameters() if module is not None else ():
            if p.is_floating_point() and p.dtype.itemsize > 1:
                made.to(device=p.device, dtype=p.dtype)
                return


def _leave_fast_path(model: nn.Module, owner: nn.Module) -> None:
    """Tell torch's transformer layers that their activation is no longer the one their fused kernel computes."""
    if hasattr(owner, "activation_relu_or_gelu"):
        setattr(owner, "activation_relu_or_gelu", 0)  # noqa: B010 (not declared on nn.Module)
        for module in model.modules():
            if isinstance(module, nn.TransformerEncoder):
                module.use_nested_tensor = False
