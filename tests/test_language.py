"""Every row of the table of the language is compiled here, at each level that it names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.errors import UnsupportedError
from optitracr.levels import LEVELS
from optitracr.model.encoders import CategoricalEncoder, NumericalEncoder
from optitracr.rasp import (
    Aggregate,
    Comparison,
    ConstantSOp,
    Full,
    LinearSequenceMap,
    Map,
    Select,
    SelectBest,
    SelectFirst,
    SelectLast,
    SelectorWidth,
    SequenceMap,
    indices,
    numerical,
    tokens,
)
from tests.in_numpy import in_numpy

__all__ = ["in_numpy"]

LANGUAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text()
VOCAB, LENGTH = {"a", "b", "c"}, 4

SO_FAR = Select(indices, indices, Comparison.LEQ)
BEFORE = Select(indices, indices, Comparison.LT)
PREVIOUS = Select(indices, indices, lambda k, q: k == q - 1)
SAME = Select(tokens, tokens, Comparison.EQ)


def share(token: str) -> rasp.SOp:
    return numerical(Aggregate(SO_FAR, numerical(tokens == token), default=0))


def maybe() -> rasp.SOp:
    """A number that can be None: the share of a before this position."""
    return numerical(Aggregate(BEFORE, numerical(tokens == "a")))


PROGRAMS: dict[str, list[Callable[[], rasp.SOp]]] = {
    "`Map`, `SequenceMap` of categories": [
        lambda: Map(lambda t: t.upper(), tokens),
        lambda: SequenceMap(lambda t, i: (t, i), tokens, indices),
    ],
    "`SequenceMap` of numbers, or of a number and a category": [
        lambda: SequenceMap(lambda x, y: x * y, share("a"), share("b")),
        lambda: numerical(SequenceMap(lambda x, y: x * y, share("a"), share("b"))),
        lambda: SequenceMap(lambda x, t: (round(x, 3), t), share("a"), tokens),
    ],
    "`LinearSequenceMap` of any encoding": [
        lambda: LinearSequenceMap(indices, indices, 2, -1),
        lambda: numerical(LinearSequenceMap(numerical(indices), share("a"), 2, -0.5)),
    ],
    "maps to negative numbers and fractions": [
        lambda: numerical(Map(lambda i: -1.5 * i, indices)),
    ],
    "`Aggregate`: means of any numbers": [
        lambda: numerical(Aggregate(SAME, numerical(indices), default=0)),
        lambda: numerical(Aggregate(SO_FAR, share("a"), default=0)),
    ],
    "`Aggregate`: a mean as a category": [
        lambda: Aggregate(SAME, indices),
        lambda: Aggregate(PREVIOUS, share("a")),
    ],
    "`Aggregate`: a number as default": [
        lambda: numerical(Aggregate(BEFORE, numerical(tokens == "a"), default=-2.5)),
    ],
    "`Aggregate`: a category as default": [
        lambda: Aggregate(PREVIOUS, tokens, default="a"),
        lambda: Aggregate(PREVIOUS, tokens, default="none"),
    ],
    "`SelectorWidth`, as a category or a number": [
        lambda: SelectorWidth(SAME),
        lambda: numerical(SelectorWidth(SAME)),
    ],
    "numerical keys and queries": [
        lambda: SelectorWidth(Select(share("a"), share("b"), Comparison.LEQ)),
    ],
    "`SelectorAnd`, `SelectorOr`, `SelectorNot`": [
        lambda: SelectorWidth(SAME & BEFORE),
        lambda: SelectorWidth(SAME | PREVIOUS),
        lambda: SelectorWidth(~SAME),
        lambda: Aggregate(SAME & PREVIOUS, tokens),
        lambda: numerical(Aggregate(SAME | PREVIOUS, numerical(tokens == "a"), default=0)),
        lambda: SelectorWidth((SAME & ~SO_FAR) | (~SAME & SO_FAR)),
    ],
    "`SelectFirst`, `SelectLast`, `SelectBest`": [
        lambda: Aggregate(SelectFirst(SAME), indices),
        lambda: Aggregate(SelectLast(SAME & BEFORE), tokens),
        lambda: Aggregate(SelectBest(SO_FAR | PREVIOUS, SelectorWidth(SAME)), tokens),
        lambda: Aggregate(SelectBest(BEFORE, Map({"a": 2, "c": 1.5}.get, tokens)), indices),
        lambda: numerical(Aggregate(SelectBest(SAME, share("a")), share("b"), default=0)),
        lambda: SelectorWidth(~SelectLast(SAME) & SelectFirst(BEFORE)),
        lambda: SelectorWidth(SelectLast(SelectFirst(SAME) | PREVIOUS)),
    ],
    "None through maps, heads and outputs": [
        lambda: Map(lambda t: None if t == "a" else t, tokens),
        lambda: SequenceMap(lambda p, t: p + t, Aggregate(PREVIOUS, tokens), tokens),
        lambda: Aggregate(PREVIOUS, Aggregate(PREVIOUS, tokens)),
    ],
    "numbers that can be None": [
        maybe,
        lambda: Map(lambda x: x > 0.4, maybe()),
        lambda: numerical(LinearSequenceMap(maybe(), share("b"), 1, -1)),
        lambda: numerical(Map(lambda t: None if t == "a" else 1.5, tokens)),
    ],
    "`Full`, `ConstantSOp`, `length`": [
        lambda: Full("x"),
        lambda: numerical(Full(-2.5)),
        lambda: ConstantSOp([1, None, 3], check_length=False),
        lambda: rasp.length,
    ],
    "programs that are `tokens` or `indices`, or read neither": [
        lambda: tokens,
        lambda: indices,
        lambda: Full(3),
    ],
}
ONLY_AT_LEVEL_2 = {"`Aggregate`: a category as default"}


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("feature", list(PROGRAMS))
def test_features(feature: str, causal: bool, level: int) -> None:
    for make in PROGRAMS[feature]:
        if level < 2 and feature in ONLY_AT_LEVEL_2:
            with pytest.raises(UnsupportedError, match="optimize=2"):
                compile_rasp_to_model(make(), VOCAB, LENGTH, causal=causal, optimize=level)
            continue
        model = compile_rasp_to_model(make(), VOCAB, LENGTH, causal=causal, optimize=level)
        report = model.verify(400)
        assert report.exhaustive_length == LENGTH
        assert report.undefined == 0


def test_the_readme_lists_just_these_features() -> None:
    table = LANGUAGE.split("<!-- language -->")[1].split("<!-- /language -->")[0]
    rows = re.findall(r"^\| (?!---|RASP)(.*?) \| .* \| (.*?) \|$", table, re.M)
    assert [name for name, _ in rows] == list(PROGRAMS)
    for name, levels in rows:
        assert levels == ("level 2" if name in ONLY_AT_LEVEL_2 else "every level")


def test_an_output_that_can_be_none_is_decoded_as_the_interpreter_does() -> None:
    model = compile_rasp_to_model(maybe(), VOCAB, LENGTH)
    assert isinstance(model.output_encoder, CategoricalEncoder)
    assert model.apply([model.setting.bos, *"aba"]).decoded[1:] == [None, 1.0, 0.5]
    sure = compile_rasp_to_model(share("a"), VOCAB, LENGTH)
    assert isinstance(sure.output_encoder, NumericalEncoder)
