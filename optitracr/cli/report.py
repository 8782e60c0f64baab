"""The command report: a page about a program, or one of its pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from optitracr.cli.commands import options
from optitracr.cli.programs import Named, resolve
from optitracr.errors import FileError, InputError
from optitracr.report.report import Report, make_report

FIGURES = (".png", ".svg", ".pdf")


def write_report(arguments: argparse.Namespace) -> int:
    """Writes the page, with --figure a picture, and says what it wrote.

    With --figure alone no page is written; with --output and --figure both are.
    """
    figure, output = arguments.figure, arguments.output
    if figure is not None:
        _check_figure(figure)
    named = resolve(arguments.programs[0], arguments)
    if output is None and figure is None:
        output = Path(f"{_stem(named)}.html")
    for path in (output, figure):
        _check_folder(path)
    report = make_report(
        named.program,
        named.vocab,
        named.max_seq_len,
        named.causal,
        name=_stem(named),
        optimize=arguments.optimize,
        **options(arguments),
    )
    written = _write(report, output, figure, arguments.picture)
    if arguments.json:
        print(json.dumps({**_described(named, report), "written": [str(p) for p in written]}))
    else:
        for path in written:
            print(f"{named.name}: {path}")
    return 0


def _check_figure(path: Path) -> None:
    if path.suffix.lower() not in FIGURES:
        raise InputError(f"{path} ends in none of {', '.join(FIGURES)}; name such a file")
    from optitracr.draw.style import pyplot

    pyplot()


def _check_folder(path: Path | None) -> None:
    """Says before a long compilation, not after it, that a file cannot be written."""
    if path is not None and not path.parent.is_dir():
        raise FileError(f"{path} cannot be written: there is no folder {path.parent}; make it")


def _stem(named: Named) -> str:
    """For a program of a file, my_programs.py:sort, its own name: sort."""
    return named.name.rpartition(":")[2]


def _write(report: Report, output: Path | None, figure: Path | None, picture: str) -> list[Path]:
    if output is not None:
        report.save(output)
    if figure is not None:
        from optitracr.draw.style import save

        save(report.figure(picture), figure)
    return [path for path in (output, figure) if path is not None]


def _described(named: Named, report: Report) -> dict[str, Any]:
    return {
        "program": named.name,
        "level": report.level,
        "status": report.model.allocation.status.value,
        "sizes": {
            str(result.level): None if result.model is None else result.model.size.as_dict()
            for result in report.levels
        },
        "refused": {str(r.level): r.refusal for r in report.levels if r.refusal},
    }
