"""Sequences are read at once where they are plain, and token by token where that tells more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError
from optitracr.model.batches import encode_plain
from optitracr.model.sequences import encode, encode_all

BOS, PAD = "compiler_bos", "compiler_pad"


@lru_cache(maxsize=8, typed=True)
def model_over(*vocab: Any) -> CompiledModel:
    return compile_rasp_to_model(rasp.Map(repr, rasp.tokens), vocab, 3, check=False)


@pytest.mark.parametrize("vocab", [("a", "b"), (1, 2), (True, False), (1.5, 2.0), (b"a", b"b")])
def test_plain_tokens_are_read_at_once(vocab: tuple[Any, ...]) -> None:
    model, (one, two) = model_over(*vocab), vocab
    given = [[BOS, one], (BOS, two, one, one), [BOS, one, PAD], [BOS, two, PAD, PAD]]
    found = encode_plain(model, given)
    assert found is not None
    padded, lengths = found
    assert padded.dtype == np.int32
    assert lengths.tolist() == [2, 4, 3, 4]
    pad = model.input_encoder.pad_encoding
    for row, sequence in zip(padded.tolist(), given, strict=True):
        codes = encode(model, sequence)
        assert row == [*codes, *[pad] * (4 - len(codes))]


@pytest.mark.parametrize(
    "wrong",
    [
        [BOS],
        [],
        ["a"],
        ["a", BOS],
        [BOS, "z"],
        [BOS, "a", BOS],
        [BOS, PAD, "a"],
        [BOS, PAD],
        [BOS, "a", PAD, "a"],
        [BOS, "a", "a", "a", "a"],
        [BOS, ["a"]],
        [BOS, 1],
        {BOS: 1},
        None,
    ],
)
def test_what_is_wrong_is_said_as_ever(wrong: Any) -> None:
    model = model_over("a", "b")
    with pytest.raises(InputError) as alone:
        encode(model, wrong)
    with pytest.raises(InputError) as among:
        encode_all(model, [[BOS, "a"], wrong, [BOS, "z"]])
    assert str(among.value) == f"sequence 1: {alone.value}"


@pytest.mark.parametrize(
    ("vocab", "token"), [((1, 2), True), ((1, 2), 1.0), ((True, False), 1), ((1.0, 2.0), 1)]
)
def test_tokens_that_only_equal_are_refused(vocab: tuple[Any, ...], token: Any) -> None:
    with pytest.raises(InputError, match=r"sequence 0: token .* but is not the same"):
        encode_all(model_over(*vocab), [[BOS, token]])


def test_zeros_of_two_signs_are_not_the_same() -> None:
    model = model_over(0.0, 1.0)
    assert (
        encode_all(model, [[BOS, 0.0, 1.0]])[0].tolist()[0][1:3]
        == encode(model, [BOS, 0.0, 1.0])[1:]
    )
    with pytest.raises(InputError, match="but is not the same"):
        encode_all(model, [[BOS, -0.0]])


def test_other_sequences_are_read_as_ever() -> None:
    model = model_over("a", "b")

    def read() -> Iterator[str]:
        yield from (BOS, "a", "b")

    found, lengths = encode_all(model, [read(), np.array([BOS, "b"]), [BOS, np.str_("a")]])
    wanted = [encode(model, row) for row in ([BOS, "a", "b"], [BOS, "b"], [BOS, "a"])]
    assert [row[:n].tolist() for row, n in zip(found, lengths, strict=True)] == wanted
    assert encode_plain(model, [np.array([BOS, "b"])]) is None


def test_values_of_all_kinds_are_decoded() -> None:
    values = [None, (1, 2), "x", True, 2.5]
    program = rasp.Map(lambda t: values[t], rasp.tokens)
    model = compile_rasp_to_model(program, range(5), 5, check=False)
    given = [[BOS, 4, 3, 2, 1, 0], [BOS, 1], [BOS, 0, 0]]
    found = model.apply_batch(given).decoded
    assert found == [[BOS, *(values[t] for t in row[1:])] for row in given]
    assert [type(value) for value in found[0][1:]] == [float, bool, str, tuple, type(None)]
