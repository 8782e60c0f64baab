"""The page of a report: its sections, put into the template."""

from __future__ import annotations

from importlib import resources
from string import Template

from optitracr.draw.colours import declarations
from optitracr.report.example_section import example_data, example_section
from optitracr.report.facts import Facts
from optitracr.report.html import embedded, escaped, swatch
from optitracr.report.sections import (
    graph_section,
    options_sentence,
    residual_section,
    savings_section,
    sizes_section,
    sublayers_section,
)
from optitracr.report.summary import key_figures, proof, summary
from optitracr.version import __version__


def page(facts: Facts) -> str:
    """A report as one HTML page that needs no other file and no network."""
    return Template(_asset("page.html")).substitute(
        title=escaped(facts.name),
        colours=declarations(len(facts.variables.labels)),
        style=_asset("page.css"),
        script=_asset("page.js"),
        data=embedded(example_data(facts)),
        summary=summary(facts),
        proof=proof(facts),
        figures=key_figures(facts),
        legend=_legend(facts),
        residual=residual_section(facts),
        sizes=sizes_section(facts),
        sublayers=sublayers_section(facts),
        savings=savings_section(facts),
        graph=graph_section(facts),
        example=example_section(facts),
        options=options_sentence(facts),
        version=escaped(__version__),
    )


def _asset(name: str) -> str:
    return resources.files("optitracr.report").joinpath(name).read_text(encoding="utf-8")


def _legend(facts: Facts) -> str:
    """A button for each variable: it highlights the variable on the whole page."""
    labels = facts.variables.labels
    buttons = "\n".join(
        f'<button type="button" class="chip" data-v="{i}" aria-pressed="false">'
        f"{swatch(label, facts.variables)}</button>"
        for i, label in enumerate(labels)
    )
    return buttons
