"""Many multilayer perceptrons trained in lockstep: stacked weights, one matrix product where inputs are shared.

Arrays are feature-major: (seed, column, feature, sample). All columns of a seed see the same batches, so their first
layers are one product. The backward pass is written out, with the derivative each function's kernel returns beside
its value; nothing is recorded for autograd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nonlin.lab.bends import Bend, bend
from nonlin.lab.matmul import times_transposed
from nonlin.lab.recipe import Column, Recipe
from nonlin.lab.weights import initial_scale, make_optimizer


class _Layer(NamedTuple):
    weight: Tensor  # (seeds, columns, out, in)
    bias: Tensor  # (seeds, columns, out, 1)
    d_weight: Tensor | None
    d_bias: Tensor


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
        self.shape = len(seeds), len(columns)
        self.recipe = recipe
        depth = len(recipe.hidden)
        self.bends: list[list[Bend]] = [[bend(c.layers[i]) for c in columns] for i in range(depth)]
        self.widen = [bends[0].pieces for bends in self.bends]
        outs = [w * k for w, k in zip(recipe.hidden, self.widen, strict=True)] + [classes]
        ins = [features, *recipe.hidden]
        s, a = self.shape
        sizes = [s * a * o * (i if n else 0) for n, (o, i) in enumerate(zip(outs, ins, strict=True))]
        sizes += [s * a * o for o in outs]
        learned = [len(b.learned) for bends in self.bends for b in bends]
        total = sum(sizes) + s * sum(learned)
        self.rest, self.d_rest = torch.zeros(total), torch.zeros(total)
        self.first = [torch.empty(a * outs[0], features) for _ in range(s)]
        self.layers: list[_Layer] = []
        at = 0
        weights: list[tuple[Tensor, Tensor | None]] = []
        for n, (o, i) in enumerate(zip(outs, ins, strict=True)):
            if n == 0:
                weights.append((torch.empty(0), None))
            else:
                size = s * a * o * i
                weights.append((self._part(at, size, (s, a, o, i)), self._part(at, size, (s, a, o, i), grad=True)))
                at += size
        for (w, dw), o in zip(weights, outs, strict=True):
            size = s * a * o
            self.layers.append(
                _Layer(w, self._part(at, size, (s, a, o, 1)), dw, self._part(at, size, (s, a, o, 1), grad=True))
            )
            at += size
        self.knobs: list[list[tuple[list[Tensor], list[Tensor]]]] = []
        for bends in self.bends:
            row = []
            for b in bends:
                values, slopes = [], []
                for start in b.initial:
                    values.append(self._part(at, s, (s, 1, 1)).fill_(start))
                    slopes.append(self._part(at, s, (s, 1, 1), grad=True))
                    at += s
                row.append((values, slopes))
            self.knobs.append(row)
        self._initialise(features, outs, ins, seeds)
        self.noise = [torch.Generator().manual_seed(_noise_seed(seed)) for seed in seeds]
        self.parameters = [*self.first, self.rest]
        self.optimizer = make_optimizer(recipe, self.parameters)

    def _part(self, at: int, size: int, shape: tuple[int, ...], grad: bool = False) -> Tensor:
        return (self.d_rest if grad else self.rest)[at : at + size].view(shape)

    def _initialise(self, features: int, outs: list[int], ins: list[int], seeds: Sequence[int]) -> None:
        """Fill the weights: the same random numbers for every column of a seed, scaled for its functions."""
        for k, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            for n, (o, i) in enumerate(zip(outs, ins, strict=True)):
                uniform = self.recipe.init in ("glorot", "torch")
                draw = torch.rand(o, i, generator=generator) * 2 - 1 if uniform else torch.randn(o, i, generator=generator)
                bias = torch.rand(o, 1, generator=generator) * 2 - 1
                for c in range(self.shape[1]):
                    follows = self.bends[n][c].definition if n < len(self.bends) else None
                    weight_scale, bias_scale = initial_scale(self.recipe.init, i, o, follows)
                    target = self.first[k].view(self.shape[1], o, i)[c] if n == 0 else self.layers[n].weight[k, c]
                    torch.mul(draw, weight_scale, out=target)
                    self.layers[n].bias[k, c] = bias * bias_scale

    def _bent(self, n: int, z: Tensor, train: bool) -> tuple[Tensor, list[Any]]:
        """Apply layer ``n``'s functions to ``z`` (seeds, columns, out, samples); return values and what backward needs."""
        s, a, o, b = z.shape
        bends = self.bends[n]
        kept: list[Any] = []
        if len({id(f) for f in bends}) == 1 and not bends[0].learned and bends[0].pieces == 1 and not bends[0].random:
            out, saved = bends[0].forward(z, [], None, train)
            return out, [saved]
        out = z.new_empty((s, a, o // bends[0].pieces, b))
        for c, f in enumerate(bends):
            noise = self._draw(z[:, c]) if f.random and train else None
            out[:, c], saved = f.forward(z[:, c], self.knobs[n][c][0], noise, train)
            kept.append(saved)
        return out, kept

    def _draw(self, like: Tensor) -> Tensor:
        return torch.stack([torch.rand(like.shape[1:], generator=g) for g in self.noise])

    def _unbent(self, n: int, kept: list[Any], d: Tensor) -> Tensor:
        """Return the gradient before layer ``n``'s functions, and store that of their learned parameters."""
        bends = self.bends[n]
        if len(kept) == 1 and self.shape[1] > 1:
            return bends[0].backward(kept[0], d, [])
        s, a, o, b = d.shape
        out = d.new_empty((s, a, o * bends[0].pieces, b))
        for c, f in enumerate(bends):
            out[:, c] = f.backward(kept[c], d[:, c], self.knobs[n][c][1])
        return out

    def _forward(self, xs: list[Tensor], train: bool) -> tuple[Tensor, list[Tensor], list[list[Any]]]:
        """Return logits (seeds, columns, classes, samples), inputs of each later layer, and what backward needs."""
        s, a = self.shape
        z = torch.stack([times_transposed(w, x) for w, x in zip(self.first, xs, strict=True)])
        z = z.view(s, a, -1, z.shape[-1]).add_(self.layers[0].bias)
        inputs, kept = [], []
        for n, layer in enumerate(self.layers[1:]):
            h, saved = self._bent(n, z, train)
            kept.append(saved)
            inputs.append(h)
            z = torch.baddbmm(layer.bias.flatten(0, 1), layer.weight.flatten(0, 1), h.flatten(0, 1))
            z = z.view(s, a, -1, z.shape[-1])
        return z, inputs, kept

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch: ``xs`` one (samples, features) per seed, ``ys`` (seeds, samples).

        Returns:
            Mean loss and share of right answers before the update, each (seeds, columns).
        """
        s, a = self.shape
        z, inputs, kept = self._forward(xs, True)
        n = z.shape[-1]
        target = ys.view(s, 1, 1, n).expand(s, a, 1, n)
        logp = torch.log_softmax(z, 2)
        loss = -logp.gather(2, target).mean((2, 3))
        right = (z.argmax(2) == target[:, :, 0]).float().mean(2)
        d = logp.exp_()
        d.scatter_add_(2, target, d.new_full((), -1.0).expand(target.shape)).div_(n)
        for i in range(len(self.layers) - 1, 0, -1):
            layer = self.layers[i]
            torch.sum(d, 3, keepdim=True, out=layer.d_bias)
            flat = d.flatten(0, 1)
            assert layer.d_weight is not None
            torch.bmm(flat, inputs[i - 1].flatten(0, 1).transpose(1, 2), out=layer.d_weight.flatten(0, 1))
            back = torch.bmm(layer.weight.flatten(0, 1).transpose(1, 2), flat)
            d = self._unbent(i - 1, kept[i - 1], back.view(s, a, -1, n))
        torch.sum(d, 3, keepdim=True, out=self.layers[0].d_bias)
        for k, x in enumerate(xs):
            self.first[k].grad = times_transposed(d[k].flatten(0, 1), x.t())
        self.rest.grad = self.d_rest
        self.optimizer.step()
        return loss, right

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of shared samples ``x`` (samples, features): (seeds, columns, samples, classes)."""
        return self._forward([x] * self.shape[0], False)[0].transpose(2, 3)

    def dead(self, x: Tensor) -> Tensor:
        """Return the share of hidden units whose derivative is 0 on every sample of ``x``: (seeds, columns).

        No gradient reaches such a unit, whatever its output. Rowwise and grouped functions have no dead units by this
        measure and count as alive.
        """
        s, a = self.shape
        dead, units = torch.zeros(s, a), 0
        alive: list[Tensor] | None = None
        for part in x.split(1024):
            _, _, kept = self._forward([part] * s, True)
            now = [self._alive(n, saved) for n, saved in enumerate(kept)]
            alive = now if alive is None else [p | q for p, q in zip(alive, now, strict=True)]
        for layer in alive or []:
            dead += (~layer).sum(2)
            units += layer.shape[2]
        return dead / units

    def _alive(self, n: int, saved: list[Any]) -> Tensor:
        s, a = self.shape
        width = self.recipe.hidden[n]
        if len(saved) == 1 and a > 1:
            return self.bends[n][0].alive(saved[0], (s, a, width))
        return torch.stack([f.alive(saved[c], (s, width)) for c, f in enumerate(self.bends[n])], 1)

    def finite(self) -> Tensor:
        """Return which models have only finite weights: bool (seeds, columns)."""
        s, a = self.shape
        good = torch.stack([w.view(a, -1).isfinite().all(1) for w in self.first])
        for layer in self.layers[1:]:
            good &= layer.weight.flatten(2).isfinite().all(2) & layer.bias.flatten(2).isfinite().all(2)
        return good


def _noise_seed(seed: int) -> int:
    """A stream for random functions that differs from the one of the weights."""
    return (seed + 1) * 1_000_003
