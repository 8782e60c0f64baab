"""Causal models compute the causal reading, and say where it differs from the full one."""

from __future__ import annotations

import warnings

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.errors import CausalReadingWarning
from optitracr.rasp import Comparison, indices, tokens

SO_FAR = rasp.Select(indices, indices, Comparison.LEQ)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_program_that_looks_ahead_is_reported_once(level: int) -> None:
    program = library.get("reverse").make()
    with pytest.warns(CausalReadingWarning, match=r"position \d of \[.*\] it is .*, not") as caught:
        model = compile_rasp_to_model(program, {"a", "b"}, 3, causal=True, optimize=level)
    assert len(caught) == 1
    model.verify()


def test_a_program_that_does_not_look_ahead_is_not() -> None:
    program = rasp.SelectorWidth(SO_FAR)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile_rasp_to_model(program, {"a", "b"}, 3, causal=True)
        compile_rasp_to_model(library.get("reverse").make(), {"a", "b"}, 3)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["frac_prevs", "pair_balance", "running_count", "dyck1_ptf"])
def test_the_causal_mask_makes_order_on_indices_free(name: str) -> None:
    entry = library.get(name)
    full = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    causal = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, causal=True)
    assert causal.size.parameters < full.size.parameters
    assert causal.size.width < full.size.width
    causal.verify(3000)


def test_the_smallest_running_mean_needs_no_positions() -> None:
    share = rasp.numerical(rasp.Aggregate(SO_FAR, rasp.numerical(tokens == "a"), default=0))
    model = compile_rasp_to_model(share, {"a", "b"}, 6, causal=True)
    assert (model.size.layers, model.size.heads, model.size.head_size) == (1, 1, 1)
    assert model.size.width == 3
    model.verify()


def test_readings_that_differ_only_in_type_are_not_reported() -> None:
    everywhere = rasp.Select(indices, indices, Comparison.TRUE)
    programs = (
        rasp.Aggregate(everywhere, rasp.Map(lambda x: 3, tokens)),
        rasp.Aggregate(everywhere, rasp.Map(lambda x: -0.0, tokens)) * 0,
        rasp.Aggregate(everywhere, rasp.Full(True), default=1),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for program in programs:
            compile_rasp_to_model(program, {"a", "b"}, 3, causal=True)
