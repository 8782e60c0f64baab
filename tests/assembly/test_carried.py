"""Every dimension says in words what it carries."""

from __future__ import annotations

import pytest

from tests.stages import compilation

TOLD = {
    ("hist", 0): {
        "tokens is 'a'",
        "tokens is 'compiler_pad'",
        "BOS",
        "constant 1",
        "indices is 0",
        "hist_3: 1 / (1 + value)",
        "hist_3 is 8",
    },
    ("hist", 2): {
        "tokens: cos of circle",
        "tokens: sin of circle",
        "BOS, and the constant 0.015625",
        "hist_3: 1 / (1 + value), read out as hist_3",
    },
    ("mean", 2): {"tokens: value", "mean_4: value", "BOS"},
    ("drop_vowels", 2): {"tokens is 'b' or 'c'", "tokens: place on a line"},
    ("shuffle_dyck2", 2): {"count for any_negative_20: value", "count for last_zero_24: value"},
}


@pytest.mark.parametrize(("name", "level"), TOLD)
def test_what_dimensions_carry(name: str, level: int) -> None:
    stays = compilation(name, level).model.circuit.dimensions
    assert all(len(stay.carries) == len(stay.dimensions) for stay in stays)
    told = {text for stay in stays for text in stay.carries}
    assert told >= TOLD[name, level], TOLD[name, level] - told
