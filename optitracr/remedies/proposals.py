"""Changes of a program that may make its value sets and tables smaller, likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from optitracr import rasp
from optitracr.remedies.case import Case
from optitracr.remedies.changes import (
    DECIMALS,
    Change,
    categorical,
    changed,
    numerical,
    promised,
    rounded,
    shortened,
)
from optitracr.remedies.trials import Remedy


def proposals(case: Case) -> Iterator[Iterator[Remedy]]:
    """Changes to try, one kind after another; shorter inputs are tried by themselves."""
    yield _promises(case)
    yield _rounded_to_whole(case)
    yield _encodings(case)
    yield _rounded(case)


def _promises(case: Case) -> Iterator[Remedy]:
    """Aggregates whose selector may select one key, by its author's promise."""
    found = [sop for sop in (*case.below, case.sop) if _may_be_promised(case, sop)]

    def text(names: str, several: bool) -> str:
        which = "the selectors" if several else "the selector"
        return f"rasp.at_most_one(...) about {which} of {names}, if each query selects one key"

    yield from _of_each(case, found, promised, text)


def _may_be_promised(case: Case, sop: rasp.SOp) -> bool:
    if not isinstance(sop, rasp.Aggregate) or isinstance(sop.selector, rasp.SelectorAtMostOne):
        return False
    grows = sop is case.sop or case.size(sop) > case.size(sop.sop) + 1
    return grows and case.seen is not None and case.seen.may_select_one(sop.selector)


def _rounded_to_whole(case: Case) -> Iterator[Remedy]:
    """Numbers that are whole wherever they were looked at, and need not be for their sets."""
    seen = case.seen
    found = [sop for sop in case.below if case.is_fractional(sop) and seen and seen.is_whole(sop)]

    def text(names: str, several: bool) -> str:
        return f"rasp.Map(round, ...) around {names}, whole on all inputs that were looked at"

    yield from _of_each(case, found, rounded, text)


def _rounded(case: Case) -> Iterator[Remedy]:
    """Means, if some decimals of them do."""
    found = [
        sop for sop in case.below if isinstance(sop, rasp.Aggregate) and case.is_fractional(sop)
    ]

    def text(names: str, several: bool) -> str:
        return f"rasp.Map(lambda x: round(x, {DECIMALS}), ...) around {names}, if that is enough"

    yield from _of_each(case, found, shortened, text)


def _encodings(case: Case) -> Iterator[Remedy]:
    """The s-op or what it reads, encoded otherwise: of the whole program, as its readers mind."""
    for sop in (case.sop, *case.operands):
        if isinstance(sop, rasp.TokensType | rasp.IndicesType | rasp.LengthType):
            continue
        if rasp.is_numerical(sop):
            text, change = "rasp.categorical(...)", categorical
        elif case.seen is not None and case.seen.is_number(sop):
            text, change = "rasp.numerical(...)", numerical
        else:
            continue
        program = changed(case.source, {sop: change})
        yield Remedy(f"{text} around {case.describe(sop)}", program, case.setting)


def _of_each(
    case: Case,
    sops: Sequence[rasp.SOp],
    change: Change,
    text: Callable[[str, bool], str],
) -> Iterator[Remedy]:
    """The largest of some s-ops changed, and then all at once."""
    largest = sorted(sops, key=case.size, reverse=True)[:1]
    for group in [largest, list(sops)][: len(sops)]:
        program = changed(case.sop, dict.fromkeys(group, change))
        names = " and ".join(map(case.describe, group))
        yield Remedy(text(names, len(group) > 1), program, case.setting)
