"""What surrounds a kernel: ``python -m benchmarks.calls``.

A call from Python with and without ctypes, handing work to threads, what is kept for the gradient, learned parameters, a bias
added in the same pass, and GELU on inputs that spread wide. The sides of a row take turns in one process; times are medians, in
microseconds.
"""

from __future__ import annotations

import argparse
import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional

import nonlin
from nonlin.backends.llvm import direct, team
from nonlin.nn import bias_act
from nonlin.speed import alternate

Row = tuple[str, dict[str, Callable[[], Any]]]


class _Nothing(torch.autograd.Function):
    """What an autograd.Function written in Python takes at least."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        ctx.saved_tensors  # noqa: B018
        return grad


def step(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, grad: torch.Tensor) -> Callable[[], None]:
    """A forward and a backward pass."""

    def run() -> None:
        x.grad = None
        function(x).backward(grad)

    return run


def calls() -> Iterator[Row]:
    library = ctypes.CDLL(None)
    plain = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(("labs", library))
    quick = direct.direct(plain, 2, 1)
    yield "a call of two numbers", {"nonlin": lambda: quick(5, 5), "ctypes": lambda: plain(5, 5)}
    work = [(1, 1), (2, 2)]
    yield (
        "two calls, each in a thread",
        {
            "nonlin": lambda: team.together(plain, work, 2),
            "threads of Python": lambda: team._by_python(plain, work),
        },
    )


def gradients() -> Iterator[Row]:
    silu, relu = nonlin.get("silu"), nonlin.get("relu")
    x, grad = torch.randn(2**12).requires_grad_(), torch.ones(2**12)
    yield (
        "step of SiLU, 2^12",
        {
            "nonlin": step(silu, x, grad),
            "torch": step(functional.silu, x, grad),
            "an empty autograd.Function": step(_Nothing.apply, x, grad),
        },
    )
    for size in (2**16, 2**20):
        x, grad = torch.randn(size).requires_grad_(), torch.ones(size)

        def kept(way: str, x: torch.Tensor = x, grad: torch.Tensor = grad) -> Callable[[], None]:
            run = step(relu, x, grad)

            def saved() -> None:
                with nonlin.saving(way):
                    run()

            return saved

        yield f"step of ReLU, 2^{size.bit_length() - 1}", {
            "nonlin": kept("auto"), "input": kept("input"), "mask": kept("mask"), "derivative": kept("derivative"),
            "torch": step(functional.relu, x, grad),
        }  # fmt: skip
    for size in (2**12, 2**16, 2**20):
        x, grad, slope = torch.randn(size).requires_grad_(), torch.ones(size), torch.full((1,), 0.25).requires_grad_()
        ours = nonlin.nn.PReLU()
        yield (
            f"step of learned PReLU, 2^{size.bit_length() - 1}",
            {
                "nonlin": step(ours, x, grad),
                "torch": step(lambda u, slope=slope: functional.prelu(u, slope), x, grad),
            },
        )


def biases() -> Iterator[Row]:
    gelu = nonlin.get("gelu")
    for rows, width in ((64, 64), (256, 256), (256, 1024), (2048, 1024)):
        x, bias = torch.randn(rows, width), torch.randn(width)
        yield (
            f"GELU of x + bias, {rows}x{width}",
            {
                "nonlin": lambda x=x, bias=bias: bias_act(x, bias, "gelu"),
                "nonlin, added first": lambda x=x, bias=bias: gelu(x + bias),
                "torch, added first": lambda x=x, bias=bias: functional.gelu(x + bias),
            },
        )


def spreads() -> Iterator[Row]:
    gelu = nonlin.get("gelu")
    for spread in (1, 3, 4, 10):
        x = spread * torch.randn(2**16)
        yield (
            f"GELU of N(0, {spread}^2), 2^16",
            {
                "nonlin": lambda x=x: gelu(x),
                "torch": lambda x=x: functional.gelu(x),
            },
        )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each side")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print("| what | nonlin, us | the others, us, and how many times as long |\n|---|---|---|")
    for rows in (calls, gradients, biases, spreads):
        for what, sides in rows():
            us = alternate(sides, options.rounds)
            others = ", ".join(f"{name} {v:.3g} ({v / us['nonlin']:.2f})" for name, v in us.items() if name != "nonlin")
            print(f"| {what} | {us['nonlin']:.3g} | {others} |", flush=True)


if __name__ == "__main__":
    main()
