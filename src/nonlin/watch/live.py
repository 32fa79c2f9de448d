"""A live table of the training in the terminal: a sink.

On a terminal one table is redrawn in place, at most four times a second and never for more than 1 % of the time. Elsewhere (a log
file, a notebook's server) a line is printed for every ``every`` samples, and one for every alert.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nonlin.errors import ParameterError
from nonlin.watch.history import History
from nonlin.watch.records import Alert, Layer, Sample
from nonlin.watch.words import alert_line, headline

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

__all__ = ["Table"]

_PAUSE_S = 0.25
_SHARE = 0.01  # of the training's time for drawing


class Table:
    """A sink that shows layers, those with alerts first, and the top five alerts.

    Args:
        console: where to draw; the standard error stream by default, so that a program's output stays its own.
        every: without a terminal, print a line for every so many samples.

    >>> import io
    >>> from rich.console import Console
    >>> table = Table(Console(file=io.StringIO(), width=80), every=1)
    >>> table.begin((Layer("relu1", 0, "activation"),), {"model": "Net"})
    >>> table.sample(Sample(10, 3.0, {"loss": 0.5}, {"relu1": {"dead": 0.25}}))
    >>> table.close()
    >>> print(table.console.file.getvalue().strip())
    nonlin: watching Net, 1 layer
    nonlin: step 10, loss 0.5 (first 0.5), 3 s watched, no alerts
    nonlin: watching ended
    """

    def __init__(self, console: Console | None = None, every: int = 10) -> None:
        from rich.console import Console

        if every < 1:
            raise ParameterError(f"every must be at least 1 sample, not {every}.")
        self.console = console or Console(stderr=True, highlight=False)
        self.every = every
        self._history = History(most=64)
        self._live: Live | None = None
        self._next = 0.0
        self._seen = 0
        self._begun = False
        self._healed: Alert | None = None

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Begin to draw, or print what is watched."""
        self._history.begin(layers, about)
        self._begun = True
        if not self.console.is_terminal:
            count = f"{len(layers)} layer{'s' * (len(layers) != 1)}"
            self._say(f"watching {about.get('model') or 'a model'}, {count}")
            return
        from rich.live import Live

        # no thread of its own: nothing is drawn, and no time is taken, but when a sample comes
        self._live = Live(console=self.console, auto_refresh=False, vertical_overflow="crop", transient=True)
        self._live.start()

    def sample(self, sample: Sample) -> None:
        """Show a sample, if it is time to."""
        self._history.sample(sample)
        self._say_healed()
        self._seen += 1
        if self._live is not None:
            if time.monotonic() >= self._next:
                self._draw()
        elif self._seen % self.every == 1 % self.every:
            self._say(headline(self._history.run()))

    def alert(self, alert: Alert) -> None:
        """Show that an alert was raised or cleared."""
        self._history.alert(alert)
        if self._live is not None:
            self._next = 0.0
        elif alert.cleared is not None:
            self._say_healed()
            self._healed = alert  # unless it is raised again at this very step, more severe
        else:
            old = self._healed
            if old is not None and (old.rule.code, old.layer, old.cleared) == (alert.rule.code, alert.layer, alert.step):
                self._healed = None
            self._say(f"{alert.severity.word}: {alert_line(alert)}")

    def _say_healed(self) -> None:
        healed, self._healed = self._healed, None
        if healed is not None:
            self._say(f"healed: {alert_line(healed)}")

    def close(self) -> None:
        """Leave the last table on the terminal, with what to do about its alerts."""
        from nonlin.watch.table import run_table

        self._history.close()
        if not self._begun:
            return  # a later rank of a distributed training, or nothing was sampled
        if self._live is None:
            self._say_healed()
            self._say("watching ended")
            return
        self._live.stop()
        self._live = None
        self.console.print(run_table(self._history.run(), most=max(5, self.console.height - 12)))

    def _draw(self) -> None:
        from nonlin.watch.table import TOP, run_table

        assert self._live is not None
        began = time.monotonic()
        run = self._history.run()
        room = self.console.height - 8 - 3 * min(TOP, len(run.alerts))
        self._live.update(run_table(run, most=max(3, room), remedies=False), refresh=True)
        took = time.monotonic() - began
        self._next = began + max(_PAUSE_S, took / _SHARE)

    def _say(self, text: str) -> None:
        from rich.text import Text

        self.console.print(Text(f"nonlin: {text}"), soft_wrap=True)
