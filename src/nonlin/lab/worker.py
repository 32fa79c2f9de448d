"""A worker process of ``ProcessEngine``: reads pickled units from standard input, writes pickled events."""

from __future__ import annotations

import os
import pickle
import sys

from nonlin.lab.engine import Event, told
from nonlin.lab.tasks import provide
from nonlin.lab.work import run_unit


def main() -> None:
    """Run units until the driver closes the pipe or is gone."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a user's model prints must not mix with the events
    sys.stdout = sys.stderr  # unbuffered enough to be seen even if the driver ends this process

    def send(event: Event) -> None:
        out.write(pickle.dumps(event))
        out.flush()

    while True:
        try:
            number, unit, data = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if data is not None:
            provide(data)
        try:

            def advanced(amount: float, number: int = number) -> None:
                if amount:
                    send(Event(number, advanced=amount))

            send(Event(number, results=run_unit(unit, advanced)))
        except BrokenPipeError:
            return
        except Exception as err:
            send(Event(number, error=told(err)))


if __name__ == "__main__":
    main()
