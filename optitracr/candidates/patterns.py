"""Ways for a head to decide what a selector selects, as conditions that are added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from optitracr.candidates.facts import Facts
from optitracr.candidates.readings import Readings
from optitracr.candidates.relations import conditions, finer, over
from optitracr.candidates.ways import Decision, Freedom, Repertoire
from optitracr.constructions.bilinear import Bilinear, exact, shift_of
from optitracr.constructions.conjunctions import Condition
from optitracr.graph.program import Aggregate, Best, Input, Selector, Width
from optitracr.graph.relations import Relation

MAX_PATTERNS = 4
"""Ways kept to compute what a selector selects: each is a head among the alternatives of all that
is read through the selector."""


COUNTED = 2.0**-4
"""By how much logits of what is counted may differ, of one part in so many as there may be: the
share that a head writes is then off by a quarter of that part of itself at most, and the next one
is that part away."""

COUNTED_ALONE = 2.0**-4
"""The same where each place has one key, as each position has: of those selected the logits of all
but one are a base times as even, so that the count is off by that part of one key."""

AVERAGED = 2.0**-13
"""The same of what is averaged: a mean of numbers between 0 and 1 is off by a quarter of that, and
a check allows 0.0001."""

COPIED = 2.0**-3
"""The same of what a single key is copied of, or keys that hold the same: it changes nothing there,
and where a head looks at the best key it is little beside a step, of some fifty."""


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


_Term = tuple[Bilinear, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a head wants of a pattern.

    Attributes:
        is_width: Whether BOS is attended like a selected key.
        exact_keys: Whether several keys are averaged, which have to be exact then.
        uneven: By how much logits of what is selected may differ.
        factor: By how much its logits will be multiplied, where it looks at the best of what is
            selected; 0 where it does not.
        computed: Whether keys that are computed may be held as codes, where there are several.
        alone: By how much that of one of them may differ, where each place has one key.
    """

    is_width: bool
    exact_keys: bool
    uneven: float
    factor: float = 0.0
    computed: bool = True
    alone: float = 0.0


