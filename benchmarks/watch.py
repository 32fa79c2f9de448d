"""What watching costs against the bare loop, beside other tools' hooks: ``python -m benchmarks.watch``.

Every way of watching trains the same network on the same data; the ways take turns in short blocks, and a cell is the median,
over the turns, of the block's time over that of the bare blocks just before and after it. Only ratios of one run mean anything.

Other tools are measured with the real package where it is installed, and otherwise with a small hook that does the work that
its documentation describes, labelled "as ... does".
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from nonlin.watch.watcher import watch

# -- networks ------------------------------------------------------------------------------------------------------------


def mlp() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    layers = [m for _ in range(8) for m in (nn.Linear(512, 512), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(512, 10)), torch.randn(256, 512), torch.randint(0, 10, (256,))


class Block(nn.Module):
    """The basic block of ResNet-18: two convolutions with batch norm, an identity or 1x1 shortcut, in-place ReLUs."""

    def __init__(self, inside: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        same = inside == width and stride == 1
        self.down = (
            nn.Identity() if same else nn.Sequential(nn.Conv2d(inside, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    widths = [
        (64, 64, 1),
        (64, 64, 1),
        (64, 128, 2),
        (128, 128, 1),
        (128, 256, 2),
        (256, 256, 1),
        (256, 512, 2),
        (512, 512, 1),
    ]
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)]
    return nn.Sequential(*stem, *(Block(*w) for w in widths), *end), torch.randn(16, 3, 32, 32), torch.randint(0, 10, (16,))


class Transformer(nn.Module):
    """Four encoder layers of width 128 over 64 tokens; their ReLU and attention are calls, not modules."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 512, 0.1, batch_first=True, norm_first=True)
        self.embed, self.head = nn.Embedding(100, 128), nn.Linear(128, 10)
        self.layers = nn.ModuleList(
            [layer, *(type(layer)(128, 4, 512, 0.1, batch_first=True, norm_first=True) for _ in range(3))]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
        out: torch.Tensor = self.head(x.mean(1))
        return out


def transformer() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    return Transformer(), torch.randint(0, 100, (16, 64)), torch.randint(0, 10, (16,))


NETWORKS = {"MLP 8x512, batch 256": mlp, "ResNet-18, 16 of 32x32": resnet, "transformer 4x128, 16 of 64": transformer}

# -- ways of watching ------------------------------------------------------------------------------------------------------


class Way:
    """A way of watching: ``attach`` to a model and optimiser, ``detach``, and a note after each step."""

    def attach(self, model: nn.Module, optimizer: Any) -> None: ...

    def step(self, loss: torch.Tensor) -> None: ...

    def detach(self) -> None: ...


class Nonlin(Way):
    """One watch over the whole benchmark; between its blocks it is left open but its model is not called."""

    def __init__(self, **options: Any) -> None:
        self.options, self.watch = options, None

    def attach(self, model: nn.Module, optimizer: Any) -> None:
        self.watch: Any = watch(model, optimizer, **self.options).start()

    def step(self, loss: torch.Tensor) -> None:
        self.watch.step(loss=loss)

    def detach(self) -> None:
        self.watch.close()


class Hooked(Way):
    """Forward hooks on some modules."""

    def __init__(self, chosen: Callable[[nn.Module], bool], hook: Callable[..., None], parameters: Any = None) -> None:
        self.chosen, self.hook, self.parameters = chosen, hook, parameters
        self.handles: list[Any] = []

    def attach(self, model: nn.Module, optimizer: Any) -> None:
        self.handles = [m.register_forward_hook(self.hook) for m in model.modules() if self.chosen(m)]
        for p in model.parameters() if self.parameters else ():
            self.handles.append(p.register_hook(self.parameters))

    def detach(self) -> None:
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def histogram(x: torch.Tensor) -> None:
    """64 bins between the extremes, read to the host: what a logged histogram takes."""
    x = x.detach().flatten().float()
    x = x[torch.isfinite(x)]
    low, high = x.min().item(), x.max().item()
    torch.histc(x, 64, low, high + (low == high)).tolist()


@torch.no_grad()
def mean_std_near_zero(module: nn.Module, args: Any, output: torch.Tensor) -> None:
    x = output.detach().cpu()
    _ = x.mean().item(), x.std().item(), (x.abs() <= 0.05).float().mean().item()
    x.float().histc(40, 0, 10)


@torch.no_grad()
def extremes(module: nn.Module, args: Any, output: Any) -> None:
    for x in (*args, output):
        if isinstance(x, torch.Tensor) and x.is_floating_point():
            _ = x.abs().min().item(), x.abs().max().item(), torch.isnan(x).any().item(), torch.isinf(x).any().item()
    for p in module.parameters(recurse=False):
        _ = p.abs().min().item(), p.abs().max().item()


def leaf(module: nn.Module) -> bool:
    return not module._modules


def with_weights(module: nn.Module) -> bool:
    return leaf(module) and any(True for _ in module.parameters())


class RealHF(Way):
    """transformers' own DebugUnderflowOverflow, whose hooks it never takes off: on a model of its own."""

    def attach(self, model: nn.Module, optimizer: Any) -> None:
        from transformers.debug_utils import DebugUnderflowOverflow

        self.debug = DebugUnderflowOverflow(model, max_frames_to_save=3)


def ways() -> dict[str, Callable[[], Way]]:
    """The columns; the first is the bare loop."""
    made: dict[str, Callable[[], Way]] = {
        "bare": Way,
        "nonlin, default budget": lambda: Nonlin(budget=0.01),
        "nonlin, every step": lambda: Nonlin(every=1),
        "histograms of gradients and weights each step, as wandb.watch does": lambda: Hooked(
            lambda m: False, lambda *_: None, histogram
        ),
        "mean, std, near zero, histogram, as fastai's ActivationStats does": lambda: Hooked(
            with_weights, mean_std_near_zero
        ),
    }
    try:
        import transformers.debug_utils  # noqa: F401

        made["transformers' DebugUnderflowOverflow"] = RealHF
    except ImportError:
        made["extremes and NaN of every tensor, as DebugUnderflowOverflow does"] = lambda: Hooked(leaf, extremes)
    return made


# -- measuring ------------------------------------------------------------------------------------------------------------


CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
"""On a machine that others use too, the processor time of one thread says more than the time on the wall."""


class Side:
    """One way of watching one network, trained on."""

    def __init__(self, make: Callable[[], tuple[nn.Module, torch.Tensor, torch.Tensor]], way: Way) -> None:
        torch.manual_seed(0)
        self.model, self.x, self.y = make()
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-4)
        self.way = way
        way.attach(self.model, self.optimizer)

    def block(self, steps: int, clock: str = "wall") -> float:
        """Train and return the seconds a step takes."""
        began = CLOCKS[clock]()
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(self.x), self.y)
            loss.backward()
            self.optimizer.step()
            self.way.step(loss)
        return (CLOCKS[clock]() - began) / steps


