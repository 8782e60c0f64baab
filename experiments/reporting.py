"""What the scripts share: choosing programs, progress, CSV, tables, errors."""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table

from optitracr import library
from optitracr.errors import FileError, OptitracrError
from optitracr.writing import write_file
from solvers import ProblemError

Row = dict[str, Any]

EXIT_OK, EXIT_ERROR, EXIT_INTERRUPTED = 0, 1, 130
FIGURE_SUFFIXES = (".png", ".svg", ".pdf")


class CsvRows:
    """Rows of a table; each is in the CSV file as soon as it is there.

    Attributes:
        columns: Columns of the file; a row may lack some.
        rows: All rows so far.
    """

    def __init__(self, path: Path | None, columns: Sequence[str]) -> None:
        """Opens the file and writes its header.

        Raises:
            FileError: If the file cannot be written.
        """
        self.columns = tuple(columns)
        self.rows: list[Row] = []
        self._file = None if path is None else _opened(path)
        if self._file is not None:
            self._writer = csv.DictWriter(self._file, self.columns, extrasaction="ignore")
            self._writer.writeheader()

    def add(self, row: Row) -> None:
        """Appends a row."""
        self.rows.append(row)
        if self._file is not None:
            self._writer.writerow(row)
            self._file.flush()

    def __enter__(self) -> CsvRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _opened(path: Path) -> Any:
    try:
        return path.open("w", newline="")
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}; name another file") from None


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all.

    Raises:
        FileError: If the file cannot be written.
    """
    write_file(path, text.encode())


_SECTION = re.compile(r"(<!-- (\w+)\b[^>]*-->\n).*?(<!-- /\2 -->)", re.DOTALL)


def write_sections(path: Path, texts: Mapping[str, str], everything: str) -> None:
    """Replaces sections of a text file; what has none of them is everything.

    Args:
        path: The file, which may not be there yet.
        texts: What stands between `<!-- name: ... -->` and `<!-- /name -->`, by name.
        everything: The text of a file without sections.

    Raises:
        FileError: If the file cannot be written.
    """
    document = path.read_text() if path.is_file() else ""
    if not any(found[2] in texts for found in _SECTION.finditer(document)):
        write_text(path, everything)
        return

    def replaced(found: re.Match[str]) -> str:
        return found[1] + texts[found[2]] + found[3] if found[2] in texts else found[0]

    write_text(path, _SECTION.sub(replaced, document))


def write_table(paths: Iterable[Path], name: str, text: str) -> None:
    """Replaces the section of a name in files; in one without it the text is everything.

    Raises:
        FileError: If a file cannot be written.
    """
    for path in paths:
        write_sections(path, {name: text}, text)


def markdown_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are of numbers."""
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, rule, *cells))


def chosen_programs(names: Sequence[str] | None) -> list[library.Program]:
    """The programs of these names; all of the library without names.

    Raises:
        NotFoundError: If there is no such program.
    """
    return [library.get(name) for name in names] if names else list(library.programs())


def sweep(
    programs: Sequence[library.Program],
    measure: Callable[[library.Program], Iterable[Row]],
    rows: CsvRows,
    doing: str,
) -> bool:
    """Collects the rows of every program; whether Ctrl-C ended it early."""
    try:
        for program in progress(programs, doing):
            for row in measure(program):
                rows.add(row)
    except KeyboardInterrupt:
        print(f"interrupted; {len(rows.rows)} rows are kept", file=sys.stderr)
        return True
    return False


def load_solvers() -> None:
    """Loads the solvers' libraries, so that the first solve is not charged with it."""
    import_module("ortools.sat.python.cp_model")
    import_module("scipy.optimize")


class Named(Protocol):
    """What has a name, such as a program of the library."""

    @property
    def name(self) -> str:
        """The name."""


T = TypeVar("T", bound=Named)


def progress(programs: Sequence[T], doing: str) -> Iterator[T]:
    """The programs, shown as they come: a bar on a terminal, else a line for each."""
    errors = Console(stderr=True)
    if errors.is_terminal:
        yield from track(programs, doing, console=errors)
        return
    for place, program in enumerate(programs, 1):
        print(f"{doing} {program.name} ({place} of {len(programs)})", file=sys.stderr)
        yield program


def failure(where: str, error: Exception) -> str:
    """Says on stderr what failed, and returns the message in one line."""
    message = " ".join(f"{type(error).__name__}: {error}".split())
    print(f"{where}: {message}", file=sys.stderr)
    return message


def guarded(script: Callable[[], int]) -> int:
    """Runs a script; its errors become one line on stderr and an exit code."""
    try:
        return script()
    except (OptitracrError, ProblemError) as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def exit_code(interrupted: bool, failed: bool = False) -> int:
    """What a sweep ends with: an interrupt is said before what went wrong until then."""
    return EXIT_INTERRUPTED if interrupted else EXIT_ERROR if failed else EXIT_OK


def print_table(title: str, columns: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    """Prints a table; the first column is text, the others are aligned to the right."""
    table = Table(title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=True)
    for row in cells:
        table.add_row(*row)
    console = Console()
    console = console if console.is_terminal else Console(width=160)
    console.print(table)


def figure_path(text: str) -> Path:
    """An argument that names a figure."""
    path = Path(text)
    if path.suffix.lower() not in FIGURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text} ends in none of {', '.join(FIGURE_SUFFIXES)}")
    return path


def seconds(text: str) -> float:
    """An argument that is a time limit."""
    number = float(text)
    if not number >= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 0 up")
    return number


def count(text: str) -> int:
    """An argument that is a number from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def add_common_options(parser: argparse.ArgumentParser, time_limit: float | None = None) -> None:
    """Options that every script over the library has."""
    from optitracr.options import DEFAULT_OBJECTIVE

    parser.add_argument(
        "--objective",
        default=",".join(DEFAULT_OBJECTIVE),
        metavar="A,B,C",
        help="what to minimise, first things first (%(default)s)",
    )
    add_output_options(parser, time_limit)


def add_output_options(parser: argparse.ArgumentParser, time_limit: float | None = None) -> None:
    """Options for the time limit, the CSV file and the figure."""
    usual = "as much as pays" if time_limit is None else f"{time_limit:g}"
    parser.add_argument(
        "--time-limit",
        type=seconds,
        default=time_limit,
        metavar="SECONDS",
        help=f"for each solve ({usual})",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    parser.add_argument(
        "--figure", type=figure_path, metavar="FILE", help="draw here: PNG, SVG or PDF"
    )


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Options for the programs, the CSV file, and the files that hold its table."""
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="some of the library")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    parser.add_argument("--markdown", type=Path, nargs="+", default=(), metavar="FILE")


Sets = Mapping[str, Callable[[], list[library.Program]]]
"""Sets of programs by name."""


def add_measuring_options(parser: argparse.ArgumentParser, sets: Sets, default: str) -> None:
    """Options that say which programs are measured, how often, and where the table goes."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--programs", nargs="+", metavar="NAME", help="library names")
    chosen.add_argument("--set", choices=sets, default=default, help="or a set (%(default)s)")
    parser.add_argument(
        "--repeat", type=count, default=5, metavar="N", help="runs of each (%(default)s)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")


def measured_programs(arguments: argparse.Namespace, sets: Sets) -> list[library.Program]:
    """The programs that were asked for."""
    if arguments.programs:
        return chosen_programs(arguments.programs)
    return sets[arguments.set]()
