"""The table of programs that interpreter, craft and model are tested on.

Library programs come with their registered settings; the small ones after them each hold
one feature of the language that a compiler can get wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import optitracr.library as library
from optitracr import rasp
from optitracr.rasp import Comparison, indices, tokens

Example = tuple[list[Any], list[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A program to compile, and some of what it must say.

    Attributes:
        name: Of the case.
        make: Builds the program.
        vocab: Tokens.
        max_seq_len: Longest input, BOS not counted.
        examples: Inputs with their outputs.
        causal: Whether examples are of the causal reading.
    """

    name: str
    make: Callable[[], rasp.SOp] = field(repr=False)
    vocab: tuple[Any, ...]
    max_seq_len: int
    examples: tuple[Example, ...] = ()
    causal: bool = False


def _everywhere() -> rasp.Selector:
    return rasp.Select(indices, indices, Comparison.TRUE)


def _share(token: str) -> rasp.SOp:
    """The fraction of the input that is `token`, as a number."""
    is_token = rasp.numerical(tokens == token)
    return rasp.numerical(rasp.Aggregate(_everywhere(), is_token, default=0))


def _so_far(token: str) -> rasp.SOp:
    return library.make_frac_prevs(tokens == token)


def _previous(sop: rasp.SOp) -> rasp.SOp:
    return library.shift_by(1, sop)


LIBRARY_EXAMPLES: dict[str, tuple[Example, ...]] = {
    "reverse": ((list("abcd"), list("dcba")), (["a"], ["a"])),
    "length": ((list("abc"), [3, 3, 3]), (list("abcdabcd"), [8] * 8)),
    "hist": ((list("abac"), [2, 1, 2, 1]),),
    "double_hist": ((list("aabc"), [1, 1, 2, 2]), (list("aaabbc"), [1, 1, 1, 1, 1, 1])),
    "sort_unique": (([3, 1, 2], [1, 2, 3]), ([5, 4], [4, 5])),
    "sort": (([4, 1, 4, 2, 1], [1, 1, 2, 4, 4]), ([3], [3])),
    "sort_freq": (([2, 4, 2, 2, 1], [2, 2, 2, 4, 1]),),
    "most_frequent": (([1, 3, 3, 2, 3], [3, 1, 2, None, None]), ([2], [2])),
    "frac_prevs": ((list("xaxb"), [1, 1 / 2, 2 / 3, 1 / 2]), (["a"], [0])),
    "pair_balance": ((list("()(a"), [1, 0, 1 / 3, 1 / 4]), ([")"], [-1])),
    "shuffle_dyck1": ((list("(())"), [True] * 4), (list(")("), [False] * 2)),
    "shuffle_dyck2": ((list("({)}"), [True] * 4), (list("({"), [False] * 2)),
    "shuffle_dyck3": ((list("([{)]}"), [True] * 6), (list("[}"), [False] * 2)),
    "dyck1_ptf": ((list("()(("), list("PTPP")), (list("())("), list("PTFF"))),
    "dyck2_ptf": ((list("([])"), list("PPPT")), (list("([)]"), list("PPFF"))),
    "detect_pattern": ((list("abcda"), [None, None, None, True, False]),),
    "count_less_freq": ((list("aaab"), [1] * 4), (list("abab"), [4] * 4)),
    "count": ((list("abca"), [2] * 4), (list("bc"), [0] * 2)),
    "shift_by": ((list("abcd"), [None, None, "a", "b"]), (["a"], [None])),
    "nary_sequencemap": (([3, 2, 1], [6, 3, 0]),),
    "induction": ((list("abacb"), [None, None, "b", None, "a"]),),
    "addition": ((list("11+01"), list("00100")), (list("1+1"), [None] * 3)),
    "increment": ((list("1011"), list("1100")), (list("11"), list("00"))),
    "palindrome": ((list("abcba"), [True] * 5), (list("ab"), [False] * 2)),
    "remove_duplicates": ((list("abaca"), ["a", "b", "c", None, None]),),
    "mean": (([3, -1, 2], [4 / 3] * 3), ([-1], [-1])),
}

LIBRARY = tuple(
    Case(
        program.name,
        program.make,
        program.vocab,
        program.max_seq_len,
        LIBRARY_EXAMPLES.get(program.name, ()),
        program.causal,
    )
    for program in library.programs()
)

