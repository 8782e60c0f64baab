"""The figures of a suite as a table of numbers, one a line, which CSV files hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from optitracr.benchmark.records import GROUPS
from optitracr.benchmark.results import CURVE

COLUMNS = ("method", *GROUPS, "figure", "share", "mean", "low", "high", "models")
"""Of the table: `share` of the edges that are kept is given for curves alone."""


def to_csv(scores: Mapping[str, Any]) -> str:
    """What `score_suite` gives as CSV: a line for each mean, with its interval.

    Args:
        scores: Of a suite.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_lines(scores))
    return text.getvalue()


def _lines(scores: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for method, figures in scores["methods"].items():
        yield from _figures({"method": method}, figures, scores["shares"])
        for group, values in figures["groups"].items():
            for value, own in values.items():
                yield from _figures({"method": method, group: value}, own, scores["shares"])


def _figures(
    about: dict[str, str], figures: Mapping[str, Any], shares: list[float]
) -> Iterator[dict[str, Any]]:
    for name, models in figures["counts"].items():
        yield _line(about, name, figures[name], figures["intervals"][name], models)
    curve = figures.get(CURVE, ())
    intervals = figures["intervals"].get(CURVE, ())
    for share, mean, interval in zip(shares, curve, intervals, strict=False):
        models = figures["counts"]["faithfulness"]
        yield {**_line(about, CURVE, mean, interval, models), "share": share}


def _line(
    about: dict[str, str], figure: str, mean: Any, interval: list[Any], models: int
) -> dict[str, Any]:
    low, high = interval
    return {**about, "figure": figure, "mean": mean, "low": low, "high": high, "models": models}
