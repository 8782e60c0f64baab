"""The step model: literals that say by when a component stands, and until when its variable lives.

An alternative in use stands in one sublayer of its window; the literal `placed(a, s)` says that it
stands in sublayer s or before. A variable is born where its alternative is placed, and alive as
long as a reader that chose it is not. So no integer variable is needed, and what is the same in
every plan is a constant: the model grows with the windows, not with depth times components.

Erasures are implied: a variable ends at the first sublayer, from its last reader on, that can
erase it. That is the reader's own in an MLP. In attention it is the reader's own if heads erase
there, which needs what they read to be alive, and the MLP after it otherwise. Ending later, or not
at all, makes no state narrower. Neurons and heads are left out, so that the least width of this
model is a lower bound of the width of every plan, and that of a plan where they are unlimited.

A model of some states alone counts widths only there, and forgets what is placed outside of them
but for which alternatives are used. That leaves constraints out, and so is a lower bound too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from solvers.interrupts import load_cp_sat
from solvers.problem import Alternative, Kind, Problem, Variable
from solvers.steps.windows import Windows, in_every_view

Literal = Any
"""A Boolean of CP-SAT, or 0 or 1 where it is the same in every plan."""


class Heads(Enum):
    """Where heads erase: where it pays, in every attention sublayer, or nowhere."""

    SOME = "some"
    ALWAYS = "always"
    NEVER = "never"

    def literal(self, model: Any) -> Literal:
        """Whether heads erase in one sublayer."""
        return model.new_bool_var("") if self is Heads.SOME else int(self is Heads.ALWAYS)


MARGIN = 4
"""Sublayers before the first state that counts at which it matters what stands: whether a variable
lives at a state depends on its readers up to three sublayers before, and one of either kind is the
fourth."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of an alternative that chose a variable."""

    reader: Alternative
    chosen: Literal


@dataclass(slots=True)
class Steps:
    """A step model and its literals.

    Attributes:
        problem: The problem.
        known: Its variables by name.
        windows: Where everything can stand.
        first: First state at which widths count.
        last: Last state at which widths count.
        model: The CP-SAT model.
        use: For each alternative whether it is used.
        chosen: For each alternative, read and option whether that option is read.
        view: For each view whether the output is read through it.
        erasing: For each attention sublayer whether heads erase there.
        placed: For each alternative and sublayer of its window but the last whether it stands
            there or before.
        born: For each variable and state whether it is born by then, where that is no constant
            and no placement.
        alive: For each variable and state whether it is alive, where that is no constant.
        readings: For each variable what may read it.
        width: The width.
    """

    problem: Problem
    known: dict[str, Variable]
    windows: Windows
    first: int
    last: int
    model: Any
    use: dict[str, Literal] = field(default_factory=dict)
    chosen: dict[tuple[str, int, str], Literal] = field(default_factory=dict)
    view: list[Literal] = field(default_factory=list)
    erasing: dict[int, Literal] = field(default_factory=dict)
    placed: dict[tuple[str, int], Literal] = field(default_factory=dict)
    born: dict[tuple[str, int], Literal] = field(default_factory=dict)
    alive: dict[tuple[str, int], Literal] = field(default_factory=dict)
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    width: Any = None

    @property
    def lowest(self) -> int:
        """The first sublayer at which it matters what stands."""
        return self.first - MARGIN

    def new(self) -> Literal:
        """A new literal."""
        return self.model.new_bool_var("")

    def clause(self, literals: Iterable[Literal]) -> None:
        """At least one of these holds; left out where one always does."""
        kept = []
        for literal in literals:
            if not isinstance(literal, int):
                kept.append(literal)
            elif literal:
                return
        self.model.add_bool_or(kept)

    def placed_by(self, alternative: Alternative, sublayer: int) -> Literal:
        """Whether an alternative stands in a sublayer or before it."""
        name = alternative.name
        if sublayer < self.windows.first[name]:
            return 0
        if sublayer >= self.windows.last[name]:
            return self.use[name]
        return self.placed[name, sublayer - (sublayer - alternative.kind.parity) % 2]

    def born_by(self, name: str, state: int) -> Literal:
        """Whether a variable is born by a state."""
        if self.known[name].is_input:
            return 1
        terms = [self.placed_by(a, state - 1) for a in self.windows.choices[name]]
        terms = [term for term in terms if not (isinstance(term, int) and term == 0)]
        if len(terms) <= 1:
            return terms[0] if terms else 0
        if (name, state) not in self.born:
            born = self.born[name, state] = self.new()
            self.clause([negated(born), *terms])
            for term in terms:
                self.clause([born, negated(term)])
        return self.born[name, state]


