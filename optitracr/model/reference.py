"""The program that a model was compiled from, for comparison with the interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.component import Held
from optitracr.graph.program import Aggregate, Best, ProgramGraph, Width, holds_of, pairs_of
from optitracr.graph.tabled import TabledProgram

MOST_KEPT = 50_000
"""Entries of one table beyond which it is not kept: no file holds the program then."""


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """What a program's functions gave when it was compiled.

    Attributes:
        results: For each s-op that a function makes its value for each combination of what it
            reads, as a place in its list of values, -1 for None; and which of these are known.
        selected: For each selector by a predicate which key values which query values select;
            several where selectors have one label.
    """

    results: Mapping[str, tuple[NDArray[np.int32], NDArray[np.bool_]]]
    selected: Mapping[str, tuple[NDArray[np.bool_], ...]]

    def gives_as_before(self, label: str, values: Sequence[Any], results: Sequence[Any]) -> bool:
        """Whether an s-op has these results, wherever an input leads; True if nothing is known.

        Args:
            label: The s-op.
            values: What it can be.
            results: Its results; None also where there is none.
        """
        if label not in self.results:
            return True
        table, told = (part.ravel().tolist() for part in self.results[label])
        padded = (*values, None)
        return len(table) == len(results) and all(
            padded[code] == result or not known
            for code, known, result in zip(table, told, results, strict=True)
        )

    def selects_as_before(self, label: str, results: Sequence[Any]) -> bool:
        """Whether a selector of this label selected so; True if nothing is known."""
        now = np.array([bool(result) for result in results], dtype=bool)
        known = self.selected.get(label, ())
        return not known or any(np.array_equal(now, then.ravel()) for then in known)


UNKNOWN = Calls({}, {})
"""Nothing is known of functions that are tables themselves, which never give anything else."""


def calls_of(program: TabledProgram) -> Calls:
    """What the functions of a program gave, by its tables."""
    results = {
        node.label: (node.value_set.table, node.value_set.told)
        for node in program.nodes
        if node.value_set.table is not None and node.value_set.told is not None
    }
    pairs = {
        id(pair): pair
        for node in program.nodes
        if isinstance(node.operation, Aggregate | Best | Width)
        for pair in pairs_of(node.operation.selector)
    }
    selected: dict[str, tuple[NDArray[np.bool_], ...]] = {}
    for pair in pairs.values():
        if holds_of(pair).size <= MOST_KEPT:
            selected[pair.label] = (*selected.get(pair.label, ()), holds_of(pair))
    kept = {label: both for label, both in results.items() if both[0].size <= MOST_KEPT}
    return Calls(kept, selected)


@dataclass(frozen=True, slots=True)
class Reference:
    """A program and its variables.

    Attributes:
        program: The s-op that was compiled.
        graph: Its graph.
        readings: What each variable of the residual stream holds; those that hold no RASP
            variable (BOS, the constant, raw outputs of heads) are left out.
        values: The values that each variable of the graph can take, without numbers of which they
            are not listed. Empty where a function tells equal values apart, so that lists of
            values do not say what it is asked.
        calls: What its functions gave when it was compiled.
        shares: The raw outputs of heads that count, with the width that each tells.
    """

    program: Any
    graph: ProgramGraph
    readings: Mapping[str, Held]
    values: Mapping[str, tuple[Any, ...]]
    calls: Calls = UNKNOWN
    shares: Mapping[str, Held] = field(default_factory=dict)
