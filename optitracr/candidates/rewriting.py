"""The rewrites of each level, in order: the list that reads as the pipeline.

A program is tabled (`graph.tabling`, where equal values that are told apart and means of classes
are rewritten on the way), then these follow, by the names that `explain --stages` shows:

- levels 0 and 1: encodings, defaults, precision; large disjunctions, joint selectors;
- level 2: encodings, precision; large disjunctions, joint selectors, constants, split widths; and
  those of rules, in the order of the registry: equals of `sharing`, counted conditions, disjoint
  unions, counts of others and counts as one mean of `rewrites`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from optitracr.candidates.relations import conditions
from optitracr.candidates.tables import FunctionTables
from optitracr.graph.program import CompoundSelector
from optitracr.graph.relations import Factor, Relation, relation_of
from optitracr.graph.rewrites.constants import FoldConstants
from optitracr.graph.rewrites.defaults import ShiftDefaults
from optitracr.graph.rewrites.disjunctions import SplitDisjunctions
from optitracr.graph.rewrites.encodings import ConvertEncodings
from optitracr.graph.rewrites.joining import Conditions, JoinSelectors
from optitracr.graph.rewrites.passes import Pass
from optitracr.graph.rewrites.precision import CheckPrecision
from optitracr.graph.rewrites.widths import SplitWidths
from optitracr.graph.tabled import TabledProgram

JOINT_VALUES = 48
"""Combinations of values up to which a conjunction gets joint variables at levels 0 and 1, as a
disjunction does: an MLP of at most as many neurons makes them. Beyond, that MLP and its dimensions
grow with the product of what is read, and conditions that are added up need neither."""


def are_conjunctions(program: TabledProgram) -> Callable[[CompoundSelector], bool]:
    """Which selectors one head computes, as a sum of conditions on one key and one query."""
    known = as_conjunctions(program)
    return lambda selector: known(relation_of(selector)) is not None


def as_conjunctions(program: TabledProgram) -> Conditions:
    """The conditions that a head adds up, each on one key and one query, of relations."""
    tables = FunctionTables.of(program)

    def known(relation: Relation) -> list[Factor] | None:
        found = conditions(relation, tables)
        if found is None:
            return None
        return [Factor((each.key,), (each.query,), each.table) for each in found]

    return known


@dataclass(frozen=True, slots=True)
class Rewrites:
    """The rewrites of a level.

    Attributes:
        encoded: Make every variable one that the level can hold; savings are told of these.
        joined: Make every selector one that a head can compute.
        defined: Give variables further definitions, for candidates to choose from; those of
            rules follow (see `optitracr.candidates.rule.Rule.rewrites`).
    """

    encoded: tuple[Pass, ...]
    joined: tuple[Pass, ...]
    defined: tuple[Pass, ...] = ()

    def lowered(self, further: Iterable[Pass] = ()) -> tuple[Pass, ...]:
        """All that follow the first, and some further ones after them."""
        return (*self.joined, *self.defined, *further)


STANDARD_REWRITES = Rewrites(
    encoded=(ConvertEncodings(), ShiftDefaults(), CheckPrecision()),
    joined=(
        SplitDisjunctions(),
        JoinSelectors(conditions=as_conjunctions, joint_values=JOINT_VALUES),
    ),
)
"""Of levels 0 and 1."""

CANDIDATE_REWRITES = Rewrites(
    encoded=(ConvertEncodings(), CheckPrecision()),
    joined=(SplitDisjunctions(), JoinSelectors(keep=are_conjunctions, conditions=as_conjunctions)),
    defined=(FoldConstants(), SplitWidths()),
)
"""Of level 2."""
