"""Lower bounds of the library's programs beside the sizes of their models at level 2.

A row of the CSV file is a size of a program: ours, and the bound in each class of models
(`optitracr compare --bounds` says what they are). --tables lists every table of the models, with
the neurons that it has and those that it has at least. --markdown writes the tables into files; in
one that has the lines `<!-- bounds: ... -->` and `<!-- /bounds -->`, only what stands between them
is replaced.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reporting import (
    CsvRows,
    Row,
    chosen_programs,
    count,
    exit_code,
    failure,
    guarded,
    load_solvers,
    markdown_table,
    print_table,
    seconds,
    sweep,
    write_sections,
)

from optitracr import library, lower_bounds
from optitracr.bounds.bound import SIZES, Premise, TableBound
from optitracr.options import DEFAULT_OBJECTIVE, parse_objective

TABLES = ("tables", "tables_neurons", "tables_least", "tables_equal")
"""Of a row of neurons: tables of the model, their neurons, what these are at least, and how many
tables have no more."""

TABLE_COLUMNS = (
    "program",
    "variable",
    "reads",
    "neurons",
    "least",
    "gap",
    "least_with_small_weights",
    "small_weights",
)
"""Of the file of tables: neurons of each table of a model, how many any network of one hidden layer
has, how many more ours are, and how many every network of a class of small weights has, where that
was looked for."""

FARTHEST = 15
"""Tables that are shown, those first of which the gap is the widest: as many as fill a screen."""

COLUMNS = ("program", "size", "ours", *Premise, "every_input_to", "longest", *TABLES, "error")

SHOWN: Mapping[str, tuple[Premise, ...]] = {
    "layers": (Premise.ANY, Premise.ANY_DEPTH),
    "width": (Premise.ANY, Premise.ONE_HOT, Premise.ANY_DEPTH),
    "neurons": (Premise.ANY_DEPTH, Premise.LEAST_TABLES),
    "parameters": (Premise.ANY, Premise.ANY_DEPTH),
}
"""The bounds in the table by program, each before ours."""

SUMMARIZED: Mapping[str, tuple[Premise, ...]] = {
    **SHOWN,
    "width": (*SHOWN["width"], Premise.FORMULATION),
    "neurons": (*SHOWN["neurons"], Premise.FORMULATION),
    "heads": (Premise.ANY,),
    "head_size": (Premise.ANY, Premise.ANY_DEPTH),
}
"""Those of which there are totals; where one is left out, it is that of more models."""


def measure(
    entry: library.Program, arguments: argparse.Namespace, tables: list[Row]
) -> Iterator[Row]:
    """A row for each size; those of tables are added to others."""
    try:
        found = lower_bounds(
            entry.make(),
            entry.vocab,
            entry.max_seq_len,
            entry.causal,
            objective=arguments.objective,
            time_limit=arguments.time_limit,
            max_inputs=arguments.max_inputs,
        )
    except Exception as error:
        yield {"program": entry.name, "error": failure(entry.name, error)}
        return
    tables += tables_of(entry.name, found.tables)
    for size in SIZES:
        row: Row = {"program": entry.name, "size": size, "ours": found.ours[size]}
        row |= {premise: found.least(size, premise) for premise in Premise}
        row |= _of_tables(found.tables) if size == "neurons" else {}
        yield row | {"every_input_to": found.exhausted, "longest": found.max_seq_len}


def _of_tables(tables: Sequence[TableBound]) -> Row:
    equal = sum(table.neurons == table.least for table in tables)
    neurons, least = sum(table.neurons for table in tables), sum(table.least for table in tables)
    return dict(zip(TABLES, (len(tables), neurons, least, equal), strict=True))


def tables_of(name: str, tables: Sequence[TableBound]) -> Iterator[Row]:
    """A row for each table of a program's model."""
    for table in tables:
        within = table.within if table.weights else None
        yield {
            "program": name,
            "variable": table.variable,
            "reads": "+".join(table.reads),
            "neurons": table.neurons,
            "least": table.least,
            "gap": table.neurons - table.least,
            "least_with_small_weights": within,
            "small_weights": table.weights,
        }


def farthest(rows: Sequence[Row]) -> list[list[str]]:
    """The tables whose neurons are the most above their bound."""
    order = sorted(rows, key=lambda row: -row["gap"])[:FARTHEST]
    return [
        [
            row["program"],
            f"`{row['variable']}`",
            f"{row['neurons']:,}",
            f"{row['least']:,}",
            "–"
            if row["least_with_small_weights"] is None
            else f"{row['least_with_small_weights']:,}",
            f"{row['gap']:,}",
        ]
        for row in order
    ]


FARTHEST_COLUMNS = ("program", "variable", "neurons", "at least", "with small weights", "gap")


