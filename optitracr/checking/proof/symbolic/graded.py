"""Heads that look at the best key: shown to select what a selector selects by counting.

The logits of such a head put all keys of a query in an order; what is below BOS is not looked at.
So it finds the first of some keys in this order, or BOS. That the selector selects just that key is
shown from what the program's functions give, for all that keys and queries can hold:

- `SelectBest` and its like say so: what they select is what is above BOS, and of two such keys the
  one of the larger score, or the later one, has the larger logit.
- A selector that asks a key for the least that some widths can be selects the key that none of them
  counts another for: the first in the order, if nothing behind a key is counted for it, and for
  each but the first something before it is.
- A selector that compares a width at the key, or its index, with a width at the query selects the
  last of the keys that the query counts, if what is counted for such a key are those of them behind
  it in the order of logits, and all of them are for a key that might be selected besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.checking.proof.symbolic.heads import Pattern, Selection
from optitracr.checking.proof.symbolic.keys import Keys, Mask, distinct, least_gap, part_of
from optitracr.checking.proof.symbolic.meaning import Meaning, rows_of
from optitracr.checking.proof.symbolic.values import Assignment, OpenError, count_of
from optitracr.graph.program import (
    Best,
    Input,
    Selector,
    Source,
    Width,
    pairs_of,
    selector_reads,
)
from optitracr.rasp.graded import is_score


@dataclass(frozen=True, slots=True)
class Looked:
    """What a head that looks at the best key selects.

    Attributes:
        meaning: The program.
        found: Where the head looks.
    """

    meaning: Meaning
    found: Pattern

    def selection(self, operand: str | None = None) -> Selection:
        """How well it selects the first in its order.

        Args:
            operand: A variable of which only matters what the key holds of it.

        Raises:
            OpenError: If some key is as high as BOS, or as another one.
        """
        longest = self.meaning.setting.max_seq_len
        above, below = self._above()
        if not (above | below).all():
            raise OpenError("a head looks at BOS as at a key")
        keys = self.keys(() if operand is None else (operand,))
        row, apart = rows_of(self.found.keys, keys.held), self._apart(keys)
        if operand is not None:
            apart = apart & (keys.held[operand][:, None] != keys.held[operand])
        looks = zip(above[:, row], self.found.center[:, row], strict=True)
        gap = min((least_gap(*look, apart) for look in looks), default=np.inf)
        gap -= 2.0 * float(self.found.off[above].max(initial=0.0))
        if not gap > 0.0:
            raise OpenError("a head looks at two keys alike")
        low, high = self.found.center - self.found.off, self.found.center + self.found.off
        bos_low = (self.found.bos - self.found.bos_off)[:, None]
        bos_high = (self.found.bos + self.found.bos_off)[:, None]
        ahead = float(np.where(above, low - bos_high, np.inf).min(initial=np.inf))
        behind = float(np.where(above, np.inf, bos_low - high).min(initial=np.inf))
        leak = float(np.exp(-ahead)) + longest * float(np.exp(-gap) + np.exp(-ahead - behind))
        return Selection(0.0, leak, longest * float(np.exp(-behind)), 0)

    def _above(self) -> tuple[Mask, Mask]:
        """Which keys are above BOS for each query, and which below it, [queries, keys]."""
        found = self.found
        margin = found.off + found.bos_off[:, None]
        ahead = found.center - found.bos[:, None]
        return np.asarray(ahead > margin), np.asarray(ahead < -margin)

    def keys(self, labels: Iterable[str]) -> Keys:
        """The keys by what some variables hold beside what the head reads of them."""
        meaning, index = self.meaning, self.meaning.input(Source.INDICES)
        held = meaning.combinations((*self.found.keys, index, *labels))
        row = rows_of(self.found.keys, held)
        held = {label: codes[row >= 0] for label, codes in held.items()}
        place, row = held[index], row[row >= 0]
        above, order, _ = self._ways()
        meaning.spend(above.shape[0] * len(row))
        looks = tuple(zip(above[:, row], order[:, row], strict=True))
        return Keys(held, place, meaning.setting.causal, looks)

    def _ways(self) -> tuple[Mask, NDArray[np.int64], NDArray[np.intp]]:
        """The ways in which queries look: what is above BOS, and the order; and that of each."""
        above, _ = self._above()
        center = np.where(above, self.found.center, -np.inf)
        ranked = [np.unique(row, return_inverse=True)[1].ravel() for row in center]
        both = np.concatenate([above, np.array(ranked).reshape(above.shape)], axis=1)
        found, way = np.unique(both, axis=0, return_inverse=True)
        return found[:, : above.shape[1]] > 0, found[:, above.shape[1] :], way.ravel()

    def _apart(self, keys: Keys) -> Mask:
        """Which two keys have different indices; all pairs are looked at for each way to look."""
        self.meaning.spend(len(keys.looks) * len(keys.index) ** 2)
        return keys.apart

    def queries(self, labels: Iterable[str]) -> tuple[Assignment, NDArray[np.intp]]:
        """The queries by what some variables hold, and the way in which each looks."""
        held = self.meaning.combinations((*self.found.queries, *labels))
        row = rows_of(self.found.queries, held)
        _, _, way = self._ways()
        return {label: codes[row >= 0] for label, codes in held.items()}, way[row[row >= 0]]

    def selects(self, selector: Selector, keys: Keys, further: Iterable[str] = ()) -> bool:
        """Whether a selector selects just what is above BOS."""
        queries, way = self.queries((*selector_reads(selector)[1::2], *further))
        chosen = self.meaning.selected(selector, keys.held, queries).T
        above = np.array([above for above, _ in keys.looks]).reshape(-1, len(keys.index))[way]
        return bool((chosen == above)[self._visible(keys, queries)].all())

    def _visible(self, keys: Keys, queries: Assignment) -> Mask:
        """Which keys each query may see, [queries, keys]."""
        index = self.meaning.input(Source.INDICES)
        whole = np.ones((count_of(queries), len(keys.index)), dtype=bool)
        if not self.meaning.setting.causal or index not in queries:
            return whole
        return np.asarray(keys.index <= queries[index][:, None])

    # -- what the program says ---------------------------------------------------

    def is_best(self, best: Best) -> bool:
        """Whether the head looks at the place that the program says is the best."""
        if not all(x is None or is_score(x) for x in self.meaning.values(best.score)):
            raise OpenError(f"the score '{best.score}' may be no number")
        keys = self.keys((*selector_reads(best.selector)[0::2], best.score))
        scores = [self.meaning.values(best.score)[code] for code in keys.held[best.score].tolist()]
        rated = np.array([score is not None for score in scores])
        if any(above[~rated].any() for above, _ in keys.looks):
            return False
        order = sorted({score for score in scores if score is not None}, reverse=best.smallest)
        rank = {score: place for place, score in enumerate(order)}
        better = np.array([rank.get(score, -1) for score in scores], dtype=np.float64)
        better = better * (keys.index.max(initial=0) + 1.0) + keys.index
        some, better = keys.part(rated), better[rated]
        apart = self._apart(some)
        for above, logits in some.looks:
            of = logits[above][:, None] > logits[above]
            by = better[above][:, None] > better[above]
            if ((of != by) & apart[above][:, above]).any():
                return False
        return self.selects(best.selector, some)

    def is_least(self, selector: Selector, operand: str | None = None) -> bool:
        """Whether the head looks at the key that is selected since widths there are the least.

        Args:
            selector: What selects it.
            operand: A variable that all keys hold alike that are selected, if several may be.
        """
        ranks, own = self._ranks(selector)
        if not ranks:
            return False
        for place, (rank, least) in enumerate(ranks.items()):
            before = dict(list(ranks.items())[:place])
            if not self._is_not_counted(rank, least, before):
                return False
        if not self._is_alone(ranks, operand):
            return False
        keys = self.keys((*own, *selector_reads(selector)[0::2]))
        there = np.logical_and.reduce([self._is(keys, *each) for each in ranks.items()])
        queries, way = self.queries(selector_reads(selector)[1::2])
        chosen = self.meaning.selected(selector, keys.held, queries).T
        above = np.array([above for above, _ in keys.looks])[way] & there
        return bool((chosen == above)[self._visible(keys, queries)].all())

    def _ranks(self, selector: Selector) -> tuple[dict[str, int], list[str]]:
        """The widths of a key that are the least that they can be where it is selected."""
        meaning = self.meaning
        own = [leaf for pair in pairs_of(selector) for leaf in meaning.leaves(pair.keys)]
        keys = meaning.combinations((*own, *selector_reads(selector)[0::2]))
        queries = meaning.combinations(selector_reads(selector)[1::2])
        chosen = meaning.selected(selector, keys, queries).any(axis=1)
        ranks: dict[str, int] = {}
        for leaf in sorted(dict.fromkeys(own), key=lambda x: meaning.place[x]):
            counts = set(keys[leaf][chosen].tolist())
            if isinstance(meaning.graph.node(leaf).operation, Width) and counts in ({0}, {1}):
                ranks[leaf] = counts.pop()
        return ranks, own

    def _counted_for(self, rank: str, keys: Keys) -> Mask:
        """Which keys a width counts for each, [counted, for whom]."""
        operation = self.meaning.graph.node(rank).operation
        assert isinstance(operation, Width)
        return self.meaning.selected(operation.selector, keys.held, keys.held) & keys.seen

    def _reads(self, rank: str) -> list[str]:
        operation = self.meaning.graph.node(rank).operation
        assert isinstance(operation, Width)
        reads = selector_reads(operation.selector)
        return [*reads, *(leaf for label in reads for leaf in self.meaning.leaves(label))]

    def _is(self, keys: Keys, rank: str, count: int) -> Mask:
        """At which keys a width is so many; all where it is not looked at."""
        return keys.held[rank] == count if rank in keys.held else np.ones(len(keys.index), bool)

    def _is_not_counted(self, rank: str, least: int, before: dict[str, int]) -> bool:
        """Whether for the first of all nothing is counted but itself, if these widths are least."""
        keys = self.keys(label for each in (rank, *before) for label in self._reads(each))
        counted, apart = self._counted_for(rank, keys), self._apart(keys)
        for other, least_other in before.items():
            if other not in keys.held:
                continue
            # Of two keys the one cannot have the least width if the other is counted for it.
            more = self._counted_for(other, keys)
            itself = more.diagonal() if least_other else np.ones(len(keys.index), dtype=bool)
            counted = counted & ~((self._is(keys, other, least_other) & itself)[:, None] & more.T)
        first = np.logical_and.reduce(
            [np.ones(len(keys.index), bool), *(self._is(keys, *each) for each in before.items())]
        )
        if rank in keys.held:
            # What the head reads as the width is how many keys are counted.
            first &= keys.held[rank] != least
        for above, logits in keys.looks:
            ahead = above[:, None] & (logits[:, None] > logits)
            if (counted & apart & ~ahead)[:, above & first].any():
                return False
            if (counted.diagonal()[above & first] != bool(least)).any():
                return False
        return True

    def _is_alone(self, ranks: dict[str, int], operand: str | None) -> bool:
        """Whether for each key but the first some other is counted, where all widths are least.

        Or it holds of the operand what the first does.
        """
        own = [] if operand is None else [operand]
        keys = self.keys((*own, *(label for rank in ranks for label in self._reads(rank))))
        there = np.logical_and.reduce([self._is(keys, *each) for each in ranks.items()])
        apart = self._apart(keys)
        counted = np.logical_or.reduce([self._counted_for(rank, keys) for rank in ranks])
        if operand is not None:
            counted = counted | (keys.held[operand][:, None] == keys.held[operand])
        for above, logits in keys.looks:
            both = above & there
            behind = (logits[:, None] > logits) & apart
            if (behind & ~counted)[both][:, both].any():
                return False
        return True

    def is_last_counted(self, selector: Selector) -> bool:
        """Whether the head looks at the last of the keys that the query counts."""
        meaning = self.meaning
        keys = [leaf for pair in pairs_of(selector) for leaf in meaning.leaves(pair.keys)]
        asking = [leaf for pair in pairs_of(selector) for leaf in meaning.leaves(pair.queries)]
        for count in dict.fromkeys(asking):
            if not isinstance(meaning.graph.node(count).operation, Width):
                continue
            for rank in dict.fromkeys(keys):
                members = self._members(selector, rank, count, keys, asking)
                if members is not None and self._is_last(rank, count, *members):
                    return True
        return False

    def _members(
        self, selector: Selector, rank: str, count: str, keys: list[str], asking: list[str]
    ) -> tuple[Assignment, Assignment, Mask, int] | None:
        """What is selected if the rank exceeds the count by the right number, and that.

        None if anything else is selected.
        """
        meaning = self.meaning
        operation = meaning.graph.node(rank).operation
        is_index = isinstance(operation, Input) and operation.source is Source.INDICES
        if not is_index and not isinstance(operation, Width):
            return None
        key = meaning.combinations((*keys, *selector_reads(selector)[0::2]))
        query = meaning.combinations((*asking, *selector_reads(selector)[1::2]))
        chosen = meaning.selected(selector, key, query)
        if not chosen.any():
            return None
        others = [x for x in dict.fromkeys(keys) if x != rank]
        free = [x for x in dict.fromkeys(asking) if x != count]
        own, own_row = distinct({x: key[x] for x in others}, count_of(key))
        ask, ask_row = distinct({x: query[x] for x in free}, count_of(query))
        members = np.zeros((max(own_row, default=0) + 1, max(ask_row, default=0) + 1), dtype=bool)
        np.logical_or.at(members, (own_row[:, None], ask_row[None, :]), chosen)
        first, second = (int(place[0]) for place in chosen.nonzero())
        difference = int(key[rank][first] - query[count][second])
        equal = key[rank][:, None] == query[count] + difference
        if (chosen != members[own_row][:, ask_row] & equal).any():
            return None
        return own, ask, members, difference

    def _is_last(
        self,
        rank: str,
        count: str,
        own: Assignment,
        ask: Assignment,
        members: Mask,
        difference: int,
    ) -> bool:
        """Whether the head looks at the last of what a query counts, and that has the rank."""
        meaning = self.meaning
        by_index = isinstance(meaning.graph.node(rank).operation, Input)
        operation = meaning.graph.node(count).operation
        assert isinstance(operation, Width)
        part = operation.selector
        reads = [] if by_index else self._reads(rank)
        keys = self.keys((*own, *reads, *selector_reads(part)[0::2]))
        if not self.selects(part, keys):
            return False
        apart = self._apart(keys)
        counted = keys.index[:, None] < keys.index if by_index else self._counted_for(rank, keys)
        queries, way = self.queries((*ask, *selector_reads(part)[1::2]))
        key_row, query_row = rows_of(own, keys.held), rows_of(ask, queries)
        whole = (members.T[query_row][:, key_row] & (key_row >= 0)) & (query_row >= 0)[:, None]
        whole = whole & self._visible(keys, queries)
        for number, (above, logits) in enumerate(keys.looks):
            asked = way == number
            if not asked.any():
                continue
            behind = above[:, None] & (logits[:, None] < logits)
            if ((counted != behind) & apart)[:, above].any():
                return False
            itself = counted.diagonal()
            if (itself[above] != bool(difference + 1)).any() or difference not in (-1, 0):
                return False
            besides = whole[asked].any(axis=0) & ~above
            if (itself[besides] != bool(difference + 1)).any():
                return False
            if (~counted & apart)[above][:, besides].any():
                return False
            if (above & ~whole[asked] & self._visible(keys, part_of(queries, asked))).any():
                return False
        return True

    def is_selected(self, selector: Selector, operand: str | None = None) -> bool:
        """Whether a selector selects just the key at which the head looks.

        Args:
            selector: The selector.
            operand: A variable of which only matters what it is there; of keys that hold the same
                several may be selected.
        """
        if self.is_least(selector, operand):
            return True
        # Of keys that are as high as each other none has the rank of the last.
        self.selection()
        return self.is_last_counted(selector)
