"""When a variable is of use at the latest, in a model of so many layers.

Where depth is minimised before all else, what no model of the least depth can have need not be
planned: a component over variables that come too late for whatever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from optitracr.candidates.births import Births, read_for, written
from optitracr.candidates.cuts import Cut
from optitracr.candidates.forms import Form
from optitracr.graph.program import Elementwise, Input
from solvers import Kind

NEVER = -1
"""The deadline of what nothing reads."""


class Deadlines:
    """The last state in which each variable can be computed and still be read.

    Attributes:
        layers: Layers of the model.
        left_out: Whether something was found to come too late.
    """

    def __init__(self, births: Births, outputs: Iterable[str], layers: int) -> None:
        """Goes from the output to the inputs.

        Args:
            births: When variables can be had.
            outputs: What the output may be read off.
            layers: Layers of the model.
        """
        self.layers, self.left_out = layers, False
        self._births = births
        self._last = dict.fromkeys(births.proposals.facts.nodes, NEVER)
        self._every = NEVER
        self._follow(outputs)

    def is_late(self, form: Form, cut: Cut) -> bool:
        """Whether an MLP over a cut is of no use for a form."""
        held: Sequence[object] = form.numbers or form.classes
        state = written(self._births.of_form(held, form.label, cut), Kind.MLP)
        late = state > max(self._last[form.label], self._every)
        self.left_out |= late
        return late

    def _follow(self, outputs: Iterable[str]) -> None:
        """Raises the deadline of all that is read for something whose deadline was raised."""
        pending = [(source, 2 * self.layers) for label in outputs for source in self._held(label)]
        while pending:
            label, state = pending.pop()
            if state > max(self._last[label], self._every):
                self._last[label] = state
                pending += self._reads(label, state)

    def _reads(self, label: str, state: int) -> Iterator[tuple[str, int]]:
        """What is read for a variable, and until when; a head may read anything."""
        facts = self._births.proposals.facts
        operation = facts.operation(label)
        if isinstance(operation, Input):
            return
        if facts.is_raw(label) or not isinstance(operation, Elementwise):
            every = read_for(state, Kind.ATTENTION)
            if every > self._every:
                self._every = every
                for other in facts.nodes:
                    yield from self._reads(other, every)
        last = read_for(state, Kind.MLP)
        operands = self._births.terms(label) if facts.is_raw(label) else []
        near = operation.operands if isinstance(operation, Elementwise) else ()
        for leaf in (*operands, *near, *(x for cut in facts.cuts.get(label, ()) for x in cut)):
            for source in self._held(leaf):
                yield source, last

    def _held(self, label: str) -> Iterator[str]:
        """What a variable is read off: others of which it is a function, or its terms."""
        births = self._births
        for source, _ in births.proposals.readings.sources(label):
            yield source
        if births.proposals.facts.is_raw(label):
            yield from births.terms(label)
