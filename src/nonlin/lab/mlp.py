"""Many multilayer perceptrons trained in lockstep: stacked weights, one matrix product where inputs are shared.

Arrays are feature-major: (column, seed, feature, sample). All columns of a seed see the same batches, so their first
layers are one product. The backward pass is written out, with the derivative each function's kernel returns beside
its value; nothing is recorded for autograd.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nonlin.backends.torch import DRAW
from nonlin.lab.bends import Bend, bend
from nonlin.lab.matmul import times_transposed
from nonlin.lab.recipe import Column, Recipe
from nonlin.lab.weights import initial_scale, make_optimizer


class _Layer:
    """One layer of all networks. Arrays are (columns, seeds, out, in or 1); ``flat`` joins the first two dimensions.

    The first layer's weights are stored by seed, so that one product serves all columns; the others are parts of one
    flat tensor, like all biases.
    """

    def __init__(self, weight: Tensor | None, d_weight: Tensor | None, bias: Tensor, d_bias: Tensor) -> None:
        self.weight, self.bias, self.d_bias = weight, bias, d_bias
        self.flat_bias = bias.flatten(0, 1)
        if weight is not None and d_weight is not None:
            self.flat = weight.flatten(0, 1)
            self.flat_transposed = self.flat.transpose(1, 2)
            self.flat_d = d_weight.flatten(0, 1)


class StackedMLP:
    """``len(seeds) * len(columns)`` perceptrons, float32, on the CPU.

    Args:
        features: numbers in a sample.
        classes: number of classes.
        recipe: widths, optimiser and initialisation.
        columns: one entry per function, with one definition for each hidden layer.
        seeds: one entry per repetition; a seed fixes the initial weights and the order of the data.
    """

    def __init__(self, features: int, classes: int, recipe: Recipe, columns: Sequence[Column], seeds: Sequence[int]) -> None:
        self.columns, self.seeds = len(columns), len(seeds)
        self.how = ["in lockstep"] * len(columns)
        self.recipe = recipe
        self.bends: list[list[Bend]] = [[bend(c.layers[i]) for c in columns] for i in range(len(recipe.hidden))]
        outs = [w * row[0].narrows for w, row in zip(recipe.hidden, self.bends, strict=True)] + [classes]
        ins = [features, *recipe.hidden]
        a, s = self.columns, self.seeds
        knobs = sum(len(b.learned) for row in self.bends for b in row)
        total = sum(a * s * o * (i * (n > 0) + 1) for n, (o, i) in enumerate(zip(outs, ins, strict=True))) + s * knobs
        self.rest, self.d_rest = torch.zeros(total), torch.zeros(total)
        self.first = [torch.empty(a * outs[0], features) for _ in range(s)]
        self._used = 0
        self.layers: list[_Layer] = []
        for n, (o, i) in enumerate(zip(outs, ins, strict=True)):
            weight, d_weight = self._part(a, s, o, i) if n else (None, None)
            self.layers.append(_Layer(weight, d_weight, *self._part(a, s, o, 1)))
        self.knobs: list[list[tuple[list[Tensor], list[Tensor]]]] = []
        for row in self.bends:
            pairs = [[self._part(s, 1, 1) for _ in b.learned] for b in row]
            self.knobs.append([([v for v, _ in p], [d for _, d in p]) for p in pairs])
            for b, (values, _) in zip(row, self.knobs[-1], strict=True):
                for value, start in zip(values, b.initial, strict=True):
                    value.fill_(start)
        self._initialise(outs, ins, seeds)
        # one stream a network, equal for all columns of a seed: what one draws must not depend on the others
        self.noise = [[torch.Generator().manual_seed(_noise_seed(seed)) for seed in seeds] for _ in columns]
        self.optimizer = make_optimizer(recipe, [*self.first, self.rest])

    def _part(self, *shape: int) -> tuple[Tensor, Tensor]:
        """Take the next numbers of the flat parameters and of their gradients."""
        start, self._used = self._used, self._used + math.prod(shape)
        return self.rest[start : self._used].view(shape), self.d_rest[start : self._used].view(shape)

    def _initialise(self, outs: list[int], ins: list[int], seeds: Sequence[int]) -> None:
        """Fill the weights: the same random numbers for every column of a seed, scaled for its functions."""
        uniform = self.recipe.init in ("glorot", "torch")
        for k, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            for n, (o, i) in enumerate(zip(outs, ins, strict=True)):
                unit = torch.rand(o, i, generator=generator) * 2 - 1 if uniform else torch.randn(o, i, generator=generator)
                bias = torch.rand(o, 1, generator=generator) * 2 - 1
                weights = self.layers[n].weight
                for c in range(self.columns):
                    follows = self.bends[n][c].definition if n < len(self.bends) else None
                    weight_scale, bias_scale = initial_scale(self.recipe.init, i, o, follows)
                    target = self.first[k].view(self.columns, o, i)[c] if weights is None else weights[c, k]
                    torch.mul(unit, weight_scale, out=target)
                    self.layers[n].bias[c, k] = bias * bias_scale

    def _bent(self, n: int, z: Tensor, train: bool) -> tuple[Tensor, list[Any]]:
        """Apply layer ``n``'s functions to ``z`` (columns, seeds, out, samples); return values and what backward needs."""
        outs, kept = [], []
        for c, (f, part) in enumerate(zip(self.bends[n], z.unbind(0), strict=True)):
            noise = [self._draw(c, part, law) for law in f.random.values()] if f.random and train else None
            out, saved = f.forward(part, self.knobs[n][c][0], noise, train)
            outs.append(out)
            kept.append(saved)
        return torch.stack(outs), kept

    def _draw(self, c: int, like: Tensor, law: str) -> Tensor:
        return torch.stack([DRAW[law](like.shape[1:], generator=g) for g in self.noise[c]])

    def _forward(self, xs: list[Tensor], train: bool) -> tuple[Tensor, list[Tensor], list[list[Any]]]:
        """Return logits (columns, seeds, classes, samples), inputs of each later layer, and what backward needs."""
        a, s = self.columns, self.seeds
        products = [times_transposed(w, x).view(a, -1, len(x)) for w, x in zip(self.first, xs, strict=True)]
        z = torch.stack(products, 1).add_(self.layers[0].bias)
        inputs, kept = [], []
        for n, layer in enumerate(self.layers[1:]):
            h, saved = self._bent(n, z, train)
            h = h.view(a * s, h.shape[2], h.shape[3])
            kept.append(saved)
            inputs.append(h)
            z = torch.baddbmm(layer.flat_bias, layer.flat, h).view(a, s, -1, h.shape[2])
        return z, inputs, kept

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch: ``xs`` one (samples, features) per seed, ``ys`` (seeds, samples).

        Returns:
            Mean loss and share of right answers before the update, each (seeds, columns).
        """
        a, s = self.columns, self.seeds
        z, inputs, kept = self._forward(xs, True)
        n = z.shape[-1]
        target = ys.view(1, s, 1, n).expand(a, s, 1, n)
        logp = torch.log_softmax(z, 2)
        chosen = logp.gather(2, target)
        loss = -chosen.mean((2, 3))
        right = (chosen >= logp.amax(2, keepdim=True)).float().mean((2, 3))  # argmax over this axis is 5 times slower
        d = logp.exp_()
        d.scatter_add_(2, target, _MINUS_ONE.expand(target.shape)).div_(n)
        for i in range(len(self.layers) - 1, 0, -1):
            layer = self.layers[i]
            torch.sum(d, 3, keepdim=True, out=layer.d_bias)
            flat = d.view(a * s, d.shape[2], n)
            torch.bmm(flat, inputs[i - 1].transpose(1, 2), out=layer.flat_d)
            back = torch.bmm(layer.flat_transposed, flat).view(a, s, -1, n).unbind(0)
            rows = zip(self.bends[i - 1], kept[i - 1], back, self.knobs[i - 1], strict=True)
            d = torch.stack([f.backward(saved, part, grads) for f, saved, part, (_, grads) in rows])
        torch.sum(d, 3, keepdim=True, out=self.layers[0].d_bias)
        for w, x, part in zip(self.first, xs, d.unbind(1), strict=True):
            w.grad = times_transposed(part.reshape(-1, n), x.t())
        self.rest.grad = self.d_rest
        self.optimizer.step()
        return loss.t(), right.t()

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of shared samples ``x`` (samples, features): (seeds, columns, samples, classes)."""
        return self._forward([x] * self.seeds, False)[0].permute(1, 0, 3, 2)

    def dead(self, x: Tensor) -> Tensor:
        """Return the share of hidden units whose derivative is 0 on every sample of ``x``: (seeds, columns).

        No gradient reaches such a unit, whatever its output. Rowwise and grouped functions have no dead units by this
        measure and count as alive.
        """
        alive: list[Tensor] | None = None
        for part in x.split(1024):
            _, _, kept = self._forward([part] * self.seeds, True)
            now = [
                torch.stack([f.alive(one, (self.seeds, width)) for f, one in zip(row, saved, strict=True)], 1)
                for row, saved, width in zip(self.bends, kept, self.recipe.hidden, strict=True)
            ]
            alive = now if alive is None else [p | q for p, q in zip(alive, now, strict=True)]
        return (~torch.cat(alive or [], 2)).float().mean(2)

    def finite(self) -> Tensor:
        """Return which models have only finite weights: bool (seeds, columns)."""
        good = torch.stack([w.view(self.columns, -1).isfinite().all(1) for w in self.first])
        for layer in self.layers[1:]:
            assert layer.weight is not None
            good &= layer.weight.flatten(2).isfinite().all(2).t() & layer.bias.flatten(2).isfinite().all(2).t()
        return good


_MINUS_ONE = torch.tensor(-1.0)


def _noise_seed(seed: int) -> int:
    """A stream for random functions that differs from the one of the weights."""
    return (seed + 1) * 1_000_003
