"""What cannot be in time, or of use in time, is no part of a problem at a number of layers."""

from __future__ import annotations

from solvers.fitting import fitting
from solvers.problem import (
    Alternative,
    HeadDemand,
    Kind,
    Problem,
    SizeConstants,
    Variable,
    View,
)
from solvers.timing import earliest


def _mlp(name: str, variable: str, *reads: str) -> Alternative:
    return Alternative(name, variable, Kind.MLP, tuple((x,) for x in reads), 1, None)


def _head(name: str, variable: str, *reads: str) -> Alternative:
    demand = HeadDemand(selector=name, value_width=1, head_size=1)
    return Alternative(name, variable, Kind.ATTENTION, tuple((x,) for x in reads), 0, demand)


PROBLEM = Problem(
    name="two ways",
    variables=(
        Variable("in", 1, is_input=True),
        *(Variable(name, 1) for name in ("far", "near", "out", "idle")),
    ),
    alternatives=(
        _head("far by a head", "far", "in"),
        _mlp("near by neurons", "near", "in"),
        _mlp("out of far", "out", "far"),
        _head("out of near", "out", "near"),
        _mlp("idle by neurons", "idle", "in"),
    ),
    views=(View(("out",)),),
    self_attention=None,
    constants=SizeConstants(1, 1),
)


def test_what_is_too_late_is_left_out_and_what_nothing_reads() -> None:
    times = earliest(PROBLEM)
    shallow, deep = (fitting(PROBLEM, layers, times) for layers in (1, 2))
    assert [a.name for a in shallow.problem.alternatives] == ["far by a head", "out of far"]
    assert [v.name for v in shallow.problem.variables] == ["in", "far", "out"]
    assert shallow.last == {"far by a head": 0, "out of far": 1}
    assert [a.name for a in deep.problem.alternatives] == [
        "far by a head",
        "near by neurons",
        "out of far",
        "out of near",
    ]
    assert deep.last["far by a head"] == 2
    assert deep.last["near by neurons"] == 1
