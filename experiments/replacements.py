"""Programs in the place of heads and MLPs of models that were trained on an algorithm.

For each part right programs and wrong ones: what part of the accuracy is kept, how much of the loss
is recovered, how often the model says the same, how often with a value of another input, and by how
much a logit changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from hosts import algorithms, language_models
from reporting import EXIT_OK, CsvRows, Row, count, guarded, print_table

from optitracr import rasp, replace
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Select,
    SelectorWidth,
    SequenceMap,
    indices,
    tokens,
)


def earlier(distance: int) -> rasp.SOp:
    """The letter so many positions before."""
    at = Select(indices, indices, lambda key, query: key == query - distance)
    return Aggregate(at, tokens).named(f"earlier_{distance}")


def both(first: rasp.SOp, second: rasp.SOp) -> rasp.SOp:
    """Two values as one."""
    return SequenceMap(lambda x, y: (x, y), first, second)


HIST = SelectorWidth(Select(tokens, tokens, Comparison.EQ)).named("hist")
LENGTH = SelectorWidth(Select(tokens, tokens, Comparison.TRUE)).named("length")
SUM = SequenceMap(lambda x, y: (ord(x) + ord(y)) % 7, tokens, earlier(1)).named("sum")

CLAIMS: dict[str, tuple[tuple[str, str, rasp.SOp], ...]] = {
    "adding": (
        ("0.head.0", "letter and the one before", both(tokens, earlier(1))),
        ("0.head.0", "letter and the second before", both(tokens, earlier(2))),
        ("0.head.1", "letter and the one before", both(tokens, earlier(1))),
        ("0.head.1", "letter", tokens),
        ("0.mlp", "sum modulo 7", SUM),
        ("0.mlp", "letter before", earlier(1)),
    ),
    "counting": (
        ("0.head.0", "letter, count and length", both(both(tokens, HIST), LENGTH)),
        ("0.head.0", "letter and count", both(tokens, HIST)),
        ("0.head.0", "length", LENGTH),
        ("0.mlp", "count", HIST),
        ("0.mlp", "length", LENGTH),
    ),
}
"""For each model parts, and what they might compute."""

LEVEL = 1
"""At level 2 the search for the smallest model of the largest claim takes half a minute; what is
measured is the same, since models of both levels say what the program says."""

COLUMNS = ("model", "part", "program", "accuracy_kept", "loss_recovered", "agreement")
COLUMNS += ("interchange", "accuracy_ablated", "logit_change")


def measure(name: str, inputs: int) -> list[Row]:
    """The rows of a model."""
    host = language_models.load(name)
    ids = algorithms.inputs(inputs, torch.Generator().manual_seed(1))
    letters = {1 + place: letter for place, letter in enumerate(algorithms.LETTERS)}
    rows: list[Row] = []
    for part, said, program in CLAIMS[name]:
        found = replace(
            host,
            part,
            program,
            tokens=letters,
            bos=algorithms.BOS,
            texts=ids,
            targets=algorithms.TASKS[name].targets(ids),
            optimize=LEVEL,
        ).explained
        figures = {column: f"{getattr(found, column):.3f}" for column in COLUMNS[3:]}
        rows.append({"model": name, "part": part, "program": said, **figures})
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=CLAIMS, default=list(CLAIMS))
    parser.add_argument("--inputs", type=count, default=1000, help="half to fit maps on")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    arguments = parser.parse_args(argv)
    return guarded(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    with CsvRows(arguments.output, COLUMNS) as table:
        for name in arguments.models:
            for row in measure(name, arguments.inputs):
                table.add(row)
    cells = [[row[column] for column in COLUMNS] for row in table.rows]
    print_table("Programs in the place of trained parts", COLUMNS, cells)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
