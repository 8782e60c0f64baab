"""The command report: a page about a program, or one of its pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from optitracr.cli.commands import options
from optitracr.cli.files import check_figure, check_output
from optitracr.cli.output import Output
from optitracr.cli.programs import Named, resolve
from optitracr.report.report import Report, make_report


def write_report(arguments: argparse.Namespace, screen: Output) -> int:
    """Writes the page, with --figure a picture, and says what it wrote.

    With --figure alone no page is written; with --output and --figure both are.
    """
    figure, output = arguments.figure, arguments.output
    compiler = options(arguments)
    check_figure(figure)
    named = resolve(arguments.programs[0], arguments)
    if output is None and figure is None:
        output = Path(f"{_stem(named)}.html")
    check_output(output, figure)
    report = make_report(
        named.program,
        named.vocab,
        named.max_seq_len,
        named.causal,
        name=_stem(named),
        optimize=arguments.optimize,
        domain=named.domain,
        **compiler,
    )
    written = _write(report, output, figure, arguments.picture)
    if arguments.json:
        screen.json({**_described(named, report), "written": [str(p) for p in written]})
    else:
        for path in written:
            screen.line(f"{named.name}: {path}")
    return 0


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
