"""The figures of methods as one page with pictures, which needs no other file and no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from optitracr.benchmark.pictures import curves_picture, means_picture
from optitracr.benchmark.results import CURVE, FIGURES, VARIABLE_FIGURES, Methods, in_groups
from optitracr.draw.markup import escaped, joined, markup
from optitracr.draw.residual import plural
from optitracr.report.html import Cell, Row, table, text
from optitracr.report.sections import picture_box
from optitracr.report.templates import filled, shelled

PACKAGE = "optitracr.benchmark"

PICTURED = {
    "auroc": "Area under the ROC curve of edges",
    "precision": "Precision of edges at the circuit's size",
    "node_auroc": "Area under the ROC curve of heads and MLPs",
    "node_precision": "Precision of heads and MLPs at the circuit's size",
    "faithfulness": "Faithfulness of as many edges as the circuit has",
    "interchange_accuracy": "Interchange accuracy of variables",
}
"""Methods that are drawn, and what they are called."""

MEANING = {
    "auroc": "How often a true edge scores above a false one; chance has 0.5.",
    "precision": "The share of true edges among as many of the best as the circuit has; chance has "
    "the density of the circuit.",
    "node_auroc": "The same area, of heads and MLPs by the mean of the edges that leave them.",
    "node_precision": "The same share, of heads and MLPs by the mean of the edges that leave them.",
    "faithfulness": "How much of the output those edges alone keep: 1 is the clean output, 0 that "
    "on corrupted inputs.",
    "interchange_accuracy": "How often the output is the program’s where the subspace that was "
    "found takes the value that it has on another input.",
}
"""What the figures say, in a line each."""

COUNTS = {"models": "models", "undefined": "without a figure", "left_out": "left out"}
"""What is counted of models, and what it is called."""

CURVES = "Faithfulness by the share of edges that are kept"


def score_page(title: str, scores: Mapping[str, Any]) -> str:
    """The page of what `score_suite` gives.

    Args:
        title: Name of the suite.
        scores: The figures.
    """
    methods: Methods = scores["methods"]
    body = filled(
        "score_page.html",
        PACKAGE,
        legend=_legend(methods),
        sections=joined(_sections(methods, scores["shares"]), "\n"),
    )
    return shelled(
        body,
        title=title,
        kind="scores of methods",
        product="optitracr benchmark",
        subject="scores",
        summary=_summary(methods),
        same="scores give",
        colours=len(methods),
        data={},
    )


def _summary(methods: Methods) -> Markup:
    models = max(figures["models"] for figures in methods.values())
    return markup(
        "<b>{}</b> on <b>{}</b>: means over models, with 95 % intervals by bootstrap.{}{}",
        plural(len(methods), "method"),
        plural(models, "model"),
        _undefined(methods, FIGURES[0], "whose every edge is true, which have no area"),
        _undefined(methods, VARIABLE_FIGURES[0], "that hold no variable that can be asked about"),
    )


def _undefined(methods: Methods, figure: str, why: str) -> str:
    """How many models are left out of a mean."""
    counts = [figures["undefined"] for figures in methods.values() if figure in figures]
    most = max(counts, default=0)
    return f" Without {plural(most, 'model')} {why}." if most else ""


def _legend(methods: Methods) -> Markup:
    return joined(
        (
            markup(
                '<button type="button" class="chip" data-v="{}" aria-pressed="false">{}</button>',
                place,
                _named(method, place),
            )
            for place, method in enumerate(methods)
        ),
        "\n",
    )


def _places(methods: Methods) -> dict[str, int]:
    """Which colour each method has."""
    return {method: place for place, method in enumerate(methods)}


def _named(method: str, place: int) -> Markup:
    """A method with its colour."""
    return markup(
        '<span class="name"><i class="swatch" style="--fill:var(--v{place});'
        '--edge:var(--e{place})"></i>{name}</span>',
        place=place,
        name=method,
    )


def _sections(methods: Methods, shares: list[float]) -> list[Markup]:
    places = _places(methods)
    found = [
        _section("table", "Means over models", "", _tables("Means over models", methods, places))
    ]
    for name, title in PICTURED.items():
        if any(name in figures for figures in methods.values()):
            drawn = picture_box(means_picture(name, title, name, methods))
            found.append(_section(name, title, MEANING[name], drawn))
    if any(figures.get(CURVE) for figures in methods.values()):
        drawn = picture_box(curves_picture(CURVE, CURVES, shares, methods))
        said = "All other edges are patched with what they carry on corrupted inputs."
        found.append(_section(CURVE, CURVES, said, drawn))
    return [*found, *_groups(methods)]


def _section(name: str, title: str, caption: str, content: Markup) -> Markup:
    told = markup('<p class="caption">{}</p>', caption) if caption else Markup()
    return markup(
        '<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>'
        "{told}{content}</section>",
        name=name,
        title=title,
        told=told,
        content=content,
    )


def _tables(caption: str, methods: Methods, places: Mapping[str, int]) -> Markup:
    """A table of methods that score edges, and one of those that look for variables."""
    kinds = {"edges": FIGURES, "variables": VARIABLE_FIGURES}
    found: list[Markup] = []
    for kind, names in kinds.items():
        rows = [
            Row((Cell(_named(method, places[method])), *_cells(figures, names)), places[method])
            for method, figures in methods.items()
            if names[0] in figures
        ]
        if rows:
            heads = [text("method"), *map(_head, (*names, *COUNTS.values()))]
            titled = markup("<h3>{}</h3>", kind.capitalize())
            found += [titled, table(f"{caption}: {kind}", heads, rows)]
    return joined(found, "\n")


def _head(name: str) -> Cell:
    return Cell(escaped(name.replace("_", " ")), number=True)


def _cells(figures: Mapping[str, Any], names: tuple[str, ...]) -> list[Cell]:
    means = [_mean(figures[name], figures["intervals"][name]) for name in names]
    return [*means, *(Cell(escaped(f"{figures[name]:,}"), number=True) for name in COUNTS)]


def _mean(value: float | None, interval: list[float]) -> Cell:
    if value is None:
        return Cell(escaped("–"), number=True, tone="quiet")
    told = markup(
        '{} <span class="quiet">{} to {}</span>', *(f"{x:.2f}" for x in (value, *interval))
    )
    return Cell(told, number=True)


def _groups(methods: Methods) -> list[Markup]:
    """A section for each tier and split, where the suite has them."""
    places = _places(methods)
    return [
        _section(
            f"{group}-{place}", f"{group.capitalize()} {value}", "", _tables(value, own, places)
        )
        for place, (group, value, own) in enumerate(in_groups(methods))
    ]
