"""`apply_batch` says what a plain pass says, by distinct rows, or leaves it to a plain pass."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import LimitError
from optitracr.model import running
from optitracr.model.current import current
from optitracr.model.distinct import mixing, stages, tables
from optitracr.model.distinct.mixing import Mixing
from optitracr.model.distinct.tables import Hashed, Pairs
from optitracr.model.forward import ForwardOutput
from optitracr.model.runner import run_numpy

BOS, PAD = "compiler_bos", "compiler_pad"
PROGRAMS = ["sort_freq", "shuffle_dyck2", "mean", "previous_token"]


@pytest.fixture
def plain_passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sequences each plain pass was over; they run in NumPy."""
    rows: list[int] = []

    def counted(architecture: Any, params: Any, unembed: Any, tokens: Any) -> ForwardOutput:
        rows.append(len(tokens))
        return run_numpy(architecture, params, unembed, tokens)

    monkeypatch.setattr(running, "run_jax", counted)
    return rows


def sequences(model: CompiledModel, count: int, seed: int = 0) -> list[list[Any]]:
    """Random sequences of all lengths."""
    rng, tokens, most = random.Random(seed), model.setting.vocabulary, model.setting.max_seq_len
    return [[BOS, *(rng.choice(tokens) for _ in range(rng.randint(1, most)))] for _ in range(count)]


def plainly(model: CompiledModel, given: list[list[Any]]) -> list[list[Any]]:
    """What a plain pass decodes."""
    encoder, longest = model.input_encoder, model.setting.max_seq_len + 1
    padded = [[*row, *[PAD] * (longest - len(row))] for row in given]
    codes = np.array([[encoder.encoding_map[token] for token in row] for row in padded])
    now = current(model)
    with np.errstate(all="ignore"):
        found = run_numpy(now.architecture, now.params, now.unembed, codes).unembedded_output
    return [
        [BOS, *model.output_encoder.decode(row[1 : len(tokens)].tolist())]
        for row, tokens in zip(found, given, strict=True)
    ]


def assert_same(model: CompiledModel, given: list[list[Any]]) -> None:
    found, wanted = model.apply_batch(given).decoded, plainly(model, given)
    if model.architecture.categorical:
        assert found == wanted
        return
    assert [len(row) for row in found] == [len(row) for row in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert all(type(number) is float for number in one[1:])
        np.testing.assert_allclose(one[1:], other[1:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("level", "causal"), [(0, False), (1, False), (2, False), (2, True)])
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore::optitracr.errors.CausalReadingWarning")
def test_it_says_what_a_plain_pass_says(
    name: str, level: int, causal: bool, plain_passes: list[int]
) -> None:
    [entry] = [entry for entry in library.programs() if entry.name == name]
    longest = min(entry.max_seq_len, 6)
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, longest, optimize=level, causal=causal, check=False
    )
    assert_same(model, sequences(model, 150))
    assert_same(model, sequences(model, 30, seed=1))
    assert not plain_passes


@pytest.mark.parametrize("way", ["pairs", "few", "product"])
def test_all_ways_of_mixing_agree(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def costs(self: Mixing, *sizes: Any) -> dict[str, float]:
        taken.append(way if way != "few" or self.weighing.few is not None else "pairs")
        return {taken[-1]: 1.0}

    monkeypatch.setattr(Mixing, "_costs", costs)
    monkeypatch.setattr(Mixing, "_chosen", lambda self, block, *rest: np.full(len(rest[0]), -1))
    monkeypatch.setattr(mixing, "CHUNK", 40)
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 5, optimize=0, check=False)
    assert_same(model, sequences(model, 60))
    assert way in taken


def rasp_hist_and_shift() -> rasp.SOp:
    """Two heads, of which one counts and one takes the token before."""
    same = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ))
    before = rasp.Select(rasp.indices, rasp.indices - 1, rasp.Comparison.EQ)
    shifted = rasp.Aggregate(before, rasp.tokens)
    return rasp.SequenceMap(lambda n, t: f"{n}{t}", same, shifted)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [0.01, 1.0])
def test_edited_weights_are_followed(size: float, seed: int, plain_passes: list[int]) -> None:
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, optimize=2, check=False)
    given = sequences(model, 60)
    assert_same(model, given)
    rng = np.random.default_rng(seed)
    for arrays in model.params.values():
        for array in arrays.values():
            array[...] += size * rng.normal(size=array.shape)
    assert_same(model, given)
    model.model_config.causal = True
    assert_same(model, given)


@pytest.mark.parametrize("number", [np.nan, np.inf, 3e38])
def test_what_is_no_number_is_left_to_a_plain_pass(number: float, plain_passes: list[int]) -> None:
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, optimize=2, check=False)
    given = sequences(model, 20)
    for part in ("token_embed", "transformer/layer_0/attn/query"):
        edited = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
        next(iter(edited.params[part].values()))[0, 0] = number
        with np.errstate(all="ignore"):
            assert_same(edited, given)
    assert plain_passes


