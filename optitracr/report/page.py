"""The page of a report: its sections, put into the template."""

from __future__ import annotations

from markupsafe import Markup, escape

from optitracr.draw.markup import joined, markup
from optitracr.report.example_section import example_data, example_section
from optitracr.report.facts import Facts
from optitracr.report.html import swatch
from optitracr.report.sections import (
    graph_section,
    options_sentence,
    points_section,
    residual_section,
    savings_section,
    sizes_section,
    sublayers_section,
)
from optitracr.report.summary import key_figures, proof, summary
from optitracr.report.templates import filled, shelled


def page(facts: Facts) -> str:
    """A report as one HTML page that needs no other file and no network."""
    body = filled(
        "page.html",
        proof=proof(facts),
        figures=key_figures(facts),
        legend=_legend(facts),
        residual=residual_section(facts),
        sizes=sizes_section(facts),
        sublayers=sublayers_section(facts),
        points=points_section(facts),
        savings=savings_section(facts),
        graph=graph_section(facts),
        example=example_section(facts),
    )
    return shelled(
        body,
        title=facts.name,
        kind="optitracr report",
        product="optitracr report",
        subject="report",
        summary=summary(facts),
        same="program and options give",
        about=markup("{}. ", options_sentence(facts)),
        colours=len(facts.variables.labels),
        data=example_data(facts),
    )


def framed(name: str, html: str) -> str:
    """A page in a frame, for notebooks."""
    framed = markup(
        '<iframe title="Report on {}" srcdoc="{}" '
        'style="width:100%;height:760px;border:1px solid #c9ced6;border-radius:8px"></iframe>',
        name,
        escape(html),
    )
    return str(framed)


def _legend(facts: Facts) -> Markup:
    """A button for each variable: it highlights the variable on the whole page."""
    return joined(
        (
            markup(
                '<button type="button" class="chip" data-v="{}" aria-pressed="false">{}</button>',
                i,
                swatch(label, facts.variables),
            )
            for i, label in enumerate(facts.variables.labels)
        ),
        "\n",
    )
