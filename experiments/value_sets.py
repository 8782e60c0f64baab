"""How many more values are inferred than occur, of variables and of pairs of them.

Goes through every input of random programs and of the library's, small enough for that. Of each
kind of variable, and of pairs at one position and at a key and a query, prints how many are
inferred for each that occurs. What is inferred holds all that occurs, or the script says which
does not and exits with 1.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from occurring_programs import GENERATORS
from occurring_values import Occurred, occurred, pairs_of_labels, unsound
from reporting import EXIT_ERROR, EXIT_OK, CsvRows, count, guarded, print_table

from optitracr.errors import OptitracrError
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Aggregate, Best, Elementwise, Input, Width
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode

COLUMNS = ("program", "kind", "inference", "occurring", "inferred")

INFERENCES = {"product": False, "joint": True}
"""Whether value sets hold only what goes together."""

MOST_PRODUCT = 10_000
"""Pairs of values of two variables that are asked about one by one: a hundredth of a second."""


def kind_of(node: TabledNode, found: Occurred) -> str:
    """What computes a variable."""
    operation = node.operation
    match operation:
        case Input():
            return "input"
        case Best():
            return "best key"
        case Width():
            return "width"
        case Elementwise():
            return "sum" if node.table is None or node.is_numerical else "function"
        case Aggregate():
            one = selects_at_most_one(operation.selector, found.tabled.by_label())
            return "copy" if one or not node.is_numerical else "mean"


def of_variables(found: Occurred) -> Iterator[tuple[str, int, int]]:
    """Kind, values that occur and values that are inferred, None among them, of each variable."""
    for label in found.codes:
        node = found.tabled.node(label)
        own = node.value_set
        inferred = len(own.values) + own.may_be_none
        yield kind_of(node, found), len(found.occurring(label)), inferred


def of_pairs(found: Occurred) -> Iterator[tuple[str, int, int]]:
    """The same of pairs of variables without None, as products and as they are said to occur."""
    joint = JointValues(found.tabled.by_label(), found.inputs)
    occurring = Occurring(joint)
    for first, second in pairs_of_labels(found):
        sets = [found.tabled.node(x).value_set.values for x in (first, second)]
        places = list(product(*(range(len(values)) for values in sets)))
        if first == second or len(places) > MOST_PRODUCT:
            continue
        together = _present(found.occurring(first, second))
        yield "pair, product", together, len(places)
        allowed = sum(occurring.together((first, second), place) for place in places)
        yield "pair, together", together, allowed
        rows = joint.rows((first, second))
        yield "pair, joint", together, len(places) if rows is None else _present(rows.tolist())
        apart = _present(found.occurring_apart(first, second))
        yield "key and query, product", apart, len(places)
        allowed = sum(occurring.apart(first, second, place) for place in places)
        yield "key and query, apart", apart, allowed


def _present(rows: Sequence[Sequence[int]]) -> int:
    return sum(min(row) >= 0 for row in rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Goes through the programs and prints a line for each kind."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--programs", type=count, default=100, metavar="N", help="of each kind (%(default)s)"
    )
    parser.add_argument(
        "--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS), metavar="NAME",
        help=f"where programs come from, of {', '.join(GENERATORS)}; all",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    wrong = refused = 0
    with CsvRows(arguments.output, COLUMNS) as table:
        seeds = range(arguments.programs)
        for name, seed, joint in product(arguments.generators, seeds, INFERENCES):
            asked = GENERATORS[name](seed)
            try:
                found = occurred(asked, INFERENCES[joint])
            except OptitracrError:
                refused += 1
                continue
            for message in unsound(found):
                wrong += 1
                print(f"{asked.name}: {message}", file=sys.stderr)
            pairs = of_pairs(found) if INFERENCES[joint] else ()
            for kind, *counted in (*of_variables(found), *pairs):
                table.add(dict(zip(COLUMNS, (asked.name, kind, joint, *counted), strict=True)))
                if counted[0]:
                    ratios[kind, joint].append(counted[1] / counted[0])
    _print(ratios)
    print(f"{refused} programs refused, {wrong} times something occurred that is not inferred")
    return EXIT_ERROR if wrong else EXIT_OK


def _print(ratios: dict[tuple[str, str], list[float]]) -> None:
    cells = [
        (
            kind,
            joint,
            str(len(found)),
            f"{100 * sum(ratio == 1 for ratio in found) / len(found):.0f} %",
            f"{statistics.median(found):.2f}",
            f"{statistics.fmean(found):.2f}",
            f"{max(found):.1f}",
        )
        for (kind, joint), found in sorted(ratios.items())
    ]
    columns = ("kind", "inference", "number", "exact", "median", "mean", "most")
    print_table("inferred for each that occurs", columns, cells)


if __name__ == "__main__":
    sys.exit(main())
