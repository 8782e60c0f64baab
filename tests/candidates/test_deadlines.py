"""What comes too late for a model of the least depth is not planned; what remains is enough."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from optitracr.allocation import carry
from optitracr.candidates.births import Births, joined, read_for, tells
from optitracr.candidates.care import Care
from optitracr.candidates.deadlines import Deadlines
from optitracr.candidates.facts import Facts
from optitracr.candidates.families.registry import RULES
from optitracr.candidates.forms import Form
from optitracr.candidates.problem import space_problem
from optitracr.candidates.spaces import Spaces
from optitracr.catalogues import CandidateCatalogue, CandidateProposal
from optitracr.library.random_programs import Feature, random_program
from optitracr.options import check_options
from optitracr.recipes import CANDIDATES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers import Limits, Problem
from solvers.allocation import Allocation
from solvers.timing import earliest

SEEDS = (3, 11, 15, 30)
"""Of programs with variables that are the same on every input, or late, or told by fewer."""


def compilation(seed: int, size: int = 8, *, whole: bool = False, **options: object) -> Compilation:
    made = random_program(seed, size, features=tuple(Feature))
    setting = check_setting(set(made.vocab), made.max_seq_len, COMPILER_BOS, COMPILER_PAD, False)
    return Compilation(made.program, setting, check_options(**options), whole=whole)  # type: ignore[arg-type]


@lru_cache
def spaces(seed: int) -> tuple[Spaces, Births]:
    own = compilation(seed, 14)
    found = Spaces(Facts(own.lowered.program, own.setting), own.encoded.program, RULES)
    births = found.births
    assert births is not None
    return found, births


def is_constant(form: Form) -> bool:
    return len(set(form.numbers or form.classes)) < 2


@pytest.mark.parametrize("care", [Care.LEAST, Care.ROBUST])
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_born_before_and_what_is_of_use_is_not_late(seed: int, care: Care) -> None:
    found, births = spaces(seed)
    space = found.whole(care)
    problem = space_problem(space, Limits())
    times = earliest(problem)
    last = latest(problem, times.layers)
    outputs = [reading.need.label for way in found.readings for reading in way.readings]
    deadlines = Deadlines(births, outputs, times.layers)
    for candidate in space.candidates.values():
        form, start = space.forms[candidate.form], times.sublayer.get(candidate.name)
        if start is None or is_constant(form):
            continue
        assert start + 1 >= births.of(form.label), candidate.name
        if candidate.cut and start + 1 <= last[form.name]:
            assert not deadlines.is_late(form, candidate.cut), candidate.name


def latest(problem: Problem, layers: int) -> dict[str, int]:
    """The last state in which each variable is of use, by the candidates that there are."""
    times, of = earliest(problem), problem.alternatives_of()
    last = dict.fromkeys((v.name for v in problem.variables), -1)
    pending = [(name, 2 * layers) for view in problem.views for name in view.reads]
    while pending:
        name, state = pending.pop()
        if state <= last[name]:
            continue
        last[name] = state
        for alternative in of[name]:
            read = read_for(state, alternative.kind)
            if times.sublayer[alternative.name] <= read:
                pending += [(x, read) for options in alternative.reads for x in options]
    return last


@pytest.mark.parametrize("seed", SEEDS)
def test_what_remains_is_solved_as_well(seed: int) -> None:
    shallow, whole = (compilation(seed, whole=whole) for whole in (False, True))
    assert shallow.placed.allocation.status == whole.placed.allocation.status
    assert shallow.placed.allocation.value <= whole.placed.allocation.value
    assert shallow.checked.proven == whole.checked.proven


def test_fewer_candidates_are_planned() -> None:
    found, _ = spaces(15)
    assert len(found.shallow(Care.LEAST).candidates) < len(found.whole(Care.LEAST).candidates)


@pytest.mark.parametrize("given", [{"objective": "width"}, {"limits": {"width": 40}}])
def test_all_are_planned_where_depth_is_not_all_that_counts(given: dict[str, object]) -> None:
    proposal = compilation(15, **given).proposal
    assert isinstance(proposal, CandidateProposal)
    assert proposal.space.layers is None


def test_all_are_planned_where_a_rule_does_not_say_when_it_has_variables() -> None:
    rules = tuple(replace(rule, born=None) if rule.name == "table" else rule for rule in RULES)
    own = compilation(15)
    recipe = replace(CANDIDATES, catalogue=CandidateCatalogue(rules=rules))
    made = Compilation(own.source, own.setting, own.options, recipe=recipe)
    assert isinstance(made.proposal, CandidateProposal)
    assert made.proposal.space.layers is None


def test_all_are_planned_where_the_least_depth_is_not_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = compilation(15)
    assert isinstance(made.proposal, CandidateProposal)
    assert made.proposal.space.layers is not None
    tried = carry.tried_plan

    def deeper(
        space: object, problem: Problem, solve: object, start: object, *at_most: object
    ) -> object:
        def solved(*given: object) -> Allocation:
            found: Allocation = solve(*given)  # type: ignore[operator]
            assert found.plan is not None
            layers = found.plan.layers + 1
            return replace(found, plan=replace(found.plan, layers=layers))

        given = solve if space.layers is None else solved  # type: ignore[attr-defined]
        return tried(space, problem, given, start, *at_most)  # type: ignore[arg-type]

    monkeypatch.setattr(carry, "tried_plan", deeper)
    proposal = made.placed.proposal
    assert isinstance(proposal, CandidateProposal)
    assert proposal.space.layers is None


def test_what_is_told_without_some_axes() -> None:
    # Of x + 2y the parity tells x, whatever y is; without x or y alone nothing is told of x XOR y.
    both, odd = (np.array(rows, dtype=np.int32) for rows in ([[0, 2], [1, 3]], [[0, 1], [1, 0]]))
    assert tells(joined(both, None, [1]), 4)
    assert not tells(joined(both, None, [0, 1]), 4)
    assert not tells(joined(odd, None, [1]), 2)
    # Where only one of the combinations of a row can occur, the row tells the result.
    assert tells(joined(odd, np.array([[True, False], [True, False]]), [1]), 2)
    # What never occurs is told from all else.
    assert tells(joined(np.zeros((2, 2), dtype=np.int32), None, [0]), 2)