ELEMENTWISE = (
    Case("tokens", lambda: tokens, ("a", "b"), 3, ((["a", "b"], ["a", "b"]),)),
    Case("indices", lambda: indices, ("a",), 4, ((["a", "a", "a"], [0, 1, 2]),)),
    Case("full", lambda: rasp.Full(7), ("a", "b"), 3, ((["a", "b"], [7, 7]),)),
    Case(
        "constant",
        lambda: rasp.ConstantSOp(["x", None, "z"], check_length=False),
        ("a",),
        4,
        ((["a", "a"], ["x", None]), (["a"] * 4, ["x", None, "z", None])),
    ),
    Case(
        "map_to_none",
        lambda: rasp.Map({"a": 1, "b": None}.get, tokens),
        ("a", "b"),
        3,
        ((["a", "b"], [1, None]),),
    ),
    Case(
        "always_none",
        lambda: rasp.Map(lambda x: None, tokens),
        ("a",),
        2,
        ((["a", "a"], [None, None]),),
    ),
    Case(
        "many_types",
        lambda: rasp.Map({1: True, 2: 2.5, 3: "x", 4: (1, "y")}.get, tokens),
        (1, 2, 3, 4),
        4,
        (([1, 2, 3, 4], [True, 2.5, "x", (1, "y")]),),
    ),
    Case(
        "number_to_negative",
        lambda: rasp.numerical(rasp.Map(lambda x: 1 - 3 * x, _so_far("a"))),
        ("a", "b"),
        4,
        ((["a", "b"], [-2, -1 / 2]), (["b"], [1])),
    ),
    Case(
        "number_not_monotonous",
        lambda: rasp.numerical(rasp.Map(lambda x: x * (1 - x), _so_far("a"))),
        ("a", "b"),
        4,
        ((["a", "b"], [0, 1 / 4]),),
    ),
    Case(
        "number_to_category",
        lambda: rasp.Map(lambda x: "none" if x == 0 else "all" if x == 1 else "some", _so_far("a")),
        ("a", "b"),
        4,
        ((["a", "b"], ["all", "some"]), (["b", "a"], ["none", "some"])),
    ),
    Case(
        "linear",
        lambda: rasp.numerical(rasp.LinearSequenceMap(_so_far("a"), _share("b"), 2, -0.5)),
        ("a", "b"),
        4,
        ((["a", "b"], [1.75, 0.75]),),
    ),
    Case(
        "linear_of_categories",
        lambda: rasp.LinearSequenceMap(tokens, indices, 2, -1),
        (1, 3),
        3,
        (([1, 3, 1], [2, 5, 0]),),
    ),
    Case(
        "same_operand_twice",
        lambda: rasp.SequenceMap(lambda x, y: x + y, tokens, tokens),
        ("a", "b"),
        3,
        ((["a", "b"], ["aa", "bb"]),),
    ),
    Case(
        "none_in_pair",
        lambda: rasp.SequenceMap(lambda x, y: x + y, _previous(tokens), tokens),
        ("a", "b"),
        3,
        ((["a", "b", "b"], [None, "ab", "bb"]),),
    ),
)

ATTENTION = (
    Case(
        "rasp_length",
        lambda: rasp.length - 1,
        ("a",),
        5,
        ((["a"] * 3, [2, 2, 2]),),
    ),
    Case(
        "width_of_nothing",
        lambda: rasp.SelectorWidth(rasp.Select(tokens, tokens, Comparison.FALSE)),
        ("a", "b"),
        3,
        ((["a", "b"], [0, 0]),),
    ),
    Case(
        "none_keys_and_queries",
        lambda: rasp.SelectorWidth(
            rasp.Select(_previous(tokens), _previous(tokens), Comparison.TRUE)
        ),
        ("a", "b"),
        4,
        ((["a", "b", "a"], [0, 2, 2]), (["a"], [0])),
    ),
    Case(
        "predicate",
        lambda: rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q * q), tokens),
        ("a", "b", "c"),
        5,
        ((list("abcba"), ["a", "b", "a", None, None]),),
    ),
    Case(
        "chained_aggregates",
        lambda: library.make_reverse(library.make_reverse(library.shift_by(1, tokens))),
        ("a", "b"),
        4,
        ((["a", "b", "b"], [None, "a", "b"]),),
    ),
    Case(
        "mean_of_half",
        lambda: rasp.numerical(
            rasp.Aggregate(
                rasp.Select(indices, indices, Comparison.GT),
                rasp.numerical(tokens == "a"),
                default=0,
            )
        ),
        ("a", "b"),
        4,
        ((["b", "a", "a", "b"], [2 / 3, 1 / 2, 0, 0]),),
    ),
    Case(
        "simplified_selectors",
        lambda: rasp.SelectorWidth(
            rasp.Select(indices, indices, Comparison.LEQ)
            & ~rasp.Select(indices, indices, lambda k, q: k < q - 1)
        ),
        ("a",),
        4,
        ((["a"] * 3, [1, 2, 2]),),
    ),
    Case(
        "full_key",
        lambda: rasp.SelectorWidth(rasp.Select(rasp.Full("a"), tokens, Comparison.EQ)),
        ("a", "b"),
        3,
        ((["a", "b", "b"], [3, 0, 0]),),
    ),
)

