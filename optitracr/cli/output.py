"""What the commands print: text and strict JSON on standard output, the rest on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from optitracr.errors import FileError
from optitracr.writing import reason_of

TABLE_WIDTH = 120
"""Columns of a table that is written to no terminal, where none says how wide it is: as many as the
tables of sizes have. Wider ones say so."""


class OutputError(FileError):
    """Standard output cannot be written, so that nothing more can be said there."""


class Output:
    """Standard output, where nothing but a command's own result goes.

    It is held from the start, so that what a program prints while it is compiled can be sent
    elsewhere.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def text(self, text: str) -> None:
        """Writes text at once; what the stream's encoding lacks is escaped.

        Raises:
            BrokenPipeError: If nobody reads any more.
            OutputError: If it cannot be written.
        """
        with self._writing() as stream:
            encoding = getattr(stream, "encoding", None) or "utf-8"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()

    @contextmanager
    def _writing(self) -> Iterator[TextIO]:
        if self._stream is None:
            raise OutputError("standard output is closed; open it, or redirect it to /dev/null")
        try:
            yield self._stream
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            self.abandon()
            raise OutputError(
                f"standard output cannot be written: {reason_of(error)}; send it elsewhere"
            ) from None

    def line(self, text: str) -> None:
        """Writes one line."""
        self.text(f"{text}\n")

    def json(self, data: Any, indent: int | None = None) -> None:
        """Writes JSON; values of programs in it come from `any_to_plain`."""
        self.line(json.dumps(data, indent=indent, allow_nan=False))

    def table(self, table: Any, width: int = TABLE_WIDTH) -> None:
        """Writes a table of rich's, as wide as the terminal where there is one."""
        from rich.console import Console

        with self._writing() as stream:
            console = Console(file=stream)
            console = console if console.is_terminal else Console(file=stream, width=width)
            with console.capture() as captured:
                console.print(table)
        self.text(captured.get())

    def abandon(self) -> None:
        """Sends what is still to be written nowhere, so that Python does not fail at its end."""
        stream, self._stream = self._stream, None
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]


def tell(text: str) -> None:
    """A line on standard error; if even that cannot be written, the work goes on."""
    with suppress(OSError, ValueError):
        print(one_line(text), file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """A message without line breaks and control characters."""
    joined = " ".join(part.strip() for part in text.splitlines())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in joined)


def shown(value: Any, show: Any = str) -> str:
    """A program's value as text, even if it cannot show itself."""
    if isinstance(value, float):
        return f"{value:.6g}"
    try:
        return str(show(value))
    except Exception:  # A user's method, which may raise anything.
        return f"a {type(value).__name__} that cannot be shown"
