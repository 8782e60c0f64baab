"""What each family of level-2 candidates is worth: sizes with one family left out at a time.

Prints for each family, and for all together, how many times the parameters grow without it
(geometric mean over the programs), and the layers and the width that it saves in sum.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence

from reporting import (
    CsvRows,
    Row,
    add_common_options,
    chosen_programs,
    exit_code,
    guarded,
    load_solvers,
    print_table,
    sweep,
)

from optitracr import compile_rasp_to_model, library
from optitracr.candidates.families import Family
from optitracr.errors import UnsupportedError
from optitracr.options import parse_objective

COLUMNS = ("program", "without", "layers", "width", "neurons", "parameters", "status")
EVERY = "all of them"


def measure(entry: library.Program, arguments: argparse.Namespace) -> Iterator[Row]:
    """Sizes of one program with all families, without each, and without any."""
    for without in ("", *(family.value for family in Family), EVERY):
        names = [family.value for family in Family] if without == EVERY else without
        try:
            model = compile_rasp_to_model(
                entry.make(),
                entry.vocab,
                entry.max_seq_len,
                causal=entry.causal,
                objective=arguments.objective,
                time_limit=arguments.time_limit,
                without=names,
            )
        except UnsupportedError:
            return
        sizes = {name: getattr(model.size, name) for name in COLUMNS[2:6]}
        status = model.allocation.status.value
        yield {"program": entry.name, "without": without, **sizes, "status": status}


def summary(rows: Sequence[Row]) -> list[Row]:
    """One row a family: what leaving it out costs over all programs."""
    base = {row["program"]: row for row in rows if row["without"] == ""}
    found = []
    for without in dict.fromkeys(row["without"] for row in rows if row["without"]):
        own = [row for row in rows if row["without"] == without and row["program"] in base]
        logs = [math.log(row["parameters"] / base[row["program"]]["parameters"]) for row in own]
        found.append(
            {
                "without": without,
                "parameters": math.exp(sum(logs) / len(logs)),
                "layers": sum(row["layers"] - base[row["program"]]["layers"] for row in own),
                "width": sum(row["width"] - base[row["program"]]["width"] for row in own),
                "programs": sum(
                    row["parameters"] > base[row["program"]]["parameters"] for row in own
                ),
            }
        )
    return found


def _draw(rows: Sequence[Row], arguments: argparse.Namespace) -> None:
    from optitracr.draw.style import COLOURS, pyplot, save

    plt = pyplot()
    figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    shown = sorted(rows, key=lambda row: row["parameters"])
    axis.barh(
        [row["without"] for row in shown],
        [row["parameters"] - 1 for row in shown],
        left=1,
        color=COLOURS[1],
    )
    for place, row in enumerate(shown):
        text = f" x {row['parameters']:.2f}; {row['layers']:+d} layers, {row['width']:+d} width"
        axis.text(row["parameters"], place, text, va="center", fontsize=7)
    axis.set_xscale("log")
    axis.set(xlabel="parameters without the family, relative to all (geometric mean)")
    axis.set_xlim(0.99, max(row["parameters"] for row in shown) * 2.2)
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, arguments.figure)


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs)
    parse_objective(arguments.objective)
    load_solvers()
    with CsvRows(arguments.output, COLUMNS) as table:
        interrupted = sweep(programs, lambda entry: measure(entry, arguments), table, "leaving out")
    found = summary(table.rows)
    columns = ("without", "parameters", "layers", "width", "programs larger")
    cells = [
        [
            row["without"],
            f"x {row['parameters']:.3f}",
            f"{row['layers']:+d}",
            f"{row['width']:+d}",
            str(row["programs"]),
        ]
        for row in found
    ]
    print_table("What leaving a family of candidates out costs", columns, cells)
    if arguments.figure and found:
        _draw(found, arguments)
    return exit_code(interrupted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", nargs="+", metavar="NAME", help="library names; all by default"
    )
    add_common_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measures every family; 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
