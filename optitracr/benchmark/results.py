"""The figures of methods over the models of a suite."""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

from optitracr.benchmark.metrics import Mean, mean_over
from optitracr.benchmark.records import SCORES, entries, folder_of
from optitracr.errors import FileError
from optitracr.writing import shown_path

FIGURES = ("auroc", "precision", "node_auroc", "node_precision", "faithfulness", "density")
"""What is averaged over models."""

DIGITS = 6
"""Of a figure: more than an interval over a thousand models tells apart."""


def score_suite(folder: str | PathLike[str]) -> dict[str, Any]:
    """The figures of each method that was run, as means over models.

    Args:
        folder: Of the suite.

    Returns:
        `{"methods": {name: {"auroc": ..., "intervals": {"auroc": [low, high]}, ...}}}`; None
        where no model has the figure, as where every edge of each is true. `undefined` counts
        the models without an area, `left_out` those that were not run.

    Raises:
        FileError: If the folder holds no scores, or they cannot be read.
    """
    place = folder_of(folder)
    paths = sorted((place / SCORES).glob("*.jsonl"))
    if not paths:
        raise FileError(
            f"{shown_path(place)} holds no scores; run methods first: optitracr benchmark run "
            f"{shown_path(place)}"
        )
    return {"methods": {path.stem: _averaged(list(entries(path, None))) for path in paths}}


def _averaged(found: list[dict[str, Any]]) -> dict[str, Any]:
    run = [entry for entry in found if "left_out" not in entry]
    means = {
        name: mean_over([math.nan if x[name] is None else x[name] for x in run]) for name in FIGURES
    }
    return {
        **{name: _plain(mean.value) for name, mean in means.items()},
        "intervals": {name: _interval(mean) for name, mean in means.items()},
        "models": len(run),
        "undefined": len(run) - means["auroc"].models,
        "left_out": len(found) - len(run),
    }


def _interval(mean: Mean) -> list[float | None]:
    return [_plain(mean.low), _plain(mean.high)]


def _plain(number: float) -> float | None:
    """A number as JSON has it."""
    return None if math.isnan(number) else round(number, DIGITS)
