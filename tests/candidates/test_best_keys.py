"""Which selectors turn out to select the first, the last or the best of some keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.best_keys import BestKey, BestKeys
from optitracr.candidates.facts import Facts
from optitracr.candidates.families import Family
from optitracr.graph.program import Aggregate as AggregateNode
from optitracr.library.idioms import earlier_equals, value_at
from optitracr.options import check_options
from optitracr.rasp import (
    Aggregate,
    Comparison,
    Full,
    Map,
    Select,
    SelectBest,
    SelectorWidth,
    SequenceMap,
    indices,
    tokens,
)
from optitracr.recipes import CANDIDATES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

DIGITS = (1, 2, 3)
FEW_NEURONS = "depth,neurons,width"


def found(program: rasp.SOp, causal: bool = False) -> list[BestKey | None]:
    """What is found of each Aggregate's selector, in order."""
    setting = check_setting(DIGITS, 4, COMPILER_BOS, COMPILER_PAD, causal)
    made = Compilation(program, setting, check_options(), recipe=CANDIDATES)
    known = BestKeys(Facts(made.lowered.program, setting))
    nodes = made.lowered.program.nodes
    return [known.of(n.operation.selector) for n in nodes if isinstance(n.operation, AggregateNode)]


def before(difference: int) -> rasp.SOp:
    """Where the same token stood that many occurrences before."""
    earlier = earlier_equals(tokens)
    address = SequenceMap(lambda x, n: (x, n), tokens, earlier)
    same = Select(address, address, lambda k, q: k[0] == q[0] and k[1] == q[1] - difference)
    return Aggregate(same, indices)


def of_rank(beats: Callable[[int, int], bool], rank: int) -> rasp.SOp:
    """The token that a given number of others beat, by a comparison of tokens and indices."""
    key = SequenceMap(lambda x, i: 4 * x + i, tokens, indices)
    place = SelectorWidth(Select(key, key, beats))
    return Aggregate(Select(place, tokens, lambda k, q: k == rank), tokens)


def shown(best: BestKey | None) -> tuple[str, list[float], float] | None:
    return None if best is None else (best.label, best.numbers.tolist(), best.by_index)


FOUND: dict[str, tuple[Callable[[], rasp.SOp], tuple[str, list[float], float]]] = {
    "last of those that are counted": (lambda: before(1), ("", [], 1.0)),
    "first": (lambda: library.make_index_of_first(2), ("", [], -1.0)),
    "last position": (library.make_last_token, ("", [], 1.0)),
    "the smallest": (lambda: of_rank(lambda k, q: k < q, 0), ("tokens", [0, -1, -2], -1.0)),
    "the largest": (lambda: of_rank(lambda k, q: k > q, 0), ("tokens", [-2, -1, 0], 1.0)),
    "counted with itself": (lambda: of_rank(lambda k, q: k <= q, 1), ("tokens", [0, -1, -2], -1.0)),
    "the first of those that nothing beats": (library.make_argmax, ("tokens", [-2, -1, 0], -1.0)),
    "the rank is the length": (lambda: library.make_maximum(4), ("tokens", [0, 1, 2], 1.0)),
}


@pytest.mark.parametrize("name", list(FOUND))
def test_what_selects_the_best_key(name: str) -> None:
    make, wanted = FOUND[name]
    assert shown(found(make())[-1]) == wanted


def _second() -> rasp.SOp:
    return value_at(SelectorWidth(Select(tokens, tokens, Comparison.TRUE)) - 2, tokens)


def _of_others() -> rasp.SOp:
    """The rank among other tokens than those of which it asks for the first."""
    earlier = SelectorWidth(
        Select(
            SequenceMap(lambda x, i: (x, i), tokens, indices),
            SequenceMap(lambda x, i: (x, i), tokens, indices),
            lambda k, q: k[0] == 1 and k[1] < q[1],
        )
    )
    asked = SequenceMap(lambda x, n: x == 2 and n == 0, tokens, earlier)
    return Aggregate(Select(asked, tokens, lambda k, q: k), Map(lambda x: x + 1, indices))


def _ties() -> rasp.SOp:
    larger = SelectorWidth(Select(tokens, tokens, Comparison.GT))
    return Aggregate(Select(larger, tokens, lambda k, q: k == 0), tokens)


