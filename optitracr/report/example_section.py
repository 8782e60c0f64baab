"""The section on example inputs: values of every variable, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from optitracr.draw.markup import escaped, joined, markup
from optitracr.draw.picture import plain
from optitracr.report.examples import Example
from optitracr.report.facts import Facts
from optitracr.report.html import Cell, Row, shown, swatch, table, text
from optitracr.report.sections import picture_box


def example_data(facts: Facts) -> dict[str, Any]:
    """What the page's script needs to draw the attention of any head on any example."""
    heads = [] if not facts.examples else facts.examples[0].patterns
    return {
        "heads": [{"name": p.use.name, "label": p.use.label} for p in heads],
        "examples": [
            {
                "tokens": ["BOS", *(plain(str(token)) for token in example.tokens)],
                "weights": [np.round(p.weights, 3).tolist() for p in example.patterns],
            }
            for example in facts.examples
        ],
    }


def example_section(facts: Facts) -> Markup:
    """Choosers, then for each example its values and the attention of all heads."""
    if not facts.examples:
        return Markup("<p>The program is undefined on every input that was tried.</p>")
    shown = (_example(place, example, facts) for place, example in enumerate(facts.examples))
    return joined((_choosers(facts), *shown, _one_head(facts)), "\n")


def _example(place: int, example: Example, facts: Facts) -> Markup:
    overview = Markup()
    if example.patterns:
        heads = picture_box(facts.picture("attention", place))
        overview = markup("<h3>All heads on this input</h3>{}", heads)
    return markup(
        '<div class="example" data-example="{}"><h3>What every variable is</h3>{}{}</div>',
        place,
        _values(f"Values on {_line(example)}", example, facts),
        overview,
    )


def _line(example: Example) -> str:
    return " ".join(plain(str(token)) for token in example.tokens)


def _choosers(facts: Facts) -> Markup:
    return markup(
        '<div class="choosers"><label for="example-input">Input</label>'
        '<select id="example-input" autocomplete="off">{}</select></div>',
        _options([_line(example) for example in facts.examples]),
    )


def _options(texts: Sequence[str]) -> Markup:
    """What can be chosen, each by its number."""
    return joined(markup('<option value="{}">{}</option>', i, text) for i, text in enumerate(texts))


def _values(caption: str, example: Example, facts: Facts) -> Markup:
    """A column a position, a row a variable, and the model's own output below."""
    output = facts.model.program.graph.output
    heads = [text("position"), *(Cell(escaped(i), number=True) for i in range(len(example.tokens)))]
    rows = [
        Row(
            (Cell(swatch(label, facts.variables)), *(_value(value) for value in values)),
            facts.variables.index(label),
            "output" if label == output else "",
        )
        for label, values in example.values
    ]
    decoded = [
        Cell(_decoded(value, good), number=True, tone="good" if good else "bad")
        for value, good in zip(example.decoded, example.agrees, strict=True)
    ]
    said = Cell(Markup('<span class="name">the model’s own output</span>'))
    rows.append(Row((said, *decoded), facts.variables.index(output), "decoded"))
    return table(caption, heads, rows, "values")


def _decoded(value: Any, good: bool) -> Markup:
    sign = "✓" if good else "✗"
    return markup('{} <span title="the interpreter&#39;s">{}</span>', shown(value), sign)


def _value(value: Any) -> Cell:
    tone = "quiet" if value is None else ""
    return Cell(escaped(shown(value)), number=True, tone=tone)


def _one_head(facts: Facts) -> Markup:
    """One head's matrix in full, drawn again by the script when another is chosen."""
    first = facts.examples[0]
    if not first.patterns:
        return Markup(
            '<p class="none">This model has no attention: no position has to see another.</p>'
        )
    tokens = ["BOS", *(plain(str(token)) for token in first.tokens)]
    heads = [text("query ↓ key →"), *(text(token) for token in tokens)]
    rows = [
        Row((text(token), *(_weight(float(w)) for w in weights)))
        for token, weights in zip(tokens, np.round(first.patterns[0].weights, 3), strict=True)
    ]
    return markup(
        "<h3>One head, number by number</h3>"
        '<div class="choosers"><label for="head">Layer and head</label>'
        '<select id="head" autocomplete="off">{}</select></div><div id="heat">{}</div>',
        _options([f"{pattern.use.name}: {pattern.use.label}" for pattern in first.patterns]),
        table("Attention weights of one head", heads, rows, "heat"),
    )


def _weight(weight: float) -> Cell:
    # Two digits fit the cell; what they would round to 0 is left out, and a 1 needs none.
    told = f"{weight:.2f}".replace("0.", ".", 1) if 0.005 <= weight < 0.995 else ""
    told = "1" if weight >= 0.995 else told
    share = f"{weight:g}"
    return Cell(markup('<span class="weight" style="--weight:{}">{}</span>', share, told))
