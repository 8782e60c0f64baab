"""Cuts: sets of variables from which an elementwise variable can be computed in one MLP.

As in technology mapping for lookup tables (Cong and Ding 1994): the cuts of a variable are
the unions of one cut of each operand, or the operand itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from optitracr.candidates.tables import FunctionTables
from optitracr.graph.program import Elementwise, ProgramGraph
from optitracr.graph.provenance import Role
from optitracr.graph.raw import raw_variables

Cut = tuple[str, ...]

MAX_LEAVES = 6
"""Variables of a cut: a table over more has an entry for each combination of their values, and so
soon too many; programs seldom join more in one step."""

MAX_CUTS = 10
"""Cuts kept of one variable, those with the smallest tables: each is a candidate, and the cuts of
what reads it are made of combinations of them."""

MAX_TABLE = 30_000
"""Entries of the table of a cut: put together of smaller tables in about a millisecond, and
looked through by each construction; larger ones need too many neurons as a rule."""


def enumerate_cuts(graph: ProgramGraph, tables: FunctionTables) -> dict[str, tuple[Cut, ...]]:
    """The smallest cuts of every variable with a definition, immediate operands among them.

    So are raw numbers in the place of the classes that an operand is made of.

    Variables without a table (sums of numbers with too many values) have no cuts.
    """
    cuts: dict[str, tuple[Cut, ...]] = {}
    raw = raw_variables(graph)
    order = {node.label: place for place, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        definitions = tables.definitions(node.label)
        if not definitions:
            continue
        immediate = [_ordered(definition.operands, order) for definition in definitions]
        bare = [_ordered([number_of(graph, x) for x in cut], order) for cut in immediate]
        found = dict.fromkeys(immediate)
        for definition in definitions:
            choices = [((label,), *cuts.get(label, ())) for label in definition.operands]
            for combination in product(*choices):
                union = _ordered([leaf for cut in combination for leaf in cut], order)
                if len(union) <= MAX_LEAVES and tables.size(union) <= MAX_TABLE:
                    found[union] = None
        ranked = sorted(found, key=lambda cut: (tables.size(cut), len(cut), cut))
        singles = [cut for cut in ranked if len(cut) == 1 and _is_source(cut[0], cuts, raw)]
        cuts[node.label] = tuple(dict.fromkeys((*ranked[:MAX_CUTS], *singles, *immediate, *bare)))
    return cuts


def number_of(graph: ProgramGraph, label: str) -> str:
    """The raw number whose classes a variable is; itself if it is no such variable."""
    node = graph.node(label)
    if node.role is Role.CLASS and isinstance(node.operation, Elementwise):
        return node.operation.operands[0]
    return label


def _is_source(label: str, cuts: Mapping[str, tuple[Cut, ...]], raw: frozenset[str]) -> bool:
    """Whether a variable is a function of no single other one but a mean or a share.

    Of a chain of maps only the first is such, and what reads a later one can read that, so that
    each variable has but a few such cuts, however long the chain.
    """
    return label in raw or not any(
        len(cut) == 1 and cut[0] not in raw for cut in cuts.get(label, ())
    )


def _ordered(labels: list[str] | tuple[str, ...], order: Mapping[str, int]) -> Cut:
    return tuple(sorted(dict.fromkeys(labels), key=lambda label: order[label]))
