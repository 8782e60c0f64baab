"""Problems are checked at construction and read from JSON only when they are whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    ProblemError,
    SelfAttention,
    SizeConstants,
    Sizes,
    Variable,
    View,
    allocation_from_json,
    fingerprint,
    problem_from_json,
    problem_to_json,
)
from tests.solvers.tiny import chain, tiny_problem

A, M = Kind.ATTENTION, Kind.MLP
GOOD = chain(A, M)


def with_alternative(alternative: Alternative) -> Problem:
    return replace(GOOD, alternatives=(*GOOD.alternatives, alternative))


BAD: list[tuple[str, Callable[[], object]]] = [
    ("'x0' appears twice", lambda: replace(GOOD, variables=(*GOOD.variables, Variable("x0", 1)))),
    ("'x1' appears twice", lambda: with_alternative(GOOD.alternatives[0])),
    ("width -1", lambda: replace(GOOD, variables=(*GOOD.variables, Variable("w", -1)))),
    ("unknown variable 'q'", lambda: with_alternative(Alternative("a", "q", M, ()))),
    ("unknown variable 'q'", lambda: with_alternative(Alternative("a", "x2", M, (("q",),)))),
    ("computes the input", lambda: with_alternative(Alternative("a", "x0", M, ()))),
    ("head demand", lambda: with_alternative(Alternative("a", "x2", A, ()))),
    (
        "head demand",
        lambda: with_alternative(Alternative("a", "x2", M, (), head=HeadDemand("s", 1, 1))),
    ),
    ("neurons", lambda: with_alternative(Alternative("a", "x2", M, (), neurons=-1))),
    ("no variable satisfies", lambda: with_alternative(Alternative("a", "x2", M, ((),)))),
    ("reads what it computes", lambda: with_alternative(Alternative("a", "x2", M, (("x2",),)))),
    ("no view", lambda: replace(GOOD, views=())),
    ("unknown variable 'q'", lambda: replace(GOOD, views=(View(("q",)),))),
    ("unknown variable 'q'", lambda: replace(GOOD, self_attention=SelfAttention(("q",), 1))),
    ("negative", lambda: Limits(width=-1)),
]


@pytest.mark.parametrize(("part", "make"), BAD)
def test_bad_problems_are_refused(part: str, make: Callable[[], object]) -> None:
    with pytest.raises(ProblemError, match=part):
        make()


def test_json_round_trip() -> None:
    for seed in range(50):
        problem = tiny_problem(seed)
        text = problem_to_json(problem)
        assert problem_from_json(text) == problem
        assert problem_to_json(problem_from_json(text)) == text
        assert hash(problem_from_json(text)) == hash(problem)
    assert fingerprint(GOOD) != fingerprint(replace(GOOD, name="other"))


def test_json_of_another_kind_is_refused() -> None:
    data = json.loads(problem_to_json(GOOD))
    cases = {
        "not JSON": problem_to_json(GOOD)[:-5],
        "schema version": json.dumps({**data, "version": 2}),
        "not of schema": json.dumps({**data, "schema": "x"}),
        "malformed": json.dumps({k: v for k, v in data.items() if k != "views"}),
        "unknown variable": json.dumps({**data, "views": [{"reads": ["q"]}]}),
    }
    for part, text in cases.items():
        with pytest.raises(ProblemError, match=part):
            problem_from_json(text)
    with pytest.raises(ProblemError, match="not of schema"):
        allocation_from_json(problem_to_json(GOOD))


def test_parameters_of_tracrs_length() -> None:
    """Tracr's model of `length`: 1,961 parameters without the unembedding of 25 by 9."""
    sizes = Sizes(layers=1, width=25, heads=1, head_size=6, neurons=18)
    assert sizes.parameters(SizeConstants(4 + 2 + 8 + 1, 0)) == 1961
    assert sizes.parameters(SizeConstants(4 + 2 + 8 + 1, 9)) == 1961 + 225
