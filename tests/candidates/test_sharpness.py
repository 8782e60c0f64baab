"""One-hots that are off in float32, and means that would not bear it."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.savings import SavingKind
from optitracr.candidates.sharpness import (
    OneHotError,
    pair_error,
    spoils_mean,
    spoils_width,
    step_error,
)
from optitracr.craft.chamber import maps
from optitracr.craft.numerics import coldness
from optitracr.craft.reading import Variable, categorical, direction, numerical
from optitracr.craft.spaces import Direction, Space
from optitracr.rasp import Select, SelectorWidth, SequenceMap, indices, tokens

ONE = direction("one", Space((Direction("one"),)))
NUMBERS = rasp.numerical(rasp.Map(lambda x: 1.0 * x + 1, indices))
HIST = SelectorWidth(Select(tokens, tokens, rasp.Comparison.EQ))
TO_THE_END = SequenceMap(lambda n, i: n - i - 1, library.length, indices)


@pytest.fixture(autouse=True, scope="module")
def in_numpy() -> None:
    """In place of the room's: what rounding does is looked at in JAX too."""


def mean(selector: rasp.Selector) -> rasp.SOp:
    """The mean of numbers over what is selected."""
    return rasp.numerical(rasp.Aggregate(selector, NUMBERS, default=0))


PROGRAMS = {
    "keys from a width": mean(Select(TO_THE_END, indices, lambda k, q: k % 3 == 0)),
    "keys and queries are widths": mean(Select(HIST, HIST, lambda k, q: (k + q) % 3 == 0)),
    "queries are a width": mean(Select(indices, HIST, lambda k, q: (k + q) % 5 < 3)),
    "keys of few classes": mean(
        Select(rasp.Map(lambda h: h % 4, HIST), indices, lambda k, q: k != q % 4)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", PROGRAMS)
def test_means_over_inexact_keys_are_made_right_and_say_so(
    name: str, level: int, causal: bool
) -> None:
    model = compile_rasp_to_model(
        PROGRAMS[name], {"a", "b"}, 20, causal, optimize=level, check=False
    )
    assert model.savings.of(SavingKind.ADDED)
    assert any(".sharp" in row.detail for row in model.savings)
    model.verify(max_inputs=200)


@pytest.mark.parametrize("name", PROGRAMS)
def test_short_programs_need_nothing_more(name: str) -> None:
    model = compile_rasp_to_model(PROGRAMS[name], {"a", "b"}, 5, optimize=0)
    assert not model.savings.of(SavingKind.ADDED)


@pytest.mark.slow
def test_copies_and_counts_need_nothing_more() -> None:
    copied = rasp.Aggregate(Select(indices, TO_THE_END, rasp.Comparison.EQ), tokens)
    counted = SelectorWidth(Select(HIST, HIST, rasp.Comparison.EQ))
    for program in (copied, counted):
        model = compile_rasp_to_model(program, {"a", "b"}, 24, optimize=0)
        assert not model.savings.of(SavingKind.ADDED)


def steps_of_counts(positions: int) -> tuple[OneHotError, list[float]]:
    """The error of a width's one-hot, and the shares that it is made from."""
    counts = list(range(positions, -1, -1))
    shares = [1.0 / (count + 1) for count in counts]
    block = maps.numerical_map(
        numerical("share", tuple(shares)),
        shares,
        counts,
        categorical("width", tuple(range(positions + 1))),
        ONE.space,
    )
    return step_error(block, shares), shares


def test_the_error_of_counts_grows_with_the_length() -> None:
    short, long = (steps_of_counts(positions)[0].total for positions in (8, 128))
    assert 0.0 < short < 2e-6 < long < 1e-3


def test_readers_mind_what_attention_multiplies() -> None:
    cold = coldness(101)
    assert not spoils_mean([OneHotError(), OneHotError(0.0, 1e-7)], cold)
    assert spoils_mean([OneHotError(), OneHotError(0.0, 1e-5)], cold)
    assert not spoils_width([OneHotError(0.0, 1e-6)], cold, 100)
    assert spoils_width([OneHotError(0.0, 1e-4)], cold, 100)


def test_pairs_multiply_the_error_of_the_true_value() -> None:
    assert pair_error(OneHotError(), 5, OneHotError(), 7) == OneHotError()
    assert pair_error(OneHotError(1e-6, 1e-6), 5, OneHotError(), 7).total == pytest.approx(7e-6)
    assert OneHotError(0.0, 1e-6).mapped().own == 1e-6


def test_pairs_bound_what_neurons_make_of_errors() -> None:
    random = np.random.default_rng(0)
    first, second, output = (categorical(f"{n}", tuple(range(n))) for n in (4, 5, 3))
    results = [int(x) for x in random.integers(0, 3, 20)]
    block = maps.sequence_map(first, second, results, output, ONE.space)
    for _ in range(200):
        noise = random.normal(0, 1e-3, 9)
        a, b = random.integers(0, 4), random.integers(0, 5)
        given = np.concatenate([np.eye(4)[a], np.eye(5)[b]]) + noise
        errors = [
            OneHotError(abs(part[place]), float(abs(part).sum()))
            for part, place in ((noise[:4], a), (noise[4:], b))
        ]
        inputs = np.concatenate([given, [1.0]])
        written = np.maximum(inputs @ block.w_in + block.b_in, 0.0) @ block.w_out
        off = abs(written - np.eye(3)[results[5 * a + b]]).sum()
        assert off <= pair_error(errors[0], 4, errors[1], 5).total + 1e-12


def sharp(variable: Variable, given: np.ndarray) -> np.ndarray:
    """What a sharp copy makes of rows of a one-hot and the constant, in float32."""
    block = maps.sharp_copy(variable, categorical("sharp", variable.values), ONE.space)
    w_in, w_out = block.w_in.astype(np.float32), block.w_out.astype(np.float32)
    written: np.ndarray = np.maximum(given.astype(np.float32) @ w_in, np.float32(0)) @ w_out
    return written


def test_a_sharp_copy_is_exact() -> None:
    variable = categorical("x", tuple(range(6)))
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, (500, 6, 6))
    given = np.concatenate([np.eye(6) + noise, np.ones((500, 6, 1))], axis=2).reshape(-1, 7)
    assert (sharp(variable, given) == np.tile(np.eye(6), (500, 1))).all()
    # Neither None nor BOS, which has no constant, is taken for a value.
    nothing = np.zeros((2, 7))
    nothing[0, -1] = 1.0
    assert not sharp(variable, nothing).any()
