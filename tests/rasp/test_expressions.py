"""S-ops: names, operators, annotations, labels."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from optitracr import rasp
from optitracr.errors import ProgramError
from optitracr.rasp import causal_eval
from optitracr.rasp import rasp as under_tracrs_name
from optitracr.rasp.expression import postorder

TRACR_NAMES = [
    "Aggregate",
    "Comparison",
    "ConstantSOp",
    "ConstantSelector",
    "DEFAULT_ANNOTATORS",
    "DefaultRASPEvaluator",
    "Encoding",
    "Full",
    "IndicesType",
    "LengthType",
    "LinearSequenceMap",
    "Map",
    "NumericValue",
    "Predicate",
    "RASPEvaluator",
    "RASPExpr",
    "SOp",
    "SOpT",
    "Select",
    "Selector",
    "SelectorAnd",
    "SelectorNot",
    "SelectorOr",
    "SelectorValue",
    "SelectorWidth",
    "SequenceMap",
    "TokensType",
    "Value",
    "annotate",
    "categorical",
    "default_encoding",
    "default_name",
    "evaluate",
    "get_encoding",
    "indices",
    "is_categorical",
    "is_numerical",
    "length",
    "numerical",
    "selector_and",
    "selector_not",
    "selector_or",
    "sop_not",
    "tokens",
]


@pytest.mark.parametrize("name", [*TRACR_NAMES, "uniquify_names", "CausalEvaluator"])
def test_every_name_is_there(name: str) -> None:
    assert name in rasp.__all__
    assert getattr(under_tracrs_name, name) is getattr(rasp, name)


def test_causal_evaluation_under_tracrs_name() -> None:
    assert causal_eval.CausalEvaluator is rasp.CausalEvaluator
    assert causal_eval.evaluate(rasp.length, "ab") == [1, 2]


def test_import_is_light() -> None:
    code = (
        "import sys, optitracr.rasp, optitracr.errors, optitracr.library;"
        "print(sorted({'numpy', 'jax', 'ortools'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


X, I = rasp.tokens, rasp.indices  # noqa: E741

OPERATORS: list[tuple[str, Callable[[], rasp.SOp], list[Any], list[Any]]] = [
    ("==", lambda: X == 2, [1, 2], [False, True]),
    ("!=", lambda: X != 2, [1, 2], [True, False]),
    ("<", lambda: X < 2, [1, 2], [True, False]),
    ("<=", lambda: X <= 1, [1, 2], [True, False]),
    (">", lambda: X > 1, [1, 2], [False, True]),
    (">=", lambda: X >= 2, [1, 2], [False, True]),
    ("reflected ==", lambda: X == 2, [1, 2], [False, True]),
    ("reflected <", lambda: X > 2, [2, 3], [False, True]),
    ("+", lambda: X + 1, [1, 2], [2, 3]),
    ("reflected +", lambda: "a" + X, ["b"], ["ab"]),
    ("-", lambda: X - 1, [1, 2], [0, 1]),
    ("reflected -", lambda: 1 - X, [1, 2], [0, -1]),
    ("*", lambda: X * 3, [1, 2], [3, 6]),
    ("reflected *", lambda: 3 * X, [1, 2], [3, 6]),
    ("/", lambda: X / 2, [1, 2], [0.5, 1.0]),
    ("reflected /", lambda: 2 / X, [1, 2], [2.0, 1.0]),
    ("//", lambda: X // 2, [1, 5], [0, 2]),
    ("reflected //", lambda: 5 // X, [1, 2], [5, 2]),
    ("%", lambda: X % 2, [1, 2], [1, 0]),
    ("reflected %", lambda: 5 % X, [2, 3], [1, 2]),
    ("**", lambda: X**2, [2, 3], [4, 9]),
    ("reflected **", lambda: 2**X, [2, 3], [4, 8]),
    ("negative", lambda: -X, [1, -2], [-1, 2]),
    ("~", lambda: ~(X == 1), [1, 2], [False, True]),
    ("sop_not", lambda: rasp.sop_not(X), [0, 2], [True, False]),
    ("&", lambda: X & 7, [0, 2], [0, 7]),
    ("reflected &", lambda: 7 & X, [0, 2], [0, 2]),
    ("|", lambda: X | 7, [0, 2], [7, 2]),
    ("reflected |", lambda: 0 | X, [0, 2], [0, 2]),
    ("== of s-ops", lambda: X == I, [1, 1], [False, True]),
    ("!= of s-ops", lambda: X != I, [1, 1], [True, False]),
    ("< of s-ops", lambda: X < I, [0, 0], [False, True]),
    ("<= of s-ops", lambda: X <= I, [1, 1], [False, True]),
    ("> of s-ops", lambda: X > I, [1, 1], [True, False]),
    (">= of s-ops", lambda: X >= I, [0, 0], [True, False]),
    ("+ of s-ops", lambda: X + I, [1, 2], [1, 3]),
    ("- of s-ops", lambda: X - I, [1, 2], [1, 1]),
    ("* of s-ops", lambda: X * I, [1, 2], [0, 2]),
    ("/ of s-ops", lambda: I / X, [1, 2], [0.0, 0.5]),
    ("// of s-ops", lambda: X // X, [1, 2], [1, 1]),
    ("% of s-ops", lambda: I % X, [1, 2], [0, 1]),
    ("** of s-ops", lambda: X**I, [2, 2], [1, 2]),
    ("& of s-ops", lambda: X & I, [5, 5], [0, 1]),
    ("| of s-ops", lambda: X | I, [5, 0], [5, 1]),
]


@pytest.mark.parametrize(("make", "xs", "expected"), [case[1:] for case in OPERATORS])
def test_operators(make: Callable[[], rasp.SOp], xs: list[Any], expected: list[Any]) -> None:
    sop = make()
    assert isinstance(sop, rasp.Map | rasp.SequenceMap)
    assert list(map(repr, sop(xs))) == list(map(repr, expected))


def test_attributes() -> None:
    select = rasp.Select(X, I, rasp.Comparison.LT)
    assert select.keys is X
    assert select.queries is I
    assert select.predicate is rasp.Comparison.LT
    aggregate = rasp.Aggregate(select, X, default=0)
    assert aggregate.selector is select
    assert aggregate.sop is X
    assert aggregate.default == 0
    assert rasp.SelectorWidth(select).selector is select
    linear = rasp.LinearSequenceMap(X, I, 2, 3)
    assert (linear.fst_fac, linear.snd_fac) == (2, 3)
    assert linear.fst is X
    assert linear.snd is I
    assert linear.f(1, 10) == 32
    constant = rasp.ConstantSOp([1], check_length=False)
    assert (constant.value, constant.check_length) == ([1], False)
    assert rasp.Full(3).fill == 3


@pytest.mark.parametrize(
    ("expr", "children"),
    [
        (X, []),
        (I, []),
        (rasp.Full(1), []),
        (rasp.ConstantSOp([1]), []),
        (rasp.ConstantSelector([[True]]), []),
        (rasp.Map(abs, X), [X]),
        (rasp.SequenceMap(max, X, I), [X, I]),
        (rasp.Select(X, I, rasp.Comparison.EQ), [X, I]),
    ],
)
def test_children(expr: rasp.RASPExpr, children: list[rasp.RASPExpr]) -> None:
    assert [id(child) for child in expr.children] == [id(child) for child in children]


def test_length_is_a_width_of_everything() -> None:
    assert isinstance(rasp.length, rasp.LengthType)
    assert isinstance(rasp.length, rasp.SelectorWidth)
    select = rasp.length.selector
    assert isinstance(select, rasp.Select)
    assert select.keys is X
    assert select.queries is X
    assert select.predicate is rasp.Comparison.TRUE


def test_maps_of_maps_become_one() -> None:
    composed = rasp.Map(lambda x: x * 10, rasp.Map(lambda x: x + 1, X))
    assert composed.inner is X
    assert composed([1, 2]) == [20, 30]
    kept = rasp.Map(lambda x: x * 10, rasp.Map(lambda x: x + 1, X), simplify=False)
    assert isinstance(kept.inner, rasp.Map)
    assert kept([1, 2]) == [20, 30]


def test_none_stays_none_in_composed_maps() -> None:
    composed = rasp.Map(str, rasp.Map({1: None, 2: 5}.get, X))
    assert composed([1, 2]) == [None, "5"]


def test_s_ops_have_no_truth_value() -> None:
    with pytest.raises(ProgramError, match="no truth value"):
        bool(X == 1)
    with pytest.raises(ProgramError, match="no truth value"):
        bool(rasp.Select(X, X, rasp.Comparison.EQ))


def test_s_ops_are_hashed_by_identity() -> None:
    one, other = rasp.Full(1), rasp.Full(1)
    assert len({one, other}) == 2
    assert {one: "one"}[one] == "one"


untyped: Any = rasp


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: untyped.Map(1, X), "function"),
        (lambda: untyped.Map(abs, 1), "operand must be an s-op"),
        (lambda: untyped.SequenceMap(max, X, "a"), "second operand must be an s-op"),
        (lambda: untyped.SequenceMap(max, 3, X), "first operand must be an s-op"),
        (lambda: untyped.SequenceMap("max", X, X), "function"),
        (lambda: untyped.LinearSequenceMap(X, X, "a", 1), "no number"),
        (lambda: untyped.Select(X, 1, rasp.Comparison.EQ), "queries must be an s-op"),
        (lambda: untyped.Select(1, X, rasp.Comparison.EQ), "keys must be an s-op"),
        (lambda: untyped.Select(X, X, "=="), "predicate must be a function"),
        (lambda: untyped.Aggregate(X, X), "selector must be a selector"),
        (lambda: untyped.Aggregate(rasp.Select(X, X, rasp.Comparison.EQ), 1), "must be an s-op"),
        (lambda: untyped.SelectorWidth(X), "must be a selector"),
        (lambda: untyped.selector_and(X, X), "must be a selector"),
        (lambda: untyped.selector_or(X, X), "must be a selector"),
        (lambda: untyped.selector_not(X), "must be a selector"),
        (lambda: untyped.SelectorAnd(X, X), "must be a selector"),
        (lambda: untyped.Select(X, X, rasp.Comparison.EQ) & 1, "must be a selector"),
        (lambda: X + rasp.Select(X, X, rasp.Comparison.EQ), "is no s-op"),
    ],
)
def test_wrong_operands(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ProgramError, match=message) as caught:
        make()
    assert "test_expressions.py:" in str(caught.value)


def test_annotations() -> None:
    original = rasp.Map(abs, X)
    copy = rasp.annotate(original, name="absolute", note=3)
    assert copy is not original
    assert copy.inner is X
    assert dict(copy.annotations) == {
        "name": "absolute",
        "note": 3,
        "encoding": rasp.Encoding.CATEGORICAL,
    }
    assert len(original.annotations) == 2
    assert original.name == "map"
    assert copy.annotated(note=4).annotations["note"] == 4
    assert copy.annotations["note"] == 3
    assert copy.named("other").annotations["note"] == 3
    with pytest.raises(KeyError):
        copy.annotations["missing"]


def test_encodings() -> None:
    assert rasp.is_categorical(X)
    number = rasp.numerical(X)
    assert rasp.is_numerical(number)
    assert isinstance(number, rasp.TokensType)
    assert not rasp.is_categorical(number)
    assert rasp.is_categorical(rasp.categorical(number))
    assert rasp.get_encoding(number) is rasp.Encoding.NUMERICAL
    assert rasp.default_encoding(X) is rasp.Encoding.CATEGORICAL
    assert rasp.numerical(rasp.Full(1)).named("x").annotations["encoding"] is (
        rasp.Encoding.NUMERICAL
    )


@pytest.mark.parametrize("name", ["a:b", "", 3])
def test_bad_names(name: Any) -> None:
    with pytest.raises(ProgramError, match="named"):
        rasp.Map(abs, X).named(name)


def test_bad_name_suggests_another() -> None:
    with pytest.raises(ProgramError, match="'a_b'"):
        rasp.annotate(X, name="a:b")


def test_bad_encoding() -> None:
    with pytest.raises(ProgramError, match=r"rasp\.numerical"):
        rasp.annotate(X, encoding="numerical")


@pytest.mark.parametrize(
    ("expr", "label"),
    [
        (X, "tokens"),
        (I, "indices"),
        (rasp.length, "length"),
        (rasp.numerical(X), "tokens"),
        (rasp.Full(1), "full_1"),
        (rasp.ConstantSOp([1]), "constant_sop_1"),
        (X + 1, "map_2"),
        (X + I, "sequence_map_3"),
        (rasp.SequenceMap(max, X, X), "sequence_map_2"),
        (rasp.LinearSequenceMap(X, I, 1, 1), "linear_sequence_map_3"),
        (rasp.Select(X, I, rasp.Comparison.EQ), "select_3"),
        (rasp.length + 1, "map_4"),
        ((X + 1).named("successor"), "successor_2"),
        (rasp.SelectorWidth(rasp.Select(X, I, rasp.Comparison.EQ)), "selector_width_4"),
        (rasp.Aggregate(rasp.Select(X, I, rasp.Comparison.EQ), X), "aggregate_4"),
    ],
)
def test_labels(expr: rasp.RASPExpr, label: str) -> None:
    assert expr.label == label
    assert expr.label in repr(expr)


def program() -> rasp.SOp:
    opposite = rasp.length - I - 1
    return rasp.Aggregate(rasp.Select(I, opposite, rasp.Comparison.EQ), X)


def test_labels_do_not_depend_on_what_was_built_before() -> None:
    first = {name: type(expr) for expr, name in rasp.uniquify_names(program()).items()}
    program()
    second = {name: type(expr) for expr, name in rasp.uniquify_names(program()).items()}
    assert first == second


def test_uniquify_names() -> None:
    one, other, third = X + 1, X + 2, (X + 3).named("map_2")
    names = rasp.uniquify_names(one, other, third)
    assert [names[x] for x in (X, one, other, third)] == ["tokens", "map_2", "map_2_2", "map_2_2_2"]
    assert len(set(names.values())) == len(names)


def test_source_is_the_users_line() -> None:
    expr = rasp.tokens + 1
    line = sys._getframe().f_lineno - 1
    assert expr.source == f"{__file__}:{line}"
    assert expr.named("x").source == expr.source


@pytest.mark.parametrize("count", [1, 300])
def test_what_all_programs_share_is_shared_after_pickling(count: int) -> None:
    """A function that is pickled with a program may read it too: there is still one of each."""
    program: rasp.SOp = rasp.tokens
    for _ in range(count):
        program = rasp.SequenceMap(max, program, rasp.indices)
    program = rasp.SequenceMap(max, program, rasp.length)
    again = pickle.loads(pickle.dumps(program))
    parts = {id(part) for part in postorder(again)}
    assert {id(part) for part in (rasp.tokens, rasp.indices, rasp.length)} <= parts
    assert len(parts) == len(list(postorder(program)))
    assert again.label == program.label
    assert pickle.loads(pickle.dumps(rasp.tokens.named("mine"))) is not rasp.tokens
