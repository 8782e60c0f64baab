"""The proof by values: what it proves, and that it proves nothing that an input refutes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.checking.comparison import compared_outputs
from optitracr.checking.proof.prove import BUDGET, prove_model
from optitracr.checking.proof.symbolic.prove import prove_by_values
from optitracr.inputs import check_inputs
from optitracr.library.random_programs import Feature, random_program
from optitracr.model.current import current
from optitracr.model.proof import Status
from optitracr.model.transformer import Transformer
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from tests.stages import compilation

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def compiled(program: rasp.SOp, vocab: Any, length: int, level: int, causal: bool = False) -> Any:
    setting = check_setting(vocab, length, COMPILER_BOS, COMPILER_PAD, causal)
    return Compilation(program, setting, check_options(level, causal=causal, time_limit=0)).model


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.names())
def test_library_programs_are_proven(name: str) -> None:
    for level in (0, 2):
        proof = prove_model(compilation(name, level).model, budget=BUDGET)
        assert proof.proven, (level, str(proof))


@pytest.mark.parametrize("name", ["sort", "dyck2_ptf", "induction", "shuffle_dyck2", "hist"])
def test_programs_at_level_1_are_proven(name: str) -> None:
    assert prove_model(compilation(name, 1).model, budget=BUDGET).proven


@pytest.mark.parametrize("level", [0, 1, 2])
def test_domains_far_beyond_enumeration_are_proven(level: int) -> None:
    hundred = [f"t{number:03}" for number in range(100)]
    models = [
        compiled(library.make_hist(), hundred, 50, level),
        compiled(library.make_hist(), list("abcd"), 128, level),
        compiled(library.make_hist(), list("abcd"), 256, level),
        compiled(library.make_reverse(rasp.tokens), list(LETTERS), 24, level),
    ]
    for model in models:
        proof = prove_model(model, budget=BUDGET)
        assert proof.proven, str(proof)
        assert proof.inputs == 0


def test_what_bos_holds_that_looks_anywhere_is_followed_through_neurons() -> None:
    """A head that counts by powers takes no column for BOS, so that BOS looks at all alike."""
    tokens, place = rasp.tokens, rasp.Comparison
    smaller = rasp.SelectorWidth(rasp.Select(tokens, tokens, place.LT))
    program = rasp.Aggregate(rasp.Select(smaller, rasp.indices, place.EQ), tokens)
    model = compile_rasp_to_model(program, set(range(1, 7)), 6)
    assert prove_by_values(model, current(model), BUDGET).proven


def test_sorting_20_tokens_at_20_positions_is_proven() -> None:
    program = library.make_sort(rasp.tokens, rasp.tokens, max_seq_len=20, min_key=1)
    proof = prove_model(compiled(program, list(range(1, 21)), 20, 2), budget=BUDGET)
    assert proof.proven, str(proof)


@pytest.mark.parametrize(("name", "without"), [("shuffle_dyck2", "powers"), ("shuffle_dyck3", "")])
def test_means_of_what_is_more_where_a_condition_holds_are_followed(
    name: str, without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a plan that float32 is estimated not to carry it is not asked whether every input is right.
    monkeypatch.setattr(Compilation, "_proven", lambda self, placed: False)
    entry = library.get(name)
    setting = check_setting(entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, False)
    options = check_options(without=without, check=False)
    model = Compilation(entry.make(), setting, options).model
    proof = prove_by_values(model, current(model), BUDGET)
    assert proof.proven, str(proof)


def _last_earlier() -> rasp.Selector:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    earlier = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)
    return rasp.SelectLast(same & earlier)


def _rarest() -> rasp.SOp:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    every = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE)
    return rasp.Aggregate(rasp.SelectBest(every, -rasp.SelectorWidth(same)), rasp.tokens)


def _largest() -> rasp.SOp:
    larger = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.GT))
    unbeaten = rasp.Select(larger, rasp.tokens, lambda k, q: k == 0)
    return rasp.Aggregate(unbeaten, rasp.tokens)


ONLY_FULL = {"maximum", "largest"}
"""In the causal reading a key is the largest of those before it, which is no rank."""

GRADED = {
    "largest": _largest,
    "induction": library.make_induction,
    "index_of_first": lambda: library.make_index_of_first(1),
    "distance_to_last": lambda: library.make_distance_to_last(1),
    "maximum": lambda: library.make_maximum(12),
    "argmax": library.make_argmax,
    "last earlier": lambda: rasp.Aggregate(_last_earlier(), rasp.indices),
    "rarest": _rarest,
}


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("name", list(GRADED))
def test_heads_that_look_at_the_best_key_are_followed(name: str, causal: bool) -> None:
    if causal and name in ONLY_FULL:
        return
    proof = prove_model(compiled(GRADED[name](), range(1, 6), 12, 2, causal), budget=BUDGET)
    assert proof.proven, str(proof)
    assert proof.inputs == 0


def test_what_is_not_known_is_left_open_in_the_programs_names() -> None:
    thirds = rasp.numerical(rasp.Map(lambda token: len(token) / 3, rasp.tokens))
    earlier = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    program = rasp.numerical(rasp.Aggregate(earlier, thirds, default=0)).named("mean")
    model = compiled(program, ["a", "bb", "cccc"], 6, 2)
    proof = prove_by_values(model, current(model), BUDGET)
    assert not proof.proven
    assert any("mean" in obligation for obligation in proof.open)


def changed(model: Transformer, rng: np.random.Generator) -> Transformer:
    """The model with one weight changed."""
    found = copy.deepcopy(model)
    names = [(part, key) for part, arrays in model.params.items() for key in arrays]
    names = [(part, key) for part, key in names if np.any(model.params[part][key])]
    part, key = names[rng.integers(len(names))]
    weights = np.array(model.params[part][key])
    places = np.argwhere(weights != 0)
    one, other = (tuple(places[rng.integers(len(places))]) for _ in range(2))
    match rng.integers(5):
        case 0:
            weights[one] = -weights[one]
        case 1:
            weights[one] = 0
        case 2:
            weights[one] *= rng.choice([0.5, 0.9, 0.99, 1.1, 2.0])
        case 3:
            weights[one], weights[other] = weights[other], weights[one]
        case _:
            weights[tuple(rng.integers(size) for size in weights.shape)] += rng.normal()
    found.params = {**found.params, part: {**found.params[part], key: weights}}
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_proven_that_an_input_refutes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = random_program(seed, 3 + seed % 7, 2 + seed % 2, 3 + seed % 3, list(Feature))
    entry = library.programs()[int(rng.integers(len(library.programs())))]
    sizes = len(entry.vocab), entry.max_seq_len
    models = [compiled(made.program, made.vocab, made.max_seq_len, 2, seed % 4 == 0)]
    if sizes[0] ** sizes[1] < 1000:
        models.append(compilation(entry.name, seed % 3).model)
    for model in models:
        setting = model.setting
        inputs = check_inputs(len(setting.vocabulary), setting.max_seq_len, 10**6, 0, 0)
        for each in (model, *(changed(model, rng) for _ in range(6))):
            if prove_by_values(each, current(each), BUDGET).proven:
                assert compared_outputs(each, inputs) is None


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 3e38])
@pytest.mark.parametrize("name", ["hist", "sort", "reverse"])
def test_numbers_beyond_float32_are_not_believed(name: str, number: float) -> None:
    model = compilation(name, 2).model
    for part, arrays in model.params.items():
        for key, weights in arrays.items():
            for place in {0, weights.size - 1}:
                if not weights.size:
                    continue
                found = np.array(weights)
                found.reshape(-1)[place] = number
                each = copy.copy(model)
                each.params = {**model.params, part: {**arrays, key: found}}
                if prove_by_values(each, current(each), BUDGET).proven:
                    setting = model.setting
                    vocabulary, length = len(setting.vocabulary), setting.max_seq_len
                    inputs = check_inputs(vocabulary, length, 500, 100, 0)
                    assert compared_outputs(each, inputs) is None, (part, key, place)


def test_a_bias_beside_no_heads_counts() -> None:
    program = rasp.SequenceMap(lambda x, i: (ord(x) + i) % 7, rasp.tokens, rasp.indices)
    model = compiled(program, list(LETTERS), 30, 2)
    assert model.size.heads == 0
    assert prove_by_values(model, current(model), BUDGET).proven
    part = "transformer/layer_0/attn/linear"
    bias = np.full_like(model.params[part]["b"], 5.0)
    model.params = {**model.params, part: {**model.params[part], "b": bias}}
    assert not prove_by_values(model, current(model), BUDGET).proven
    assert model.prove().status is Status.REFUTED


@pytest.mark.slow
def test_what_is_nested_too_deeply_is_left_open() -> None:
    program = rasp.tokens
    for _ in range(2000):
        program = rasp.SequenceMap(lambda x, y: max(x, y), program, rasp.tokens)
    model = compiled(program, list(LETTERS), 20, 2)
    assert prove_by_values(model, current(model), BUDGET).open
