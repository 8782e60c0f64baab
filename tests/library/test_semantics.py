"""Every library program computes what its description says."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from optitracr import library
from optitracr.library import Program
from optitracr.rasp.batch import evaluate_batch
from tests.library.references import REFERENCES

PROGRAMS = library.programs()
LIMIT = 3000
"""Inputs of each program, all of them up to the length where they are that many."""


def agree(found: Any, expected: Any) -> bool:
    if isinstance(found, float) or isinstance(expected, float):
        return found is not None and math.isclose(found, expected, abs_tol=1e-12)
    return bool(found == expected)


def allowed(program: Program, xs: list[Any]) -> bool:
    """Whether an input is one that the program is for."""
    return program.name != "sort_unique" or len(set(xs)) == len(xs)


def inputs(program: Program) -> Iterator[list[Any]]:
    """All inputs up to some length, and random ones up to the longest."""
    total = 0
    for size in range(1, program.max_seq_len + 1):
        total += len(program.vocab) ** size
        if total > LIMIT:
            break
        yield from (list(xs) for xs in product(program.vocab, repeat=size))
    chosen = random.Random(program.name)
    for size in range(1, program.max_seq_len + 1):
        for _ in range(40):
            yield chosen.choices(program.vocab, k=size)
    for _ in range(40):
        yield chosen.sample(program.vocab, k=min(len(program.vocab), program.max_seq_len))


def test_every_program_has_a_reference() -> None:
    assert set(REFERENCES) == set(library.names())


@pytest.mark.parametrize("program", PROGRAMS, ids=library.names())
def test_short_and_random_inputs(program: Program) -> None:
    sop = program.make()
    rows = [xs for xs in inputs(program) if allowed(program, xs)]
    place = {token: code for code, token in enumerate(program.vocab)}
    lengths = np.array([len(xs) for xs in rows])
    codes = np.zeros((len(rows), program.max_seq_len), dtype=np.int32)
    for row, xs in enumerate(rows):
        codes[row, : len(xs)] = [place[x] for x in xs]
    result = evaluate_batch([sop], program.vocab, codes, lengths)
    assert not result.undefined.any()
    values = result.values(sop)
    for xs, row_codes in zip(rows, result.codes(sop).tolist(), strict=True):
        found = [values[code] for code in row_codes[: len(xs)]]
        expected = REFERENCES[program.name](xs)
        assert len(expected) == len(xs)
        assert all(map(agree, found, expected)), (xs, found, expected)


@pytest.mark.parametrize("program", PROGRAMS, ids=library.names())
def test_plain_interpreter(program: Program) -> None:
    sop = program.make()
    chosen = random.Random(program.name)
    rows = [chosen.choices(program.vocab, k=n) for n in range(1, program.max_seq_len + 1)]
    for xs in filter(lambda xs: allowed(program, xs), rows):
        found, expected = sop(xs), REFERENCES[program.name](xs)
        assert all(map(agree, found, expected)), (xs, found, expected)
    assert sop([]) == []
