"""Work that stops when its time is over."""

import sys
import types

import pytest

from optitracr.remedies.deadline import OutOfTimeError, within

ENDLESS = """
def work(rounds):
    for _ in range(rounds):
        numbers = (number for number in range(5))
        next(numbers)
        del numbers
        step()

def step():
    pass
"""


def _module():
    module = types.ModuleType("optitracr.endless")
    exec(ENDLESS, module.__dict__)
    return module


def test_work_of_the_library_stops_when_its_time_is_over():
    with pytest.raises(OutOfTimeError):
        within(0.001, lambda: _module().work(10**8))


def test_generators_that_are_thrown_away_do_not_swallow_the_end(monkeypatch):
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    for _ in range(100):
        with pytest.raises(OutOfTimeError):
            within(0.001, lambda: _module().work(10**6))
    assert not dropped


def test_work_that_is_quick_gives_what_it_gives():
    assert within(60, lambda: 7) == 7
