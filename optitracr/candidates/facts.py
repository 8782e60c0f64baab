"""What is known of a program before anything is proposed for it."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.candidates.cuts import Cut, enumerate_cuts, number_of
from optitracr.candidates.tables import FunctionTables
from optitracr.constructions.leaves import Axis, Leaf
from optitracr.constructions.needs import Need
from optitracr.craft.numerics import coldness
from optitracr.graph.joint.values import JointValues
from optitracr.graph.program import Aggregate, Operation, Selector, Width
from optitracr.graph.raw import raw_variables
from optitracr.graph.relations import Relation, relation_of
from optitracr.graph.rewrites.merging import selector_key
from optitracr.graph.tabled import TabledProgram
from optitracr.setting import Setting

LARGEST_LEAF = 2.0**53
"""Size of a value beyond which a table does not read it as a number: float64, in which weights
are computed, no longer tells whole numbers apart there."""


class Facts:
    """A program with all that follows from it alone, whatever is asked for.

    Attributes:
        program: The program.
        setting: Vocabulary and length.
        nodes: Its nodes by label.
        place: Where each variable stands in it.
        raw: Variables held as numbers that no table of values lies below.
        tables: Its functions as tables.
        cuts: For each variable those from which an MLP could compute it.
        joint: Which values occur together.
        cold: Logits between selected and not selected.
    """

    def __init__(self, program: TabledProgram, setting: Setting) -> None:
        """Tabulates nothing yet but the cuts."""
        self.program, self.setting = program, setting
        self.nodes = program.by_label()
        self.place = {node.label: i for i, node in enumerate(program.nodes)}
        self.raw = raw_variables(program)
        self.tables = FunctionTables.of(program)
        self.joint = JointValues.of_program(program, setting.inputs)
        self.cuts = enumerate_cuts(program, self.tables, self.joint)
        self.cold = coldness(setting.max_seq_len + 1)
        self._relations: dict[Selector, Relation] = {}
        self._keys: dict[Selector, object] = {}
        self._immediate: dict[str, list[Cut]] = {}
        self._bare: dict[str, list[Cut]] = {}
        self._leaves: dict[str, Leaf] = {}

    def operation(self, label: str) -> Operation:
        """What computes a variable in the program."""
        return self.nodes[label].operation

    def is_raw(self, label: str) -> bool:
        """Whether a variable is a number that no table of values lies below."""
        return label in self.raw

    def is_farthest(self, label: str) -> bool:
        """Whether a variable is a function of no single other one."""
        return not any(
            len(cut) == 1 and not self.is_raw(cut[0]) for cut in self.cuts.get(label, ())
        )

    def is_dirty_head(self, label: str) -> bool:
        """Whether a head's output is not zero at BOS: a width's, or one with a default."""
        operation = self.operation(label)
        if isinstance(operation, Aggregate):
            number = self.nodes[label].is_numerical
            return operation.default is not None and not (number and operation.default == 0)
        return isinstance(operation, Width)

    def leaf(self, label: str) -> Leaf:
        """A variable as a table reads it."""
        if label not in self._leaves:
            self._leaves[label] = self._leaf(label)
        return self._leaves[label]

    def _leaf(self, label: str) -> Leaf:
        value_set = self.nodes[label].value_set
        values = value_set.values
        numeric = all(isinstance(v, int | float) and abs(v) <= LARGEST_LEAF for v in values)
        return Leaf(
            label,
            self.is_raw(label),
            value_set.may_be_none,
            tuple(float(v) for v in values) if numeric else (),
            len(values),
        )

    def axis(self, need: Need) -> Axis:
        """A number as a plan reads it."""
        return Axis(self.leaf(need.label), need.classes, tuple(x for (x,) in need.numbers))

    def immediate(self, label: str) -> list[Cut]:
        """The operands of each definition of a variable."""
        if label not in self._immediate:
            definitions = self.tables.definitions(label)
            self._immediate[label] = [self.in_order(one.operands) for one in definitions]
        return self._immediate[label]

    def bare(self, label: str) -> list[Cut]:
        """The same with raw numbers in the place of the classes that are made of them."""
        if label not in self._bare:
            self._bare[label] = [
                self.in_order([number_of(self.program, x) for x in cut])
                for cut in self.immediate(label)
            ]
        return self._bare[label]

    def in_order(self, labels: Sequence[str]) -> Cut:
        """Variables as they stand in the program, each once."""
        return tuple(sorted(dict.fromkeys(labels), key=lambda label: self.place[label]))

    def relation(self, selector: Selector) -> Relation:
        """The relation of a selector, made once."""
        if selector not in self._relations:
            self._relations[selector] = relation_of(selector)
        return self._relations[selector]

    def selector_key(self, selector: Selector) -> object:
        """Equal keys mean that two selectors select the same."""
        if selector not in self._keys:
            self._keys[selector] = selector_key(selector)
        return self._keys[selector]
