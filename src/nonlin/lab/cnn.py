"""Many small convolutional networks trained in lockstep: Conv-BN-activation blocks as one grouped convolution.

Kernel 3, padding 1, stride 2 from the second block on; then global average pooling and a linear layer. Channels are
ordered (seed, column, channel); batch normalisation is per channel, so stacking changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nonlin.backends.torch import DRAW, evaluate
from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import const, stabilise, substitute
from nonlin.lab.bends import bend
from nonlin.lab.recipe import Column, Recipe
from nonlin.lab.weights import initial_scale, make_optimizer

_KERNEL = 3


class _Block:
    """The stacked parameters of one Conv-BN-activation block."""

    def __init__(self, weight: Tensor, channels: int, knobs: list[dict[str, Tensor]]) -> None:
        self.weight = weight
        self.scale, self.shift = torch.ones(channels), torch.zeros(channels)
        self.mean, self.variance = torch.zeros(channels), torch.ones(channels)
        self.knobs = knobs

    def parameters(self) -> list[Tensor]:
        return [self.weight, self.scale, self.shift, *(t for k in self.knobs for t in k.values())]


class StackedCNN:
    """``len(seeds) * len(columns)`` convolutional networks, float32; the interface of ``train.Stack``."""

    def __init__(
        self, shape: tuple[int, ...], classes: int, recipe: Recipe, columns: Sequence[Column], seeds: Sequence[int]
    ) -> None:
        self.shape, self.classes, self.recipe = (len(seeds), len(columns)), classes, recipe
        self.how = ["in lockstep"] * len(columns)
        if len(shape) > 3:
            raise ParameterError(
                f"the cnn takes signals, images, or images with channels first; samples here have shape {shape}. "
                "Use net='mlp', or a network of your own"
            )
        self.space = len(shape) if len(shape) < 3 else 2
        self.convolve = F.conv1d if self.space == 1 else F.conv2d
        inputs = 1 if len(shape) < 3 else shape[0]
        self.functions = [[c.layers[i] for c in columns] for i in range(len(recipe.hidden))]
        for function in {f for row in self.functions for f in row}:
            if not function.keeps_length:
                raise ParameterError(
                    f"{function.name} changes the number of channels; use it in the mlp, or in a network of your own"
                )
        s, a = self.shape
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.blocks: list[_Block] = []
        for i, (before, after) in enumerate(zip((inputs, *recipe.hidden), recipe.hidden, strict=False)):
            fan = before * _KERNEL**self.space
            draws = [self._draw((after, before, *(_KERNEL,) * self.space), g) for g in generators]
            scaled = [d * self._scale(fan, after * _KERNEL**self.space, f) for d in draws for f in self.functions[i]]
            knobs = [
                {n: torch.full((1, s, 1, *(1,) * self.space), v) for n, v in zip(b.learned, b.initial, strict=True)}
                for b in map(bend, self.functions[i])
            ]
            self.blocks.append(_Block(torch.cat(scaled), s * a * after, knobs))
        width = recipe.hidden[-1]
        heads = [self._draw((width, classes), g) * self._scale(width, classes, None) for g in generators]
        # every column of a seed starts from the same head, as it does from the same kernels
        self.head, self.head_bias = torch.stack(heads).repeat_interleave(a, 0), torch.zeros(s * a, 1, classes)
        # one stream a network, equal for all columns of a seed: what one draws must not depend on the others
        self.noise = [[torch.Generator().manual_seed((seed + 1) * 1_000_003) for seed in seeds] for _ in columns]
        self.parameters = [p for b in self.blocks for p in b.parameters()] + [self.head, self.head_bias]
        for p in self.parameters:
            p.requires_grad_()
        self.optimizer = make_optimizer(recipe, self.parameters)

    def _draw(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        if self.recipe.init in ("glorot", "torch"):
            return torch.rand(shape, generator=generator) * 2 - 1
        return torch.randn(shape, generator=generator)

    def _scale(self, fan_in: int, fan_out: int, follows: Definition | None) -> float:
        return initial_scale(self.recipe.init, fan_in, fan_out, follows)[0]

    def _bent(self, i: int, z: Tensor, train: bool) -> Tensor:
        """Apply block ``i``'s functions to ``z`` of shape (samples, seed * column * channel, ...)."""
        s, a = self.shape
        wide = z.unflatten(1, (s, a, -1))
        functions = self.functions[i]
        parts = []
        for c, f in enumerate(functions):
            part = wide[:, :, c]
            knobs = self.blocks[i].knobs[c]
            fixed = {n: const(p.default) for n, p in f.settable.items() if n not in knobs}
            tensors = dict(knobs)
            if f.random and train:
                for name, law in f.random.items():
                    drawn = [DRAW[law](part[:, k].shape, generator=g) for k, g in enumerate(self.noise[c])]
                    tensors[name] = torch.stack(drawn, 1)
                root = f.expr
            else:
                root = f.at_rest()
            root = stabilise(substitute(root, fixed))
            if f.kind == "rowwise":
                parts.append(evaluate(root, part.movedim(2, -1)).movedim(-1, 2))
            else:
                parts.append(evaluate(root, part, tensors))
        return torch.stack(parts, 2).flatten(1, 3)

    def _forward(self, x: Tensor, train: bool, seen: list[Tensor] | None = None) -> Tensor:
        """Return logits (seeds, columns, samples, classes) of ``x`` with shape (samples, seeds * inputs, ...)."""
        s, a = self.shape
        for i, block in enumerate(self.blocks):
            # the first block reads each seed's own images; the later ones each network's own channels
            groups = s if i == 0 else s * a
            x = self.convolve(x, block.weight, stride=2 if i else 1, padding=1, groups=groups)
            x = F.batch_norm(x, block.mean, block.variance, block.scale, block.shift, train, 0.1, 1e-5)
            if seen is not None:
                seen.append(x)
            x = self._bent(i, x, train)
        pooled = x.flatten(2).mean(2).unflatten(1, (s * a, -1)).transpose(0, 1)
        logits: Tensor = torch.baddbmm(self.head_bias, pooled, self.head).unflatten(0, (s, a))
        return logits

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch per seed; return loss and share of right answers before the update."""
        s, a = self.shape
        with torch.enable_grad():
            z = self._forward(torch.cat([self._image(x) for x in xs], 1), True)
            target = ys.view(s, 1, -1, 1).expand(s, a, -1, 1)
            losses = -torch.log_softmax(z, 3).gather(3, target).mean((2, 3))
            grads = torch.autograd.grad(losses.sum(), self.parameters)
        for p, g in zip(self.parameters, grads, strict=True):
            p.grad = g
        self.optimizer.step()
        return losses.detach(), (z.argmax(3) == target[..., 0]).float().mean(2)

    def _image(self, x: Tensor) -> Tensor:
        return x.unsqueeze(1) if x.dim() == self.space + 1 else x

    def logits(self, x: Tensor) -> Tensor:
        """Return (seeds, columns, samples, classes) for shared samples, with running statistics."""
        image = self._image(x)
        parts = [self._forward(p.repeat(1, self.shape[0], *(1,) * self.space), False) for p in image.split(500)]
        return torch.cat(parts, 2)

    def dead(self, x: Tensor) -> Tensor:
        """Return the share of channels whose derivative is 0 at every sample and position: (seeds, columns)."""
        s = self.shape[0]
        alive: list[Tensor] | None = None
        for part in self._image(x).split(500):
            seen: list[Tensor] = []
            self._forward(part.repeat(1, s, *(1,) * self.space), False, seen)
            now = [self._alive(i, z) for i, z in enumerate(seen)]
            alive = now if alive is None else [p | q for p, q in zip(alive, now, strict=True)]
        joined = torch.cat(alive or [], 2)
        return (~joined).float().mean(2)

    def _alive(self, i: int, z: Tensor) -> Tensor:
        s, a = self.shape
        wide = z.unflatten(1, (s, a, -1))
        rows = []
        for c, f in enumerate(self.functions[i]):
            b, part = bend(f), wide[:, :, c].flatten(3).permute(1, 2, 0, 3).flatten(2)
            knobs = [t.view(s, 1, 1) for t in self.blocks[i].knobs[c].values()]
            saved = b.forward(part, knobs, None, True)[1] if b.elementwise else None
            rows.append(b.alive(saved, (s, part.shape[1])))
        return torch.stack(rows, 1)

    def finite(self) -> Tensor:
        """Return which networks have only finite weights."""
        s, a = self.shape
        good = self.head.flatten(1).isfinite().all(1).view(s, a)
        for block in self.blocks:
            good = good & block.weight.view(s, a, -1).isfinite().all(2)
        return good