class Patterns:
    """The patterns of a program's selectors, each found when it is first asked for.

    Attributes:
        facts: The program.
        repertoire: The ways of the rules that are on.
        readings: How its variables can be read.
        slots: Points of the circle for variables whose values keep places of their own.
        spans: The largest span of an order over each variable of keys.
    """

    def __init__(
        self, facts: Facts, repertoire: Repertoire, readings: Readings, even: bool = False
    ) -> None:
        """Looks at every selector for the slots and spans.

        Args:
            facts: The program.
            repertoire: The ways of the rules that are on.
            readings: How its variables can be read.
            even: Whether what is selected is to have equal logits, whatever that takes.
        """
        self.facts, self.repertoire, self.readings = facts, repertoire, readings
        self.even = even
        self._patterns: dict[object, list[Pattern]] = {}
        self._conjunctions: dict[object, list[Conjunction]] = {}
        self.slots, self.spans = self._places()

    def of(self, selector: Selector, is_width: bool, exact_keys: bool) -> list[Pattern]:
        """Ways to compute what a selector selects.

        Args:
            selector: What to select.
            is_width: Whether BOS is attended like a selected key.
            exact_keys: Whether several keys are averaged, which have to be exact then.
        """
        key = self.facts.selector_key(selector), is_width, exact_keys
        if key not in self._patterns:
            uneven = self._counted if is_width else AVERAGED if exact_keys else COPIED
            alone = COUNTED_ALONE if is_width else 0.0
            asked = _Asked(is_width, exact_keys, uneven, alone=alone)
            found = self.conjunctions(selector)
            self._patterns[key] = [each for one in found for each in self._all(one, asked)]
        return self._patterns[key]

    def of_relation(self, relation: Relation, factor: float) -> list[Pattern]:
        """Ways to compute what a relation selects, for a head that looks at one key.

        Args:
            relation: What to select.
            factor: By how much its logits will be multiplied.
        """
        asked = _Asked(False, False, COPIED / factor, factor)
        found = self._find_conjunctions(relation)
        return [each for one in found for each in self._all(one, asked)]

    def _all(self, found: Conjunction, asked: _Asked) -> list[Pattern]:
        """A conjunction in all ways, also by orders in place of what selects by two of these."""
        made = self._both(found, asked)
        parts = [self._divided(part, self.spans) for part in found.parts]
        if not self.even and any(len(each) > 1 for each in parts):
            divided = replace(found, parts=tuple(part for each in parts for part in each))
            terms = [self._term(part, asked, divided) for part in divided.parts]
            halves = [len(each) > 1 for each in parts for _ in each]
            if all(term.inner == 1 for (term, _), half in zip(terms, halves, strict=True) if half):
                made.append(self._pattern(divided, terms))
        return made

    def _divided(self, part: Condition, spans: Mapping[str, int]) -> tuple[Condition, ...]:
        """The orders by which a condition selects.

        One that a circle decides is divided only if other selectors ask for orders of the same.
        """
        if not spans.get(part.key, 0) and shift_of(part.table):
            return (part,)
        return self.repertoire.divide(self.facts, part)

    def _both(self, found: Conjunction, asked: _Asked) -> list[Pattern]:
        """A conjunction whose logits are as uneven as is allowed; and beside it even ones.

        The same with one-hots in place of codes of what is computed, where several keys are
        averaged or counted.
        """
        if self.even:
            asked = replace(asked, uneven=0.0, alone=0.0, computed=False)
        terms = [self._term(part, asked, found) for part in found.parts]
        made = [terms]
        steady = replace(asked, alone=0.0)
        even = replace(steady, uneven=0.0)
        for plain in (steady, even, replace(even, computed=False)):
            again = [
                self._term(part, plain, found) if self._is_bold(part, each[0], plain) else each
                for part, each in zip(found.parts, made[-1], strict=True)
            ]
            if any(one is not other for one, other in zip(again, made[-1], strict=True)):
                made.append(again)
        return [self._pattern(found, each) for each in made]

    def _is_bold(self, part: Condition, term: Bilinear, plain: _Asked) -> bool:
        """Whether a term does what is not asked for: uneven logits, or codes of several keys."""
        several = plain.is_width or plain.exact_keys
        coded = term.key is not None and bool(term.key.numbers) and several
        computed = not isinstance(self.facts.operation(part.key), Input)
        uneven = term.uneven > self._most_uneven(part, plain)
        return uneven or (coded and computed and not plain.computed)

    def _pattern(self, found: Conjunction, terms: Sequence[_Term]) -> Pattern:
        families = (*found.families, *(name for _, names in terms for name in names))
        keyed = tuple(
            replace(term, alone=self.facts.nodes[part.key].is_index)
            for part, (term, _) in zip(found.parts, terms, strict=True)
        )
        return Pattern(keyed, tuple(dict.fromkeys(families)))

    def _term(self, condition: Condition, asked: _Asked, found: Conjunction) -> _Term:
        """The bilinear form of a condition, and the rules that it takes."""
        # No other key is near BOS where each query selects one, or BOS is counted itself.
        halved = asked.is_width or (not asked.factor and self._selects_itself(found))
        decision = Decision(
            condition,
            asked.is_width,
            asked.exact_keys,
            self.slots,
            self.spans,
            self._most_uneven(condition, asked),
            halved,
            asked.factor or 1.0,
            asked.computed,
        )
        return self.repertoire.decide(self.facts, decision) or (self._exact(condition), ())

    def _most_uneven(self, condition: Condition, asked: _Asked) -> float:
        """By how much logits of what a condition selects may differ."""
        return max(asked.uneven, asked.alone if self.facts.nodes[condition.key].is_index else 0.0)

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

    @property
    def _counted(self) -> float:
        """By how much logits may differ that are counted: shares of most keys are the closest."""
        return COUNTED / (self.facts.setting.max_seq_len + 1)

    def _selects_itself(self, found: Conjunction) -> bool:
        """Whether every position selects itself, by its index alone."""
        if len(found.parts) != 1:
            return False
        (part,) = found.parts
        index = self.facts.nodes[part.key].is_index
        own = np.diagonal(part.table[:-1, :-1])
        return part.key == part.query and index and bool(own.all())

    def _are_places(self, part: Condition) -> bool:
        """Whether the values of a condition's query are those of its key, as copies of it are."""
        own, of = (self.facts.nodes[x].value_set.values for x in (part.query, part.key))
        return own == of

    def _places(self) -> tuple[dict[str, int], dict[str, int]]:
        """Points of the circle, and the largest span of an order, for variables of keys.

        Those of a circle are for variables whose values keep places of their own: the indices, with
        room for the longest shift between keys and queries.
        """
        nodes = self.facts.nodes
        found = {node.label: len(node.value_set.values) for node in nodes.values() if node.is_index}
        asked = (x.operation for x in nodes.values())
        selectors = [x.selector for x in asked if isinstance(x, Aggregate | Best | Width)]
        parts = [part for own in selectors for one in self.conjunctions(own) for part in one.parts]
        for part in parts:
            if part.key in found and self._are_places(part):
                room = len(nodes[part.key].value_set.values) + shift_of(part.table)
                found[part.key] = max(found[part.key], room)
        spans = self._widest(parts, {})
        return found, self._widest([half for x in parts for half in self._divided(x, spans)], spans)

    def _widest(self, parts: Sequence[Condition], known: Mapping[str, int]) -> dict[str, int]:
        """The largest span of an order over each variable of keys."""
        spans = dict(known)
        for part in parts:
            own = self.repertoire.span(self.facts, part)
            spans[part.key] = max(spans.get(part.key, 0), own)
        return spans