@contextmanager
def sides(make: Any) -> Iterator[dict[str, Side]]:
    made = {name: Side(make, way()) for name, way in ways().items()}
    try:
        yield made
    finally:
        for side in made.values():
            side.way.detach()


def measure(make: Any, turns: int, seconds: float, clock: str = "wall") -> dict[str, Any]:
    """Return for each way the median ratio to the bare loop, its quartiles, and the bare step's time."""
    with sides(make) as made:
        bare = made["bare"]
        warm = bare.block(3)
        for side in made.values():
            side.block(20)  # the first sampled steps come densely: they pay for learning the model
        steps = max(3, round(seconds / warm))
        ratios: dict[str, list[float]] = {name: [] for name in made if name != "bare"}
        times = []
        for _ in range(turns):
            for name in ratios:
                before, cost, after = (side.block(steps, clock) for side in (bare, made[name], bare))
                ratios[name].append(2 * cost / (before + after))
                times += [before, after]
        found = {
            name: {"ratio": statistics.median(r), "quartiles": statistics.quantiles(r, n=4)} for name, r in ratios.items()
        }
        interval = made["nonlin, default budget"].way.watch.budget  # type: ignore[attr-defined]
        return {"step ms": 1e3 * statistics.median(times), "interval": interval.interval, "steps": steps * turns, "ways": found,
                "inside": interval.overhead}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", help=f"some of {', '.join(NETWORKS)}, by their beginning; default: all")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.7, help="of a block")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    chosen = {n: make for n, make in NETWORKS.items() if not options.networks or n.startswith(tuple(options.networks))}
    results = {name: measure(make, options.turns, options.seconds, options.clock) for name, make in chosen.items()}
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{options.threads} thread(s), {options.clock} clock, {platform.processor() or platform.machine()}, PyTorch {torch.__version__}; "
          f"medians of {options.turns} turns, quartiles in brackets")  # fmt: skip
    print(f"\n| way | {' | '.join(results)} |\n|---|{'---|' * len(results)}")
    print(f"| bare, ms a step | {' | '.join(format(r['step ms'], '.3g') for r in results.values())} |")
    for way in [w for w in ways() if w != "bare"]:
        cells = [r["ways"][way] for r in results.values()]
        print(
            f"| {way} | "
            + " | ".join(f"{c['ratio']:.3f} [{c['quartiles'][0]:.3f}, {c['quartiles'][2]:.3f}]" for c in cells)
            + " |"
        )
    print(f"| nonlin's interval | {' | '.join('every ' + str(r['interval']) for r in results.values())} |")
    print(f"| nonlin's own measure | {' | '.join(format(r['inside'], '.3%') for r in results.values())} |")


if __name__ == "__main__":
    main()
