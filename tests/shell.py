"""What the tests of the command line share: run it in this process, or in one of its own as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from nonlin.cli import app

WIDE = {"COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb"}
COMMAND = [sys.executable, "-W", "error", "-m", "nonlin.cli"]
"""A process of its own in which a warning is an error, as it is in the tests."""
TINY = ["--seeds", "2", "--epochs", "1", "--hidden", "8,4"]
"""A study of the embedded digits that takes a fraction of a second."""


class Done:
    """How a command ended: exit code, and what it printed where."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def value(self) -> Any:
        """Standard output as JSON; it must hold nothing else, and no NaN or infinity."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def invoke(*arguments: object, **environment: str) -> Done:
    """Run the command line in this process; whatever it raises besides an exit is the test's failure."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], env=WIDE | environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def process(*arguments: object, cwd: Path | None = None, stdout: int = subprocess.PIPE, **environment: str) -> Done:
    """Run the command line in a process of its own, its output in pipes."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=os.environ | WIDE | environment,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def fails(code: int, *arguments: object) -> str:
    """Run a command that must fail with ``code``, one sentence on standard error, nothing else; return the sentence."""
    done = invoke(*arguments)
    assert (done.code, done.out) == (code, ""), done.out + done.err
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    return done.err.removeprefix("error: ").strip()
