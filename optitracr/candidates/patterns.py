"""Ways for a head to decide what a selector selects, as conditions that are added up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from optitracr.candidates.facts import Facts
from optitracr.candidates.readings import Readings
from optitracr.candidates.relations import conditions, finer, over
from optitracr.candidates.ways import Decision, Freedom, Repertoire
from optitracr.constructions.bilinear import Bilinear, exact, shift_of
from optitracr.constructions.conjunctions import Condition
from optitracr.graph.program import Aggregate, Best, Selector, Width
from optitracr.graph.relations import Relation

MAX_PATTERNS = 4
"""Ways kept to compute what a selector selects: each is a head among the alternatives of all that
is read through the selector."""


@dataclass(frozen=True, slots=True, eq=False)
class Conjunction:
    """A selector as conditions that all have to hold.

    Attributes:
        parts: The conditions.
        families: The rules that it takes.
    """

    parts: tuple[Condition, ...]
    families: tuple[str, ...] = ()

    @property
    def keys(self) -> set[str]:
        """What is read of the key position."""
        return {part.key for part in self.parts}

    @property
    def queries(self) -> set[str]:
        """What is read of the query position."""
        return {part.query for part in self.parts}


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A conjunction with the bilinear form of each condition.

    Attributes:
        terms: The forms, which a head adds up.
        families: The rules that it takes.
    """

    terms: tuple[Bilinear, ...]
    families: tuple[str, ...] = ()


class Patterns:
    """The patterns of a program's selectors, each found when it is first asked for.

    Attributes:
        facts: The program.
        repertoire: The ways of the rules that are on.
        readings: How its variables can be read.
        slots: Points of the circle for variables whose values keep places of their own.
    """

    def __init__(self, facts: Facts, repertoire: Repertoire, readings: Readings) -> None:
        """Looks at every selector for the slots."""
        self.facts, self.repertoire, self.readings = facts, repertoire, readings
        self._patterns: dict[object, list[Pattern]] = {}
        self._conjunctions: dict[object, list[Conjunction]] = {}
        self.slots = self._slots()

    def of(self, selector: Selector, is_width: bool, exact_keys: bool) -> list[Pattern]:
        """Ways to compute what a selector selects.

        Args:
            selector: What to select.
            is_width: Whether BOS is attended like a selected key.
            exact_keys: Whether several keys are averaged, which have to be exact then.
        """
        key = self.facts.selector_key(selector), is_width, exact_keys
        if key not in self._patterns:
            self._patterns[key] = [
                self._pattern(found, is_width, exact_keys) for found in self.conjunctions(selector)
            ]
        return self._patterns[key]

    def of_relation(self, relation: Relation) -> list[Pattern]:
        """Ways to compute what a relation selects, for a head that looks at one key."""
        return [self._pattern(found, False, False) for found in self._find_conjunctions(relation)]

    def _pattern(self, found: Conjunction, is_width: bool, exact_keys: bool) -> Pattern:
        terms, families = [], found.families
        for condition in found.parts:
            decision = Decision(condition, is_width, exact_keys, self.slots)
            term, own = self.repertoire.decide(self.facts, decision) or (self._exact(condition), ())
            terms.append(term)
            families += own
        return Pattern(tuple(terms), tuple(dict.fromkeys(families)))

    def _exact(self, condition: Condition) -> Bilinear:
        key, query = (
            self.facts.nodes[condition.key].value_set,
            self.facts.nodes[condition.query].value_set,
        )
        return exact(condition, self.facts.cold, key.may_be_none, query.may_be_none)

    def conjunctions(self, selector: Selector) -> list[Conjunction]:
        """The selector as conjunctions over its own operands, or over what lies below."""
        key = self.facts.selector_key(selector)
        if key not in self._conjunctions:
            self._conjunctions[key] = self._find_conjunctions(self.facts.relation(selector))
        return self._conjunctions[key]

    def _find_conjunctions(self, relation: Relation) -> list[Conjunction]:
        facts = self.facts
        found: dict[tuple[object, ...], Conjunction] = {}
        sides = [finer(side, self.below) for side in (relation.keys, relation.queries)]
        if not self.repertoire.frees(Freedom.FINER_SELECTORS):
            sides = [side[:1] for side in sides]
        freed = self.repertoire.that_free({Freedom.FINER_SELECTORS})
        for place, (keys, queries) in enumerate(product(*sides)):
            finest = over(relation, keys, queries, facts.tables)
            if finest is None:
                continue
            parts = conditions(finest, facts.tables, facts.setting.causal)
            if parts is not None:
                made = Conjunction(parts, freed if place else ())
                found.setdefault(tuple((p.key, p.query) for p in parts), made)
        if not found:
            # Too many entries to look below; over its own operands it is a conjunction still.
            own = conditions(relation, facts.tables, facts.setting.causal)
            return [] if own is None else [Conjunction(own)]
        return self._without_joint(list(found.values()))[:MAX_PATTERNS]

    def _without_joint(self, found: list[Conjunction]) -> list[Conjunction]:
        """Leaves out a pattern if another reads what lies below some variable of it.

        To compute the variable takes an MLP and dimensions, to read what lies below neither.
        """
        sides = [(one.keys, one.queries) for one in found]
        kept = [
            one
            for one, own in zip(found, sides, strict=True)
            if not any(other is not own and self._reads_below(other, own) for other in sides)
        ]
        return kept or found

    def _reads_below(self, other: tuple[set[str], ...], own: tuple[set[str], ...]) -> bool:
        """Whether on some side there is read what a variable of this pattern is a function of."""
        return any(
            label not in b and any(b.issuperset(cut) for cut in self.facts.cuts.get(label, ()))
            for a, b in zip(own, other, strict=True)
            for label in a
        )

    def below(self, label: str) -> list[tuple[str, ...]]:
        """The variable's source, and pairs of variables of which it is a function."""
        facts = self.facts
        source = self.readings.sources(label)[0][0]
        pairs = [
            cut
            for cut in facts.cuts.get(label, ())
            if len(cut) == 2 and not any(facts.is_raw(x) or not facts.is_farthest(x) for x in cut)
        ]
        return [(source,), *pairs]

    def _slots(self) -> dict[str, int]:
        """Points of the circle for variables whose values keep places of their own.

        Those are the indices, with room for the longest shift between keys and queries.
        """
        nodes = self.facts.nodes
        found = {node.label: len(node.value_set.values) for node in nodes.values() if node.is_index}
        for node in nodes.values():
            if isinstance(node.operation, Aggregate | Best | Width):
                for conjunction in self.conjunctions(node.operation.selector):
                    for part in conjunction.parts:
                        if part.key == part.query and part.key in found:
                            room = len(nodes[part.key].value_set.values) + shift_of(part.table)
                            found[part.key] = max(found[part.key], room)
        return found