CAUSAL = (
    Case("causal_length", lambda: rasp.length, ("a",), 5, ((["a"] * 3, [1, 2, 3]),), True),
    Case(
        "causal_hist",
        library.make_hist,
        ("a", "b"),
        5,
        ((["a", "b", "a"], [1, 1, 2]),),
        causal=True,
    ),
    Case(
        "causal_share",
        lambda: _share("a"),
        ("a", "b"),
        5,
        ((["b", "a", "a"], [0, 1 / 2, 2 / 3]),),
        causal=True,
    ),
    Case(
        "causal_next_token",
        library.make_next_token,
        ("a", "b"),
        4,
        ((["b", "a"], [None, None]),),
        causal=True,
    ),
)

COMPOSITE = (
    Case(
        "selector_not",
        lambda: rasp.SelectorWidth(rasp.SelectorNot(rasp.Select(tokens, tokens, Comparison.EQ))),
        ("a", "b"),
        4,
        ((["a", "b", "a"], [1, 2, 1]),),
    ),
    Case(
        "selector_or",
        lambda: rasp.SelectorWidth(
            rasp.Select(tokens, tokens, Comparison.EQ)
            | rasp.Select(indices, indices, Comparison.LT)
        ),
        ("a", "b"),
        4,
        ((["a", "b", "a"], [2, 2, 3]),),
    ),
)

PROMISES = (
    Case(
        "position_of_a_separator",
        lambda: rasp.Aggregate(
            rasp.at_most_one(rasp.Select(tokens, rasp.Full("+"), Comparison.EQ)), indices
        ),
        ("a", "b", "+"),
        5,
        ((["a", "b", "+", "a"], [2, 2, 2, 2]), (["a", "b"], [None, None])),
    ),
    Case(
        "what_follows_a_separator",
        lambda: rasp.numerical(
            rasp.SelectorWidth(
                ~rasp.at_most_one(rasp.Select(tokens, rasp.Full("+"), Comparison.EQ))
                & rasp.Select(indices, indices, Comparison.LEQ)
            )
        ),
        ("a", "b", "+"),
        5,
        ((["a", "+", "b", "a"], [1, 1, 2, 3]),),
    ),
)
"""Promises of authors: an input that breaks one is undefined."""

MARGINS = (
    Case(
        "positions_on_a_circle_from_a_sum",
        lambda: library.make_sort(tokens, tokens, max_seq_len=8, min_key=1),
        (1, 2, 3, 4),
        6,
        (([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]), ([4, 1, 3, 1, 2, 4], [1, 1, 2, 3, 4, 4])),
    ),
)
"""What rounding brings near a limit: here points of a circle from steps over a weighted sum."""

READOUTS = (
    Case(
        "many_numbers",
        lambda: rasp.SequenceMap(lambda t, i: 8 * t - i, tokens, indices),
        (0, 1, 2, 3, 4),
        8,
        (([4, 0, 1], [32, -1, 6]),),
    ),
    Case(
        "many_names",
        lambda: rasp.SequenceMap(lambda t, i: f"{t}{i}", tokens, indices),
        tuple("abcdef"),
        6,
        ((list("fa"), ["f0", "a1"]),),
    ),
    Case(
        "many_differences",
        lambda: library.make_count(tokens, "a") - library.make_count(tokens, "b"),
        ("a", "b"),
        17,
        ((list("aba"), [1, 1, 1]), (["b"] * 17, [-17] * 17)),
    ),
    Case(
        "many_or_none",
        lambda: library.shift_by(1, tokens),
        tuple(range(40)),
        3,
        (([5, 7], [None, 5]),),
    ),
)
"""Outputs of so many values that level 2 decodes them from numbers."""

SAME = rasp.Select(tokens, tokens, Comparison.EQ)
BEFORE = rasp.Select(indices, indices, Comparison.LT)

GRADED = (
    Case(
        "last_earlier_equal",
        lambda: rasp.Aggregate(rasp.SelectLast(SAME & BEFORE), indices),
        ("a", "b"),
        4,
        ((["a", "b", "a", "a"], [None, None, 0, 2]),),
    ),
    Case(
        "best_of_scores",
        lambda: rasp.Aggregate(rasp.SelectBest(_everywhere(), rasp.SelectorWidth(SAME)), tokens),
        ("a", "b", "c"),
        4,
        ((["a", "a", "b", "b"], ["b", "b", "b", "b"]), (["c", "c", "b"], ["c", "c", "c"])),
    ),
)
"""The last or best key, by one head with a slope."""

OWN = (*ELEMENTWISE, *ATTENTION, *CAUSAL, *COMPOSITE, *PROMISES, *MARGINS, *READOUTS, *GRADED)
CASES = (*LIBRARY, *OWN)
"""Every case, names distinct."""
