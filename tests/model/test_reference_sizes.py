"""Level 0 has Tracr's sizes, exactly, as reference_sizes.csv beside this file lists them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from optitracr import compile_rasp_to_model, library

ROWS = list(
    csv.DictReader((Path(__file__).parent / "reference_sizes.csv").read_text().splitlines())
)
NAMES = [
    "reverse",
    "length",
    "hist",
    "sort_unique",
    "sort",
    "sort_freq",
    "frac_prevs",
    "pair_balance",
    "shuffle_dyck1",
    "shuffle_dyck2",
    "shuffle_dyck3",
    "detect_pattern",
    "count_less_freq",
    "count",
    "shift_by",
    "nary_sequencemap",
]


@pytest.mark.parametrize(("name", "row"), list(zip(NAMES, ROWS, strict=True)), ids=NAMES)
def test_level_0_has_tracrs_sizes(name: str, row: dict[str, str]) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=0)
    size = model.size
    found = {
        "layers": size.layers,
        "width": size.width,
        "heads": size.heads,
        "head_size": size.head_size,
        "neurons": size.neurons,
    }
    assert found == {key: int(row[f"tracr_{key}"]) for key in found}
    outputs = model.unembed.size
    assert size.parameters - outputs == int(row["tracr_parameters_without_unembedding"])
    arrays = [array for part in model.params.values() for array in part.values()]
    assert sum(array.size for array in arrays) + outputs == size.parameters


BEYOND_REACH = {
    # Two attentions in sequence, of which the second's key is computed from the first's.
    "count_less_freq": 2,
}
"""Layers at level 2 where the first experiment, which built no weights, counted fewer."""


@pytest.mark.sweep
@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(("name", "row"), list(zip(NAMES, ROWS, strict=True)), ids=NAMES)
def test_optimal_levels_reach_the_first_experiment(
    name: str, row: dict[str, str], level: int
) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=level)
    assert model.allocation.status.value == "OPTIMAL"
    found = (model.size.layers, model.size.width)
    wanted = (int(row[f"level{level}_layers"]), int(row[f"level{level}_width"]))
    if level == 2 and name in BEYOND_REACH:
        assert found[0] == BEYOND_REACH[name]
        assert found[1] <= wanted[1]
    else:
        assert found <= wanted
