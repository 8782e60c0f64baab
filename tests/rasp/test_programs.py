"""The interpreter on the shared table of programs."""

from __future__ import annotations

import pytest

from optitracr import rasp
from tests.programs import CASES, LIBRARY_EXAMPLES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_examples(case: Case) -> None:
    evaluate = rasp.evaluate_causal if case.causal else rasp.evaluate
    program = case.make()
    for xs, expected in case.examples:
        near = [pytest.approx(x) if isinstance(x, float) else x for x in expected]
        assert evaluate(program, xs) == near


def test_names_are_distinct() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert set(LIBRARY_EXAMPLES) <= set(names)