def negated(literal: Literal) -> Literal:
    """What holds where a literal does not."""
    return 1 - literal if isinstance(literal, int) else literal.negated()


CONSTRAINTS_A_SECOND = 50_000
"""Constraints for which a model counts as one second of work: writing them down and simplifying
them takes about that, and CP-SAT does not count it."""


def writing_time(steps: Steps) -> float:
    """Deterministic seconds that a step model takes before it is searched."""
    return len(steps.model.proto.constraints) / CONSTRAINTS_A_SECOND


def build_steps(
    problem: Problem,
    windows: Windows,
    states: tuple[int, int] | None = None,
    heads: Heads = Heads.SOME,
) -> Steps:
    """The step model, without an objective.

    Args:
        problem: The problem.
        windows: Where everything can stand.
        states: The first and the last state at which widths count; all by default.
        heads: Where heads may erase. Any but SOME leaves plans out.
    """
    load_cp_sat()
    from ortools.sat.python import cp_model

    first, last = (0, 2 * windows.layers) if states is None else states
    steps = Steps(problem, problem.by_name(), windows, first, last, cp_model.CpModel())
    _declare_uses(steps)
    _declare_views(steps)
    for alternatives in windows.choices.values():
        for alternative in alternatives:
            _declare_reads(steps, alternative)
            _declare_places(steps, alternative)
    _add_order(steps)
    _add_erasing_heads(steps, heads)
    _add_width(steps)
    return steps


def _declare_uses(steps: Steps) -> None:
    """At most one alternative of a variable is used; what every plan uses is a constant."""
    for name, alternatives in steps.windows.choices.items():
        sure = len(alternatives) == 1 and name in steps.windows.needed
        for alternative in alternatives:
            steps.use[alternative.name] = 1 if sure else steps.new()
        if len(alternatives) > 1:
            steps.model.add_at_most_one(steps.use[a.name] for a in alternatives)


def _declare_views(steps: Steps) -> None:
    """One view is used, and what it reads exists."""
    views = steps.problem.views
    steps.view = [1] if len(views) == 1 else [steps.new() for _ in views]
    if len(views) > 1:
        steps.model.add_exactly_one(steps.view)
    for view, chosen in zip(views, steps.view, strict=True):
        for name in view.reads:
            _exists_if(steps, name, chosen)


def _declare_reads(steps: Steps, alternative: Alternative) -> None:
    """For each read the option that is taken: one if the alternative is used, else none."""
    use = steps.use[alternative.name]
    for place, options in enumerate(alternative.reads):
        usable = [o for o in dict.fromkeys(options) if _can_exist(steps, o)]
        sure = len(usable) == 1
        literals = [use] if sure else [steps.new() for _ in usable]
        if not sure:
            steps.clause([negated(use), *literals])
            steps.model.add_at_most_one(literals)
        for option, chosen in zip(usable, literals, strict=True):
            steps.chosen[alternative.name, place, option] = chosen
            steps.readings.setdefault(option, []).append(Reading(alternative, chosen))
            if not sure:
                steps.clause([negated(chosen), use])
            _exists_if(steps, option, chosen)


def _can_exist(steps: Steps, name: str) -> bool:
    return steps.known[name].is_input or bool(steps.windows.choices[name])


def _exists_if(steps: Steps, name: str, condition: Literal) -> None:
    """A variable that is no input is computed where something reads it."""
    if not steps.known[name].is_input:
        uses = [steps.use[a.name] for a in steps.windows.choices[name]]
        steps.clause([negated(condition), *uses])


def _declare_places(steps: Steps, alternative: Alternative) -> None:
    """A literal for each sublayer of a window but the last, which is reached if it is used."""
    name, before = alternative.name, None
    for sublayer in range(steps.windows.first[name], steps.windows.last[name], 2):
        if not steps.lowest <= sublayer <= steps.last:
            continue
        here = steps.placed[name, sublayer] = steps.new()
        if before is not None:
            steps.clause([negated(before), here])
        before = here
    if before is not None:
        steps.clause([negated(before), steps.use[name]])


def _add_order(steps: Steps) -> None:
    """What is read is born where its reader reads."""
    for name, readings in steps.readings.items():
        if steps.known[name].is_input:
            continue
        for reading in readings:
            reader = reading.reader
            start, stop = steps.windows.first[reader.name], steps.windows.last[reader.name]
            for sublayer in range(start, stop + 1, 2):
                if steps.lowest + 2 <= sublayer <= steps.last:
                    _born_where_read(steps, name, reading, sublayer)


def _born_where_read(steps: Steps, name: str, reading: Reading, sublayer: int) -> None:
    here = steps.placed_by(reading.reader, sublayer)
    steps.clause([negated(here), negated(reading.chosen), steps.born_by(name, sublayer)])


