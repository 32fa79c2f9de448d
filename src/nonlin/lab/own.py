"""Networks the user's factory makes: stacked through torch.func where that works, one after the other where it does not."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional as F
from torch.nn.parameter import is_lazy

from nonlin.backends.torch import evaluate
from nonlin.errors import ModelError
from nonlin.lab.arrays import Dataset
from nonlin.lab.factories import load_object
from nonlin.lab.recipe import Column, Recipe
from nonlin.lab.train import samples
from nonlin.lab.weights import make_optimizer
from nonlin.nn.base import ActivationModule
from nonlin.nn.swapping import swap

_randomness = threading.Lock()  # PyTorch's default generator belongs to the whole process


@contextmanager
def _random_stream(state: Tensor | int) -> Iterator[None]:
    """Use PyTorch's default generator from a state or seed, alone, and put it back."""
    with _randomness:
        before = torch.get_rng_state()
        if isinstance(state, int):
            torch.manual_seed(state)
        else:
            torch.set_rng_state(state)
        try:
            yield
        finally:
            torch.set_rng_state(before)


class _Group:
    """All networks of one column: one per seed, with the same structure."""

    def __init__(self, models: list[nn.Module], recipe: Recipe, probe: Tensor, seeds: Sequence[int]) -> None:
        self.models, self.recipe = models, recipe
        self.draws = _draws(models[0], probe, seeds[0])
        self.states: list[Tensor] = []
        for seed in seeds:
            with _random_stream(seed + 104_729):
                self.states.append(torch.get_rng_state())
        self.how = "in lockstep through torch.func"
        self.stacked: tuple[dict[str, Tensor], dict[str, Tensor]] | None = None
        try:
            self._stack(probe)
        except Exception as err:  # whatever torch.func cannot do; the networks are trained all the same
            first = (str(err).strip() or type(err).__name__).splitlines()[0]
            self.how = f"one after the other: {first[:200]}"
            self.stacked = None
            self.optimizers = [make_optimizer(recipe, [p for p in m.parameters() if p.requires_grad]) for m in models]

    def _stack(self, probe: Tensor) -> None:
        if self.draws:
            raise ModelError("the network draws random numbers, and each needs a stream of its own")
        if any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats for m in self.models[0].modules()):
            raise ModelError("batch normalisation updates its running statistics in place")
        # not torch.func.stack_module_state: it wants one class, and a model with swapped calls has a class of its own
        parameters = [dict(m.named_parameters()) for m in self.models]
        states = [{**p, **dict(m.named_buffers())} for p, m in zip(parameters, self.models, strict=True)]
        stacked = {name: torch.stack([s[name].detach() for s in states]) for name in states[0]}
        learned = [name for name, p in parameters[0].items() if p.requires_grad]
        params = {name: stacked[name].requires_grad_() for name in learned}
        buffers = {name: value for name, value in stacked.items() if name not in learned}  # what is frozen with them
        base = copy.deepcopy(self.models[0])

        def loss(p: dict[str, Tensor], b: dict[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            z = functional_call(base, (p, b), (x,))
            return F.cross_entropy(z, y), z

        self.base = base
        self.gradient: Callable[..., Any] = vmap(grad_and_value(loss, has_aux=True))

        def forward(p: dict[str, Tensor], b: dict[str, Tensor], x: Tensor) -> Any:
            return functional_call(base, (p, b), (x,))

        self.forward: Callable[..., Any] = vmap(forward, (0, 0, None))
        many = probe.expand(len(self.models), *probe.shape)
        with torch.enable_grad():
            self.gradient(params, buffers, many, torch.zeros(many.shape[:2], dtype=torch.long))
        self.names = list(params)
        self.values = [p.detach().clone() for p in params.values()]
        self.optimizer = make_optimizer(self.recipe, self.values)
        self.stacked = dict(zip(self.names, self.values, strict=True)), buffers

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch per seed; return losses (seeds,) and logits (seeds, samples, classes)."""
        if self.stacked is not None:
            self.base.train()
            with torch.enable_grad():
                grads, (loss, z) = self.gradient(*self.stacked, torch.stack(xs), ys)
            for value, name in zip(self.values, self.names, strict=True):
                value.grad = grads[name].detach()
            self.optimizer.step()
            return loss.detach(), z.detach()
        losses, logits = [], []
        for k, (model, optimizer) in enumerate(zip(self.models, self.optimizers, strict=True)):
            model.train()
            if self.draws:
                with _random_stream(self.states[k]):
                    loss, z = self._single(model, xs[k], ys[k])
                    self.states[k] = torch.get_rng_state()
            else:
                loss, z = self._single(model, xs[k], ys[k])
            optimizer.step()
            losses.append(loss)
            logits.append(z)
        return torch.stack(losses), torch.stack(logits)

    def _single(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        for p in model.parameters():
            p.grad = None
        with torch.enable_grad():
            z = model(x)
            loss = F.cross_entropy(z, y)
            torch.autograd.backward(loss)
        for p in model.parameters():
            if p.requires_grad and p.grad is None:
                p.grad = torch.zeros_like(p)  # a part of the network this batch did not use
        return loss.detach(), z.detach()

    def logits(self, x: Tensor) -> Tensor:
        """Return (seeds, samples, classes)."""
        if self.stacked is not None:
            self.base.eval()
            result: Tensor = self.forward(*self.stacked, x)
            return result
        scores = []
        for model in self.models:
            with self.aside():
                scores.append(model.eval()(x))
        return torch.stack(scores)

    def aside(self) -> AbstractContextManager[None]:
        """Return a context to evaluate one network in: if it draws even then, from a stream that starts anew."""
        return _random_stream(0) if self.draws else nullcontext()

    def current(self) -> list[nn.Module]:
        """Return the networks with their present weights, in evaluation mode."""
        if self.stacked is not None:
            with torch.no_grad():
                for k, model in enumerate(self.models):
                    own = dict(model.named_parameters())
                    for name, value in self.stacked[0].items():
                        own[name].copy_(value[k])
        return [m.eval() for m in self.models]


class OwnNetworks:
    """``len(seeds) * len(columns)`` networks of the user's factory; the interface of ``train.Stack``.

    The factory is called without arguments, with PyTorch seeded, and returns a module that maps images (batch, 1, height,
    width), or (batch, features) for flat data, to logits (batch, classes). Its activations are replaced by each column's
    functions.

    Raises:
        ModelError: the factory raises, returns no module, has nothing to swap, or its output does not fit the data.
    """

    def __init__(self, factory: str, recipe: Recipe, columns: Sequence[Column], seeds: Sequence[int], data: Dataset) -> None:
        make = load_object(factory, "model")
        self.shape = len(seeds), len(columns)
        image = len(data.shape) > 1
        self.as_image = image
        probe = samples(data.train_x[:2], image)
        self.groups = []
        for column in columns:
            models = [_made(make, factory, seed, column, probe) for seed in seeds]
            _check_output(models[0], factory, probe, data.classes)
            self.groups.append(_Group(models, recipe, probe, seeds))
        self.how = [g.how for g in self.groups]

    def _shaped(self, x: Tensor) -> Tensor:
        return x if self.as_image else x.flatten(1)

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch per seed; return loss and share of right answers before the update."""
        shaped = [self._shaped(x) for x in xs]
        rows = [g.step(shaped, ys) for g in self.groups]
        right = [(z.argmax(2) == ys).float().mean(1) for _, z in rows]
        return torch.stack([loss for loss, _ in rows], 1), torch.stack(right, 1)

    def logits(self, x: Tensor) -> Tensor:
        """Return (seeds, columns, samples, classes) for shared samples."""
        return torch.stack([g.logits(self._shaped(x)) for g in self.groups], 1)

    def dead(self, x: Tensor) -> Tensor:
        """Return the share of units (features or channels) whose derivative is 0 on every sample: (seeds, columns)."""
        part = self._shaped(x[:2000])
        columns = []
        for g in self.groups:
            shares = []
            for model in g.current():
                with g.aside():
                    shares.append(_dead_share(model, part))
            columns.append(torch.stack(shares))
        return torch.stack(columns, 1)

    def finite(self) -> Tensor:
        """Return which networks have only finite weights."""
        rows = []
        for g in self.groups:
            if g.stacked is not None:
                flat = [v.flatten(1).isfinite().all(1) for v in g.values if v.is_floating_point()]
                rows.append(torch.stack(flat).all(0))
            else:
                good = [all(bool(p.isfinite().all()) for p in m.parameters()) for m in g.models]
                rows.append(torch.tensor(good))
        return torch.stack(rows, 1)


def _made(make: Callable[[], Any], factory: str, seed: int, column: Column, probe: Tensor) -> nn.Module:
    with _random_stream(seed):
        try:
            model = make()
        except Exception as err:
            raise ModelError(f"the factory {factory} raised {type(err).__name__}: {err}") from err
        if not isinstance(model, nn.Module):
            raise ModelError(f"the factory {factory} returned {type(model).__name__}; it must return a torch.nn.Module")
        model = model.float()
        if any(is_lazy(p) for p in (*model.parameters(), *model.buffers())):
            _check_runs(model, factory, probe)  # which gives them their shapes, and draws their values
    if not any(p.requires_grad for p in model.parameters()):
        raise ModelError(f"the model of {factory} has no parameters to train")
    if len(column.layers) == 1:
        return swap(model, None, column.layers[0])[0]
    paths = [r.path for r in swap(model, None, column.layers[0])[1].replaced]
    if len(paths) != len(column.layers):
        raise ModelError(
            f"{column.label} names {len(column.layers)} functions, but the model of {factory} has {len(paths)} "
            f"activations to swap ({', '.join(paths)}); name one for each"
        )
    return swap(model, None, dict(zip(paths, column.layers, strict=True)))[0]


def _check_runs(model: nn.Module, factory: str, probe: Tensor) -> Any:
    try:
        with torch.no_grad():
            return model(probe)
    except Exception as err:
        raise ModelError(
            f"the model of {factory} cannot take samples of shape {tuple(probe.shape[1:])}: {type(err).__name__}: {err}"
        ) from err


def _check_output(model: nn.Module, factory: str, probe: Tensor, classes: int) -> None:
    with _random_stream(0):
        z = _check_runs(copy.deepcopy(model).eval(), factory, probe)
    if not isinstance(z, Tensor) or z.shape != (len(probe), classes):
        got = tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__
        raise ModelError(
            f"the model of {factory} returned {got} for {len(probe)} samples; "
            f"expected are logits of shape ({len(probe)}, {classes})"
        )


def _draws(model: nn.Module, probe: Tensor, seed: int) -> bool:
    """Whether a training step uses PyTorch's default random numbers (dropout, randomised functions)."""
    with _random_stream(seed):
        before = torch.get_rng_state()
        trial = copy.deepcopy(model).train()
        with torch.enable_grad():
            trial(probe).sum().backward()
        return not torch.equal(before, torch.get_rng_state())


def _dead_share(model: nn.Module, x: Tensor) -> Tensor:
    """Run a network on ``x`` and count units of its swapped elementwise functions with derivative 0 throughout."""
    dead = units = 0
    seen: list[tuple[ActivationModule, Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, ActivationModule) and module.definition.kind == "elementwise":
            seen.append((module, inputs[0].detach()))

    hooks = [m.register_forward_pre_hook(note) for m in model.modules()]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    for module, z in seen:
        if z.dim() < 2:
            continue
        slope = evaluate(module.bound().closed(), z, wrt=("x",))
        alive = (slope != 0).transpose(0, 1).flatten(1).any(1)
        dead += int((~alive).sum())
        units += alive.numel()
    return torch.tensor(dead / units if units else float("nan"))
