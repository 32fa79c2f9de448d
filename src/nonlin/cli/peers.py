"""``nonlin port`` and ``verify``: other libraries' names, defaults and errors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from nonlin.cli.base import Json, Quiet, app, bar, console, function_names, listed, print_json, sentences


def _peer_names(incomplete: str) -> list[str]:
    from nonlin.peers import peers

    return [n for n in peers() if n.startswith(incomplete)]


@app.command("port")
def port_command(
    words: Annotated[
        list[str],
        typer.Argument(metavar="FROM TO [PATTERN]", help="Two libraries, and a name.", autocompletion=_peer_names),
    ],
    from_version: Annotated[str | None, typer.Option(help="Version ported from. Default: the newest.")] = None,
    to_version: Annotated[str | None, typer.Option(help="Version ported to. Default: the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the activation functions of one library are called in another, with the arguments that make them equal.

    For example: nonlin port keras torch 'leaky*'
    """
    with sentences(as_json):
        from nonlin.peers import peer
        from nonlin.peers.port import pair, port

        source, target, pattern = pair(words)
        rows = port(source, target, pattern, source_version=from_version, target_version=to_version)
        if as_json:
            print_json([asdict(row) for row in rows])
        else:
            from nonlin.view.peers import port_table

            console().print(port_table(rows, peer(source).title, peer(target).title))


@app.command("verify")
def verify_command(
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FUNCTION]...",
            help="Names of the catalogue, or your own as module:function. Default: all that the libraries have.",
            autocompletion=function_names,
        ),
    ] = None,
    against: Annotated[
        str, typer.Option(help="The libraries to measure: torch,jax,keras,...", autocompletion=_peer_names)
    ] = "torch",
    claim: Annotated[str, typer.Option("--as", help="The function or formula that your own function claims to be.")] = "",
    dtype: Annotated[str | None, typer.Option(help="Types: float64,float32,float16,bfloat16.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Take 2,000 random inputs instead of 48.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure implementations against exact arithmetic, in units of the last place, with nonlin's beside them.

    Functions of your own are imported and called: nonlin verify mymodule:my_mish --as mish
    """
    with sentences(as_json):
        from nonlin.peers.checks import described
        from nonlin.peers.verify import verify

        with bar(quiet or as_json, "measuring") as shown:
            checks = verify(
                functions or None,
                listed(against, "--against"),
                claim=claim,
                dtypes=listed(dtype, "--dtype") or None,
                full=full,
                progress=lambda done, total, what: shown.step(what, done, total),
            )
        if as_json:
            print_json([described(check) for check in checks])
        else:
            from nonlin.view.peers import verify_table

            console().print(verify_table(checks))
