"""The interpreter: meaning, errors, causality, depth."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from optitracr import rasp
from optitracr.errors import EvaluationError
from optitracr.rasp import Comparison, indices, tokens
from tests.rasp.generated import inputs, sops

ALL = rasp.Select(indices, indices, Comparison.TRUE)
LEQ = rasp.Select(indices, indices, Comparison.LEQ)
SAME = rasp.Select(indices, indices, Comparison.EQ)
NOTHING = rasp.Select(indices, indices, Comparison.FALSE)


@pytest.mark.parametrize(
    ("sop", "xs", "expected"),
    [
        (tokens, "ab", ["a", "b"]),
        (indices, "ab", [0, 1]),
        (rasp.length, "ab", [2, 2]),
        (rasp.Full(None), "ab", [None, None]),
        (rasp.ConstantSOp([5, 6]), "ab", [5, 6]),
        (rasp.ConstantSOp((5, 6), check_length=False), "a", [5]),
        (rasp.ConstantSOp([5], check_length=False), "ab", [5, None]),
        (rasp.Map(ord, tokens), "a", [97]),
        (rasp.Map({"a": None}.get, tokens) + "x", "a", [None]),
        (rasp.SequenceMap(max, rasp.Map({1: 1}.get, tokens), indices), [1, 2], [1, None]),
        (rasp.LinearSequenceMap(tokens, indices, 2, -1), [4, 4], [8, 7]),
        (rasp.SelectorWidth(LEQ), "abc", [1, 2, 3]),
        (rasp.Aggregate(SAME, tokens), "ab", ["a", "b"]),
        (rasp.Aggregate(NOTHING, tokens), "ab", [None, None]),
        (rasp.Aggregate(NOTHING, tokens, default="d"), "ab", ["d", "d"]),
        (rasp.Aggregate(ALL, tokens), [1, 2], [1.5, 1.5]),
        (rasp.Aggregate(ALL, tokens == 1), [1, 2, 1, 2], [0.5] * 4),
        (rasp.Aggregate(ALL, tokens), [True], [True]),
        (rasp.Aggregate(SAME, rasp.Full(None), default=3), "a", [None]),
        (rasp.Aggregate(ALL, tokens), [Fraction(1, 3), 1], [Fraction(2, 3)] * 2),
        (rasp.Aggregate(ALL, tokens), [1e16, 1.0, -1e16, 1.0], [0.5] * 4),
        (rasp.Aggregate(ALL, tokens), [0.1] * 3, [0.1] * 3),
        (rasp.Aggregate(ALL, tokens), [1 / 3, 2 / 3], [0.5] * 2),
        (rasp.Aggregate(ALL, tokens), [True, 0.1, 0.2], [13 / 30] * 3),
    ],
)
def test_meaning(sop: rasp.SOp, xs: Sequence[Any], expected: list[Any]) -> None:
    assert list(map(repr, sop(xs))) == list(map(repr, expected))
    assert sop(xs) == rasp.evaluate(sop, xs) == rasp.DefaultRASPEvaluator().evaluate(sop, xs)


@pytest.mark.parametrize(
    "sop",
    [tokens, indices, rasp.length, rasp.Full(1), rasp.Aggregate(ALL, tokens), tokens + indices],
)
def test_empty_input(sop: rasp.SOp) -> None:
    assert sop([]) == []


def boom(*arguments: Any) -> Any:
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("expr", "xs", "message"),
    [
        (rasp.Map(boom, tokens).named("m"), "a", r"function of 'm_2' .*\('a'\): broken"),
        (rasp.SequenceMap(boom, tokens, indices), "a", r"'sequence_map_3' .*\('a', 0\): broken"),
        (rasp.Select(tokens, indices, boom), "a", r"predicate of 'select_3' .*\('a', 0\)"),
        (rasp.Aggregate(ALL, tokens).named("mean"), "ab", r"'mean_4' .*'a' is no number"),
        (rasp.Aggregate(ALL, rasp.Map({1: 1}.get, tokens)), [1, 2], "None is no number"),
        (rasp.Aggregate(ALL, tokens), [(1,), (2,)], r"\(1,\) is no number"),
        (rasp.ConstantSOp([1, 2]), "a", "inputs of length 2, and this one has length 1"),
        (rasp.ConstantSelector([[True]]), "ab", "inputs of length 1, and this one has length 2"),
    ],
)
def test_undefined_inputs(expr: rasp.RASPExpr, xs: Sequence[Any], message: str) -> None:
    with pytest.raises(EvaluationError, match=message) as caught:
        expr(xs)
    assert "test_evaluate.py:" in str(caught.value)


def test_cause_is_kept() -> None:
    with pytest.raises(EvaluationError) as caught:
        rasp.Map(boom, tokens)("a")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_causal_selectors_see_nothing_later() -> None:
    assert rasp.evaluate_causal(ALL, "abc") == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert rasp.evaluate_causal(~SAME, "ab") == [[False, False], [True, False]]
    negated = rasp.SelectorNot(rasp.SelectorNot(ALL))
    assert rasp.CausalEvaluator().evaluate(negated, "ab") == [[True, False], [True, True]]
    assert rasp.evaluate_causal(rasp.length, "abc") == [1, 2, 3]
    assert rasp.evaluate_causal(rasp.Aggregate(ALL, tokens), [4, 2]) == [4, 3.0]


def test_evaluate_all_gives_every_part() -> None:
    double = tokens * 2
    sop = rasp.Aggregate(LEQ, double)
    values = rasp.evaluate_all(sop, [1, 2])
    assert values[double] == [2, 4]
    assert values[LEQ] == [[True, False], [True, True]]
    assert values[sop] == [2, 3.0]
    assert set(values) == {tokens, indices, double, LEQ, sop}
    both = rasp.evaluate_all([ALL, double], [1, 2], causal=True)
    assert both[ALL] == [[True, False], [True, True]]


@settings(max_examples=100, deadline=None)
@given(sops(), inputs)
def test_evaluate_all_agrees_with_evaluating_each(program: list[rasp.SOp], xs: list[Any]) -> None:
    for sop in program:
        try:
            expected = repr(sop(xs))
        except EvaluationError:
            with pytest.raises(EvaluationError):
                rasp.evaluate_all(sop, xs)
        else:
            assert repr(rasp.evaluate_all(sop, xs)[sop]) == expected


def test_each_expression_is_evaluated_once() -> None:
    calls: list[Any] = []

    def noted(x: Any) -> Any:
        calls.append(x)
        return x

    sop: rasp.SOp = rasp.Map(noted, tokens)
    for _ in range(60):
        sop = rasp.SequenceMap(lambda x, y: (x + y) % 7, sop, sop)
    assert sop([1, 2]) == [pow(2, 60, 7), pow(2, 61, 7)]
    assert calls == [1, 2]


def test_deep_programs() -> None:
    chain: rasp.SOp = tokens
    unmerged: rasp.SOp = tokens
    pairs: rasp.SOp = tokens
    selector: rasp.Selector = SAME
    for _ in range(5000):
        chain = chain + 1
        unmerged = rasp.Map(lambda x: x + 1, unmerged, simplify=False)
        pairs = pairs + indices
        selector = rasp.SelectorOr(selector, NOTHING)
    assert chain([1]) == unmerged([1]) == [5001]
    assert pairs([1, 1]) == [1, 5001]
    assert rasp.SelectorWidth(selector)("ab") == [1, 1]
    assert pairs.label == "sequence_map_5002"
    assert unmerged.label == "map_5001"
    assert len(rasp.uniquify_names(pairs)) == 5002


class Shouting(rasp.DefaultRASPEvaluator):
    """Evaluates maps in its own way, as clients of Tracr's evaluator do."""

    def eval_map(self, sop: rasp.Map, xs: Sequence[Any]) -> list[Any]:
        return [f"{sop.f(x)}!" for x in self.evaluate(sop.inner, xs)]


def test_evaluators_can_be_subclassed() -> None:
    sop = rasp.Map(str.upper, tokens) + rasp.Map(str.lower, tokens)
    assert Shouting().evaluate(sop, "aB") == ["A!a!", "B!b!"]


def test_programs_can_evaluate_programs() -> None:
    inner = tokens + 1
    xs = [1, 2]
    same = rasp.Map(lambda x: inner(xs)[0] + inner([x])[0], tokens)
    assert same(xs) == [4, 5]


def test_threads_do_not_share_evaluations() -> None:
    found: dict[int, list[Any]] = {}

    def run(n: int) -> None:
        found[n] = [(rasp.Map(lambda x: x + n, tokens) + rasp.length)([k]) for k in range(50)]

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[n] == [[k + n + 1] for k in range(50)] for n in range(8))


class Unknown(rasp.SOp):
    @property
    def children(self) -> list[rasp.RASPExpr]:
        return []


def test_unknown_kinds() -> None:
    with pytest.raises(EvaluationError, match="unknown kind Unknown"):
        Unknown()([1])
