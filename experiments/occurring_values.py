"""What the variables of a program are on every input, beside what the compiler infers of them.

What is inferred may hold more than what occurs and never less: `unsound` says where it does.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from occurring_programs import Asked

from optitracr import rasp
from optitracr.graph.build import build_graph
from optitracr.graph.inputs import Inputs
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import (
    Aggregate,
    CompoundSelector,
    Elementwise,
    PairSelector,
    Selector,
    Share,
    Width,
    fold_selector,
    holds_of,
    pairs_of,
)
from optitracr.graph.reach.correlated import Occurring
from optitracr.graph.selecting import always_selects, selects_at_most_one
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.graph.tabling import tabled_program
from optitracr.graph.variants import forms_of
from optitracr.rasp.batch import evaluate_batch
from optitracr.rasp.identity import identity_key

Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]

NONE = -1
"""Place of None, as in tables: no set has a place of that number."""

MOST_PAIRS = 60
"""Pairs of variables that are looked at in one program: all of a usual one, and of a deep one so
many that it takes no longer than others."""


MOST_TRIPLES = 20
"""Triples of variables that are looked at in one program: most relations are of two."""


@dataclass(frozen=True, slots=True, eq=False)
class Occurred:
    """Every variable on every input on which the program is defined.

    Attributes:
        tabled: The program with what is inferred.
        inputs: The inputs.
        valid: [input, position], False at padding.
        codes: For each variable whose values are listed the place of its value in its set, NONE
            for None, [input, position].
        values: For each variable of the author's the values that occur, None left out.
        strange: For each variable of the author's the values that occur and its set lacks.
        selected: For each Aggregate and width of the author's what it selects, [input, key, query].
    """

    tabled: TabledProgram
    inputs: Inputs
    valid: Mask
    codes: Mapping[str, Codes]
    values: Mapping[str, Sequence[Any]]
    strange: Mapping[str, Sequence[Any]]
    selected: Mapping[str, Mask]

    def occurring(self, *labels: str) -> Codes:
        """The combinations of some variables that occur at one position, [combination, label]."""
        return _distinct([self.codes[label][self.valid] for label in labels])

    def occurring_apart(self, key: str, query: str) -> Codes:
        """The pairs that occur at a key and a query that sees it, [pair, key and query]."""
        seen = self.seen()
        shape = seen.shape
        keys = np.broadcast_to(self.codes[key][:, :, None], shape)[seen]
        queries = np.broadcast_to(self.codes[query][:, None, :], shape)[seen]
        return _distinct([keys, queries])

    def seen(self) -> Mask:
        """Which keys which queries see, [input, key, query]."""
        return _seen(self.valid, self.inputs.causal)


def _seen(valid: Mask, causal: bool) -> Mask:
    both: Mask = valid[:, :, None] & valid[:, None, :]
    return np.triu(both) if causal else both


def _distinct(columns: Sequence[Codes]) -> Codes:
    """The distinct rows of some columns of codes, found as one number each."""
    shape = tuple(int(column.max(initial=0)) + 2 for column in columns)
    rows = np.unique(np.ravel_multi_index([column - NONE for column in columns], shape))
    return np.stack(np.unravel_index(rows, shape), axis=-1) + NONE


# -- evaluation ------------------------------------------------------------------


def occurred(asked: Asked, joint: bool = True, tabled: TabledProgram | None = None) -> Occurred:
    """Goes through every input of a program.

    Args:
        asked: The program.
        joint: Whether value sets hold only what goes together.
        tabled: What is inferred, if it is not what the compiler infers.

    Raises:
        OptitracrError: If the compiler refuses the program.
    """
    graph = build_graph(asked.program)
    tabled = tabled or tabled_program(graph, asked.inputs, joint)
    tokens, lengths = every_input(asked.inputs)
    sops = {label: sop for label, sop in graph.expressions if label in tabled.by_label()}
    choosing = {
        label: sop.selector
        for label, sop in sops.items()
        if isinstance(sop, rasp.Aggregate | rasp.SelectorWidth)
    }
    wanted = [*sops.values(), *choosing.values()]
    found = evaluate_batch(wanted, asked.inputs.vocabulary, tokens, lengths, asked.inputs.causal)
    kept = ~found.undefined
    valid = (np.arange(tokens.shape[1]) < lengths[:, None])[kept]
    codes: dict[str, Codes] = {}
    values: dict[str, list[Any]] = {}
    strange: dict[str, list[Any]] = {}
    for label, node in tabled.by_label().items():
        if label not in sops:
            _add(node, tabled, codes, valid, asked.inputs.causal)
            continue
        interned, every = found.codes(sops[label])[kept], found.values(sops[label])
        values[label] = [every[code] for code in np.unique(interned[valid]) if code]
        if node.value_set.exploded:
            continue
        place = {value: i for i, value in enumerate(node.value_set.values)}
        strange[label] = [value for value in values[label] if value not in place]
        looked_up = np.array([NONE if value is None else place.get(value, NONE) for value in every])
        codes[label] = looked_up[interned]
    selected = {label: found.selected(one)[kept] for label, one in choosing.items()}
    return Occurred(tabled, asked.inputs, valid, codes, values, strange, selected)


def every_input(inputs: Inputs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every sequence of the domain as codes, padded, and how long each is."""
    longest, count = inputs.max_seq_len, len(inputs.vocabulary)
    rows, lengths = [], []
    for length in range(1, longest + 1):
        every = np.array(list(product(range(count), repeat=length)), dtype=np.int64)
        rows.append(np.pad(every, ((0, 0), (0, longest - length))))
        lengths.append(np.full(len(every), length))
    codes, known = np.concatenate(rows), np.concatenate(lengths)
    if inputs.domain is None:
        return codes, known
    words = (
        [inputs.vocabulary[code] for code in row[:n]] for row, n in zip(codes, known, strict=True)
    )
    kept = np.array([inputs.domain.contains(word) for word in words], dtype=bool)
    return codes[kept], known[kept]


