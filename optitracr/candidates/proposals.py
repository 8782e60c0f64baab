"""What has been proposed for a program so far: needs, the forms that serve them, candidates.

Starting from what the output needs, every need proposes the forms that would serve it, every
form the components that would compute it, and those their own needs, until nothing is new (see
`optitracr.candidates.worklist`). The solver then chooses among all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optitracr.candidates.best_keys import BestKeys
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.care import Care
from optitracr.candidates.cuts import Cut
from optitracr.candidates.facts import Facts
from optitracr.candidates.forms import Form
from optitracr.candidates.heights import Heights
from optitracr.candidates.patterns import Patterns
from optitracr.candidates.readings import Readings
from optitracr.candidates.table_plans import Planned, TablePlans
from optitracr.candidates.ways import Freedom, Repertoire
from optitracr.constructions.distinct import classes_of_slices
from optitracr.constructions.needs import NO_CLASS, Classes, Need, Numbers, canonical
from optitracr.graph.build import BOS, POSITION
from optitracr.graph.program import Aggregate, Elementwise, Input, Selector
from optitracr.graph.provenance import unused

MAX_FORMS = 6
"""Forms of one variable beyond which new needs get only the joint one: each is a variable of the
problem with candidates of its own, and most variables have few readers."""


def _never(form: Form, cut: Cut) -> bool:
    return False


class Proposals:
    """Needs, forms and candidates of a program.

    Attributes:
        facts: The program.
        repertoire: The ways of the rules that are on.
        care: What errors its candidates have to bear.
        readings: How its variables can be read.
        patterns: How its selectors can be decided.
        best_keys: Which of them select the best of some keys.
        heights: Which variables are the largest of some numbers.
        tables: How its function tables can be computed.
        candidates: Those proposed, in order.
        needs: Every need that was met.
        is_late: Whether an MLP over a cut comes too late for a form to be of any use.
        most_forms: Forms of one variable beyond which new needs get only the joint one.
        is_wary: Whether what is not zero at BOS is taken to be negative there.
    """

    def __init__(
        self,
        facts: Facts,
        repertoire: Repertoire,
        care: Care = Care.LEAST,
        planned: Planned | None = None,
    ) -> None:
        """Nothing is proposed yet."""
        self.facts, self.repertoire, self.care = facts, repertoire, care
        self.readings = Readings(facts, repertoire)
        self.patterns = Patterns(facts, repertoire, self.readings, care.is_robust)
        self.best_keys, self.heights = BestKeys(facts), Heights(facts)
        self.tables = TablePlans(facts, repertoire, self.patterns, care, planned)
        self.is_late: Callable[[Form, Cut], bool] = _never
        self.most_forms, self.is_wary = MAX_FORMS, False
        self.candidates: list[Candidate] = []
        self.needs: dict[Need, None] = {}
        self._forms: dict[tuple[object, ...], Form] = {}
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._names = {*facts.nodes, BOS, POSITION}
        self._by_name: dict[str, Form] = {}
        self._pending: list[Form] = []
        self._wanted: dict[str, list[tuple[Classes, bool, bool]]] = {}
        self._selectors: dict[object, str] = {}

    @property
    def forms(self) -> dict[str, Form]:
        """Every form by name, in order."""
        return {form.name: form for form in self._forms.values()}

    def form(self, name: str) -> Form:
        """The form of a name."""
        return self._by_name[name]

    def begin_round(self) -> None:
        """Gives every variable room for as many forms again."""
        self._before = dict(self._counts)

    def next_form(self) -> Form | None:
        """A form for which no candidates have been proposed; None if there is none."""
        return self._pending.pop(0) if self._pending else None

    def name(self, form: Form, shown: str) -> str:
        """A name for a candidate that computes a form."""
        return f"{form.name}@{len(self.candidates)}.{shown}"

    def selector(self, selector: Selector, way: int, *circumstances: object) -> str:
        """A name for the pattern of a head, equal for heads that can be one.

        Args:
            selector: What it selects.
            way: Which of the patterns of the selector.
            circumstances: What else the pattern depends on.
        """
        return self.pattern((self.facts.selector_key(selector), *circumstances, way))

    def pattern(self, key: tuple[object, ...]) -> str:
        """A name for the pattern of a head, equal for equal keys where heads can be one."""
        if not self.repertoire.frees(Freedom.SHARED_HEADS):
            key = (len(self.candidates), len(self._selectors))
        return self._selectors.setdefault(key, f"selector{len(self._selectors)}")

    def demand(self, need: Need, must: bool = False) -> None:
        """Proposes the forms that would serve a need, however many there are if one must."""
        if need in self.needs:
            return
        self.needs[need] = None
        if need.raw:
            self._propose(need.label, (), (), need.clean)
            return
        if max(need.classes, default=NO_CLASS) == NO_CLASS:
            return
        for label, along in self.readings.sources(need.label):
            wanted = np.asarray(need.classes)
            if along is not None:
                wanted = np.append(wanted, NO_CLASS)[along]
            whole = self._is_held_whole(label)
            classes = canonical(np.arange(wanted.size) if whole else wanted)
            self._wanted.setdefault(label, []).append((classes, need.clean, need.sharp))
            self._propose(label, classes, (), need.clean, need.sharp, joint=must)
            if need.numbers and max(classes) >= need.columns and not whole:
                rows = np.concatenate([np.asarray(need.numbers), np.zeros((1, need.columns))])
                held = tuple(map(tuple, rows[wanted].tolist()))
                self._propose(label, (), held, need.clean, need.sharp, joint=need.steep)

    def _is_held_whole(self, label: str) -> bool:
        """Whether a variable has a dimension for each of its values, whatever is read."""
        head = isinstance(self.facts.operation(label), Aggregate)
        freedoms = (Freedom.CLASSES, Freedom.CLASSES_OF_HEADS) if head else (Freedom.CLASSES,)
        return not self.repertoire.frees(*freedoms)

    def demand_joint(self, label: str) -> None:
        """Proposes one form that serves all needs of a variable, those without a form included."""
        wanted = self._wanted.get(label, [])
        if len(wanted) < 2:
            return
        stacked = np.array([classes for classes, _, _ in wanted])
        if (stacked == stacked[0]).all():
            return
        member, _ = classes_of_slices(stacked.T)
        nothing = (stacked == NO_CLASS).all(axis=0)
        classes = canonical(np.where(nothing, NO_CLASS, member))
        clean = any(clean for _, clean, _ in wanted)
        sharp = any(sharp for _, _, sharp in wanted)
        self._propose(label, classes, (), clean, sharp, joint=True)

    def _propose(
        self,
        label: str,
        classes: Classes,
        numbers: Numbers,
        clean: bool,
        sharp: bool = False,
        joint: bool = False,
    ) -> None:
        """Adds a form if it is new and the variable has not too many, or if it is a joint one."""
        facts, operation = self.facts, self.facts.operation(label)
        sharp = sharp or isinstance(operation, Input)
        can_be_dirty = isinstance(operation, Elementwise) or facts.is_dirty_head(label)
        clean = clean or not can_be_dirty
        if not classes and not numbers and not facts.is_raw(label):
            return
        if classes and max(classes) == NO_CLASS:
            return
        key = (label, classes, numbers, clean, sharp)
        count = self._counts.get(label, 0)
        if key in self._forms or (self._is_full(label) and not joint):
            return
        self._counts[label] = count + 1
        name = label if count == 0 else unused(f"{label}~{count}", self._names)
        self._names.add(name)
        signed = self._is_signed(label, classes, numbers) or (self.is_wary and not clean)
        form = Form(name, label, classes, numbers, clean, signed, sharp)
        self._forms[key] = form
        self._by_name[name] = form
        self._pending.append(form)

    def _is_full(self, label: str) -> bool:
        """Whether a variable has as many forms of this round as it may."""
        return self._counts.get(label, 0) - self._before.get(label, 0) >= self.most_forms

    def _is_signed(self, label: str, classes: Classes, numbers: Numbers) -> bool:
        """Whether a dimension of a form can be negative."""
        if classes:
            return False
        if numbers:
            return min((x for row in numbers for x in row), default=0.0) < 0
        values = self.facts.nodes[label].value_set.values
        return not values or min(values) < 0
