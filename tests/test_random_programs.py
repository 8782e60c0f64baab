"""Hypothesis over random well-typed programs; what fails shrinks to a small program."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optitracr import compile_rasp_to_model
from optitracr.checking.verification import verify_model
from optitracr.errors import LimitError, UnsupportedError
from optitracr.library.random_programs import Feature, RandomProgram, random_program


@st.composite
def programs(draw: st.DrawFn) -> RandomProgram:
    """Programs over the whole language: fewer s-ops, tokens and positions first."""
    return random_program(
        seed=0,
        size=draw(st.integers(1, 9)),
        vocabulary=draw(st.integers(2, 3)),
        max_seq_len=draw(st.integers(2, 4)),
        features=draw(st.sets(st.sampled_from(list(Feature)))),
        rng=draw(st.randoms(use_true_random=False)),
    )


@pytest.mark.slow
@settings(max_examples=80, deadline=None, derandomize=True)
@given(programs(), st.booleans(), st.sampled_from([0, 1, 2]))
def test_every_variable_at_every_state_on_every_input(
    made: RandomProgram, causal: bool, level: int
) -> None:
    try:
        model = compile_rasp_to_model(
            made.program, made.vocab, made.max_seq_len, causal=causal, optimize=level, time_limit=2
        )
    except (UnsupportedError, LimitError):
        return
    report = verify_model(model, 200, 100, backend="numpy")
    assert report.inputs > 0
