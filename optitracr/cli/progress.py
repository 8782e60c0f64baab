"""How far a long command is, on standard error: a bar on a terminal, and else a line at times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from optitracr.cli.output import tell

LINE_SECONDS = 10.0
"""Between two lines of progress where there is no terminal: few enough to be read in a log."""


class Known(Protocol):
    """How far something is; it says so in words."""

    @property
    def total(self) -> int:
        """Of how many."""

    @property
    def done(self) -> int:
        """How many are done."""

    @property
    def seconds(self) -> float:
        """Since it began."""


Watch = Callable[[Any], None]


def _nothing(say: Callable[[str], None]) -> Watch:
    """What else is told where nothing is."""
    return lambda progress: None


@contextmanager
def shown_progress(also: Callable[[Callable[[str], None]], Watch] = _nothing) -> Iterator[Watch]:
    """What is to be called with a `Known` whenever something is done.

    Args:
        also: From what says a line to what looks at each `Known` too.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(also(tell))
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=None)
        look = also(bar.console.print)

        def watch(known: Known) -> None:
            look(known)
            bar.update(task, description=str(known), total=known.total, completed=known.done)

        yield watch


class _Lines:
    """Progress in lines."""

    def __init__(self, look: Watch) -> None:
        self._look, self._last = look, 0.0

    def __call__(self, known: Known) -> None:
        """Tells how far it is, if that was last told a while ago."""
        self._look(known)
        if known.seconds - self._last >= LINE_SECONDS:
            tell(str(known))
            self._last = known.seconds
