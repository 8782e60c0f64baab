"""From a tabled program to a guest: which heads and tables compute it, each as early as it can.

A function of one variable is read off it and costs nothing. Where a head reads a function of
several, or of a share, an MLP writes it first. A mean over several keys, of which each comes with
a scale of its own, is a function of counts here (`optitracr.graph.rewrites.ratios`), or refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optitracr.candidates.relations import conditions, over
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.conjunctions import Condition as TabledCondition
from optitracr.errors import UnsupportedError
from optitracr.graph.about import about
from optitracr.graph.program import Aggregate, Best, Elementwise, Input, Selector, Source, Width
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.selecting import selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.hosts.guest import (
    Codes,
    Condition,
    Copying,
    Guest,
    HeadPart,
    Held,
    Kind,
    Output,
    Part,
    TablePart,
)
from optitracr.hosts.programs import MAX_COMBINATIONS
from optitracr.hosts.selecting import binding, counted


@dataclass(frozen=True, slots=True)
class Ways:
    """What a host's embedding supplies.

    Attributes:
        positions: Whether it has an embedding of positions; if not, a head counts them.
    """

    positions: bool


def lowered(
    program: TabledProgram,
    ways: Ways,
    positions: int,
    written: bool = False,
    clean: frozenset[str] = frozenset(),
) -> Guest:
    """The guest of a program.

    Args:
        program: The program, tabled, of its causal reading.
        ways: What the host's embedding supplies.
        positions: Longest input, BOS not counted.
        written: Whether an MLP has to write the output.
        clean: Names of variables that heads read as they are written again.

    Raises:
        UnsupportedError: If an operation has no exact form in a host; names the s-op.
    """
    work = _Lowering(program, ways, positions, clean)
    for node in program.nodes:
        with about(node):
            work.add(node)
    output = work.output(program.output, written)
    token = next((node for node in program.nodes if node.is_token), None)
    symbols = () if token is None else token.value_set.values
    return Guest(tuple(work.held), tuple(work.parts), output, symbols, positions)


@dataclass(slots=True)
class _Lowering:
    program: TabledProgram
    ways: Ways
    positions: int
    clean: frozenset[str]
    held: list[Held] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    first: dict[str, Held] = field(default_factory=dict)
    written: dict[str, Held] = field(default_factory=dict)
    cleaned: dict[str, Held] = field(default_factory=dict)
    tables: FunctionTables = field(init=False)

    def __post_init__(self) -> None:
        self.tables = FunctionTables.of(self.program)

    def add(self, node: TabledNode) -> None:
        """Lowers a variable that is no function of others."""
        match node.operation:
            case Input():
                self._input(node, node.operation)
            case Width():
                self._width(node, node.operation)
            case Aggregate():
                self._aggregate(node, node.operation)
            case Best():
                raise UnsupportedError(
                    f"s-op {node.describe()} takes the best of several keys, which a host's norm "
                    "does not leave comparable; count what is better with rasp.SelectorWidth"
                )
            case Elementwise():
                return

    # What is made.

    def _new(
        self, label: str, kind: Kind, state: int, entries: Sequence[int] = (), default: int = -1
    ) -> Held:
        node = self.tables.nodes[label]
        own = node.value_set
        name = f"{label}.{kind.value}"
        found = Held(
            name,
            label,
            kind,
            own.values,
            own.may_be_none,
            state,
            node.is_index,
            tuple(entries),
            default,
        )
        self.held.append(found)
        return found

    def _input(self, node: TabledNode, operation: Input) -> None:
        if operation.source is Source.TOKENS:
            self.first[node.label] = self._new(node.label, Kind.TOKEN, 0)
        elif self.ways.positions:
            self.first[node.label] = self._new(node.label, Kind.INDEX, 0)
        else:
            # Position i sees i + 1 keys, itself among them.
            entries = (-1, *range(self.positions))
            self._share(node.label, (), entries)

    def _share(self, label: str, found: Sequence[Condition], entries: Sequence[int]) -> None:
        sublayer = _attention_from([x.state for c in found for x in (c.key, c.query)])
        held = self._new(label, Kind.SHARE, sublayer + 1, entries)
        self.first[label] = held
        self.parts.append(HeadPart(sublayer, tuple(found), None, held))

    def _width(self, node: TabledNode, operation: Width) -> None:
        selecting = counted(self._conditions(operation.selector))
        place = {int(value): entry for entry, value in enumerate(node.value_set.values)}
        counts = [max(count - selecting.surplus, 0) for count in range(self.positions + 1)]
        entries = [place.get(count, -1) for count in counts]
        self._share(node.label, binding(selecting.conditions), entries)

    def _aggregate(self, node: TabledNode, operation: Aggregate) -> None:
        if node.is_numerical and not selects_at_most_one(operation.selector, self.tables.nodes):
            raise UnsupportedError(
                f"s-op {node.describe()} takes the mean of numbers at several keys, each of which "
                "comes with a scale of its own in a host, so that only counts are exact, and of "
                f"these it takes a table of more than {MAX_COMBINATIONS:,} entries; map what it "
                "averages to fewer values, lower max_seq_len, or select one key"
            )
        found = binding(self._conditions(operation.selector))
        copied = self.single(operation.operand)
        place = {value: entry for entry, value in enumerate(node.value_set.values)}
        values = (*self.tables.nodes[operation.operand].value_set.values, None)
        to = np.array([place.get(value, len(place)) for value in values], dtype=np.intp)
        entry = to[self._along(operation.operand, copied)]
        default = place.get(operation.default, len(place))
        states = [copied.state, *(x.state for c in found for x in (c.key, c.query))]
        sublayer = _attention_from(states)
        held = self._new(node.label, Kind.COPY, sublayer + 1, default=default)
        self.first[node.label] = held
        self.parts.append(HeadPart(sublayer, found, Copying(copied, entry, default), held))

    def output(self, label: str, written: bool) -> Output:
        """Where the output is read: off one variable."""
        leaves = self.leaves(label)
        if not written and len(leaves) == 1 and leaves[0] in self.first:
            held = self.first[leaves[0]]
        elif written and label not in self.written:
            held = self._write(label)
        else:
            held = self.single(label)
        values = (*self.tables.nodes[label].value_set.values, None)
        return Output(held, tuple(values[place] for place in self._along(label, held)))

    # What is read.

    def leaves(self, label: str) -> tuple[str, ...]:
        """The variables of heads and embeddings that a variable is a function of, all told."""
        return self._leaves(label, self.first)

    def _leaves(self, label: str, known: dict[str, Held]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        seen: set[str] = set()
        stack = [label]
        while stack:
            one = stack.pop()
            if one in known:
                found[one] = None
            elif one not in seen:
                seen.add(one)
                stack += reversed(self.tables.definitions(one)[0].operands)
        return tuple(found)

    def _along(self, label: str, held: Held) -> Codes:
        """For each entry of what is held the entry of a variable that is a function of it."""
        found = np.asarray(self.tables.with_none(label, (held.label,)), dtype=np.intp)
        return np.where(found < 0, len(self.tables.nodes[label].value_set.values), found)

    def single(self, label: str) -> Held:
        """A one-hot in the stream of which a variable is a function; written if there is none."""
        for known in (self.first, {**self.first, **self.written}):
            leaves = self._leaves(label, known)
            if len(leaves) == 1:
                held = self._one_hot(leaves[0])
                if held is not None:
                    return held
        return self._write(label)

    def _one_hot(self, label: str) -> Held | None:
        for known in (self.first, self.written):
            if label in known and known[label].kind is not Kind.SHARE:
                return known[label]
        return None

    def _write(self, label: str) -> Held:
        """Neurons that write a variable as a one-hot."""
        leaves = self.leaves(label)
        if self._combinations(leaves) > MAX_COMBINATIONS:
            leaves = self._coarser(label)
        axes = tuple(self._cleaned(axis) for axis in self._axes(label, leaves))
        table = np.asarray(self.tables.with_none(label, leaves), dtype=np.intp)
        table = np.where(table < 0, len(self.tables.nodes[label].value_set.values), table)
        sublayer = _mlp_from([axis.state for axis in axes])
        held = self._new(label, Kind.TABLE, sublayer + 1)
        self.written[label] = held
        self.parts.append(TablePart(sublayer, axes, table, held))
        return held

    def _cleaned(self, held: Held) -> Held:
        """What a head reads of a one-hot: the same written again, if it has to be."""
        if held.name not in self.clean:
            return held
        if held.name not in self.cleaned:
            sublayer = _mlp_from([held.state])
            made = replace(
                held,
                name=f"{held.name}.clean",
                kind=Kind.TABLE,
                state=sublayer + 1,
                default=-1,
                is_clean=True,
            )
            self.held.append(made)
            self.parts.append(TablePart(sublayer, (held,), np.arange(held.size + 1), made))
            self.cleaned[held.name] = made
        return self.cleaned[held.name]

    def _combinations(self, leaves: Sequence[str]) -> int:
        return int(np.prod([len(self.tables.nodes[x].value_set.values) for x in leaves]))

    def _coarser(self, label: str) -> tuple[str, ...]:
        """What a table reads whose leaves are too many: its operands, written before it."""
        operands = self.tables.definitions(label)[0].operands
        small = {x: self.written[x] for x in operands if x in self.written}
        for operand in operands:
            if operand not in self.first and operand not in small:
                small[operand] = self._write(operand)
        found = tuple(dict.fromkeys(operands))
        if self._combinations(found) > MAX_COMBINATIONS or label in found:
            node = self.tables.nodes[label]
            raise UnsupportedError(
                f"s-op {node.describe()} is a function of {self._combinations(found):,} "
                f"combinations of values, and a host is given at most {MAX_COMBINATIONS:,}; map "
                "its operands to fewer values first, or lower max_seq_len"
            )
        return found

    def _axes(self, label: str, leaves: Sequence[str]) -> tuple[Held, ...]:
        """What a table reads: of several shares one, or two that it only compares."""
        shares = [x for x in leaves if self._one_hot(x) is None]
        table = np.asarray(self.tables.with_none(label, tuple(leaves)), dtype=np.intp)
        if len(shares) == 2 and compares(table, leaves, [self.first[x] for x in shares]):
            shares = []
        # The share with the most values stays one: neurons read it by thresholds.
        shares.sort(key=lambda x: len(self.tables.nodes[x].value_set.values))
        for share in shares[:-1]:
            self._write(share)
        last = shares[-1:]
        return tuple(
            self.first[x] if x in last else self._one_hot(x) or self.first[x] for x in leaves
        )

    def _conditions(self, selector: Selector) -> tuple[Condition, ...]:
        """What has to hold of a selected key, over one-hots that the stream holds."""
        relation = relation_of(selector)
        fine = self._finest(relation)
        found = None if fine is None else conditions(fine, self.tables, causal=True)
        if found is None:
            found = conditions(relation, self.tables, causal=True)
        if found is None:
            raise UnsupportedError(
                f"selector '{selector.label}' is no sum of conditions on one key and one query "
                "variable each; combine several Selects by '&'"
            )
        return tuple(map(self._condition, found))

    def _finest(self, relation: Relation) -> Relation | None:
        """The relation over what heads and embeddings write, unless that holds counts."""
        sides = [
            tuple(dict.fromkeys(leaf for x in side for leaf in self.leaves(x)))
            for side in (relation.keys, relation.queries)
        ]
        if any(self._counts(self.first[leaf]) for side in sides for leaf in side):
            return None
        return over(relation, sides[0], sides[1], self.tables)

    def _counts(self, held: Held) -> bool:
        """Whether it is a count, and not that of positions, of which a one-hot is often read."""
        return held.kind is Kind.SHARE and not held.is_index

    def _condition(self, found: TabledCondition) -> Condition:
        key, query = (self._cleaned(self.single(x)) for x in (found.key, found.query))
        rows, columns = self._along(found.query, query), self._along(found.key, key)
        return Condition(key, query, np.asarray(found.table.T[np.ix_(rows, columns)]))


def compares(table: Codes, leaves: Sequence[str], shares: Sequence[Held]) -> bool:
    """Whether a table tells of two counts only which is larger, whatever else it reads."""
    places = [leaves.index(share.label) for share in shares]
    moved = np.moveaxis(np.asarray(table), places, (-2, -1))[..., :-1, :-1]
    counts = [counts_of(share) for share in shares]
    order = np.sign(counts[0][:, None] - counts[1][None, :])
    return all(
        bool((part[..., 0:1] == part).all())
        for part in (moved[..., order == sign] for sign in (-1, 0, 1))
        if part.shape[-1]
    ) and all(
        len({x for x in share.entries if x >= 0}) == sum(x >= 0 for x in share.entries)
        for share in shares
    )


def counts_of(share: Held) -> Codes:
    """The count of each value of a share, of which each has one."""
    found = np.full(share.size, -1, dtype=np.intp)
    for count, entry in enumerate(share.entries):
        if entry >= 0:
            found[entry] = count
    return found


def _attention_from(states: Sequence[int]) -> int:
    """The first attention sublayer at which all states can be read."""
    first = max(states, default=0)
    return first + first % 2


def _mlp_from(states: Sequence[int]) -> int:
    """The first MLP sublayer at which all states can be read."""
    first = max(states, default=0)
    return first + 1 - first % 2
