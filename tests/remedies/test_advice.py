"""What errors of limits say: the variable, what made it large, and what was tried and helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.errors import LimitError, OptitracrError, ProgramError
from optitracr.rasp import Aggregate, Comparison, Full, Map, Select, SequenceMap, indices, tokens
from optitracr.remedies import trials
from optitracr.remedies.trials import Outcome, Remedy, Trials

SO_FAR = Select(indices, indices, Comparison.LEQ)
PREVIOUS = Select(indices, indices, lambda k, q: k == q - 1)


def where(token: str) -> rasp.SOp:
    return Aggregate(Select(tokens, Full(token), Comparison.EQ), indices).named(f"where_{token}")


def between() -> rasp.SOp:
    first, last = where("b"), where("e")
    return SequenceMap(lambda p, q: max(q - p - 1, 0), first, last).named("between")


def mean_of_squares() -> rasp.SOp:
    return Aggregate(SO_FAR, Map(lambda t: t * t, tokens).named("squares")).named("average")


def read_mean() -> rasp.SOp:
    """A number whose values are too many to be listed, read value by value."""
    squares = rasp.numerical(Map(lambda t: t * t, tokens)).named("squares")
    average = rasp.numerical(Aggregate(SO_FAR, squares, default=0)).named("average")
    return Map(lambda x: x > 30, average).named("large")


def many_pairs() -> rasp.SOp:
    before = Aggregate(PREVIOUS, tokens).named("before")
    return SequenceMap(lambda a, b: (a, b), tokens, before).named("pair")


def compared() -> rasp.SOp:
    """Sums by means, which are whole numbers although their value sets know nothing of it."""
    same = Select(tokens, tokens, Comparison.EQ)
    total = (Aggregate(same, indices) * rasp.SelectorWidth(same)).named("total")
    before = Aggregate(PREVIOUS, total).named("before")
    return SequenceMap(lambda x, y: x > y, total, before).named("rises")


@dataclass(frozen=True)
class Limit:
    """A program that meets a limit.

    Attributes:
        make: Builds it.
        vocab: Tokens.
        length: Longest input.
        level: At which it is compiled.
        says: What the message says of the limit.
        cause: What it says that is large.
        remedies: What it says that helps.
    """

    make: Callable[[], rasp.SOp]
    vocab: set[Any]
    length: int
    level: int
    says: str
    cause: str
    remedies: tuple[str, ...] = field(default=())


LIMITS = {
    "values of a mean": Limit(
        lambda: where("b"),
        set("abe"),
        40,
        1,
        "the mean 'where_b_5'",
        "the s-op 'indices' is largest, with 40 values",
        ("rasp.at_most_one(...) about the selector of 'where_b_5'",),
    ),
    "pairs of values": Limit(
        between,
        set("abe"),
        16,
        2,
        "s-op 'between_9'",
        "the mean 'where_b_5'",
        ("rasp.at_most_one(...) about the selectors of 'where_b_5'",),
    ),
    "means of many numbers": Limit(
        mean_of_squares,
        set(range(60)),
        40,
        1,
        "the mean 'average_5'",
        "'tokens' is largest, with 60 values",
        ("rasp.numerical(...) around 'average_5'",),
    ),
    "a number that is read value by value": Limit(
        read_mean,
        set(range(30)),
        12,
        2,
        "the mean 'average_5'",
        "'tokens' is largest, with 30 values",
        ("max_seq_len=",),
    ),
    "sums by means": Limit(
        compared,
        set("ab"),
        8,
        1,
        "s-op 'rises_9'",
        "'total_6'",
        ("rasp.Map(round, ...) around 'total_6'",),
    ),
    "nothing helps": Limit(
        many_pairs,
        {f"t{i}" for i in range(1100)},
        2,
        1,
        "s-op 'pair_5'",
        "the s-op 'tokens' is largest, with 1,100 values",
    ),
}


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Remedy, Outcome]]:
    """What is tried while a test runs."""
    found: list[tuple[Remedy, Outcome]] = []
    whole = Trials.outcome

    def outcome(own: Trials, remedy: Remedy) -> Outcome:
        found.append((remedy, whole(own, remedy)))
        return found[-1][1]

    monkeypatch.setattr(Trials, "outcome", outcome)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", list(LIMITS))
def test_a_limit_names_what_is_large_and_what_helps(
    name: str, tried: list[tuple[Remedy, Outcome]]
) -> None:
    limit = LIMITS[name]
    with pytest.raises((LimitError, ProgramError)) as caught:
        compile_rasp_to_model(limit.make(), limit.vocab, limit.length, optimize=limit.level)
    message = str(caught.value)
    assert limit.says in message
    assert limit.cause in message
    for remedy in limit.remedies:
        assert remedy in message
    told = [
        (remedy, outcome)
        for remedy, outcome in tried
        if outcome is not Outcome.FAILS and remedy.text in message
    ]
    assert 1 <= len(told) <= 2 if limit.remedies else "tried" not in message
    failed = [remedy.text for remedy, outcome in tried if outcome is Outcome.FAILS]
    assert not any(f"with {text}" in message for text in failed)
    for remedy, outcome in told:
        if outcome is Outcome.COMPILES:
            setting = remedy.setting
            compile_rasp_to_model(
                remedy.program,
                set(setting.vocabulary),
                setting.max_seq_len,
                optimize=limit.level,
                time_limit=0,
                check=False,
            )


def test_errors_carry_the_label_of_what_they_are_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "SECONDS", 0.0)
    with pytest.raises(OptitracrError) as caught:
        compile_rasp_to_model(Map(lambda x: x + 1, where("b")), set("abe"), 40)
    assert caught.value.label == "where_b_5"
    assert "tried" not in str(caught.value)


def test_what_is_promised_goes_with_the_length(tried: list[tuple[Remedy, Outcome]]) -> None:
    """No shorter inputs are tried, and what inputs look like is seen in the domain."""
    twice = domain.matches("[ae]*b[ae]*b[abe]*")
    with pytest.raises(OptitracrError) as caught:
        compile_rasp_to_model(where("b"), set("abe"), 40, optimize=1, domain=twice)
    assert "max_seq_len=" not in str(caught.value)
    assert "at_most_one" not in str(caught.value)
    assert all(remedy.setting.max_seq_len == 40 for remedy, _ in tried)