def _add_erasing_heads(steps: Steps, heads: Heads) -> None:
    """Heads erase where what they read is alive."""
    own = steps.problem.self_attention
    reads = () if own is None else own.common
    possible = own is not None and all(_can_exist(steps, name) for name in reads)
    last = min(steps.last, 2 * steps.windows.layers - 2)
    for sublayer in range(steps.first - steps.first % 2, last + 1, 2):
        steps.erasing[sublayer] = heads.literal(steps.model) if possible else 0
        for name in reads if possible else ():
            steps.clause([negated(steps.erasing[sublayer]), steps.born_by(name, sublayer)])
    for name in reads if possible else ():
        _lasts_while_heads_erase(steps, name)


def _lasts_while_heads_erase(steps: Steps, name: str) -> None:
    """What an erasing head reads is alive there, and so at each state before, from its birth."""
    after: Literal = 0
    for state in range(steps.last, steps.first - 1, -1):
        erasing = steps.erasing.get(state, 0)
        born = steps.born_by(name, state)
        if any(isinstance(reason, int) and reason for reason in (after, erasing)):
            after = 1
            steps.alive[name, state] = born
            continue
        alive = steps.alive[name, state] = steps.new()
        steps.clause([alive, negated(born), negated(after)])
        steps.clause([alive, negated(erasing)])
        after = alive


def _add_width(steps: Steps) -> None:
    """At each state, what is alive fits."""
    total = sum(variable.width for variable in steps.problem.variables)
    steps.width = steps.model.new_int_var(0, total, "width")
    always = set(in_every_view(steps.problem))
    terms: dict[int, list[Any]] = {s: [] for s in range(steps.first, steps.last + 1)}
    least = dict.fromkeys(terms, 0)
    for variable in steps.problem.variables:
        for state in _span(steps, variable) if variable.width else ():
            alive = _alive(steps, variable.name, state, variable.name in always)
            if isinstance(alive, int):
                least[state] += variable.width * alive
            else:
                terms[state].append(variable.width * alive)
    for state, widths in terms.items():
        steps.model.add(sum(widths) + least[state] <= steps.width)


def _span(steps: Steps, variable: Variable) -> range:
    """The states at which widths count and a variable can be alive, in some plan worth having."""
    windows, name = steps.windows, variable.name
    choices = windows.choices[name]
    if not choices and not variable.is_input:
        return range(0)
    first = 0 if variable.is_input else min(windows.first[a.name] for a in choices) + 1
    own = steps.problem.self_attention
    lasting = any(name in view.reads for view in steps.problem.views)
    if lasting or (own is not None and name in own.named):
        last = 2 * windows.layers
    else:
        readers = [r.reader for r in steps.readings.get(name, ())]
        last = max((windows.last[a.name] + 1 - a.kind.parity for a in readers), default=-1)
    return range(max(first, steps.first), min(last, steps.last) + 1)


def _alive(steps: Steps, name: str, state: int, lasting: bool) -> Literal:
    """Whether a variable is alive at a state: born, and something still reads it."""
    born = steps.born_by(name, state)
    if lasting or (isinstance(born, int) and not born):
        return born
    reasons = [reason for r in steps.readings.get(name, ()) for reason in _pending(steps, r, state)]
    views = zip(steps.problem.views, steps.view, strict=True)
    reasons += [[chosen] for view, chosen in views if name in view.reads]
    reasons = [
        [literal for literal in reason if not (isinstance(literal, int) and literal)]
        for reason in reasons
        if not any(isinstance(literal, int) and not literal for literal in reason)
    ]
    if not all(reasons):
        return born
    if (name, state) not in steps.alive and reasons:
        steps.alive[name, state] = steps.new()
    alive = steps.alive.get((name, state), 0)
    if alive is born:
        return born
    for reason in reasons:
        steps.clause([alive, negated(born), *(negated(literal) for literal in reason)])
    return alive


def _pending(steps: Steps, reading: Reading, state: int) -> list[list[Literal]]:
    """What makes a reading keep its variable at a state: each list is a reason, if all of it holds.

    The reader stands here or later; or it stands in attention right before, where it alone would
    be if heads erased there.
    """
    reader, chosen = reading.reader, reading.chosen
    later = [chosen, negated(steps.placed_by(reader, state - 1))]
    if steps.windows.last[reader.name] < state - 1:
        return []
    if state % 2 == 0 or reader.kind is not Kind.ATTENTION:
        return [] if steps.windows.last[reader.name] < state else [later]
    near = [chosen, negated(steps.erasing[state - 1]), negated(steps.placed_by(reader, state - 3))]
    return [near] if steps.windows.last[reader.name] < state else [later, near]
