"""A suite as one page to browse, which needs no other file and no network.

What is shown of a model that is opened is compressed, so that hundreds of models fit a page.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Sequence
from os import PathLike
from typing import Any

from markupsafe import Markup

from optitracr import arguments
from optitracr.benchmark.cards import SIZES, Card, cards_of
from optitracr.benchmark.records import GROUPS, folder_of
from optitracr.draw.markup import attributes, joined, markup
from optitracr.draw.residual import plural
from optitracr.report.templates import filled, shelled
from optitracr.writing import write_file

PACKAGE = "optitracr.benchmark"


def save_gallery(folder: str | PathLike[str], path: str | PathLike[str]) -> int:
    """Writes a suite as one page: each model's program, pictures, circuit and scores.

    Args:
        folder: Of the suite.
        path: The HTML file.

    Returns:
        How many models it shows.

    Raises:
        FileError: If the folder holds no suite that is whole, or scores cannot be read; or the
            file cannot be written.
    """
    target = arguments.path("path", path, "the name of a file as text or pathlib.Path")
    cards = list(cards_of(folder))
    title = folder_of(folder).resolve().name or "suite"
    write_file(target, gallery_page(title, cards).encode())
    return len(cards)


def gallery_page(title: str, cards: Sequence[Card]) -> str:
    """The page of some models.

    Args:
        title: Name of the suite.
        cards: The models.
    """
    methods = list(dict.fromkeys(method for card in cards for method in card.scores))
    body = filled(
        "gallery.html",
        PACKAGE,
        choosers=_choosers(cards, methods),
        heads=joined(_head(name) for name in ("program", *SIZES, "proof", "score")),
        rows=joined((_row(place, card) for place, card in enumerate(cards)), "\n"),
    )
    return shelled(
        body,
        title=title,
        kind="a suite of models",
        product="optitracr benchmark",
        subject="models",
        summary=markup("<b>{}</b>, each with its program, circuit and scores.", _count(cards)),
        same="suite and scores give",
        colours=max((card.colours for card in cards), default=0),
        data={"models": [_data(card) for card in cards]},
        own=[(PACKAGE, "gallery")],
    )


def _count(cards: Sequence[Card]) -> str:
    return plural(len(cards), "model")


def _data(card: Card) -> dict[str, Any]:
    """What the script filters and sorts by, and the details, compressed."""
    details = gzip.compress(str(card.details).encode(), mtime=0)
    return {
        "name": card.name,
        "sizes": card.sizes,
        "features": list(card.features),
        "proof": card.proof,
        **card.groups,
        "scores": card.scores,
        "details": b64encode(details).decode("ascii"),
    }


def _choosers(cards: Sequence[Card], methods: Sequence[str]) -> Markup:
    """Search, filters, order, and whose scores are shown."""
    layers = sorted({card.sizes["layers"] for card in cards})
    features = sorted({feature for card in cards for feature in card.features})
    proofs = sorted({card.proof for card in cards})
    most = max((card.sizes["parameters"] for card in cards), default=1)
    steps = [10**power for power in range(2, len(str(most)))]
    chosen = [
        _chooser("parameters", "Parameters", [(str(n), f"up to {n:,}") for n in steps]),
        _chooser("layers", "Layers", [(str(n), str(n)) for n in layers]),
        _chooser("feature", "Feature", [(name, name) for name in features]),
        _chooser("proof", "Proof", [(name, name.lower()) for name in proofs]),
    ]
    for group in GROUPS:
        values = sorted({card.groups[group] for card in cards if group in card.groups})
        if values:
            chosen.append(_chooser(group, group.capitalize(), [(x, x) for x in values]))
    orders = [("", "as made"), ("name", "name"), *((size, size) for size in SIZES)]
    chosen.append(_chooser("order", "Order", [*orders, ("score", "score, lowest first")], None))
    if methods:
        chosen.append(_chooser("method", "Score of", [(name, name) for name in methods], None))
    search = Markup(
        '<label for="search">Search</label>'
        '<input id="search" type="search" autocomplete="off" placeholder="name of a program">'
    )
    return joined([search, *chosen], "\n")


def _chooser(
    name: str, label: str, options: Sequence[tuple[str, str]], every: str | None = "any"
) -> Markup:
    listed = [*([("", every)] if every is not None else []), *options]
    return markup(
        '<span><label for="{name}">{label}</label> '
        '<select id="{name}" autocomplete="off">{options}</select></span>',
        name=name,
        label=label,
        options=joined(
            markup('<option value="{}">{}</option>', value, told) for value, told in listed
        ),
    )


def _head(name: str) -> Markup:
    numbers = attributes(class_="number" if name in (*SIZES, "score") else None)
    return markup('<th scope="col"{}>{}</th>', numbers, name)


def _row(place: int, card: Card) -> Markup:
    sizes = joined(markup('<td class="number">{}</td>', f"{card.sizes[size]:,}") for size in SIZES)
    features = joined((markup('<span class="kind">{}</span>', x) for x in card.features), " ")
    return markup(
        '<tr class="model" data-model="{place}"><th scope="row"><button type="button" class="open"'
        ' aria-expanded="false">{name}</button> {features}</th>{sizes}<td>{proof}</td>'
        '<td class="number score"></td></tr>',
        place=place,
        name=card.name,
        features=features,
        sizes=sizes,
        proof=card.proof.lower(),
    )