def _add(
    node: TabledNode, tabled: TabledProgram, codes: dict[str, Codes], valid: Mask, causal: bool
) -> None:
    """The codes of a variable that the compiler added, from those of what it reads."""
    if node.value_set.exploded:
        return
    operation = node.operation
    if isinstance(operation, Elementwise):
        if node.table is not None and all(label in codes for label in operation.operands):
            made = _looked_up(node.table, [codes[x] for x in operation.operands])
            codes[node.label] = np.broadcast_to(made, valid.shape)
        return
    assert isinstance(operation, Width | Aggregate)
    chosen = selected_by_tables(operation.selector, codes, valid, causal)
    if chosen is None:
        return
    counts = chosen.sum(axis=1)
    if isinstance(operation, Width):
        numbers = 1 / (1 + counts) if isinstance(operation, Share) else counts.astype(float)
        codes[node.label] = _nearest(node, numbers)
    elif operation.operand in codes:
        operand = tabled.node(operation.operand).value_set.values
        values = np.array([*map(float, operand), 0.0])[codes[operation.operand]]
        totals = np.einsum("rkq,rk->rq", chosen, values)
        default = math.nan if operation.default is None else float(operation.default)
        means = np.where(counts > 0, totals / np.maximum(counts, 1), default)
        codes[node.label] = _nearest(node, means)


def _looked_up(table: NDArray[np.int32], operands: Sequence[Codes]) -> Codes:
    if not operands:
        return table.astype(np.intp)
    padded = np.pad(table, [(0, 1)] * table.ndim, constant_values=NONE)
    return np.asarray(padded[tuple(operands)], dtype=np.intp)


def _nearest(node: TabledNode, numbers: NDArray[np.float64]) -> Codes:
    """The place of each number in a set, where sums of floats may differ in the last bits."""
    values = np.array(node.value_set.values, dtype=np.float64)
    distances = np.abs(values - np.nan_to_num(numbers, nan=math.inf)[..., None])
    codes: Codes = distances.argmin(axis=-1)
    lacking = ~np.isnan(numbers) & (distances.min(axis=-1) > 1e-9 * (1 + np.abs(numbers)))
    assert not lacking.any(), f"{node.label} cannot be {numbers[lacking][0]!r}"
    return np.where(np.isnan(numbers), NONE, codes)


def selected_by_tables(
    selector: Selector, codes: Mapping[str, Codes], valid: Mask, causal: bool
) -> Mask | None:
    """What a selector selects by its tables, [input, key, query]; None if it has none."""
    if any(x not in codes for pair in pairs_of(selector) for x in (pair.keys, pair.queries)):
        return None

    def leaf(pair: PairSelector) -> Mask:
        holds = np.pad(holds_of(pair), (0, 1))
        return np.asarray(holds[codes[pair.keys][:, :, None], codes[pair.queries][:, None, :]])

    def combined(compound: CompoundSelector, parts: Sequence[Mask]) -> Mask:
        if compound.operator == "not":
            return ~parts[0]
        every = np.logical_and if compound.operator == "and" else np.logical_or
        return np.asarray(every.reduce(parts))

    return np.asarray(fold_selector(selector, leaf, combined) & _seen(valid, causal))


