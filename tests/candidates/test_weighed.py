"""Which variables decide how a head weighs several positions."""

from __future__ import annotations

from optitracr import library, rasp
from optitracr.candidates.weighed import weighed_variables
from optitracr.compile import COMPILER_BOS, COMPILER_PAD
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.stages import Compilation


def weighed(program: rasp.SOp) -> set[str]:
    setting = check_setting({"a", "b"}, 4, COMPILER_BOS, COMPILER_PAD, False)
    found = weighed_variables(Compilation(program, setting, check_options()).tabled)
    return {label.rsplit("_", 1)[0] for label in found}


def test_what_a_count_of_counts_depends_on() -> None:
    hist = library.make_hist().named("hist")
    same = rasp.Select(hist, hist, rasp.Comparison.EQ)
    assert weighed(rasp.SelectorWidth(same)) >= {"hist", "tokens"}
    assert "hist" not in weighed(rasp.Map(lambda count: count > 1, hist))


def test_a_head_that_looks_at_one_position_weighs_none() -> None:
    last = rasp.SequenceMap(lambda n, _: n - 1, library.length, rasp.indices).named("last")
    there = rasp.Select(rasp.indices, last, rasp.Comparison.EQ)
    assert "last" not in weighed(rasp.Aggregate(there, rasp.tokens))
    before = rasp.Select(rasp.indices, last, rasp.Comparison.LT)
    mean = rasp.Aggregate(before, rasp.numerical(rasp.tokens == "a"), default=0)
    assert "last" in weighed(rasp.numerical(mean))