NOT_FOUND: dict[str, Callable[[], rasp.SOp]] = {
    "the last but one that is counted": lambda: before(2),
    "the second of all": lambda: of_rank(lambda k, q: k < q, 1),
    "the last but one": _second,
    "the rank is among others": _of_others,
    "several have one rank": _ties,
    "a fixed position": lambda: value_at(Full(1), tokens),
    "no rank": lambda: Aggregate(Select(tokens, tokens, Comparison.EQ), indices),
}


@pytest.mark.parametrize("name", list(NOT_FOUND))
def test_what_does_not(name: str) -> None:
    assert found(NOT_FOUND[name]())[-1] is None


def test_a_causal_query_does_not_see_all_that_beats_a_key() -> None:
    assert found(of_rank(lambda k, q: k < q, 0), causal=True) == [None]
    assert found(library.make_argmax(), causal=True)[-1] is not None


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "make", [lambda: before(1), library.make_argmax, lambda: of_rank(lambda k, q: k > q, 0)]
)
def test_models_are_proven(make: Callable[[], rasp.SOp], causal: bool) -> None:
    model, plain = (
        compile_rasp_to_model(make(), DIGITS, 4, causal=causal, without=without)
        for without in ((), Family.GRADED)
    )
    assert model.proof.proven
    assert model.size.layers <= plain.size.layers
    assert model.size.layers < plain.size.layers or causal


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_counts_are_compared_as_heads_write_them(sign: int, causal: bool) -> None:
    """The share that a width's head writes is read, 1 at BOS; no neuron makes a number of it."""
    same = Select(tokens, tokens, Comparison.EQ)
    score = sign * SelectorWidth(same)
    for selected in (Comparison.TRUE, Comparison.LT):
        best = SelectBest(Select(indices, indices, selected), score)
        model = compile_rasp_to_model(
            Aggregate(best, tokens), DIGITS, 5, causal=causal, objective=FEW_NEURONS
        )
        assert model.proof.proven
        assert (model.size.layers, model.size.neurons) == (2, 0)


def test_keys_that_nothing_beats_are_alike_in_what_beats_them() -> None:
    """The largest token, as the mean of all positions that hold it."""
    model = compile_rasp_to_model(_ties(), DIGITS, 5, objective=FEW_NEURONS)
    assert (model.size.layers, model.size.neurons) == (1, 0)
    assert model.proof.proven
    assert compile_rasp_to_model(_ties(), DIGITS, 5, without="graded", check=False).size.layers == 2


def test_what_it_brings() -> None:
    """The token after the last earlier occurrence takes two heads in sequence and no neuron."""
    sizes = {}
    for name in ("induction", "induction_composite", "maximum", "argmax", "index_of_first"):
        entry = library.get(name)
        model = compile_rasp_to_model(
            entry.make(), entry.vocab, entry.max_seq_len, check=False, objective=FEW_NEURONS
        )
        sizes[name] = model.size.layers, model.size.neurons
    assert sizes.pop("induction") == sizes.pop("induction_composite") == (2, 0)
    assert set(sizes.values()) == {(1, 0)}


def test_what_is_copied_says_how_good_a_key_is() -> None:
    """One number of the index serves both, or of tokens."""

    def width(program: rasp.SOp) -> int:
        model = compile_rasp_to_model(program, DIGITS, 4)
        assert model.proof.proven
        return model.size.width

    every = Select(tokens, tokens, Comparison.TRUE)
    best = SelectBest(every, tokens)
    # Tokens, the constant, and what is copied; the index beside them where it is asked for.
    assert width(Aggregate(best, indices)) == 4
    assert width(Aggregate(best, tokens)) == 4
    # Of the smallest tokens any will do.
    assert width(library.make_minimum(4)) == 3
    larger = SelectorWidth(Select(tokens, tokens, Comparison.GT))
    first = SequenceMap(lambda n, i: i if n == 0 else None, larger, indices)
    least = Select(first, first, Comparison.LT)
    top = SequenceMap(lambda i, n: i if n == 0 else None, first, SelectorWidth(least))
    assert width(Aggregate(Select(top, tokens, Comparison.TRUE), top)) == 4
