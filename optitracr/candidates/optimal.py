"""Candidate components of level 2: what could compute each form of each variable.

Starting from what the output needs, every need proposes the forms that would serve it,
every form the components that would compute it, and those their own needs, until nothing
is new. The solver then chooses among all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.cuts import enumerate_cuts
from optitracr.candidates.forms import NO_CLASS, Classes, Form, Need, canonical, form_rows
from optitracr.candidates.heads import HeadPlan, plan_head
from optitracr.candidates.setting import Setting
from optitracr.candidates.table_mlp import Axis, Leaf, Plan, plan_table
from optitracr.candidates.tables import FunctionTables
from optitracr.craft.piecewise import JUMP_ERROR, LOOSE_JUMP_ERROR, QUERY_JUMP_ERROR
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Input,
    PairSelector,
    ProgramGraph,
    Width,
)
from optitracr.graph.rewrite import selector_key
from optitracr.graph.values import ValueSet

MAX_FORMS = 6
"""Forms of one variable beyond which new needs get only the joint one."""

MAX_NEURONS = 1024
"""Neurons of a fused component; the cut over the immediate operands may take more."""

PLANS = 2
"""Constructions kept for each cut: the fewest neurons, and another that reads less."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component that could compute a form.

    Attributes:
        name: Unique name.
        form: Name of the form computed.
        needs: What it reads.
        plan: An MLP's construction, or a head's.
        selector: Candidates with equal selectors can share a head; "" for MLPs.
        reads_bos: Whether it reads the BOS dimension.
        fused: The variables that it computes on the way and that get no dimension.
    """

    name: str
    form: str
    needs: tuple[Need, ...]
    plan: Plan | HeadPlan
    selector: str = ""
    reads_bos: bool = False
    fused: tuple[str, ...] = ()

    @property
    def neurons(self) -> int:
        """Neurons that it takes."""
        if isinstance(self.plan, HeadPlan):
            return 0
        return self.plan.neurons + int(self.reads_bos and bool(self.plan.bias.any()))


class Enumeration:
    """Proposes forms and candidates until nothing is new."""

    def __init__(
        self, graph: ProgramGraph, values: Mapping[str, ValueSet], setting: Setting
    ) -> None:
        self.graph, self.values, self.setting = graph, values, setting
        self.nodes = graph.by_label()
        self.tables = FunctionTables.of(graph, values)
        self.cuts = enumerate_cuts(graph, self.tables)
        self.selectors: dict[object, str] = {}
        self.forms: dict[tuple[object, ...], Form] = {}
        self.candidates: list[Candidate] = []
        self.needs: dict[Need, None] = {}
        self.pending: list[Form] = []
        self._sources: dict[str, list[tuple[str, NDArray[np.integer] | None]]] = {}
        self._plans: dict[object, list[Plan]] = {}
        self.wanted: dict[str, list[tuple[Classes, bool]]] = {}

    # -- variables ---------------------------------------------------------

    def is_raw(self, label: str) -> bool:
        """Whether a variable is a number that no table of values lies below."""
        node = self.nodes[label]
        match node.operation:
            case Width():
                return True
            case Aggregate():
                return node.is_numerical
            case Elementwise(operands=operands, factors=factors):
                linear = factors is not None and node.is_numerical
                return linear and any(self.is_raw(x) for x in operands)
            case _:
                return False

    def sources(self, label: str) -> list[tuple[str, NDArray[np.integer] | None]]:
        """The variables of which this one is a function, as far back as there are any.

        A form of the farthest one holds just what a form of this one would, so that only
        those get forms; this one itself where it is a function of no single other.
        """
        if label not in self._sources:
            found = [
                (cut[0], self.tables.table(label, cut))
                for cut in self.cuts.get(label, ())
                if len(cut) == 1 and not self.is_raw(cut[0]) and self.is_farthest(cut[0])
            ]
            self._sources[label] = [*found] if found else [(label, None)]
        return self._sources[label]

    def is_farthest(self, label: str) -> bool:
        """Whether a variable is a function of no single other one."""
        return not any(
            len(cut) == 1 and not self.is_raw(cut[0]) for cut in self.cuts.get(label, ())
        )

    def leaf(self, label: str) -> Leaf:
        """A variable as a table reads it."""
        values = self.values[label].values
        numeric = all(isinstance(v, int | float) for v in values)
        return Leaf(
            label,
            self.is_raw(label),
            self.values[label].may_be_none,
            tuple(float(v) for v in values) if numeric else (),
            len(values),
        )

    # -- needs and forms ---------------------------------------------------

    def demand(self, need: Need) -> None:
        """Proposes the forms that would serve a need."""
        if need in self.needs:
            return
        self.needs[need] = None
        if need.raw:
            self.propose(need.label, (), (), need.clean)
            return
        if max(need.classes, default=NO_CLASS) == NO_CLASS:
            return
        for label, along in self.sources(need.label):
            wanted = np.asarray(need.classes)
            if along is not None:
                wanted = np.append(wanted, NO_CLASS)[along]
            classes = canonical(wanted)
            self.wanted.setdefault(label, []).append((classes, need.clean))
            self.propose(label, classes, (), need.clean)
            if need.numbers and max(classes) > 0:
                held = np.append(np.asarray(need.numbers), 0.0)[wanted]
                self.propose(label, (), tuple(float(x) for x in held), need.clean)

    def propose(
        self,
        label: str,
        classes: Classes,
        numbers: tuple[float, ...],
        clean: bool,
        joint: bool = False,
    ) -> None:
        """Adds a form if it is new and the variable has not too many."""
        can_be_dirty = isinstance(self.nodes[label].operation, Elementwise)
        clean = clean or not (can_be_dirty or self._dirty_head(label))
        if not classes and not numbers and not self.is_raw(label):
            return
        if classes and max(classes) == NO_CLASS:
            return
        key = (label, classes, numbers, clean)
        existing = [form for form in self.forms.values() if form.label == label]
        if key in self.forms or (len(existing) >= MAX_FORMS and not joint):
            return
        count = len(existing)
        name = label if count == 0 else f"{label}~{count}"
        values = self.values[label].values
        signed = min(numbers, default=0.0) < 0 or (
            not classes and not numbers and (not values or min(values) < 0)
        )
        form = Form(name, label, classes, numbers, clean, signed)
        self.forms[key] = form
        self.pending.append(form)

    def _dirty_head(self, label: str) -> bool:
        """Whether a head's output is not zero at BOS: a width's, or one with a default."""
        operation = self.nodes[label].operation
        if isinstance(operation, Aggregate):
            return operation.default is not None and operation.default != 0
        return isinstance(operation, Width)

    def run(self) -> None:
        """Enumerates to the end, then adds the joint form of variables with several."""
        self._drain()
        for node in reversed(self.graph.nodes):
            if node.label in self.wanted:
                self._joint(node.label)
                self._drain()

    def _joint(self, label: str) -> None:
        """One form that serves all needs of a variable, those without a form included."""
        wanted = self.wanted.get(label, [])
        stacked = np.array([classes for classes, _ in wanted])
        if len(np.unique(stacked, axis=0)) < 2:
            return
        _, member = np.unique(stacked, axis=1, return_inverse=True)
        nothing = (stacked == NO_CLASS).all(axis=0)
        classes = canonical(np.where(nothing, NO_CLASS, member.ravel()))
        clean = any(clean for _, clean in wanted)
        self.propose(label, classes, (), clean, joint=True)

    def _drain(self) -> None:
        while self.pending:
            form = self.pending.pop(0)
            for candidate in self._candidates(form):
                self.candidates.append(candidate)
                for need in candidate.needs:
                    self.demand(need)

    # -- candidates --------------------------------------------------------

    def _candidates(self, form: Form) -> list[Candidate]:
        operation = self.nodes[form.label].operation
        match operation:
            case Input():
                return []
            case Elementwise():
                if self.is_raw(form.label):
                    return list(self._linear(form, operation))
                return list(self._fused(form))
            case Aggregate() | Width():
                return list(self._head(form, operation))
        raise AssertionError(operation)

    def _fused(self, form: Form) -> Iterator[Candidate]:
        rows = form_rows(form)
        for cut in self.cuts[form.label]:
            leaves = [self.leaf(label) for label in cut]
            if sum(leaf.numerical for leaf in leaves) > 2:
                continue
            plans = self._planned(form, cut, leaves, rows)
            immediate = cut == self._immediate(form.label)
            fitting = [p for p in plans if p.neurons <= MAX_NEURONS or immediate]
            for plan in _pareto(fitting)[:PLANS]:
                needs = tuple(
                    Need(axis.leaf.label, axis.classes, axis.numbers) for axis in plan.axes
                )
                yield Candidate(
                    name=f"{form.name}@{len(self.candidates)}.{'+'.join(cut)}.{plan.neurons}",
                    form=form.name,
                    needs=needs,
                    plan=plan,
                    reads_bos=form.clean,
                    fused=self._between(form.label, cut),
                )

    def _planned(
        self, form: Form, cut: tuple[str, ...], leaves: list[Leaf], rows: FloatArray
    ) -> list[Plan]:
        """The constructions of one table, made once."""
        tolerance = JUMP_ERROR if form.clean or form.is_number else QUERY_JUMP_ERROR
        if cut == self._immediate(form.label):
            tolerance = LOOSE_JUMP_ERROR
        key = (form.label, cut, tolerance, rows.shape, rows.tobytes())
        if key not in self._plans:
            table = self.tables.table(form.label, cut)
            self._plans[key] = plan_table(leaves, table, rows, tolerance)
        return self._plans[key]

    def _immediate(self, label: str) -> tuple[str, ...]:
        operation = self.nodes[label].operation
        assert isinstance(operation, Elementwise)
        place = {node.label: i for i, node in enumerate(self.graph.nodes)}
        return tuple(sorted(dict.fromkeys(operation.operands), key=lambda x: place[x]))

    def _between(self, label: str, cut: Sequence[str]) -> tuple[str, ...]:
        """Variables strictly between a cut and what is computed from it."""
        found: dict[str, None] = {}
        stack = [label]
        while stack:
            operation = self.nodes[stack.pop()].operation
            if isinstance(operation, Elementwise):
                for operand in operation.operands:
                    if operand not in cut and operand not in found:
                        found[operand] = None
                        stack.append(operand)
        return tuple(found)

    def _linear(self, form: Form, operation: Elementwise) -> Iterator[Candidate]:
        """A sum of numbers: by neurons, or as one head where both are means alike."""
        assert operation.factors is not None
        needs = [self.number_need(label, clean=False) for label in operation.operands]
        yield Candidate(
            name=f"{form.name}@{len(self.candidates)}.sum",
            form=form.name,
            needs=tuple(needs),
            plan=_sum_plan([self.leaf(x) for x in operation.operands], needs, operation.factors),
        )

    def number_need(self, label: str, clean: bool) -> Need:
        """The need of a variable's number."""
        if self.is_raw(label):
            return Need(label, (), (), clean)
        names: dict[float, int] = {}
        classes = tuple(
            NO_CLASS if v == 0 else names.setdefault(float(v), len(names))
            for v in self.values[label].values
        )
        return Need(label, classes, tuple(names), clean)

    def _head(self, form: Form, operation: Aggregate | Width) -> Iterator[Candidate]:
        selector = operation.selector
        assert isinstance(selector, PairSelector)
        value = self._value_need(form, operation)
        key = selector_key(selector, self.values)
        name = self.selectors.setdefault(
            (key, isinstance(operation, Width)), f"selector{len(self.selectors)}"
        )
        default = self._default(form, operation)
        plan = plan_head(selector, self.values, self.setting, operation, default, value)
        yield Candidate(
            name=f"{form.name}@{len(self.candidates)}.head",
            form=form.name,
            needs=plan.needs,
            plan=plan,
            selector=name,
            reads_bos=True,
        )

    def _default(self, form: Form, operation: Aggregate | Width) -> FloatArray:
        """What the head writes where nothing is selected; for a width, what BOS counts."""
        written = np.zeros(form.width)
        if isinstance(operation, Width):
            written[:] = 1.0
        elif operation.default is not None:
            if not form.classes and not form.numbers:
                written[:] = float(operation.default)
            else:
                values = self.values[form.label].values
                written = form_rows(form)[values.index(operation.default)]
        return written

    def _value_need(self, form: Form, operation: Aggregate | Width) -> Need | None:
        if isinstance(operation, Width):
            return None
        operand = operation.operand
        if not form.classes and not form.numbers:
            return self.number_need(operand, clean=True)
        place = {v: i for i, v in enumerate(self.values[form.label].values)}
        index = np.array([place[v] for v in self.values[operand].values], dtype=np.intp)
        if not index.size:
            return None
        if form.numbers:
            held = np.asarray(form.numbers)[index]
            names: dict[float, int] = {}
            classes = tuple(
                NO_CLASS if x == 0 else names.setdefault(float(x), len(names)) for x in held
            )
            return Need(operand, classes, tuple(names), clean=True)
        return Need(operand, tuple(int(c) for c in np.asarray(form.classes)[index]), (), True)


