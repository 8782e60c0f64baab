"""Cuts: sets of variables from which an elementwise variable can be computed in one MLP.

As in technology mapping for lookup tables (Cong and Ding 1994): the cuts of a variable are
the unions of one cut of each operand, or the operand itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from optitracr.candidates.tables import FunctionTables
from optitracr.graph.joint.values import JointValues
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
"""Entries of the table of a cut that can occur: put together of smaller tables in about a
millisecond, and looked through by each construction; larger ones need too many neurons as a
rule."""

MAX_ARRAY = 1 << 20
"""Entries of a table with those that cannot occur: the array takes 4 MB, and is looked through in
some milliseconds by each construction."""


def enumerate_cuts(
    graph: ProgramGraph, tables: FunctionTables, joint: JointValues | None = None
) -> dict[str, tuple[Cut, ...]]:
    """The smallest cuts of every variable with a definition, immediate operands among them.

    So are raw numbers in the place of the classes that an operand is made of.

    Variables without a table (sums of numbers with too many values) have no cuts.

    Args:
        graph: The program.
        tables: Its functions as tables.
        joint: Which values occur together, for cuts with more combinations than are looked at; of
            these none is taken without it.
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
                found[_ordered([leaf for cut in combination for leaf in cut], order)] = None
        fitting = [cut for cut in found if cut in immediate or _is_small(cut, tables)]
        ranked = sorted(fitting, key=lambda cut: (tables.size(cut), len(cut), cut))
        if joint is not None and len(ranked) < MAX_CUTS:
            wide = [cut for cut in found if cut not in fitting and _has_numbers(cut, raw)]
            ranked += _seldom(wide, tables, joint)
        singles = [cut for cut in ranked if len(cut) == 1 and _is_source(cut[0], cuts, raw)]
        cuts[node.label] = tuple(dict.fromkeys((*ranked[:MAX_CUTS], *singles, *immediate, *bare)))
    return cuts


def _is_small(cut: Cut, tables: FunctionTables) -> bool:
    """Whether the table over a cut is small, whatever can occur."""
    return len(cut) <= MAX_LEAVES and tables.size(cut) <= MAX_TABLE


def _has_numbers(cut: Cut, raw: frozenset[str]) -> bool:
    """Whether a cut has several raw numbers, such as means of which few pairs occur together."""
    return len(cut) <= MAX_LEAVES and sum(leaf in raw for leaf in cut) > 1


def _seldom(cuts: list[Cut], tables: FunctionTables, joint: JointValues) -> list[Cut]:
    """The smallest of some cuts of whose combinations few can occur."""
    kept: list[Cut] = []
    for cut in sorted(cuts, key=lambda cut: (tables.size(cut), len(cut), cut))[:MAX_CUTS]:
        if tables.size(cut) > MAX_ARRAY:
            break
        rows = joint.rows(cut)
        if rows is not None and len(rows) <= MAX_TABLE:
            kept.append(cut)
    return kept


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
