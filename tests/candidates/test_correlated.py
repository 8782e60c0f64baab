"""Programs of means, counts and positions that go together, on every input, plan by plan."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from optitracr import rasp
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.families import tables
from optitracr.candidates.forms import form_rows
from optitracr.candidates.space import CandidateSpace
from optitracr.candidates.tables import FunctionTables
from optitracr.catalogues import CandidateProposal
from optitracr.checking.verification import verify_model
from optitracr.constructions.leaves import Plan
from optitracr.graph.joint.values import JointValues
from optitracr.options import check_options
from optitracr.rasp import Comparison, Select, SelectorWidth, indices, tokens
from optitracr.setting import check_setting
from optitracr.stages import Compilation
from tests.constructions.leaves import written

LENGTH = 4
EARLIER = Select(indices, indices, Comparison.LEQ)
SAME = Select(tokens, tokens, Comparison.EQ)
SELECTORS = (
    Select(tokens, tokens, Comparison.TRUE),
    EARLIER,
    Select(indices, indices, Comparison.LT),
    SAME,
    Select(indices, indices, lambda key, query: abs(key - query) <= 1),
    Select(tokens, indices, Comparison.LEQ),
    SAME & EARLIER,
)
FUNCTIONS = (
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: (x + y) % 3,
    lambda x, y: x < y,
    max,
)


def leaf(draw: random.Random) -> rasp.SOp:
    selector, operand = draw.choice(SELECTORS), draw.choice((indices, tokens, indices % 2))
    numbers = rasp.numerical(rasp.Map(lambda value: value, operand))
    mean = rasp.numerical(rasp.Aggregate(selector, numbers, default=0))
    return draw.choice((indices, rasp.length, SelectorWidth(selector), mean, mean))


def correlated(seed: int) -> rasp.SOp:
    """Two functions that share what they read, joined by a third."""
    draw = random.Random(seed)
    first, second, third = (leaf(draw) for _ in range(3))
    left = rasp.SequenceMap(draw.choice(FUNCTIONS), first, second)
    right = rasp.SequenceMap(draw.choice(FUNCTIONS), draw.choice((first, second)), third)
    return rasp.SequenceMap(draw.choice(FUNCTIONS), left, right)


def compilation(seed: int, causal: bool) -> Compilation:
    setting = check_setting({0, 1, 2}, LENGTH, "bos", "pad", causal)
    return Compilation(correlated(seed), setting, check_options(2, causal=causal))


def planned(space: CandidateSpace) -> Iterator[Candidate]:
    """Candidates that are tables over other variables."""
    for candidate in space.candidates.values():
        itself = space.forms[candidate.form].label in candidate.cut
        if candidate.rule == tables.NAME and candidate.cut and not itself:
            yield candidate


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(20))
def test_tables_are_right_wherever_values_occur_together(seed: int) -> None:
    """In each cell of the classes that are read, too, whatever numbers stand in others."""
    made = compilation(seed, causal=bool(seed % 2))
    program, proposal = made.lowered.program, made.proposal
    assert isinstance(proposal, CandidateProposal)
    space, functions = proposal.space, FunctionTables.of(program)
    joint = JointValues(program.by_label(), made.setting.inputs)
    for candidate in planned(space):
        form = space.forms[candidate.form]
        rows = joint.listed(candidate.cut)
        if rows is None or not isinstance(candidate.plan, Plan):
            continue
        wanted = np.concatenate([form_rows(form), np.zeros((1, form.width))])
        table = functions.table(form.label, candidate.cut)
        leaves = {axis.leaf.label: axis.leaf for axis in candidate.plan.axes}
        for row in rows[(rows >= 0).all(axis=1)].tolist():
            values = {x: v for x, v in zip(candidate.cut, row, strict=True) if x in leaves}
            found = written(candidate.plan, [leaves[x] for x in values], list(values.values()))
            assert abs(found - wanted[table[tuple(row)]]).max() < 1e-2, (candidate.name, row)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("seed", "causal"), [(seed, causal) for seed in range(8) for causal in (False, True)]
)
def test_models_are_right_on_every_input(seed: int, causal: bool) -> None:
    report = verify_model(compilation(seed, causal).model, backend="numpy")
    assert report.exhaustive
