"""The figures of methods over the models of a suite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from optitracr import arguments
from optitracr.benchmark.metrics import Mean, mean_over
from optitracr.benchmark.records import GROUPS, SCORES, entries, folder_of
from optitracr.benchmark.scoring import SHARES
from optitracr.errors import FileError
from optitracr.writing import shown_path

FIGURES = (
    "auroc",
    "precision",
    "node_auroc",
    "node_precision",
    "faithfulness",
    "density",
    "node_density",
)
"""Of methods that score edges: what is averaged over models."""

ANY_FIGURES = ("any_auroc", "any_precision")
"""The same against whichever circuit of a model agrees best, where several are as good."""

VARIABLE_FIGURES = ("interchange_accuracy",)
"""Of methods that look for variables: the same."""

CURVE = "curve"
"""The figure of which there is one for each of `SHARES`."""

DIGITS = 6
"""Of a figure: more than an interval over a thousand models tells apart."""

Entries = Sequence[dict[str, Any]]
Methods = Mapping[str, Mapping[str, Any]]


def score_suite(folder: str | PathLike[str], seed: int = 0) -> dict[str, Any]:
    """The figures of each method that was run, as means over models.

    Args:
        folder: Of the suite.
        seed: Of the bootstrap that intervals come from.

    Returns:
        `{"methods": {name: {"auroc": ..., "intervals": {"auroc": [low, high]}, ...}}}`; None
        where no model has the figure, as where every edge of each is true. `counts` has how many
        models have each figure, `undefined` those without the first (an area), `left_out` those
        that were not run. `curve` has faithfulness for each of `shares`, and `groups` all the
        same for each tier and split of the suite, where it has them.

    Raises:
        InputError: If the seed is no natural number.
        FileError: If the folder holds no scores, or they cannot be read.
    """
    place = folder_of(folder)
    seed = arguments.integer("seed", seed, least=0)
    paths = sorted((place / SCORES).glob("*.jsonl"))
    if not paths:
        raise FileError(
            f"{shown_path(place)} holds no scores; run methods first: optitracr benchmark run "
            f"{shown_path(place)}"
        )
    found = {path.stem: entries(path) for path in paths}
    methods = {name: _method(scores, seed) for name, scores in found.items()}
    return {"methods": methods, "shares": list(SHARES)}


def _method(scores: Entries, seed: int) -> dict[str, Any]:
    """The figures over all models, and over those of each tier and split."""
    groups = {}
    for group in GROUPS:
        values = sorted({str(entry[group]) for entry in scores if entry.get(group) is not None})
        if values:
            groups[group] = {
                value: _averaged([x for x in scores if str(x.get(group)) == value], seed)
                for value in values
            }
    return {**_averaged(scores, seed), "groups": groups}


def _averaged(scores: Entries, seed: int) -> dict[str, Any]:
    run = [entry for entry in scores if "left_out" not in entry]
    means = {name: mean_over([_number(x.get(name)) for x in run], seed) for name in figures_of(run)}
    intervals: dict[str, Any] = {name: _interval(mean) for name, mean in means.items()}
    found: dict[str, Any] = {
        **{name: _plain(mean.value) for name, mean in means.items()},
        "intervals": intervals,
        "counts": {name: mean.models for name, mean in means.items()},
        "models": len(run),
        "undefined": len(run) - next(iter(means.values())).models,
        "left_out": len(scores) - len(run),
    }
    if all(CURVE in entry for entry in run):
        curve = zip(*(entry[CURVE] for entry in run), strict=True)
        of_shares = [mean_over(list(map(_number, values)), seed) for values in curve]
        found[CURVE] = [_plain(mean.value) for mean in of_shares]
        intervals[CURVE] = [_interval(mean) for mean in of_shares]
    return found


def figures_of(scores: Entries) -> tuple[str, ...]:
    """Which figures scores have: those of edges, or of variables."""
    of_variables = bool(scores) and VARIABLE_FIGURES[0] in scores[0]
    return VARIABLE_FIGURES if of_variables else (*FIGURES, *ANY_FIGURES)


def in_groups(methods: Methods) -> Iterator[tuple[str, str, Methods]]:
    """Each tier and each split of a suite, with the figures over its models.

    Args:
        methods: What `score_suite` has of each method.

    Yields:
        "tier" or "split", which one, and the figures of the methods that were run on it.
    """
    for group in GROUPS:
        values = dict.fromkeys(x for own in methods.values() for x in own["groups"].get(group, ()))
        for value in values:
            known = {name: own["groups"].get(group, {}).get(value) for name, own in methods.items()}
            yield group, value, {name: own for name, own in known.items() if own}


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _interval(mean: Mean) -> list[float | None]:
    return [_plain(mean.low), _plain(mean.high)]


def _plain(number: float) -> float | None:
    """A number as JSON has it."""
    return None if math.isnan(number) else round(number, DIGITS)
