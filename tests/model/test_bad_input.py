"""Bad input gets one clear error that names the place and the remedy."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, LimitError, ProgramError, UnsupportedError, ValueSetError

BOS = "compiler_bos"


@lru_cache(maxsize=1)
def identity_model() -> CompiledModel:
    program = rasp.Map(lambda x: x, rasp.tokens).named("same")
    return compile_rasp_to_model(program, {"a", "b"}, 3, optimize=0)


@pytest.mark.parametrize(
    ("tokens", "part"),
    [
        ([BOS, "a", "z"], "'z' at position 2 is not in the vocabulary"),
        ([BOS, "a", "a", "a", "a"], "takes 4"),
        ([BOS], "empty"),
        ([], "empty"),
        (["a", "b"], "BOS token 'compiler_bos'"),
        ([BOS, "a", BOS], "only at position 0"),
        ([BOS, ["a"]], "not in the vocabulary"),
    ],
)
def test_apply_refuses(tokens: list[object], part: str) -> None:
    with pytest.raises(InputError, match=r"position|takes|empty|BOS") as caught:
        identity_model().apply(tokens)
    assert part in str(caught.value)


@pytest.mark.parametrize("token", [True, 1.0, Fraction(1)])
def test_a_token_that_only_equals_one_of_the_vocabulary(token: object) -> None:
    model = compile_rasp_to_model(rasp.tokens + 1, {0, 1, 2}, 3)
    with pytest.raises(InputError, match=r"equals the token 1 of type int.*pass 1"):
        model.apply([BOS, token])
    with pytest.raises(InputError, match="sequence 1"):
        model.apply_batch([[BOS, 1], [BOS, 2, token]])


def test_tokens_of_numpy_are_what_they_stand_for() -> None:
    program = rasp.Map(repr, rasp.tokens)
    numbers = compile_rasp_to_model(program, np.array([0, 1, 2]), 3)
    assert numbers.setting.vocabulary == (0, 1, 2)
    assert numbers.apply([BOS, np.int8(2), 1]).decoded == [BOS, "2", "1"]
    assert program([np.int8(2), 1]) == ["2", "1"]
    texts = compile_rasp_to_model(program, np.array(["a", "b"]), 3, compiler_bos=np.str_("B"))
    assert texts.apply_batch([["B", np.str_("b")]]).decoded == [["B", "'b'"]]


def test_apply_batch_names_the_sequence() -> None:
    with pytest.raises(InputError, match="sequence 1: token 'z'"):
        identity_model().apply_batch([[BOS, "a"], [BOS, "z"]])
    with pytest.raises(InputError, match="no sequence"):
        identity_model().apply_batch([])


@pytest.mark.parametrize(
    ("vocab", "length", "part"),
    [
        ({"a", BOS}, 3, "compiler_bos"),
        ({"a", "compiler_pad"}, 3, "compiler_pad"),
        ({"a", 1}, 3, "mixes types"),
        (set(), 3, "empty"),
        ([["a"]], 3, "hashable"),
        ([2, 2.0], 3, "2 and 2.0, which are equal"),
        ([0, 3, False], 3, "0 and False, which are equal"),
        ([0.0, -0.0], 3, "0.0 and -0.0, which are equal"),
        ([1.0, float("nan")], 3, "equals nothing"),
        ({"a"}, 0, "max_seq_len"),
        ({"a"}, 2.5, "max_seq_len"),
        ({"a"}, True, "max_seq_len"),
    ],
)
def test_compile_refuses_settings(vocab: object, length: object, part: str) -> None:
    with pytest.raises(InputError, match=part):
        compile_rasp_to_model(rasp.tokens, vocab, length, optimize=0)  # type: ignore[arg-type]


def test_bos_and_pad_must_differ() -> None:
    with pytest.raises(InputError, match="both 'x'"):
        compile_rasp_to_model(rasp.tokens, {"a"}, 3, compiler_bos="x", compiler_pad="x")


def test_other_bos_and_pad_work() -> None:
    program = rasp.Map(str.upper, rasp.tokens)
    model = compile_rasp_to_model(
        program, {"a", BOS}, 3, compiler_bos="<s>", compiler_pad="</s>", optimize=0
    )
    assert model.apply(["<s>", "a", BOS]).decoded == ["<s>", "A", BOS.upper()]


def test_a_selector_is_no_program() -> None:
    selector = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    with pytest.raises(ProgramError, match="s-op"):
        compile_rasp_to_model(selector, {"a"}, 3)  # type: ignore[arg-type]


def test_predicate_that_raises_is_named() -> None:
    def broken(key: str, query: str) -> bool:
        raise KeyError(key)

    program = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, broken)).named("counted")
    with pytest.raises(ValueSetError, match=r"'counted\w*'.*raised KeyError.*\('a', 'a'\)"):
        compile_rasp_to_model(program, {"a", "b"}, 3, optimize=0)


def test_map_that_raises_is_named_with_its_source_line() -> None:
    program = rasp.Map(lambda x: x + 1, rasp.tokens).named("plus_one")
    with pytest.raises(ValueSetError, match=r"plus_one.*test_bad_input\.py:\d+.*TypeError"):
        compile_rasp_to_model(program, {"a"}, 3, optimize=0)


def test_arithmetic_errors_are_no_value() -> None:
    program = rasp.Map(lambda x: 6 // x, rasp.tokens)
    model = compile_rasp_to_model(program, {0, 1, 2}, 2, optimize=0)
    assert model.apply([BOS, 1, 2]).decoded == [BOS, 6, 3]


@pytest.mark.slow
def test_value_set_beyond_the_limit() -> None:
    pair = rasp.SequenceMap(lambda x, y: (x, y), rasp.tokens, rasp.indices)
    before = rasp.Select(rasp.indices, rasp.indices, lambda key, query: key == query - 1)
    quad = rasp.SequenceMap(lambda x, y: (x, y), pair, rasp.Aggregate(before, pair))
    with pytest.raises(ValueSetError, match=r"limit|more than"):
        compile_rasp_to_model(quad, set(range(60)), 40, optimize=0)


def test_unhashable_values() -> None:
    program = rasp.Map(lambda x: [x], rasp.tokens)
    with pytest.raises(ValueSetError, match="unhashable"):
        compile_rasp_to_model(program, {"a"}, 2, optimize=0)


@pytest.mark.slow
def test_too_many_neurons() -> None:
    pair = rasp.SequenceMap(lambda x, y: 0, rasp.tokens, rasp.Map(lambda i: i, rasp.indices))
    with pytest.raises(LimitError, match="neurons"):
        compile_rasp_to_model(pair, set(range(3000)), 30, optimize=0)


BEFORE = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)


@pytest.mark.parametrize("level", [0, 1])
def test_a_default_that_the_standard_lowering_cannot_write(level: int) -> None:
    program = rasp.Aggregate(BEFORE, rasp.tokens, default="a")
    with pytest.raises(UnsupportedError, match=r"not to 'a'; compile with optimize=2"):
        compile_rasp_to_model(program, {"a", "b"}, 4, optimize=level)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_selector_that_selects_by_one_variable_where_another_is_none(level: int) -> None:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    before = rasp.Aggregate(BEFORE, rasp.tokens)
    either = same | rasp.Select(before, rasp.tokens, rasp.Comparison.EQ)
    with pytest.raises(UnsupportedError, match="is None, and is no sum of conditions"):
        compile_rasp_to_model(rasp.SelectorWidth(either), {"a", "b"}, 4, optimize=level)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_number_of_strings(level: int) -> None:
    program = rasp.numerical(rasp.Map(lambda t: t, rasp.tokens))
    with pytest.raises(UnsupportedError, match="can be 'a', which is no number"):
        compile_rasp_to_model(program, {"a", "b"}, 4, optimize=level)


def test_unknown_level_and_objective_and_limit() -> None:
    with pytest.raises(InputError, match="levels"):
        compile_rasp_to_model(rasp.tokens, {"a"}, 2, optimize=7)
    with pytest.raises(InputError, match="objective"):
        compile_rasp_to_model(rasp.tokens, {"a"}, 2, objective="speed")
    with pytest.raises(InputError, match="unknown"):
        compile_rasp_to_model(rasp.tokens, {"a"}, 2, limits={"depth": 2})
    with pytest.raises(InputError, match="limit layers is -1"):
        compile_rasp_to_model(rasp.tokens, {"a"}, 2, limits={"layers": -1})
