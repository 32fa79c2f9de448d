"""A process of :func:`nonlin.facts.all_facts`: reads pickled definitions from standard input, writes pickled facts."""

from __future__ import annotations

import os
import pickle
import sys

from nonlin.facts.many import compute


def main() -> None:
    """Answer until the other side closes the pipe."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing that is printed may mix with the answers
    while True:
        try:
            definition = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            found = compute(definition)
        except Exception:  # the other side tries it again itself, where the error can be seen
            found = None
        try:
            out.write(pickle.dumps(found))
            out.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
