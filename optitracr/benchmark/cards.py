"""What there is to say of each model of a suite: its line in a gallery, and what opens below it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from markupsafe import Markup

from optitracr.benchmark.circuit_picture import circuit_picture
from optitracr.benchmark.entries import entries_of, is_held_back
from optitracr.benchmark.records import GROUPS, SCORES, about, entries, folder_of
from optitracr.benchmark.results import FIGURES, VARIABLE_FIGURES
from optitracr.compiled import CompiledModel
from optitracr.draw.markup import escaped, joined, markup
from optitracr.draw.residual import Panel, residual_picture
from optitracr.draw.sublayers import sublayers_picture
from optitracr.draw.variables import variables_of
from optitracr.report.html import Cell, Row, table, text
from optitracr.report.sections import picture_box

SIZES = ("layers", "width", "heads", "neurons", "parameters")
"""Of a model: what a line of the gallery has."""

PLAIN = ("tokens", "indices", "constant")
"""Kinds of expressions that every other program has: no features."""

Scores = Mapping[str, Mapping[str, Any]]
"""By method the figures of one model."""


@dataclass(frozen=True, slots=True)
class Card:
    """A model of a suite.

    Attributes:
        name: Of its program.
        sizes: By `SIZES`.
        features: What its program is made of, and whether it is causal.
        proof: What is known of what it computes.
        groups: Its tier and split, where the suite has them.
        scores: Of each method the first of its figures; None where that is not defined.
        colours: How many variables have colours.
        details: Its program, pictures and scores.
    """

    name: str
    sizes: dict[str, int]
    features: tuple[str, ...]
    proof: str
    groups: dict[str, str]
    scores: dict[str, float | None]
    colours: int
    details: Markup


def cards_of(folder: str | PathLike[str]) -> Iterator[Card]:
    """The models of a suite, with the scores that there are.

    Args:
        folder: Of the suite.

    Raises:
        FileError: If it holds no suite that is whole, or scores cannot be read.
    """
    place = folder_of(folder)
    scores = {
        path.stem: {entry["index"]: entry for entry in entries(path)}
        for path in sorted((place / SCORES).glob("*.jsonl"))
    }
    for entry in entries_of(place):
        # A page is to be shown, and what is held back is not.
        if not is_held_back(entry.about):
            index = entry.about["index"]
            own = {name: known[index] for name, known in scores.items() if index in known}
            yield _card({**entry.row, **about(entry.about)}, entry.model(), own)


def _card(row: Mapping[str, Any], model: CompiledModel, scores: Scores) -> Card:
    firsts = (FIGURES[0], VARIABLE_FIGURES[0])
    return Card(
        name=row["name"],
        sizes={size: row[size] for size in SIZES},
        features=_features(row),
        proof=row["proof"],
        groups={name: str(row[name]) for name in GROUPS if row.get(name) is not None},
        scores={
            method: next((entry[name] for name in firsts if name in entry), None)
            for method, entry in scores.items()
        },
        colours=len(variables_of([model]).labels),
        details=_details(row, model, scores),
    )


def _features(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What kinds of expressions a program has, and whether it is read causally."""
    kinds = {entry["kind"] for entry in json.loads(row["program"])["expressions"]}
    reading = ["causal"] if row["causal"] else []
    return (*reading, *sorted(kind.replace("_", " ") for kind in kinds - set(PLAIN)))


def _details(row: Mapping[str, Any], model: CompiledModel, scores: Scores) -> Markup:
    """What is shown of a model that is opened."""
    variables = variables_of([model])
    pictures = {
        "Circuit": circuit_picture(model),
        "Residual stream": residual_picture([Panel(model.name, model)], variables),
        "Heads and neurons": sublayers_picture(model.name, model, variables),
    }
    drawn = joined(
        markup("<h3>{}</h3>{}", title, picture_box(picture)) for title, picture in pictures.items()
    )
    known = f"{row['proof'].lower()}; size: {row['allocation'].lower()}"
    return markup(
        '<p class="caption">{}. Vocabulary: {}; up to {} tokens.</p>'
        "<h3>Program</h3>"
        '<pre tabindex="0" role="region" aria-label="Program">{}</pre>{}{}',
        known,
        ", ".join(map(str, json.loads(row["vocabulary"]))),
        row["max_seq_len"],
        joined(map(escaped, row["text"].splitlines()), "\n"),
        drawn,
        _scores(scores),
    )


def _scores(scores: Scores) -> Markup:
    """A table of figures, a row a method; nothing where no method was run."""
    if not scores:
        return Markup()
    names = (*FIGURES, *VARIABLE_FIGURES)
    heads = [text("method"), *(Cell(_told(name), number=True) for name in names)]
    rows = [
        Row((text(method), *(_figure(entry.get(name)) for name in names)))
        for method, entry in scores.items()
    ]
    return markup("<h3>Scores</h3>{}", table("Scores of methods on this model", heads, rows))


def _told(name: str) -> Markup:
    return escaped(name.replace("_", " "))


def _figure(value: float | None) -> Cell:
    return Cell(escaped("–" if value is None else f"{value:.2f}"), number=True)
