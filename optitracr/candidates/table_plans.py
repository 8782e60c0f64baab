"""Constructions of MLPs for a form over a cut, each planned once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.care import Care
from optitracr.candidates.cuts import Cut
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.patterns import Patterns
from optitracr.candidates.relations import excludes, finer, over
from optitracr.candidates.tolerances import CODE_TOLERANCE, code_tolerance
from optitracr.candidates.ways import Freedom, Repertoire
from optitracr.candidates.weighed import weighed_variables
from optitracr.constructions.distinct import distinct_rows
from optitracr.constructions.leaves import Leaf, Plan
from optitracr.constructions.lines import line_plans
from optitracr.constructions.table_mlp import plan_table, reduced_task, refusal
from optitracr.constructions.weighted_sums import sum_plans
from optitracr.craft.piecewise import (
    JUMP_ERROR,
    LOOSE_JUMP_ERROR,
    QUERY_JUMP_ERROR,
    SHARP_JUMP_ERROR,
)
from optitracr.craft.spaces import FloatArray
from optitracr.graph.joint.links import widths_of
from optitracr.graph.numbers import ABSOLUTE_TOLERANCE
from optitracr.graph.program import Width
from optitracr.graph.relations import Relation

SAFETY = 4.0
"""By how much errors of a plan are taken to be larger than found, as `margins` does."""

NEAR_ERROR = CODE_TOLERANCE / 20
"""Rounding of what neurons near zero add up that is accepted where there are other constructions: a
twentieth of what a code may be off by, so that whoever reads it is sure of it."""

NEAR_JUMP_ERROR = JUMP_ERROR / 2
"""The same of a one-hot: half of what may be off where all is followed, so that a head that counts
by it is not off by more."""

NUMBER = ABSOLUTE_TOLERANCE / SAFETY
"""What a raw number may be off by for noise, relative where it is above 1."""

ONE_HOT = 1e-3
"""What a one-hot may be off by for noise, if no head weighs several positions by it: logits are off
by some fifty times that, far less than tells keys apart; a neuron's margin is larger."""

CODED = 2
"""Numbers of a code, such as a place on a line or a point of a circle."""

MOST_WEIGHED = {
    Care.LEAST: JUMP_ERROR,
    Care.EITHER: JUMP_ERROR,
    Care.WEIGHED: SHARP_JUMP_ERROR,
}
"""What a one-hot by which a head weighs several positions may be off by for noise: as much as steps
may round, and where that was too much as little as those may by which a mean is weighed."""


@dataclass(slots=True)
class Planned:
    """What was planned for a program and the ways of some rules, with whatever care.

    Attributes:
        plans: The plans of tables, by all that decides them.
        refused: For each variable that nothing computes from its operands, those and why.
        possible: Which combinations of some variables can occur; None if all can.
        disjoint: Whether no key is selected by two of the selectors of some widths.
        on_lines: Whether a variable is linear in raw numbers.
    """

    plans: dict[object, tuple[list[Plan], list[Plan]]] = field(default_factory=dict)
    refused: dict[str, tuple[Cut, str]] = field(default_factory=dict)
    possible: dict[Cut, NDArray[np.bool_] | None] = field(default_factory=dict)
    disjoint: dict[Cut, bool] = field(default_factory=dict)
    on_lines: dict[str, bool] = field(default_factory=dict)


