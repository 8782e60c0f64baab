"""Some or all positions of an input as a CP-SAT model, before any variable is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.graph.reach.facts import Facts
from solvers.interrupts import load_cp_sat


class Positions:
    """Positions of one input.

    Attributes:
        facts: The program.
        model: The CP-SAT model.
        positions: The positions, as places in the lists of this world.
        whole: Whether they are all positions of the input, in order.
        index: The index of each position.
        length: The length of the input.
    """

    def __init__(self, facts: Facts, positions: int, whole: bool) -> None:
        load_cp_sat()
        from ortools.sat.python import cp_model

        self.facts, self.whole = facts, whole
        self.positions = range(positions)
        self.model: Any = cp_model.CpModel()
        longest = facts.inputs.max_seq_len
        if whole:
            self.index: list[Any] = [self.model.new_constant(p) for p in self.positions]
            self.length: Any = self.model.new_constant(positions)
        else:
            self.index = [self.model.new_int_var(0, longest - 1, "") for _ in self.positions]
            lengths = cp_model.Domain.from_values(facts.inputs.lengths)
            self.length = self.model.new_int_var_from_domain(lengths, "")
            for index in self.index:
                self.model.add(index < self.length)
            self.model.add_all_different(self.index)

    def look_up(self, table: NDArray[Any], place: Any) -> Any:
        """The entry of a table at a place that the model decides."""
        from ortools.sat.python import cp_model

        entries = table.astype(np.int64).tolist()
        distinct = sorted(set(entries))
        if len(distinct) == 1:
            return self.model.new_constant(distinct[0])
        steps = np.diff(entries)
        if len(distinct) > 2 and (steps == steps[0]).all():
            return place * int(steps[0]) + entries[0]
        domain = cp_model.Domain.from_values(distinct)
        result = self.model.new_int_var_from_domain(domain, "")
        self.model.add_element(place, entries, result)
        return result

    def joint(self, codes: Sequence[Any], sizes: Sequence[int]) -> Any:
        """The place of several codes in the flat table over them."""
        if len(codes) == 1:
            return codes[0]
        place = self.model.new_int_var(0, int(np.prod(sizes)) - 1, "")
        strides = np.cumprod([1, *sizes[:0:-1]])[::-1]
        self.model.add(place == sum(c * int(s) for c, s in zip(codes, strides, strict=True)))
        return place
