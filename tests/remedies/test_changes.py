"""Programs with parts changed, and work that stops in time."""

from __future__ import annotations

import sys
import time

import pytest

from optitracr import rasp
from optitracr.arguments import shown
from optitracr.rasp import Aggregate, Comparison, Select, SequenceMap, indices, tokens
from optitracr.remedies.changes import changed, numerical, promised, rounded, shortened
from optitracr.remedies.deadline import OutOfTimeError, within

SO_FAR = Select(indices, indices, Comparison.LEQ)
MEAN = rasp.numerical(Aggregate(SO_FAR, tokens)).named("mean")


def test_a_part_is_changed_for_all_who_read_it() -> None:
    program = SequenceMap(lambda x, y: (x, y), MEAN, MEAN + 1)
    assert changed(program, {MEAN: rounded})([1, 2]) == [(1, 2), (2, 3)]
    assert changed(program, {MEAN: shortened})([1, 1, 2])[2] == (1.33, 2.33)
    assert program([1, 2]) == [(1, 2), (1.5, 2.5)]
    assert changed(program, {}) is program


def test_a_selector_below_is_promised_about() -> None:
    program = MEAN + 1
    other = changed(program, {MEAN: promised})
    assert other([3]) == program([3])
    with pytest.raises(ValueError, match="at most one key"):
        other([1, 2])
    assert isinstance(MEAN.selector, Select)


def test_encodings_and_names_stay() -> None:
    again = changed(MEAN, {tokens: numerical})
    assert again.name == "mean"
    assert rasp.is_numerical(again)
    assert rasp.is_numerical(again.sop)
    assert rasp.is_numerical(rounded(MEAN))


def test_work_stops_when_its_time_is_over() -> None:
    def forever() -> None:
        while True:
            shown(1)

    start = time.process_time()
    with pytest.raises(OutOfTimeError):
        within(0.1, forever)
    assert time.process_time() - start < 5
    assert sys.getprofile() is None
    assert within(60, lambda: shown(1)) == "1"