class TablePlans:
    """The plans of the function tables of a program.

    Attributes:
        facts: The program.
        planned: What was planned before; grows.
        robust: Whether to plan only what bears errors, and within closer bounds.
    """

    def __init__(
        self,
        facts: Facts,
        repertoire: Repertoire,
        patterns: Patterns,
        care: Care,
        planned: Planned | None = None,
    ) -> None:
        """Plans nothing yet."""
        self.facts, self.planned = facts, planned or Planned()
        self.robust = care.is_robust
        passing = care in MOST_WEIGHED and repertoire.frees(Freedom.NOISE)
        self._most_weighed = MOST_WEIGHED[care] if passing else None
        self._further, self._patterns = repertoire.tables, patterns
        self._unreached = repertoire.frees(Freedom.UNREACHED)
        self._weighed = weighed_variables(facts.program)
        self._forms: dict[str, tuple[FloatArray, float, object]] = {}

    @property
    def refused(self) -> dict[str, tuple[Cut, str]]:
        """For each variable that nothing computes from its operands, those and why."""
        return self.planned.refused

    def of(self, form: Form, cut: Cut, leaves: list[Leaf]) -> list[Plan]:
        """The constructions of a form over a cut, fewest neurons first."""
        return self._planned(form, cut, leaves)[0]

    def beside(self, form: Form, cut: Cut, leaves: list[Leaf]) -> list[Plan]:
        """Those with fewer neurons that are proposed beside all others, fewest neurons first."""
        return self._planned(form, cut, leaves)[1]

    def _planned(self, form: Form, cut: Cut, leaves: list[Leaf]) -> tuple[list[Plan], list[Plan]]:
        rows, passed, written = self._asked(form)
        immediate = cut in self.facts.immediate(form.label)
        tolerance = self._tolerance(form, immediate)
        table, known = self.facts.tables.table, self.planned.plans
        key = (cut, tolerance, self.robust, written)
        if key not in known:
            codes, possible = table(form.label, cut), self.possible(cut)
            plans = plan_table(
                leaves,
                codes,
                rows,
                tolerance,
                possible,
                self._further,
                robust=self.robust,
                passed=passed,
            )
            given = (leaves, codes, rows, LOOSE_JUMP_ERROR)
            if not plans and (immediate or cut in self.facts.bare(form.label)):
                plans = plan_table(*given, possible, self._further, close=True)
                if not plans and immediate:
                    self.refused[form.label] = (cut, refusal(*given))
            if cut == (form.label,) and self.on_lines(form.label):
                plans += sum_plans(reduced_task(*given, close=True))
            if cut in self._several(form.label) and self.on_lines(form.label):
                # Several numbers bring their errors together; what reads the sum has wide steps.
                lines = line_plans(reduced_task(*given, possible, robust=self.robust))
                plans = sorted([*plans, *lines], key=lambda plan: plan.neurons)
            known[key] = _apart(plans)
        return known[key]

    def _asked(self, form: Form) -> tuple[FloatArray, float, object]:
        """What a form writes, what it may be off by, and a key of both, made once for each form."""
        if form.name not in self._forms:
            rows, passed = form_rows(form), self._passed(form)
            key = (form.label, rows.shape, rows.tobytes(), passed)
            self._forms[form.name] = rows, passed, key
        return self._forms[form.name]

    def tolerance(self, form: Form) -> float:
        """The error of a construction that follows what is near zero alone, and has substitutes."""
        if form.sharp or self.robust:
            return SHARP_JUMP_ERROR
        return NEAR_ERROR if form.is_number else NEAR_JUMP_ERROR

    def on_lines(self, label: str) -> bool:
        """Whether a variable is a number that is linear in raw ones, in each cell of others."""
        known = self.planned.on_lines
        if label not in known:
            own = self.facts.leaf(label)
            rows = np.asarray(own.numbers).reshape(-1, 1)
            whole = len(rows) > 0 and not own.may_be_none
            cuts = self._with_numbers(label) if whole else ()
            known[label] = any(self._lines(label, cut, rows) for cut in cuts)
        return known[label]

    def _with_numbers(self, label: str) -> dict[Cut, None]:
        """The cuts over raw numbers and others: of the operands' classes, or of several numbers."""
        return dict.fromkeys((*self.facts.bare(label), *self._several(label)))

    def _several(self, label: str) -> list[Cut]:
        """The cuts over several raw numbers."""
        facts = self.facts
        return [x for x in facts.cuts.get(label, ()) if sum(map(facts.is_raw, x)) > 1]

    def _lines(self, label: str, cut: Cut, rows: FloatArray) -> bool:
        leaves = [self.facts.leaf(x) for x in cut]
        numbers = sum(leaf.numerical for leaf in leaves)
        if not 0 < numbers < len(leaves):
            return False
        table, possible = self.facts.tables.table(label, cut), self.possible(cut)
        task = reduced_task(leaves, table, rows, LOOSE_JUMP_ERROR, possible)
        return any(True for _ in line_plans(task))

    def _tolerance(self, form: Form, immediate: bool) -> float:
        """The rounding error that all steps of a construction may have together."""
        if immediate and not self.robust:
            return LOOSE_JUMP_ERROR
        if form.sharp or self.robust:
            return SHARP_JUMP_ERROR
        return JUMP_ERROR if form.clean or form.is_number else QUERY_JUMP_ERROR

    def _passed(self, form: Form) -> float:
        """What a form may be off by for the noise of the numbers that it is computed from."""
        if self._most_weighed is None:
            return 0.0
        if form.sharp:
            return SHARP_JUMP_ERROR
        if form.label in self._weighed and not self.facts.is_raw(form.label):
            return self._most_weighed
        if form.numbers:
            rows = form_rows(form)
            # The coldness of keys that are codes grows with the square of how close they lie.
            most = JUMP_ERROR * min(1.0, _closest(rows) ** 2) if form.clean else JUMP_ERROR
            return min(most, code_tolerance(rows) / SAFETY)
        return NUMBER if form.is_number else ONE_HOT

    def possible(self, cut: Cut) -> NDArray[np.bool_] | None:
        """Which combinations of values can occur; None if all can. Looked for once for each cut."""
        if cut not in self.planned.possible:
            self.planned.possible[cut] = self._looked_for(cut)
        return self.planned.possible[cut]

    def _looked_for(self, cut: Cut) -> NDArray[np.bool_] | None:
        sizes = [len(self.facts.nodes[x].value_set.values) for x in cut]
        possible = self._within_length(cut, sizes)
        rows = self.facts.joint.rows(cut) if self._unreached else None
        if rows is not None:
            together = np.zeros(sizes, dtype=bool)
            together[tuple(rows[(rows >= 0).all(axis=1)].T)] = True
            possible = together if possible is None else possible & together
        return None if possible is None or possible.all() or not possible.any() else possible

    def _within_length(self, cut: Cut, sizes: Sequence[int]) -> NDArray[np.bool_] | None:
        """Widths of disjoint selectors add up to the length at most."""
        facts = self.facts
        widths = [i for i, x in enumerate(cut) if isinstance(facts.operation(x), Width)]
        if len(widths) < 2 or not self._disjoint([cut[i] for i in widths]):
            return None
        total = np.zeros((1,) * len(cut))
        for axis in widths:
            counts = widths_of(facts.nodes[cut[axis]])
            shape = [1] * len(cut)
            shape[axis] = counts.size
            total = total + counts.reshape(shape)
        return np.broadcast_to(total <= facts.setting.max_seq_len, sizes)

    def _disjoint(self, widths: Sequence[str]) -> bool:
        """Whether no key is selected by two of the selectors of widths."""
        key, known = tuple(widths), self.planned.disjoint
        if key not in known:
            relations = [self._finest(x) for x in widths]
            keys = tuple(dict.fromkeys(k for r in relations for k in r.keys))
            queries = tuple(dict.fromkeys(q for r in relations for q in r.queries))
            found = [over(r, keys, queries, self.facts.tables) for r in relations]
            known[key] = all(
                first is not None and second is not None and excludes(first, second)
                for first, second in combinations(found, 2)
            )
        return known[key]

    def _finest(self, width: str) -> Relation:
        """The relation of a width's selector over what lies farthest below."""
        operation = self.facts.operation(width)
        assert isinstance(operation, Width)
        relation = self.facts.relation(operation.selector)
        keys, queries = (
            (finer(side, lambda label: self._patterns.below(label)[-1:]) or [side])[0]
            for side in (relation.keys, relation.queries)
        )
        return over(relation, keys, queries, self.facts.tables) or relation


def _apart(plans: Sequence[Plan]) -> tuple[list[Plan], list[Plan]]:
    """The plans without those that are proposed beside others; and these, if they are smaller."""
    first = [plan for plan in plans if not plan.beside] or [*plans]
    fewest = min((plan.neurons for plan in first), default=0)
    beside = [plan for plan in plans if plan.beside]
    return first, [x for x in beside if x.neurons < fewest or _reads_less(x, first)]


def _reads_less(plan: Plan, others: Sequence[Plan]) -> bool:
    """Whether a code takes less to read or fewer neurons than by each of other plans."""
    code = plan.passes and len(plan.bias) <= CODED
    return code and all(x.neurons > plan.neurons or x.width > plan.width for x in others)


def _closest(rows: FloatArray) -> float:
    """The least distance of two different codes along their largest difference; 1 of one code."""
    codes, _ = distinct_rows(rows)
    apart = np.abs(codes[:, None] - codes[None]).max(axis=-1)
    return float(apart[apart > 0].min(initial=1.0))
