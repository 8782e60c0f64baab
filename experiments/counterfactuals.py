"""Which variables of the library's programs some pair of inputs tells apart.

For each program: its variables, the pairs that were drawn, and of each two variables, and of each
variable and setting none, whether a pair tells them apart, whether it is proven that none does (by
the structure of the program, or by having looked at every pair of inputs), or neither is known. A
row of the CSV file is a program. --markdown writes the table; in a file that has the lines
`<!-- told: ... -->` and `<!-- /told -->`, only what stands between them is replaced.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from reporting import (
    CsvRows,
    Row,
    add_table_options,
    chosen_programs,
    count,
    exit_code,
    failure,
    guarded,
    markdown_table,
    print_table,
    sweep,
    write_table,
)

from optitracr import compile_rasp_to_model, library
from optitracr.causal.pairs import Ground

COUNTS = ("variables", "with_effect", "without_effect", "effect_open")
PAIRS = ("couples", "told_apart", *(f"by_{ground.name.lower()}" for ground in Ground))
COLUMNS = ("program", "readings", *COUNTS, *PAIRS, "seconds", "error")


def measure(entry: library.Program, arguments: argparse.Namespace) -> Iterator[Row]:
    """The row of a program."""
    row: Row = {"program": entry.name}
    try:
        yield row | _measured(entry, arguments.pairs)
    except Exception as error:
        yield row | {"error": failure(entry.name, error)}


def _measured(entry: library.Program, pairs: int) -> Row:
    # Variables are the program's own, so any model of it will do.
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=0, check=False
    )
    start = time.perf_counter()
    found = model.counterfactuals(pairs)
    took = time.perf_counter() - start
    variables = list(found.outputs)
    alone = {x.first: x.proven for x in found.indistinguishable if not x.second}
    grounds = Counter(x.ground for x in found.indistinguishable)
    couples = len(variables) * (len(variables) + 1) // 2
    return {
        "readings": "causal" if entry.causal else "full",
        "variables": len(variables),
        "with_effect": len(variables) - len(alone),
        "without_effect": sum(alone.values()),
        "effect_open": sum(not proven for proven in alone.values()),
        "couples": couples,
        "told_apart": couples - len(found.indistinguishable),
        **{f"by_{ground.name.lower()}": grounds[ground] for ground in Ground},
        "seconds": round(took, 2),
    }


def summary(rows: Sequence[Row]) -> list[list[str]]:
    """Over all programs: single variables, then each two of them."""
    known = [row for row in rows if "error" not in row]

    def total(*names: str) -> str:
        return f"{sum(row[name] for row in known for name in names):,}"

    proven = ("by_structure", "by_every_pair")
    return [
        [
            "variables, each against setting none",
            *map(total, COUNTS),
        ],
        [
            "two variables, or one and none",
            *(total("couples"), total("told_apart"), total(*proven), total("by_open")),
        ],
    ]


SUMMARY_COLUMNS = (f"of {len(library.names())} programs", "all", "told apart", "proven not", "open")


def text(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    return "\n" + markdown_table(SUMMARY_COLUMNS, summary(rows)) + "\n\n"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_table_options(parser)
    parser.add_argument("--pairs", type=count, default=200, metavar="N", help="(%(default)s)")
    return parser.parse_args()


def main() -> int:
    """Measures, prints and writes."""
    arguments = parse()
    programs = chosen_programs(arguments.programs)
    with CsvRows(arguments.output, COLUMNS) as rows:
        interrupted = sweep(programs, lambda e: measure(e, arguments), rows, "telling apart")
        print_table("Variables told apart", SUMMARY_COLUMNS, summary(rows.rows))
        write_table(arguments.markdown, "told", text(rows.rows))
    return exit_code(interrupted, any("error" in row for row in rows.rows))


if __name__ == "__main__":
    sys.exit(guarded(main))