def summary(rows: Sequence[Row]) -> list[list[str]]:
    """For each size and class of models: in how many programs ours is the bound, and how far off.

    The distance is the geometric mean of ours over the bound, each one more, as both may be 0.
    """
    cells = []
    for size in SIZES:
        for premise in SUMMARIZED[size]:
            pairs = [
                (row["ours"], row[premise])
                for row in rows
                if row.get("size") == size and row[premise] is not None
            ]
            if not pairs:
                continue
            equal = sum(ours <= least for ours, least in pairs)
            logs = [math.log((ours + 1) / (least + 1)) for ours, least in pairs]
            cells.append(
                [
                    size.replace("_", " "),
                    premise.value,
                    f"{sum(least for _, least in pairs):,}",
                    f"{sum(ours for ours, _ in pairs):,}",
                    f"{equal} of {len(pairs)}",
                    f"{math.exp(sum(logs) / len(logs)):.2f}",
                ]
            )
    return cells


SUMMARY = ("size", "models", "bounds together", "ours together", "equal", "ours / bound")


def details(rows: Sequence[Row]) -> list[list[str]]:
    """A row for each program, with the bounds of each size before ours."""
    by_program: dict[str, dict[str, Row]] = {}
    for row in rows:
        if "size" in row:
            by_program.setdefault(row["program"], {})[row["size"]] = row
    return [
        [name, *(_cell(sizes[size], shown) for size, shown in SHOWN.items())]
        for name, sizes in by_program.items()
    ]


def _cell(row: Row, shown: Sequence[Premise]) -> str:
    numbers = [row[premise] for premise in shown] + [row["ours"]]
    return " · ".join("–" if number is None else f"{number:,}" for number in numbers)


def detail_columns() -> list[str]:
    """Headings of the table by program."""
    return [
        "program",
        *(f"{size}: {', '.join((*shown, 'ours'))}" for size, shown in SHOWN.items()),
    ]


def markdown(rows: Sequence[Row], tables: Sequence[Row]) -> str:
    """All tables."""
    known = [row for row in rows if "size" in row]
    programs = len({row["program"] for row in known})
    left = sorted({row["program"] for row in known if row["every_input_to"] < row["longest"]})
    seen = "Bounds of any transformer look at every input"
    if left:
        seen += f", but of {', '.join(left)} at patterns of the longest ones"
    return (
        f"{programs} programs of the library at level 2. The last column is the geometric mean of "
        "their ratio, each plus one, as they may be 0.\n\n"
        f"{markdown_table(SUMMARY, summary(rows))}\n\n"
        f"{_tables(known)} The farthest above their bound:\n\n"
        f"{markdown_table(FARTHEST_COLUMNS, farthest(tables))}\n\n"
        f"Every program:\n\n{markdown_table(detail_columns(), details(rows))}\n\n"
        f"{seen}.\n"
    )


def _tables(rows: Sequence[Row]) -> str:
    """What all tables have together."""
    count, neurons, least, equal = (sum(row.get(name, 0) for row in rows) for name in TABLES)
    return (
        f"Their {count:,} tables have {neurons:,} neurons together, and {least:,} at least, each "
        f"by itself; {equal:,} have no more than that."
    )


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs)
    parse_objective(arguments.objective)
    load_solvers()
    tables: list[Row] = []
    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = sweep(
            programs, lambda entry: measure(entry, arguments, tables), table, "bounding"
        )
    with CsvRows(arguments.tables, TABLE_COLUMNS) as listed:
        for row in tables:
            listed.add(row)
    print_table("Lower bounds and ours, by program", detail_columns(), details(table.rows))
    print_table("Tables farthest above their bound", FARTHEST_COLUMNS, farthest(tables))
    print_table("Lower bounds and ours", SUMMARY, summary(table.rows))
    for path in arguments.markdown or ():
        text = markdown(table.rows, tables)
        write_sections(path, {"bounds": text}, text)
    failed = any("error" in row for row in table.rows)
    return exit_code(interrupted, failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", nargs="+", metavar="NAME", help="library names; all by default"
    )
    parser.add_argument(
        "--objective",
        default=",".join(DEFAULT_OBJECTIVE),
        metavar="A,B,C",
        help="what is minimised, and bounded by the solver (%(default)s)",
    )
    parser.add_argument(
        "--max-inputs",
        type=count,
        default=400_000,
        metavar="N",
        help="every input up to the length where they are so many (%(default)s)",
    )
    parser.add_argument(
        "--time-limit", type=seconds, metavar="SECONDS", help="for each solve, as the compiler's"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    parser.add_argument(
        "--tables", type=Path, metavar="FILE", help="write a row for each table of the models here"
    )
    parser.add_argument(
        "--markdown", type=Path, nargs="+", metavar="FILE", help="write the tables here"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Computes the bounds; 1 if one failed, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
