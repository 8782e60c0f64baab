"""The batched interpreter against the plain one."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optitracr import rasp
from optitracr.errors import EvaluationError, InputError
from optitracr.rasp import batch, means, tables
from optitracr.rasp.batch import BatchEvaluation, evaluate_batch
from tests.rasp.generated import VOCAB, inputs, sops


def coded(rows: list[list[Any]], vocab: tuple[Any, ...]) -> tuple[Any, Any]:
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    padded = np.full((len(rows), max([*lengths.tolist(), 1])), -7, dtype=np.int32)
    for codes, row in zip(padded, rows, strict=True):
        codes[: len(row)] = [vocab.index(token) for token in row]
    return padded, lengths


def run(
    exprs: list[rasp.SOp], rows: list[list[Any]], vocab: tuple[Any, ...], causal: bool = False
) -> BatchEvaluation:
    return evaluate_batch(exprs, vocab, *coded(rows, vocab), causal=causal)


def assert_same(
    exprs: list[rasp.SOp], rows: list[list[Any]], vocab: tuple[Any, ...], causal: bool = False
) -> None:
    result = run(exprs, rows, vocab, causal)
    for row, xs in enumerate(rows):
        try:
            expected = rasp.evaluate_all(exprs, xs, causal=causal)
        except EvaluationError:
            assert result.undefined[row]
            continue
        assert not result.undefined[row]
        for expr in exprs:
            codes = result.codes(expr)[row]
            values = [result.values(expr)[code] for code in codes[: len(xs)]]
            assert list(map(repr, values)) == list(map(repr, expected[expr]))
            assert not codes[len(xs) :].any()


@settings(max_examples=300, deadline=None)
@given(sops(), st.lists(inputs, max_size=6), st.booleans())
def test_equals_plain_interpreter(
    program: list[rasp.SOp], rows: list[list[Any]], causal: bool
) -> None:
    assert_same(program, rows, VOCAB, causal)


@settings(max_examples=100, deadline=None)
@given(program=sops(), rows=st.lists(inputs, max_size=6), causal=st.booleans())
def test_equals_plain_interpreter_without_dense_tables_and_in_chunks(
    program: list[rasp.SOp], rows: list[list[Any]], causal: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "DENSE_ENTRIES", 0)
        patch.setattr(means, "DENSE_SUMS", 0)
        patch.setattr(batch, "CHUNK_CELLS", 1)
        assert_same(program, rows, VOCAB, causal)


ALL = [list(xs) for size in range(1, 6) for xs in product("abc", repeat=size)]
TOKENS_LEQ = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "sop",
    [
        rasp.Aggregate(TOKENS_LEQ, rasp.Map(lambda x: x == "a", rasp.tokens), default=0),
        rasp.Aggregate(TOKENS_LEQ, rasp.Map({"a": 0.1, "b": 0.2, "c": 7.3}.get, rasp.tokens)),
        rasp.Aggregate(TOKENS_LEQ, rasp.Map({"a": 2**60, "b": 1, "c": -3}.get, rasp.tokens)),
        rasp.Aggregate(TOKENS_LEQ, rasp.Map({"a": 1e308, "b": 1e308, "c": 0}.get, rasp.tokens)),
        rasp.Aggregate(TOKENS_LEQ, rasp.Map({"a": Fraction(1, 3), "b": 1}.get, rasp.tokens)),
        rasp.Aggregate(TOKENS_LEQ, rasp.Map({"a": 1j, "b": 1, "c": 2}.get, rasp.tokens)),
        rasp.Aggregate(TOKENS_LEQ, rasp.tokens),
        rasp.Map(lambda x: {"a": 1}[x], rasp.tokens),
        rasp.SequenceMap(lambda x, i: x * i, rasp.tokens, rasp.indices),
        rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, lambda k, q: [0, k > q][k == q])),
        rasp.ConstantSOp([1, 2, 3]),
        rasp.ConstantSOp([1, 2, 3], check_length=False),
        rasp.Map(lambda x: (x, (1, True)), rasp.tokens),
    ],
)
def test_every_short_input(sop: rasp.SOp, causal: bool) -> None:
    assert_same([sop], ALL, ("a", "b", "c"), causal)


def test_functions_are_called_once_for_each_argument() -> None:
    calls: list[Any] = []

    def noted(*arguments: Any) -> int:
        calls.append(arguments)
        return len(arguments)

    program = rasp.SequenceMap(noted, rasp.Map(noted, rasp.tokens, simplify=False), rasp.indices)
    run([program], ALL * 3, ("a", "b", "c", "unused"))
    assert len(calls) == 3 + 5
    assert set(calls) == {("a",), ("b",), ("c",), *((1, i) for i in range(5))}


def test_raising_marks_only_the_rows_where_it_happens() -> None:
    program = rasp.Map({"a": 1, "b": 2}.__getitem__, rasp.tokens)
    result = run([program], [["a"], ["c"], ["b", "a"], ["a", "c"]], ("a", "b", "c"))
    assert result.undefined.tolist() == [False, True, False, True]


def test_numbers() -> None:
    half = rasp.Map({"a": 0.5, "b": None, "c": True}.get, rasp.tokens)
    result = run([half, rasp.tokens], [["a", "b", "c"], ["c"]], ("a", "b", "c"))
    expected = [[0.5, np.nan, 1], [1, np.nan, np.nan]]
    np.testing.assert_array_equal(result.numbers(half), expected)
    with pytest.raises(EvaluationError, match="no numbers"):
        result.numbers(rasp.tokens)


def test_only_what_was_asked_for_is_kept() -> None:
    result = run([rasp.tokens + "a"], [["a"]], ("a",))
    with pytest.raises(EvaluationError, match="was not evaluated"):
        result.codes(rasp.tokens)


def test_no_rows() -> None:
    result = evaluate_batch([rasp.length], ("a",), np.zeros((0, 4), int), np.zeros(0, int))
    assert result.codes(rasp.length).shape == (0, 4)
    assert result.undefined.shape == (0,)


@pytest.mark.parametrize(
    ("tokens", "lengths", "message"),
    [
        (np.zeros(3, int), np.zeros(3, int), "shape"),
        (np.zeros((2, 3), int), np.zeros(3, int), "shape"),
        (np.zeros((1, 3), int), np.array([4]), "lengths"),
        (np.zeros((1, 3), int), np.array([-1]), "lengths"),
        (np.full((1, 3), 2), np.array([1]), "codes"),
        (np.full((1, 3), -1), np.array([1]), "codes"),
    ],
)
def test_bad_batches(tokens: Any, lengths: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_batch([rasp.tokens], ("a", "b"), tokens, lengths)


def test_unhashable_values_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="hashed"):
        run([rasp.Map(lambda x: [x], rasp.tokens)], [["a"]], ("a",))


class Unknown(rasp.SOp):
    @property
    def children(self) -> list[rasp.RASPExpr]:
        return []


def test_unknown_kinds_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="unknown kind Unknown"):
        run([Unknown()], [["a"]], ("a",))
