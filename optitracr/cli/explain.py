"""The command explain: what the compiler made of a program, stage by stage or as savings."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from optitracr.cli.commands import chosen, compile_named, describe, options
from optitracr.cli.output import Output
from optitracr.cli.programs import Named
from optitracr.cli.sections import Section, cell, section
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation, Made


def explain_programs(arguments: argparse.Namespace, output: Output) -> int:
    """Prints what became of each variable, or with --stages what each stage made."""
    for named in chosen(arguments):
        if arguments.stages:
            _explain_stages(named, arguments, output)
        else:
            _explain_savings(named, arguments, output)
    return 0


def _explain_savings(named: Named, arguments: argparse.Namespace, output: Output) -> None:
    model = compile_named(named, arguments.optimize, arguments)
    if arguments.json:
        output.json(describe(named, model))
        return
    title = f"{named.name}: what level {model.level} saves"
    print_rows(title, ("variable", "is", "how"), map(dict.values, model.savings.as_dicts()), output)


def _explain_stages(named: Named, arguments: argparse.Namespace, output: Output) -> None:
    """Prints each stage as soon as it is done; as JSON all of them at the end."""
    found: list[Section] = []

    def watch(made: Made) -> None:
        found.append(section(made))
        if not arguments.json:
            _print(named, found[-1], output)

    given = check_options(arguments.optimize, **options(arguments), causal=named.causal)
    setting = check_setting(
        named.vocab, named.max_seq_len, COMPILER_BOS, COMPILER_PAD, given.causal, named.domain
    )
    Compilation(named.program, setting, given, watch=watch).compiled()
    if arguments.json:
        stages = [one.as_dict() for one in found]
        output.json({"program": named.name, "level": given.optimize, "stages": stages})


def _print(named: Named, found: Section, output: Output) -> None:
    told = {name.replace("_", " "): cell(value) for name, value in found.facts.items()}
    facts = "; ".join(f"{name} {text}" for name, text in told.items() if text)
    output.line(f"{named.name}, {found.stage.value} ({1000 * found.seconds:,.1f} ms): {facts}")
    if found.rows:
        headings = [name.replace("_", " ") for name in found.rows[0]]
        print_rows("", headings, map(_cells, found.rows), output)


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [cell(value) for value in row.values()]


def print_rows(
    title: str, headings: Iterable[str], rows: Iterable[Iterable[str]], output: Output
) -> None:
    """A table on the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None)
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        # A user's names and values are text, in which brackets are no markup.
        table.add_row(*map(Text, row))
    output.table(table)
