"""What selectors select among the positions of a world, and how many they select in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.program import CompoundSelector, PairSelector, Selector, selector_parts
from optitracr.graph.promised import least_and_most_keys
from optitracr.graph.reach.facts import Codes
from optitracr.graph.reach.intervals import Intervals, intervals
from optitracr.graph.reach.orders import Order, order_of
from optitracr.graph.reach.positions import Positions
from optitracr.graph.selecting import promises_at_most_one

MAX_ENTRIES = 4_096
"""Entries of a predicate's table that become an element constraint, the square of 64 values; larger
ones have to be intervals of keys, as orders and equality are, which need no table."""

FEW_ENTRIES = 64
"""Entries of a table up to which it is given as it is, interval or not: the solver reads so few as
quickly as an interval."""

Mask = NDArray[np.bool_]


class Selections:
    """Selectors between the positions of a world.

    Attributes:
        world: The positions.
        code: The code of a variable's value at a position; None if nothing is known of it.
    """

    def __init__(self, world: Positions, code: Callable[[str, int], Any]) -> None:
        self.world, self.code = world, code
        self._ordered: dict[tuple[str, int, bytes], Any] = {}
        self._plain: dict[tuple[int, int, int], Any] = {}
        self._selected: dict[tuple[int, int, int], Any] = {}
        self._within: dict[tuple[int, int, int], Any] = {}
        self._promised: set[tuple[int, int]] = set()
        self._widths: dict[tuple[int, int], Any] = {}
        self._found: dict[int, Intervals | None] = {}
        self._orders: dict[int, Order | None] = {}
        self._joints: dict[tuple[tuple[str, ...], int], Any] = {}
        self._kept: list[Selector] = []

    # -- one pair of positions ---------------------------------------------

    def selected(self, selector: Selector, key: int, query: int) -> Any:
        """Whether a query selects a key, as a literal; None if that is not known."""
        place = (id(selector), key, query)
        if place not in self._selected:
            self._kept.append(selector)
            literal = self.formula(selector, key, query)
            if literal is not None and self.world.facts.inputs.causal and key != query:
                literal = self._both([literal, self._visible(key, query)])
            self._selected[place] = literal
            self._keep_promises(selector, query)
        return self._selected[place]

    def _keep_promises(self, selector: Selector, query: int) -> None:
        """What a program promises of a query holds: where it does not, the input is undefined."""
        for part in selector_parts(selector):
            if part.at_most_one and (id(part), query) not in self._promised:
                self._promised.add((id(part), query))
                found = [self.selected(part, key, query) for key in self.world.positions]
                chosen = [literal for literal in found if literal is not None]
                self.world.model.add_at_most_one(chosen)

    def _visible(self, key: int, query: int) -> Any:
        """Whether a causal query sees a key."""
        if self.world.whole:
            return self.world.model.new_constant(int(key <= query))
        return self._at_most(self.world.index[key], self.world.index[query])

    def formula(self, selector: Selector, key: int, query: int) -> Any:
        """What the selector says of a pair, whether or not the query sees the key."""
        for part in selector_parts(selector):
            place = (id(part), key, query)
            if place not in self._plain:
                self._kept.append(part)
                self._plain[place] = self._one(part, key, query)
        return self._plain[(id(selector), key, query)]

    def _one(self, part: Selector, key: int, query: int) -> Any:
        """The literal of a selector whose operands' are known."""
        if isinstance(part, PairSelector):
            return self._pair(part, key, query)
        order = self._order(part)
        if order is not None:
            low, high = self._order_ends(order, query)
            place = self.world.look_up(
                order.found.keys, self._joint(order.keys, order.key_sizes, key)
            )
            return self._both([self._at_most(low, place), self._at_most(place + 1, high)])
        found = [self._plain[(id(operand), key, query)] for operand in part.operands]
        if part.operator == "not":
            return None if found[0] is None else ~found[0]
        if any(literal is None for literal in found):
            # Left open: a literal of its own, tied to the operands that are known.
            result = self.world.model.new_bool_var("")
            for literal in found:
                if literal is None:
                    continue
                if part.operator == "and":
                    self.world.model.add_implication(result, literal)
                else:
                    self.world.model.add_implication(literal, result)
            return result
        if part.operator == "and":
            return self._both(found)
        return ~self._both([~literal for literal in found])

    def _both(self, literals: list[Any]) -> Any:
        result = self.world.model.new_bool_var("")
        self.world.model.add_bool_and(literals).only_enforce_if(result)
        self.world.model.add_bool_or([~x for x in literals]).only_enforce_if(~result)
        return result

    def _pair(self, selector: PairSelector, key: int, query: int) -> Any:
        world = self.world
        table = world.facts.pairs(selector)
        codes = [self.code(selector.keys, key), self.code(selector.queries, query)]
        if table is None or any(code is None for code in codes):
            return None
        if table.all() or not table.any():
            return world.model.new_constant(int(table.flat[0]))
        found = self._intervals(selector, table)
        if found is not None:
            low, high = self._ends(selector, found, query)
            place = self._ordered_code(selector.keys, key, found.keys)
            return self._both([self._at_most(low, place), self._at_most(place + 1, high)])
        rows, row_class = np.unique(table, axis=0, return_inverse=True)
        small, column_class = np.unique(rows, axis=1, return_inverse=True)
        if small.size > MAX_ENTRIES:
            return None
        sides = [
            world.look_up(member.ravel(), code)
            for member, code in zip((row_class, column_class), codes, strict=True)
        ]
        return world.look_up(small.ravel(), world.joint(sides, small.shape))

    def _intervals(self, selector: PairSelector, table: Mask) -> Intervals | None:
        """The selector as intervals of its keys, if it is large and they are."""
        if table.size <= FEW_ENTRIES:
            return None
        if id(selector) not in self._found:
            self._found[id(selector)] = intervals(table)
        return self._found[id(selector)]

    def _ends(self, selector: PairSelector, found: Intervals, query: int) -> list[Any]:
        """The first place that a query selects, and the first after the last."""
        place = self._ordered_code(selector.queries, query, found.queries)
        return [self.world.look_up(end, place) for end in (found.first, found.after)]

    def _order(self, part: CompoundSelector) -> Order | None:
        """A disjunction as an order, if all that it compares is known here."""
        if part.operator != "or" or self.world.whole:
            return None
        if id(part) not in self._orders:
            found = order_of(part, self.world.facts)
            labels = () if found is None else (*found.keys, *found.queries)
            known = all(self.code(label, 0) is not None for label in labels)
            self._orders[id(part)] = found if known else None
        return self._orders[id(part)]

    def _order_ends(self, order: Order, query: int) -> list[Any]:
        """The first place that a query selects, and the first after the last."""
        code = self._joint(order.queries, order.query_sizes, query)
        place = self.world.look_up(order.found.queries, code)
        return [self.world.look_up(end, place) for end in (order.found.first, order.found.after)]

    def _joint(self, labels: Sequence[str], sizes: Sequence[int], position: int) -> Any:
        """The joint code of variables at a position; with an index among them all differ."""
        if (tuple(labels), position) not in self._joints:
            for place in self.world.positions:
                codes = [self.code(label, place) for label in labels]
                self._joints[(tuple(labels), place)] = self.world.joint(codes, sizes)
            if any(self.world.facts.nodes[label].is_index for label in labels):
                made = [self._joints[(tuple(labels), place)] for place in self.world.positions]
                self.world.model.add_all_different(made)
        return self._joints[(tuple(labels), position)]

    def _ordered_code(self, label: str, position: int, places: Codes) -> Any:
        """The place of a variable's code in an order of its codes."""
        key = (label, position, places.tobytes())
        if key not in self._ordered:
            self._ordered[key] = self.world.look_up(places, self.code(label, position))
        return self._ordered[key]

    def _at_most(self, small: Any, large: Any) -> Any:
        """The literal of one number being at most another."""
        model = self.world.model
        literal = model.new_bool_var("")
        model.add(small <= large).only_enforce_if(literal)
        model.add(small > large).only_enforce_if(~literal)
        return literal

    # -- how many ------------------------------------------------------------

    def width(self, selector: Selector, query: int) -> Any:
        """How many positions of the input a query selects."""
        place = (id(selector), query)
        if place not in self._widths:
            self._kept.append(selector)
            world = self.world
            width = world.model.new_int_var(0, world.facts.inputs.max_seq_len, "")
            if world.whole:
                chosen = [self.selected(selector, key, query) for key in world.positions]
                if all(literal is not None for literal in chosen):
                    world.model.add(width == sum(chosen))
                else:
                    world.model.add(width <= world.length)
            else:
                self._bound(selector, query, width)
            self._widths[place] = width
            for other in world.positions:
                if not world.whole and other != query and (id(selector), other) in self._widths:
                    self._compare(selector, query, other)
                    self._compare(selector, other, query)
        return self._widths[place]

    def _bound(self, selector: Selector, query: int, width: Any) -> None:
        """What the positions of a partial world and the length say of a width."""
        world, model = self.world, self.world.model
        causal = world.facts.inputs.causal
        seen = world.index[query] + 1 if causal else world.length
        model.add(width <= seen)
        if promises_at_most_one(selector):
            model.add(width <= 1)
        self._within_promise(selector, query, width)
        for key in world.positions:
            if self.selected(selector, key, query) is None:
                return
        chosen = [self.selected(selector, key, query) for key in world.positions]
        model.add(width >= sum(chosen))
        passed = [
            self._both([~literal, self._visible(key, query)]) if causal else ~literal
            for key, literal in enumerate(chosen)
        ]
        model.add(width <= seen - sum(passed))
        if isinstance(selector, PairSelector):
            self._count(selector, query, width, seen)

    def _within_promise(self, selector: Selector, query: int, width: Any) -> None:
        """The fewest and the most keys that the domain knows of, by the query's value."""
        facts = self.world.facts
        if not isinstance(selector, PairSelector) or not facts.is_listed(selector.queries):
            return
        code = self.code(selector.queries, query)
        found = least_and_most_keys(selector, facts.nodes)
        if found is None or code is None:
            return
        # Of a query that is None nothing is selected.
        least, most = (np.append(bound, 0) for bound in found)
        held = facts.held(selector.queries)
        self.world.model.add(width >= self.world.look_up(least[held], code))
        self.world.model.add(width <= self.world.look_up(most[held], code))

    def _count(self, selector: PairSelector, query: int, width: Any, seen: Any) -> None:
        """Queries that select all keys, or keys by their index alone, have a known width."""
        world, facts = self.world, self.world.facts
        table, code = facts.pairs(selector), self.code(selector.queries, query)
        if table is None or code is None:
            return
        full, empty = np.asarray(table.all(axis=0)), ~np.asarray(table.any(axis=0))
        for every, count in ((full, seen), (empty, 0)):
            if every.any():
                world.model.add(width == count).only_enforce_if(world.look_up(every, code))
        longest = facts.inputs.max_seq_len
        if facts.nodes[selector.keys].is_index:
            counts = np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)])
            if counts.size <= 10 * MAX_ENTRIES:
                many = world.model.new_int_var(0, longest, "")
                world.model.add(many == seen)
                place = world.joint([many, code], counts.shape)
                world.model.add(width == world.look_up(counts.astype(np.int64).ravel(), place))

    def _compare(self, selector: Selector, less: int, more: int) -> None:
        """Where all that one query selects another selects too, it selects as many and more.

        The difference is at least what the positions of this world say: each further position
        adds nothing or one to it.
        """
        world, model = self.world, self.world.model
        literal = self._contained(selector, less, more)
        chosen = [
            [self.selected(selector, key, query) for key in world.positions]
            for query in (less, more)
        ]
        if literal is None or any(x is None for side in chosen for x in side):
            return
        conditions = [literal]
        if world.facts.inputs.causal:
            conditions.append(self._visible(less, more))
        widths = [self._widths[(id(selector), query)] for query in (less, more)]
        model.add(widths[1] - widths[0] >= sum(chosen[1]) - sum(chosen[0])).only_enforce_if(
            conditions
        )

    def _contained(self, selector: Selector, less: int, more: int) -> Any:
        """Whether all keys that one query selects another selects; None if that is not known."""
        for part in selector_parts(selector):
            for pair in ((less, more), (more, less)):
                place = (id(part), *pair)
                if place not in self._within:
                    self._kept.append(part)
                    self._within[place] = self._one_contained(part, *pair)
        return self._within[(id(selector), less, more)]

    def _one_contained(self, part: Selector, less: int, more: int) -> Any:
        if isinstance(part, PairSelector):
            return self._pair_contained(part, less, more)
        order = self._order(part)
        if order is not None:
            inner, outer = (self._order_ends(order, query) for query in (less, more))
            return self._both(
                [self._at_most(outer[0], inner[0]), self._at_most(inner[1], outer[1])]
            )
        if part.operator == "not":
            # Asked for in turn: its operand's two literals are known already.
            return self._within[(id(part.operands[0]), more, less)]
        found = [self._within[(id(operand), less, more)] for operand in part.operands]
        return None if any(literal is None for literal in found) else self._both(found)

    def _pair_contained(self, selector: PairSelector, less: int, more: int) -> Any:
        world = self.world
        table = world.facts.pairs(selector)
        codes = [self.code(selector.queries, query) for query in (less, more)]
        if table is None or any(code is None for code in codes):
            return None
        found = self._intervals(selector, table)
        if found is not None:
            inner, outer = (self._ends(selector, found, query) for query in (less, more))
            return self._both(
                [self._at_most(outer[0], inner[0]), self._at_most(inner[1], outer[1])]
            )
        columns, member = np.unique(table, axis=1, return_inverse=True)
        if columns.shape[1] ** 2 > MAX_ENTRIES:
            return None
        outside = columns.T.astype(np.float32) @ (~columns).astype(np.float32)
        sides = [world.look_up(member.ravel(), code) for code in codes]
        return world.look_up((outside == 0).ravel(), world.joint(sides, outside.shape))
