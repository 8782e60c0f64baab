"""Candidate components of level 2: what could compute each form of each variable.

Starting from what the output needs, every need proposes the forms that would serve it,
every form the components that would compute it, and those their own needs, until nothing
is new. The solver then chooses among all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.candidate import Candidate
from optitracr.candidates.cuts import enumerate_cuts
from optitracr.candidates.families import EVERY_FAMILY, Family
from optitracr.candidates.forms import Form, form_rows
from optitracr.candidates.relations import MAX_SIDE, conditions, finer, over
from optitracr.candidates.sums import sum_of_terms
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.bilinear import Bilinear, circle, exact, shift_of
from optitracr.constructions.conjunctions import Condition
from optitracr.constructions.heads import HeadPlan, Reading, plan_head
from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.needs import NO_CLASS, Classes, Need, Numbers, canonical, need_of_rows
from optitracr.constructions.table_mlp import plan_table, refusal
from optitracr.craft.numerics import coldness
from optitracr.craft.piecewise import (
    JUMP_ERROR,
    LOOSE_JUMP_ERROR,
    QUERY_JUMP_ERROR,
    SHARP_JUMP_ERROR,
)
from optitracr.craft.spaces import FloatArray
from optitracr.graph.build import BOS, POSITION
from optitracr.graph.program import (
    Aggregate,
    Elementwise,
    Input,
    Selector,
    Source,
    Width,
)
from optitracr.graph.provenance import unused
from optitracr.graph.raw import raw_variables
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.tabled import TabledProgram
from optitracr.setting import Setting

MAX_FORMS = 6
"""Forms of one variable beyond which new needs get only the joint one."""

MAX_NEURONS = 1024
"""Neurons of a fused component; the cut over the immediate operands may take more."""

MAX_NUMBERS = 3
"""Numbers that a fused component may read."""

MAX_PATTERNS = 4
"""Ways kept to compute what a selector selects."""

LARGEST_LEAF = 2.0**53
"""Size of a value beyond which a table does not read it as a number: float64, in which weights
are computed, no longer tells whole numbers apart there."""

PLANS = 2
"""Constructions kept for each cut: the fewest neurons, and another that reads less."""


class Enumeration:
    """Proposes forms and candidates until nothing is new."""

    def __init__(
        self,
        program: TabledProgram,
        setting: Setting,
        families: frozenset[Family] = EVERY_FAMILY,
        robust: bool = False,
    ) -> None:
        self.robust = robust
        self.graph, self.values, self.setting = program, program.values, setting
        self.families = families
        self.nodes = self.graph.by_label()
        self.place = {node.label: i for i, node in enumerate(self.graph.nodes)}
        self.raw = raw_variables(self.graph)
        self.tables = FunctionTables.of(self.graph, self.values, program.definitions)
        self.cuts = enumerate_cuts(self.graph, self.tables)
        self.selectors: dict[object, str] = {}
        self.forms: dict[tuple[object, ...], Form] = {}
        self.form_counts: dict[str, int] = {}
        self.names = {*self.nodes, BOS, POSITION}
        self.candidates: list[Candidate] = []
        self.needs: dict[Need, None] = {}
        self.pending: list[Form] = []
        self._sources: dict[str, list[tuple[str, NDArray[np.integer] | None]]] = {}
        self._plans: dict[object, list[Plan]] = {}
        self.wanted: dict[str, list[tuple[Classes, bool, bool]]] = {}
        self.cold = coldness(setting.max_seq_len + 1)
        self._patterns_of: dict[object, list[list[Bilinear]]] = {}
        self._conjunctions_of: dict[object, list[tuple[Condition, ...]]] = {}
        self._disjoint_of: dict[tuple[str, ...], bool] = {}
        self.refused: dict[str, tuple[tuple[str, ...], str]] = {}
        self._relations: dict[Selector, Relation] = {}
        self._keys: dict[Selector, object] = {}
        self.slots = self._slots()

    # -- variables ---------------------------------------------------------

    def is_raw(self, label: str) -> bool:
        """Whether a variable is a number that no table of values lies below."""
        return label in self.raw

    def sources(self, label: str) -> list[tuple[str, NDArray[np.integer] | None]]:
        """The variables of which this one is a function, as far back as there are any.

        A form of the farthest one holds just what a form of this one would, so that only
        those get forms; this one itself where it is a function of no single other.
        """
        if label not in self._sources:
            along = self.cuts.get(label, ()) if Family.VIEWS in self.families else ()
            found = [
                (cut[0], self.tables.table(label, cut))
                for cut in along
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
        numeric = all(isinstance(v, int | float) and abs(v) <= LARGEST_LEAF for v in values)
        return Leaf(
            label,
            self.is_raw(label),
            self.values[label].may_be_none,
            tuple(float(v) for v in values) if numeric else (),
            len(values),
        )

    # -- needs and forms ---------------------------------------------------

    def demand(self, need: Need, must: bool = False) -> None:
        """Proposes the forms that would serve a need, however many there are if one must."""
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
            if self._held_whole(label):
                wanted = np.arange(wanted.size)
            classes = canonical(wanted)
            self.wanted.setdefault(label, []).append((classes, need.clean, need.sharp))
            self.propose(label, classes, (), need.clean, need.sharp, joint=must)
            whole = self._held_whole(label)
            if need.numbers and max(classes) >= need.columns and not whole:
                rows = np.concatenate([np.asarray(need.numbers), np.zeros((1, need.columns))])
                held = tuple(map(tuple, rows[wanted].tolist()))
                self.propose(label, (), held, need.clean, need.sharp)

    def _held_whole(self, label: str) -> bool:
        """Whether a variable has a dimension for each of its values, whatever is read."""
        if isinstance(self.nodes[label].operation, Aggregate) and Family.PUSH not in self.families:
            return True
        return Family.COMPRESSION not in self.families

    def is_vacuous(self, need: Need) -> bool:
        """Whether no value that the variable can have is in any class of a need."""
        if need.raw:
            return False
        held = np.append(np.asarray(need.classes), NO_CLASS)
        return any(
            (held if along is None else held[along]).max(initial=NO_CLASS) == NO_CLASS
            for _, along in self.sources(need.label)
        )

    def propose(
        self,
        label: str,
        classes: Classes,
        numbers: Numbers,
        clean: bool,
        sharp: bool = False,
        joint: bool = False,
    ) -> None:
        """Adds a form if it is new and the variable has not too many."""
        sharp = sharp or isinstance(self.nodes[label].operation, Input)
        can_be_dirty = isinstance(self.nodes[label].operation, Elementwise)
        clean = clean or not (can_be_dirty or self._dirty_head(label))
        if not classes and not numbers and not self.is_raw(label):
            return
        if classes and max(classes) == NO_CLASS:
            return
        key = (label, classes, numbers, clean, sharp)
        count = self.form_counts.get(label, 0)
        if key in self.forms or (count >= MAX_FORMS and not joint):
            return
        self.form_counts[label] = count + 1
        name = label if count == 0 else unused(f"{label}~{count}", self.names)
        self.names.add(name)
        values = self.values[label].values
        signed = min((x for row in numbers for x in row), default=0.0) < 0 or (
            not classes and not numbers and (not values or min(values) < 0)
        )
        form = Form(name, label, classes, numbers, clean, signed, sharp)
        self.forms[key] = form
        self.pending.append(form)

    def _dirty_head(self, label: str) -> bool:
        """Whether a head's output is not zero at BOS: a width's, or one with a default."""
        operation = self.nodes[label].operation
        if isinstance(operation, Aggregate):
            number = self.nodes[label].is_numerical
            return operation.default is not None and not (number and operation.default == 0)
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
        stacked = np.array([classes for classes, _, _ in wanted])
        if len(np.unique(stacked, axis=0)) < 2:
            return
        _, member = np.unique(stacked, axis=1, return_inverse=True)
        nothing = (stacked == NO_CLASS).all(axis=0)
        classes = canonical(np.where(nothing, NO_CLASS, member.ravel()))
        clean = any(clean for _, clean, _ in wanted)
        sharp = any(sharp for _, _, sharp in wanted)
        self.propose(label, classes, (), clean, sharp, joint=True)

    def _drain(self) -> None:
        while self.pending:
            form = self.pending.pop(0)
            for candidate in self._candidates(form):
                self.candidates.append(candidate)
                for need in candidate.needs:
                    self.demand(need, must=need.label == form.label)

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
            case Aggregate() if form.clean and self._dirty_head(form.label):
                return list(self._cleaned(form))
            case Aggregate() | Width():
                fused = self._fused(form) if form.label in self.cuts else ()
                return [*self._head(form, operation), *fused]
        raise AssertionError(operation)

    def _fused(self, form: Form) -> Iterator[Candidate]:
        rows = form_rows(form)
        again = form.label in self.tables.others or self._dirty_head(form.label)
        itself = ((form.label,),) if again and not self.is_raw(form.label) else ()
        for cut in (*self.cuts.get(form.label, ()), *itself):
            leaves = [self.leaf(label) for label in cut]
            immediate = cut in self._immediate(form.label)
            if not (immediate or self._allowed(form.label, cut)):
                continue
            if sum(leaf.numerical for leaf in leaves) > MAX_NUMBERS:
                continue
            plans = self._planned(form, cut, leaves, rows)
            fitting = [p for p in plans if p.neurons <= MAX_NEURONS or immediate]
            for plan in fitting if self.robust else _pareto(fitting)[:PLANS]:
                for way, expanded in enumerate(self._expansions(plan)):
                    shown = f"{'+'.join(cut)}.{plan.neurons}.{way}"
                    yield Candidate(
                        name=f"{form.name}@{len(self.candidates)}.{shown}",
                        form=form.name,
                        needs=tuple(_need(axis) for axis in expanded.axes),
                        plan=expanded,
                        reads_bos=form.clean,
                        cut=cut,
                    )

    def _allowed(self, label: str, cut: tuple[str, ...]) -> bool:
        """Whether a cut that is not the operands is among the families asked for."""
        if Family.CUTS not in self.families and cut != (label,):
            return False
        widths = any(isinstance(self.nodes[x].operation, Width) for x in cut)
        return Family.SPLIT in self.families or not widths

    def _cleaned(self, form: Form) -> Iterator[Candidate]:
        """What a head writes at BOS as elsewhere, its default, cleaned by an MLP."""
        if not self.is_raw(form.label):
            yield from self._fused(form)
            return
        plan = self._sum_plan([Reading(Need(form.label, (), (), False), np.eye(1))])
        yield Candidate(
            name=f"{form.name}@{len(self.candidates)}.clean",
            form=form.name,
            needs=tuple(_need(axis) for axis in plan.axes),
            plan=plan,
            reads_bos=True,
        )

    def _expansions(self, plan: Plan) -> Iterator[Plan]:
        """A plan as it is, and with the terms of the sums that it reads in their place."""
        yield plan
        if Family.VIEWS not in self.families:
            return
        axes: list[Axis] = []
        w_in: list[FloatArray] = []
        for axis, weights in zip(plan.axes, plan.w_in, strict=True):
            whole = not axis.leaf.numerical
            readings = [] if whole else self.number_readings(axis.leaf.label, 1.0, clean=False)[-1]
            axes += [axis] if whole else [self._axis(reading.need) for reading in readings]
            w_in += [weights] if whole else [r.weights[0, 0] * weights for r in readings]
        if len(axes) > len(plan.axes):
            yield replace(plan, axes=tuple(axes), w_in=tuple(w_in))

    def _planned(
        self, form: Form, cut: tuple[str, ...], leaves: list[Leaf], rows: FloatArray
    ) -> list[Plan]:
        """The constructions of one table, made once."""
        tolerance = JUMP_ERROR if form.clean or form.is_number else QUERY_JUMP_ERROR
        if form.sharp or self.robust:
            tolerance = SHARP_JUMP_ERROR
        immediate = cut in self._immediate(form.label)
        if immediate and not self.robust:
            tolerance = LOOSE_JUMP_ERROR
        key = (form.label, cut, tolerance, rows.shape, rows.tobytes())
        if key not in self._plans:
            table = self.tables.table(form.label, cut)
            several = Family.THRESHOLDS in self.families
            given = (leaves, table, rows, tolerance, self._possible(cut), several)
            plans = plan_table(*given, robust=self.robust)
            if not plans and immediate:
                given = (*given[:3], LOOSE_JUMP_ERROR, *given[4:])
                plans = plan_table(*given, close=True)
                if not plans:
                    reason = refusal(leaves, table, rows, LOOSE_JUMP_ERROR)
                    self.refused[form.label] = (cut, reason)
            self._plans[key] = plans
        return self._plans[key]

    def _possible(self, cut: tuple[str, ...]) -> NDArray[np.bool_] | None:
        """Which combinations can occur: widths of disjoint selectors add up to the length."""
        widths = [i for i, x in enumerate(cut) if isinstance(self.nodes[x].operation, Width)]
        if len(widths) < 2 or not self._disjoint([cut[i] for i in widths]):
            return None
        total = np.zeros((1,) * len(cut))
        for axis in widths:
            shares = np.asarray(self.values[cut[axis]].values, dtype=np.float64)
            shape = [1] * len(cut)
            shape[axis] = shares.size
            total = total + np.round(1.0 / shares - 1.0).reshape(shape)
        sizes = [len(self.values[x].values) for x in cut]
        return np.broadcast_to(total <= self.setting.max_seq_len, sizes)

    def _disjoint(self, widths: Sequence[str]) -> bool:
        """Whether no key is selected by two of the selectors of widths."""
        key = tuple(widths)
        if key not in self._disjoint_of:
            relations = [self._finest(x) for x in widths]
            keys = tuple(dict.fromkeys(k for r in relations for k in r.keys))
            queries = tuple(dict.fromkeys(q for r in relations for q in r.queries))
            tables = [over(r, keys, queries, self.tables) for r in relations]
            counts = np.zeros((), dtype=np.int8)
            known = len(keys) <= MAX_SIDE and all(t is not None for t in tables)
            for relation in tables if known else ():
                assert relation is not None
                counts = counts + relation.table
            self._disjoint_of[key] = known and int(counts.max()) <= 1
        return self._disjoint_of[key]

    def _finest(self, width: str) -> Relation:
        """The relation of a width's selector over what lies farthest below."""
        operation = self.nodes[width].operation
        assert isinstance(operation, Width)
        relation = self.relation(operation.selector)
        keys, queries = (
            (finer(side, lambda label: self._below(label)[-1:]) or [side])[0]
            for side in (relation.keys, relation.queries)
        )
        return over(relation, keys, queries, self.tables) or relation

    def _immediate(self, label: str) -> list[tuple[str, ...]]:
        """The operands of each definition."""
        return [
            tuple(sorted(dict.fromkeys(definition.operands), key=lambda x: self.place[x]))
            for definition in self.tables.definitions(label)
        ]

    def _linear(self, form: Form, operation: Elementwise) -> Iterator[Candidate]:
        """A sum of numbers: by neurons, or as one head where all are means alike."""
        assert operation.factors is not None
        for way, readings in enumerate(self._sum_readings(form.label)):
            yield Candidate(
                name=f"{form.name}@{len(self.candidates)}.sum{way}",
                form=form.name,
                needs=tuple(reading.need for reading in readings),
                plan=self._sum_plan(readings),
            )
        if Family.PUSH in self.families:
            yield from self._mean_of_sum(form)

    def _sum_readings(self, label: str) -> list[list[Reading]]:
        """The terms of a sum as they are, and as far down as they are sums themselves."""
        operation = self.nodes[label].operation
        assert isinstance(operation, Elementwise)
        assert operation.factors is not None
        near = [
            reading
            for operand, factor in zip(operation.operands, operation.factors, strict=True)
            for reading in self.number_readings(operand, factor, clean=False)[0]
        ]
        far = self.number_readings(label, 1.0, clean=False)[-1]
        return [near] if [r.need for r in near] == [r.need for r in far] else [near, far]

    def _sum_plan(self, readings: Sequence[Reading]) -> Plan:
        """Each term's positive and, where it can be negative, its negative part."""
        axes = [self._axis(reading.need) for reading in readings]
        parts = [
            (place, sign)
            for place, axis in enumerate(axes)
            for sign in ((1.0, -1.0) if _signed(axis) else (1.0,))
        ]
        w_in = [
            np.array([[sign if place == own else 0.0 for own, sign in parts]])
            for place in range(len(axes))
        ]
        factors = [readings[place].weights[0, 0] for place, _ in parts]
        w_out = np.array([[sign * f] for (_, sign), f in zip(parts, factors, strict=True)])
        return Plan(tuple(axes), tuple(w_in), np.zeros(len(parts)), w_out, np.zeros(1))

    def _axis(self, need: Need) -> Axis:
        """A number as a plan reads it."""
        return Axis(self.leaf(need.label), need.classes, tuple(x for (x,) in need.numbers))

    def _mean_of_sum(self, form: Form) -> Iterator[Candidate]:
        """A sum of means over one selector is the mean of the sum (push)."""
        terms = self._terms(form.label, 1.0)
        operations = [self.nodes[label].operation for label, _ in terms]
        means = [x for x in operations if isinstance(x, Aggregate)]
        keys = {self._key(x.selector) for x in means}
        if len(means) < len(terms) or len(keys) != 1:
            return
        values: list[Reading] = []
        default = 0.0
        for (_, factor), mean in zip(terms, means, strict=True):
            values += self.number_readings(mean.operand, factor, clean=True)[-1]
            default += factor * float(mean.default or 0)
        yield from self._heads(form, means[0], values, np.array([default]))

    def _terms(self, label: str, factor: float) -> list[tuple[str, float]]:
        """A sum of sums as one sum of variables that are none."""
        return sum_of_terms(self.nodes, self.place, label, factor, lambda one: True)

    def number_need(self, label: str, clean: bool) -> Need:
        """The need of a variable's number."""
        if self.is_raw(label):
            return Need(label, (), (), clean)
        rows = np.array([[float(v)] for v in self.values[label].values])
        nothing = Need(label, (NO_CLASS,) * len(rows), (), clean)
        return need_of_rows(label, rows, clean) or nothing

    def number_readings(self, label: str, factor: float, clean: bool) -> list[list[Reading]]:
        """Ways to read a multiple of a number: itself, or for a sum its terms, as a view.

        Of a number that is always 0 nothing has to be read.
        """
        need = self.number_need(label, clean)
        if not need.raw and max(need.classes, default=NO_CLASS) == NO_CLASS:
            return [[]]
        found = [[Reading(need, np.array([[factor]]))]]
        operation = self.nodes[label].operation
        linear = isinstance(operation, Elementwise) and operation.factors is not None
        views = Family.VIEWS in self.families
        if not linear or not views or not self.nodes[label].is_numerical:
            return found
        terms = sum_of_terms(self.nodes, self.place, label, factor, self._is_viewed_sum)
        far = [self.number_readings(one, own, clean)[0] for one, own in terms]
        return [*found, [reading for term in far for reading in term]]

    def _is_viewed_sum(self, label: str) -> bool:
        """Whether a sum of numbers is read by its terms: not one that is always 0."""
        return self.nodes[label].is_numerical and self._is_read(label)

    def _is_read(self, label: str) -> bool:
        """Whether there is anything to read of a number: not if it is always 0."""
        need = self.number_need(label, clean=False)
        return need.raw or max(need.classes, default=NO_CLASS) != NO_CLASS

    # -- heads -------------------------------------------------------------

    def _head(self, form: Form, operation: Aggregate | Width) -> Iterator[Candidate]:
        default = self._default(form, operation)
        for values in self._value_readings(form, operation):
            yield from self._heads(form, operation, values, default)

    def _heads(
        self,
        form: Form,
        operation: Aggregate | Width,
        values: Sequence[Reading],
        default: FloatArray,
    ) -> Iterator[Candidate]:
        """Candidates for each way to decide what is selected."""
        is_width = isinstance(operation, Width)
        exact_keys = form.is_number and not form.numbers
        for way, terms in enumerate(self._patterns(operation.selector, is_width, exact_keys)):
            plan = plan_head(terms, values, default, self.cold, is_width)
            if form.sharp or (exact_keys and not is_width):
                plan = _sharpened(plan)
            key: tuple[object, ...] = (
                (self._key(operation.selector), is_width, exact_keys, way)
                if Family.SHARING in self.families
                else (len(self.candidates), way, len(self.selectors))
            )
            selector = self.selectors.setdefault(key, f"selector{len(self.selectors)}")
            yield Candidate(
                name=f"{form.name}@{len(self.candidates)}.head{way}.{len(values)}",
                form=form.name,
                needs=plan.needs,
                plan=plan,
                selector=selector,
                reads_bos=plan.reads_bos,
            )

    def _patterns(
        self, selector: Selector, is_width: bool, exact_keys: bool
    ) -> list[list[Bilinear]]:
        """Ways to compute what a selector selects, as conditions that are added up.

        A circle needs keys that are exact where several of them are averaged, as those are
        that the embedding supplies.
        """
        key = (self._key(selector), is_width, exact_keys)
        if key not in self._patterns_of:
            self._patterns_of[key] = [
                [self._bilinear(condition, is_width, exact_keys) for condition in found]
                for found in self._conjunctions(selector)
            ]
        return self._patterns_of[key]

    def _bilinear(self, condition: Condition, is_width: bool, exact_keys: bool) -> Bilinear:
        embedded = isinstance(self.nodes[condition.key].operation, Input)
        wanted = Family.CIRCLES in self.families
        if wanted and (embedded or not (is_width or exact_keys)):
            found = circle(condition, self.cold, self.slots, is_width)
            if found is not None:
                return found
        key, query = self.values[condition.key], self.values[condition.query]
        return exact(condition, self.cold, key.may_be_none, query.may_be_none)

    def _conjunctions(self, selector: Selector) -> list[tuple[Condition, ...]]:
        """The selector as conjunctions over its own operands, or over what lies below."""
        key = self._key(selector)
        if key not in self._conjunctions_of:
            self._conjunctions_of[key] = self._find_conjunctions(selector)
        return self._conjunctions_of[key]

    def _find_conjunctions(self, selector: Selector) -> list[tuple[Condition, ...]]:
        relation = self.relation(selector)
        found: dict[tuple[object, ...], tuple[Condition, ...]] = {}
        sides = [finer(side, self._below) for side in (relation.keys, relation.queries)]
        if Family.CONJUNCTIONS not in self.families:
            sides = [sides[0][:1], sides[1][:1]]
        for keys, queries in product(*sides):
            finest = over(relation, keys, queries, self.tables)
            parts = (
                conditions(finest, self.tables, self.setting.causal) if finest is not None else None
            )
            if parts is not None:
                found.setdefault(tuple((p.key, p.query) for p in parts), parts)
        if not found and len(relation.keys) == len(relation.queries) == 1:
            # Too many entries to look below; the selector itself is still one condition.
            return [(Condition(relation.keys[0], relation.queries[0], relation.table),)]
        return self._without_joint(list(found.values()))[:MAX_PATTERNS]

    def relation(self, selector: Selector) -> Relation:
        """The relation of a selector, made once: its predicate is asked for every pair."""
        if selector not in self._relations:
            self._relations[selector] = relation_of(selector, self.values)
        return self._relations[selector]

    def _key(self, selector: Selector) -> object:
        """Equal keys mean that two selectors select the same."""
        if selector not in self._keys:
            self._keys[selector] = selector_key(selector)
        return self._keys[selector]

    def _without_joint(self, found: list[tuple[Condition, ...]]) -> list[tuple[Condition, ...]]:
        """Leaves out a pattern if another reads what lies below some variable of it.

        To compute the variable takes an MLP and dimensions, to read what lies below neither.
        """
        sides = [({part.key for part in parts}, {part.query for part in parts}) for parts in found]
        kept = []
        for parts, own in zip(found, sides, strict=True):
            joint = any(
                other is not own
                and any(
                    label not in b and any(b.issuperset(cut) for cut in self.cuts.get(label, ()))
                    for a, b in zip(own, other, strict=True)
                    for label in a
                )
                for other in sides
            )
            if not joint:
                kept.append(parts)
        return kept or found

    def _below(self, label: str) -> list[tuple[str, ...]]:
        """The variable's source, and pairs of variables of which it is a function."""
        source = self.sources(label)[0][0]
        pairs = [
            cut
            for cut in self.cuts.get(label, ())
            if len(cut) == 2 and not any(self.is_raw(x) or not self.is_farthest(x) for x in cut)
        ]
        return [(source,), *pairs]

    def _slots(self) -> dict[str, int]:
        """Points of the circle for variables whose values keep places of their own.

        Those are the indices, with room for the longest shift between keys and queries.
        """
        found = {
            node.label: len(self.values[node.label].values)
            for node in self.graph.nodes
            if isinstance(node.operation, Input) and node.operation.source is Source.INDICES
        }
        for node in self.graph.nodes:
            if isinstance(node.operation, Aggregate | Width):
                for parts in self._conjunctions(node.operation.selector):
                    for part in parts:
                        if part.key == part.query and part.key in found:
                            room = len(self.values[part.key].values) + shift_of(part.table)
                            found[part.key] = max(found[part.key], room)
        return found

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

    def _value_readings(self, form: Form, operation: Aggregate | Width) -> list[list[Reading]]:
        """Ways to read what a head averages; nothing for a width, which reads BOS alone."""
        if isinstance(operation, Width):
            return [[]]
        operand = operation.operand
        if form.is_number and not form.numbers:
            return self.number_readings(operand, 1.0, clean=True)
        place = {v: i for i, v in enumerate(self.values[form.label].values)}
        index = np.array([place[v] for v in self.values[operand].values], dtype=np.intp)
        rows = form_rows(form)[index]
        if form.is_number:
            need = need_of_rows(operand, rows, clean=True)
        else:
            held = np.asarray(form.classes)[index]
            need = Need(operand, tuple(int(c) for c in held), (), True)
            if max(need.classes, default=NO_CLASS) == NO_CLASS:
                need = None
        if need is None:
            return [[]]
        return [[Reading(need, np.eye(need.columns, form.width))]]


def _need(axis: Axis) -> Need:
    """What a plan reads of one leaf."""
    return Need(axis.leaf.label, axis.classes, tuple((x,) for x in axis.numbers))


def _sharpened(plan: HeadPlan) -> HeadPlan:
    """A head whose mean depends on the rounding errors of its keys and values."""
    keys, values = (
        tuple(
            reading
            if reading.need.raw
            else replace(reading, need=replace(reading.need, sharp=True))
            for reading in side
        )
        for side in (plan.keys, plan.values)
    )
    return replace(plan, keys=keys, values=values)


def _pareto(plans: Sequence[Plan]) -> list[Plan]:
    """Plans, fewest neurons first, each of which reads less than those before."""
    kept: list[Plan] = []
    for plan in plans:
        width = sum(axis.width for axis in plan.axes)
        if all(width < sum(axis.width for axis in other.axes) for other in kept):
            kept.append(plan)
    return kept


def _signed(axis: Axis) -> bool:
    """Whether the number that an axis reads can be negative."""
    numbers = axis.numbers if axis.classes else axis.leaf.numbers
    return not numbers or min(numbers) < 0
