"""``nonlin bench``: how fast a function is on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from nonlin.cli.base import Json, Name, app, console, print_json, sentences, whole_numbers


def _types(incomplete: str) -> list[str]:
    from nonlin.speed import TYPES

    return [t for t in TYPES if t.startswith(incomplete)]


@app.command("bench")
def bench_command(
    function: Name,
    size: Annotated[
        str | None, typer.Option("--size", help="Numbers of elements, such as 4096,65536 (default: 2^12, 2^16, 2^20).")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32, float64, bfloat16 or float16.", autocompletion=_types)] = "float32",
    threads: Annotated[int | None, typer.Option(help="Cores to use; by default as many as PyTorch does.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns that each side takes.")] = 9,
    as_json: Json = False,
) -> None:
    """Time a function or formula against PyTorch and against a copy of the same bytes."""
    with sentences(as_json):
        from nonlin.speed import bench

        sizes = whole_numbers(size, "--size") or [2**12, 2**16, 2**20]
        timings = bench(function, sizes, dtype, threads, rounds)
        if as_json:
            print_json([{**vars(t), "us": dict(t.us), "ratios": t.ratios} for t in timings])
        else:
            from nonlin.view.terminal import timing_table

            console().print(timing_table(timings))
