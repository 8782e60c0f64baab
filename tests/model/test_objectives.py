"""Objectives and limits, on real programs."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.errors import InfeasibleError


def compiled(name: str, level: int, **options: object) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        optimize=level,
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.sweep
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("name", ["hist", "pair_balance", "sort_unique", "shuffle_dyck1"])
def test_fewest_parameters_are_no_more_than_those_of_the_default(name: str, level: int) -> None:
    default = compiled(name, level)
    fewest = compiled(name, level, objective="parameters")
    assert fewest.size.parameters <= default.size.parameters
    assert fewest.allocation.value == (fewest.size.parameters,)
    assert fewest.allocation.status.value == "OPTIMAL"


@pytest.mark.parametrize("level", [1, 2])
def test_a_narrower_model_may_be_deeper(level: int) -> None:
    default = compiled("reverse", level)
    narrow = compiled("reverse", level, objective="width,depth")
    assert narrow.size.width <= default.size.width
    assert narrow.size.layers >= default.size.layers


def test_limits_are_kept() -> None:
    limits = {"layers": 4, "width": 35, "heads": 2, "head_size": 9, "neurons": 90}
    size = compiled("reverse", 1, limits=limits).size
    assert all(getattr(size, name) <= limit for name, limit in limits.items())


@pytest.mark.parametrize(
    ("limits", "part"),
    [
        ({"layers": 3}, "layers=3 would have to be at least 4"),
        ({"width": 20}, "width=20 would have to be at least"),
        ({"neurons": 10}, "neurons=10 would have to be at least 72"),
        ({"head_size": 2}, "head_size=2 would have to be at least"),
        ({"heads": 0}, "heads=0 would have to be at least 1"),
    ],
)
def test_impossible_limits_say_what_would_do(limits: dict[str, int], part: str) -> None:
    with pytest.raises(InfeasibleError, match=part):
        compiled("reverse", 1, limits=limits)


@pytest.mark.parametrize("level", [1, 2])
def test_no_time_gives_the_heuristics_allocation(level: int) -> None:
    model = compiled("hist", level, time_limit=0)
    assert model.allocation.solver == "longest_path"
    assert model.allocation.status.value == "FEASIBLE"
    assert "time limit is 0" in model.allocation.message
    assert model.verify(500).inputs > 0


@pytest.mark.parametrize("name", ["shuffle_dyck2", "double_hist", "sort_unique", "last_token"])
def test_a_given_architecture_is_fitted(name: str) -> None:
    limits = {"layers": 3, "width": 32, "heads": 4, "head_size": 8, "neurons": 64}
    model = compiled(name, 2, limits=limits)
    assert all(getattr(model.size, part) <= limit for part, limit in limits.items())
    assert model.allocation.status.value == "OPTIMAL"


@pytest.mark.parametrize(
    "name", ["identity", "upper_case", "is_vowel", "censor", "caesar", "position_parity"]
)
def test_functions_of_one_input_need_no_layer(name: str) -> None:
    size = compiled(name, 2).size
    assert (size.layers, size.heads, size.neurons) == (0, 0, 0)
