"""The section on example inputs: values of every variable, and attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from optitracr.draw.picture import plain
from optitracr.report.examples import Example
from optitracr.report.facts import Facts
from optitracr.report.html import Cell, Row, escaped, shown, swatch, table, text
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


def example_section(facts: Facts) -> str:
    """Choosers, then for each example its values and the attention of all heads."""
    if not facts.examples:
        return "<p>The program is undefined on every input that was tried.</p>"
    parts = [_choosers(facts)]
    for place, example in enumerate(facts.examples):
        name = f"Values on {_line(example)}"
        overview = (
            "<h3>All heads on this input</h3>" + picture_box(facts.picture("attention", place))
            if example.patterns
            else ""
        )
        parts.append(
            f'<div class="example" data-example="{place}">'
            f"<h3>What every variable is</h3>{_values(name, example, facts)}{overview}</div>"
        )
    return "\n".join((*parts, _one_head(facts)))


def _line(example: Example) -> str:
    return " ".join(plain(str(token)) for token in example.tokens)


def _choosers(facts: Facts) -> str:
    options = "".join(
        f'<option value="{i}">{escaped(_line(example))}</option>'
        for i, example in enumerate(facts.examples)
    )
    return (
        '<div class="choosers"><label for="example-input">Input</label>'
        f'<select id="example-input" autocomplete="off">{options}</select></div>'
    )


def _values(caption: str, example: Example, facts: Facts) -> str:
    """A column a position, a row a variable, and the model's own output below."""
    output = facts.model.program.graph.output
    heads = [text("position"), *(Cell(str(i), number=True) for i in range(len(example.tokens)))]
    rows = [
        Row(
            (Cell(swatch(label, facts.variables)), *(_value(value) for value in values)),
            facts.variables.index(label),
            "output" if label == output else "",
        )
        for label, values in example.values
    ]
    decoded = [
        Cell(
            f'{_value(value).html} <span title="the interpreter\'s">{"✓" if good else "✗"}</span>',
            number=True,
            tone="good" if good else "bad",
        )
        for value, good in zip(example.decoded, example.agrees, strict=True)
    ]
    said = Cell('<span class="name">the model’s own output</span>')
    rows.append(Row((said, *decoded), facts.variables.index(output), "decoded"))
    return table(caption, heads, rows, "values")


def _value(value: Any) -> Cell:
    tone = "quiet" if value is None else ""
    return Cell(escaped(shown(value)), number=True, tone=tone)


def _one_head(facts: Facts) -> str:
    """One head's matrix in full, drawn again by the script when another is chosen."""
    first = facts.examples[0]
    if not first.patterns:
        return '<p class="none">This model has no attention: no position has to see another.</p>'
    options = "".join(
        f'<option value="{i}">{escaped(p.use.name)}: {escaped(p.use.label)}</option>'
        for i, p in enumerate(first.patterns)
    )
    tokens = ["BOS", *(plain(str(token)) for token in first.tokens)]
    heads = [text("query ↓ key →"), *(text(token) for token in tokens)]
    rows = [
        Row((text(token), *(_weight(float(w)) for w in weights)))
        for token, weights in zip(tokens, np.round(first.patterns[0].weights, 3), strict=True)
    ]
    return (
        "<h3>One head, number by number</h3>"
        '<div class="choosers"><label for="head">Layer and head</label>'
        f'<select id="head" autocomplete="off">{options}</select></div>'
        f'<div id="heat">{table("Attention weights of one head", heads, rows, "heat")}</div>'
    )


def _weight(weight: float) -> Cell:
    told = f"{weight:.2f}".replace("0.", ".", 1) if 0.005 <= weight < 0.995 else ""
    told = "1" if weight >= 0.995 else told
    return Cell(f'<span class="weight" style="--weight:{weight:g}">{told}</span>')