def _pareto(plans: Sequence[Plan]) -> list[Plan]:
    """Plans, fewest neurons first, each of which reads less than those before."""
    kept: list[Plan] = []
    for plan in plans:
        width = sum(axis.width for axis in plan.axes)
        if all(width < sum(axis.width for axis in other.axes) for other in kept):
            kept.append(plan)
    return kept


def _sum_plan(leaves: Sequence[Leaf], needs: Sequence[Need], factors: tuple[float, ...]) -> Plan:
    """Each operand's positive and, where it can be negative, its negative part."""
    w_in: list[FloatArray] = []
    parts = [
        (place, sign, factor)
        for place, (leaf, factor) in enumerate(zip(leaves, factors, strict=True))
        for sign in ((1.0, -1.0) if not leaf.numbers or min(leaf.numbers) < 0 else (1.0,))
    ]
    for place in range(len(leaves)):
        w_in.append(np.array([[sign if p == place else 0.0 for p, sign, _ in parts]]))
    w_out = np.array([[sign * factor] for _, sign, factor in parts])
    axes = tuple(
        Axis(leaf, need.classes, need.numbers) for leaf, need in zip(leaves, needs, strict=True)
    )
    return Plan(axes, tuple(w_in), np.zeros(len(parts)), w_out, np.zeros(1))