# -- comparison ------------------------------------------------------------------


def unsound(found: Occurred) -> list[str]:
    """What occurs and is not inferred, in words; empty if what is inferred is right."""
    return [
        *_values(found),
        *_tables(found),
        *_selections(found),
        *_pairs(found),
        *_together(found),
    ]


def _values(found: Occurred) -> Iterator[str]:
    for label, node in found.tabled.by_label().items():
        own = node.value_set
        for value in found.strange.get(label, ()):
            yield f"{label} is {value!r}, which its set lacks"
        if label not in found.codes:
            continue
        none = not found.strange.get(label) and bool((found.codes[label][found.valid] < 0).any())
        if none and not own.may_be_none:
            yield f"{label} is None, which its set lacks"
        kinds = set(map(identity_key, forms_of(own.values, own.forms)))
        for value in found.values.get(label, ()):
            if value in own.forms and identity_key(value) not in kinds:
                yield f"{label} is {value!r} of {type(value).__name__}, a form that is not known"


def _tables(found: Occurred) -> Iterator[str]:
    for label, node in found.tabled.by_label().items():
        tables = [(x.operands, x.table) for x in node.definitions]
        if isinstance(node.operation, Elementwise) and node.table is not None:
            tables.append((node.operation.operands, node.table))
        for operands, table in tables:
            if not all(x in found.codes for x in (label, *operands)):
                continue
            told = _looked_up(table, [found.codes[x] for x in operands])
            differ = found.valid & (told != found.codes[label])
            if differ.any():
                row, at = np.argwhere(differ)[0]
                read = tuple(int(found.codes[x][row, at]) for x in operands)
                own = int(found.codes[label][row, at])
                yield f"{label} has place {own} for the places {read} of {operands}, not as tabled"


def _selections(found: Occurred) -> Iterator[str]:
    for label, node in found.tabled.by_label().items():
        operation = node.operation
        if not isinstance(operation, Width | Aggregate):
            continue
        told = selected_by_tables(operation.selector, found.codes, found.valid, found.inputs.causal)
        chosen = found.selected.get(label, told)
        if chosen is None:
            continue
        if told is not None and bool((told != chosen).any()):
            yield f"{label} selects other positions than its tables say"
        counts = chosen.sum(axis=1)[found.valid]
        known = found.tabled.by_label()
        if selects_at_most_one(operation.selector, known) and counts.max(initial=0) > 1:
            yield f"{label} selects {counts.max()} positions, and is said to select one at most"
        if always_selects(operation.selector, known) and counts.min(initial=1) < 1:
            yield f"{label} selects no position, and is said to select one always"


def _pairs(found: Occurred) -> Iterator[str]:
    joint = JointValues(found.tabled.by_label(), found.inputs)
    occurring = Occurring(joint)
    for first, second in pairs_of_labels(found):
        for place in _present(found.occurring(first, second)):
            if not occurring.together((first, second), place):
                yield f"{first} and {second} have the places {place}, which is said not to occur"
        for place in _present(found.occurring_apart(first, second)):
            if not occurring.apart(first, second, place):
                yield f"{first} at a key and {second} at a query have the places {place}"


def _together(found: Occurred) -> Iterator[str]:
    joint = JointValues(found.tabled.by_label(), found.inputs)
    for labels in (*pairs_of_labels(found), *triples_of_labels(found)):
        inferred = joint.rows(labels)
        if inferred is None:
            continue
        known = set(map(tuple, inferred.tolist()))
        lacking = set(map(tuple, found.occurring(*labels).tolist())) - known
        if lacking:
            yield f"{labels} have the places {sorted(lacking)[0]}, which no joint row has"


def _present(rows: Codes) -> list[tuple[int, ...]]:
    """Those of some combinations in which nothing is None."""
    return [tuple(row) for row in rows[(rows >= 0).all(axis=1)].tolist()]


def pairs_of_labels(found: Occurred) -> list[tuple[str, str]]:
    """Pairs of variables to look at: all, or so many as there is time for."""
    every = [(first, second) for first in found.codes for second in found.codes]
    return random.Random(len(every)).sample(every, min(MOST_PAIRS, len(every)))


def triples_of_labels(found: Occurred) -> list[tuple[str, ...]]:
    """Some variables by three."""
    every, draw = list(found.codes), random.Random(len(found.codes))
    return [tuple(draw.choices(every, k=3)) for _ in range(MOST_TRIPLES if every else 0)]
