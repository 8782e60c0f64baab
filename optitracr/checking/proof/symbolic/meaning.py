"""What a program means, value by value: asked of its functions, not of what was compiled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.symbolic.relations import Relations
from optitracr.checking.proof.symbolic.values import (
    CALL,
    CALLS,
    NOTHING,
    Assignment,
    Codes,
    OpenError,
    Values,
    count_of,
)
from optitracr.graph.comparisons import compared
from optitracr.graph.program import (
    Aggregate,
    Node,
    PairSelector,
    Predicate,
    ProgramGraph,
    Selector,
    Width,
    fold_selector,
    pairs_of,
)
from optitracr.model.proof import Discharge
from optitracr.setting import Setting

COMBINATIONS = 1 << 19
"""Combinations of values that are looked at together: each is a row of numbers."""

LISTED = 1 << 12
"""Combinations beyond which those that occur are listed, and not looked for among all."""

PAIRS = 1 << 24
"""Pairs of combinations of keys and queries that are looked at together."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """How many keys of some a query selects: a part of a width that several heads count.

    Attributes:
        label: Its name, which is no label of the program's.
        keys: The codes of what keys are told by.
        queries: The codes of what queries are told by.
        chosen: What is counted, [keys, queries].
    """

    label: str
    keys: Assignment
    queries: Assignment
    chosen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Relation:
    """What the selectors of two widths have to do with each other, whatever the query.

    Attributes:
        disjoint: Whether no key is selected by both.
        within: Whether the second selects all that the first does.
        around: Whether the first selects all that the second does.
    """

    disjoint: bool = False
    within: bool = False
    around: bool = False


class Meaning(Values):
    """The variables of a program: what each can be, and what it is given others."""

    def __init__(
        self,
        graph: ProgramGraph,
        setting: Setting,
        selects_one: Callable[[Meaning, Selector], bool],
        possible: Callable[[Meaning, Assignment], NDArray[np.bool_] | None],
        budget: int,
    ) -> None:
        """Nothing is asked yet.

        Args:
            graph: The program as it was written.
            setting: Vocabulary and length.
            selects_one: Tells of a selector whether each query selects at most one key.
            possible: Tells which combinations of widths are possible.
            budget: Numbers that may be made, all in all.
        """
        super().__init__(graph, setting, budget)
        self.relations = Relations(graph, setting.inputs, self.spend, self.discharged)
        self.related: dict[tuple[str, str], Relation] = {}
        self.itself: dict[str, bool | None] = {}
        self.parts: dict[str, list[Part]] = {}
        self._selects_one, self._possible = selects_one, possible
        self._only: dict[str, NDArray[np.bool_]] = {}
        self._whole: dict[str, tuple[int, bool]] = {}
        self._pairs: dict[int, tuple[PairSelector, NDArray[np.bool_]]] = {}
        self._single: dict[int, tuple[Selector, bool]] = {}

    def takes_means(self, node: Node) -> bool:
        """Whether an aggregate may be the mean of several values that differ."""
        return not self.takes_one(node) and not self.relations.copies(node.label)

    def takes_one(self, node: Node) -> bool:
        """Whether an aggregate takes the value of one position wherever it is defined."""
        operation = node.operation
        assert isinstance(operation, Aggregate)
        # Several values that are no numbers have no mean: the interpreter raises.
        numbers = [x for x in self.values(operation.operand) if isinstance(x, Number)]
        return not numbers or self.single(operation.selector)

    # -- parts of widths --------------------------------------------------------

    def with_part(
        self, label: str, keys: Assignment, queries: Assignment, chosen: NDArray[np.bool_]
    ) -> str:
        """Notes that a head counts some keys for a width, and gives the count a name.

        Args:
            label: The width.
            keys: The codes of what keys are told by.
            queries: The codes of what queries are told by.
            chosen: What is counted, [keys, queries].
        """
        own = self.parts.setdefault(label, [])
        name = f"{label}:{len(own)}"
        own.append(Part(name, keys, queries, chosen))
        self.place[name] = self.place[label]
        self._values[name] = tuple(range(self.setting.max_seq_len + 1))
        return name

    def counted(self, label: str, given: Assignment) -> Codes | None:
        """The code of a width for each combination of its parts; None where these are not given."""
        if not self.is_counted(label, given):
            return None
        total = np.sum([given[part.label] for part in self.parts[label]], axis=0)
        return np.where(total <= self.setting.max_seq_len, total, NOTHING)

    def is_counted(self, label: str, known: Collection[str]) -> bool:
        """Whether a width is the sum of its parts, and these are known."""
        parts = self.parts.get(label, [])
        if not parts or not {part.label for part in parts} <= set(known):
            return False
        if self._whole.get(label, (0, False))[0] != len(parts):
            self._whole[label] = len(parts), self._adds_up(label, parts)
            self.discharged[Discharge.RELATIONS] += self._whole[label][1]
        return self._whole[label][1]

    def _adds_up(self, label: str, parts: Sequence[Part]) -> bool:
        """Whether each key that a width counts is counted by one of its parts, and no other key."""
        operation = self.graph.node(label).operation
        assert isinstance(operation, Width)
        pairs = list(pairs_of(operation.selector))
        keys = [x for part in parts for x in part.keys] + [pair.keys for pair in pairs]
        queries = [x for part in parts for x in part.queries] + [pair.queries for pair in pairs]
        try:
            key, query = self.combinations(keys), self.combinations(queries)
            if count_of(key) * count_of(query) > PAIRS:
                return False
            whole = self.selected(operation.selector, key, query).astype(np.int8)
        except OpenError:
            return False
        for part in parts:
            rows, columns = rows_of(part.keys, key), rows_of(part.queries, query)
            whole -= part.chosen[rows[:, None], columns]
            # What is none of a part's combinations does not occur.
            whole[rows < 0] = 0
            whole[:, columns < 0] = 0
        return not whole.any()

    # -- selectors ------------------------------------------------------------

    def selected(self, selector: Selector, keys: Assignment, queries: Assignment) -> NDArray[Any]:
        """What is selected, [key combinations, query combinations].

        Raises:
            OpenError: If these do not tell it.
        """

        def leaf(pair: PairSelector) -> NDArray[np.bool_]:
            self.spend(count_of(keys) * count_of(queries))
            table = self._table(pair)
            key, query = self.told(pair.keys, keys), self.told(pair.queries, queries)
            inside = (key >= 0)[:, None] & (query >= 0)
            return np.asarray(table[key][:, query] & inside)

        def combine(compound: Any, parts: tuple[NDArray[np.bool_], ...]) -> NDArray[np.bool_]:
            match compound.operator:
                case "and":
                    return np.asarray(np.logical_and.reduce(parts))
                case "or":
                    return np.asarray(np.logical_or.reduce(parts))
                case _:
                    return ~parts[0]

        return fold_selector(selector, leaf, combine)

    def single(self, selector: Selector) -> bool:
        """Whether it is known that each query selects at most one key."""
        if id(selector) not in self._single:
            self._single[id(selector)] = selector, self._selects_one(self, selector)
            self.discharged[Discharge.RELATIONS] += self._single[id(selector)][1]
        return self._single[id(selector)][1]

    def occurs(self, given: Assignment) -> NDArray[np.bool_]:
        """Which combinations may occur at one position, as far as is known."""
        found = np.ones(count_of(given), dtype=bool)
        values = {label: self.values(label) for label in given}
        for allowed in (self.relations.together(given, values), self._possible(self, given)):
            if allowed is not None:
                found &= allowed
        for label, codes in given.items():
            if label in self._only:
                found &= self._only[label][codes]
        return found

    def restrict(self, label: str, codes: Codes) -> None:
        """Notes that a variable has no values but some: all that it is made of was looked at."""
        only = np.zeros(len(self.values(label)), dtype=bool)
        only[codes[codes >= 0]] = True
        self._only[label] = only & self._only.get(label, True)

    def combinations(self, labels: Iterable[str]) -> Assignment:
        """All combinations of what some variables can be, and what else these tell.

        Raises:
            OpenError: If they are too many.
        """
        wanted = tuple(dict.fromkeys(labels))
        free = self.free(wanted)
        given = self._all(free)
        self.spend(count_of(given) * (len(wanted) + 1))
        found = {label: self.told(label, given) for label in wanted}
        if not found:
            return {}
        defined = np.logical_and.reduce([own >= 0 for own in found.values()])
        defined &= self.occurs({**found, **given})
        return {label: own[defined] for label, own in found.items()}

    def _all(self, free: Sequence[str]) -> Assignment:
        """All combinations of variables that do not tell each other, and perhaps more.

        Raises:
            OpenError: If they are too many.
        """
        values = {label: self.values(label) for label in free}
        sizes = [len(own) for own in values.values()]
        count = int(np.prod(sizes, dtype=float))
        if count > LISTED:
            listed = self.relations.listed(values)
            if listed is not None:
                return listed
        if count > COMBINATIONS:
            raise OpenError(f"{', '.join(free)} have too many values together ({count:,})")
        places = np.unravel_index(np.arange(count), sizes) if sizes else ()
        return {x: np.asarray(own, np.int64) for x, own in zip(free, places, strict=True)}

    def told_selection(
        self, selector: Selector, keys: Assignment, queries: Assignment
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """What is selected, whatever there is that these do not tell, [keys, queries].

        Beside it which keys and which queries may occur at all.

        Raises:
            OpenError: If that makes a difference.
        """
        parts = list(pairs_of(selector))
        more_keys = self._extended(keys, [part.keys for part in parts])
        more_queries = self._extended(queries, [part.queries for part in parts])
        many = count_of(more_keys) * count_of(more_queries)
        if many > PAIRS:
            raise OpenError(f"selector '{selector.label}' is asked about too many pairs ({many:,})")
        chosen = self.selected(selector, more_keys, more_queries)
        key, query = rows_of(keys, more_keys), rows_of(queries, more_queries)
        chosen, key, query = chosen[key >= 0][:, query >= 0], key[key >= 0], query[query >= 0]
        found = np.zeros((count_of(keys), count_of(queries)), dtype=bool)
        found[key[:, None], query] = chosen
        if (found[key[:, None], query] != chosen).any():
            told = ", ".join(dict.fromkeys((*keys, *queries))) or "nothing"
            raise OpenError(f"selector '{selector.label}' is not told by {told}")
        self.discharged[Discharge.TABLES] += 1
        own_keys, own_queries = (np.zeros(size, dtype=bool) for size in found.shape)
        own_keys[key], own_queries[query] = True, True
        return found, own_keys, own_queries

    def _extended(self, given: Assignment, wanted: Iterable[str]) -> Assignment:
        """Combinations with those of the variables that they do not tell."""
        missing = [label for label in dict.fromkeys(wanted) if not self.tells(label, given)]
        return self.combinations((*given, *missing)) if missing else given

    def _table(self, pair: PairSelector) -> NDArray[np.bool_]:
        if id(pair) not in self._pairs:
            self._pairs[id(pair)] = pair, self._asked(pair)
        return self._pairs[id(pair)][1]

    def _asked(self, pair: PairSelector) -> NDArray[np.bool_]:
        assert isinstance(pair, Predicate)
        keys, queries = self.values(pair.keys), self.values(pair.queries)
        if len(keys) * len(queries) > CALLS:
            raise OpenError(f"selector {pair.describe()} is asked about too many pairs")
        own, asking = ([i for i, x in enumerate(each) if x is not None] for each in (keys, queries))
        table = np.zeros((len(keys), len(queries)), dtype=bool)
        held, asked = [keys[i] for i in own], [queries[j] for j in asking]
        table[np.ix_(own, asking)] = self._holds(pair, held, asked)
        return table

    def _holds(
        self, pair: Predicate, keys: Sequence[Any], queries: Sequence[Any]
    ) -> NDArray[np.bool_]:
        """What a predicate says of all pairs of a key and a query."""
        found = compared(pair.call, keys, queries)
        if found is not None:
            self.spend(found.size)
            return found
        self.spend(CALL * len(keys) * len(queries))
        try:
            calls = (bool(pair.call(key, query)) for key, query in product(keys, queries))
            called = np.fromiter(calls, dtype=bool, count=len(keys) * len(queries))
        except Exception as error:
            raise OpenError(
                f"selector {pair.describe()} raises on a pair of which it is not shown that it "
                "never occurs"
            ) from error
        return called.reshape(len(keys), len(queries))


def rows_of(part: Assignment, given: Assignment) -> NDArray[np.intp]:
    """Which combination of some variables each combination of these and others is.

    -1 where it is none of them: all that may occur are, so that such a one does not.
    """
    if not part:
        return np.zeros(count_of(given), dtype=np.intp)
    if not count_of(part):
        return np.full(count_of(given), -1, dtype=np.intp)
    sizes = [int(max(part[x].max(initial=0), given[x].max(initial=0))) + 1 for x in part]
    known = np.ravel_multi_index([part[label] for label in part], sizes)
    asked = np.ravel_multi_index([given[label] for label in part], sizes)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], asked), len(order) - 1)
    return np.where(known[order[place]] == asked, order[place], -1)