def test_another_activation_is_left_to_a_plain_pass(plain_passes: list[int]) -> None:
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
    given = sequences(model, 20)
    model.model_config.activation_function = np.tanh
    assert model.apply_batch(given).decoded == plainly(model, given)
    assert plain_passes == [20]


def test_what_is_not_clear_is_left_to_a_plain_pass(plain_passes: list[int]) -> None:
    program = rasp.Map(lambda t: t in "ab", rasp.tokens).named("early")
    model = compile_rasp_to_model(program, "abcdef", 3, optimize=0, check=False)
    # Only where there is an f, nothing passes 1/2 by a hair.
    model.params["token_embed"]["embeddings"][model.input_encoder.encoding_map["f"]] *= 0.50001
    given = [[BOS, token] for token in "abcdef"]
    assert_same(model, given)
    assert plain_passes == [1]


def test_rows_that_are_all_different_are_left_to_a_plain_pass(
    plain_passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "SETTLED", 100)
    so_far = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    program = rasp.numerical(rasp.Aggregate(so_far, rasp.numerical(rasp.tokens), default=0))
    model = compile_rasp_to_model(program, [2.0**i for i in range(20)], 6, check=False)
    assert_same(model, sequences(model, 200))
    assert plain_passes == [200]


def test_tables_that_grow_too_large_are_left_to_a_plain_pass(
    plain_passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_NUMBERS", 100)
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
    assert_same(model, sequences(model, 100))
    assert plain_passes == [100]


@pytest.mark.usefixtures("plain_passes")
def test_padded_positions_and_their_neighbours() -> None:
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
    given = [[BOS, "a", PAD], [BOS, "b", "a", PAD, PAD], [BOS, *"abca"]]
    assert_same(model, given)


def test_the_output_is_of_the_weights_that_it_ran_with(plain_passes: list[int]) -> None:
    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
    found = model.apply_batch([[BOS, "a", "b"]])
    wanted = model.forward_numpy(found.tokens)
    for arrays in model.params.values():
        for array in arrays.values():
            array[...] = 0
    assert not plain_passes
    np.testing.assert_allclose(found.output.logits, wanted.logits, atol=1e-6)
    assert found.output is found.output


def test_the_output_says_where_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*args: object) -> object:
        raise MemoryError

    model = compile_rasp_to_model(rasp_hist_and_shift(), "abc", 4, check=False)
    found = model.apply_batch([[BOS, "a"]])
    monkeypatch.setattr(running, "run_jax", none_left)
    with pytest.raises(LimitError, match="ran out of memory"):
        _ = found.output


def test_codes_of_integers_and_pairs() -> None:
    rng = np.random.default_rng(0)
    hashed, pairs, known, met = Hashed(), Pairs(), {}, {}
    for size in (1, 10, 5000, 5000):
        keys = rng.integers(-(2**62), 2**62, size=size) >> rng.integers(40, 60, size=size)
        codes, new = hashed.add(keys)
        before = len(known)
        for key, code in zip(keys.tolist(), codes.tolist(), strict=True):
            assert known.setdefault(key, code) == code
        assert codes[new].tolist() == list(range(before, len(known)))
        assert (hashed.find(np.array([2**61 + 1])) == -1).all()
        one, other = (rng.integers(0, size, size=size, dtype=np.int32) for _ in range(2))
        codes, _ = pairs.add(one, other)
        for pair, code in zip(
            zip(one.tolist(), other.tolist(), strict=True), codes.tolist(), strict=True
        ):
            assert met.setdefault(pair, code) == code
    assert sorted(known.values()) == list(range(len(known)))
    assert sorted(met.values()) == list(range(len(met))) == list(range(pairs.count))


def test_hashed_keys_of_one_place() -> None:
    """Keys that meet in a table each get a code of their own."""
    hashed = Hashed()
    keys = np.arange(200_000, dtype=np.int64)
    together = keys[hashed._places(keys) == 5]
    assert len(together) > 50
    assert sorted(hashed.add(together)[0]) == list(range(len(together)))
    assert hashed.find(together).tolist() == hashed.add(together)[0].tolist()


def test_weights_too_small_to_be_told_apart_are_left_to_a_plain_pass(
    plain_passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = compile_rasp_to_model(library.make_mean(), [0, 1, 2], 5, optimize=2, check=False)
    given = sequences(model, 200)
    assert_same(model, given)
    assert not plain_passes
    model = compile_rasp_to_model(library.make_mean(), [0, 1, 2], 5, optimize=2, check=False)
    monkeypatch.setattr(mixing, "LEAST", np.inf)
    assert_same(model, given)
    assert sum(plain_passes) == 200
