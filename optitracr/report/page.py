"""The page of a report: its sections, put into the template."""

from __future__ import annotations

from importlib import resources
from string import Template

from optitracr import __version__
from optitracr.draw.colours import declarations
from optitracr.report.example_section import example_data, example_section
from optitracr.report.html import embedded, escaped, swatch
from optitracr.report.report import Report
from optitracr.report.sections import (
    graph_section,
    options_sentence,
    residual_section,
    savings_section,
    sizes_section,
    sublayers_section,
)
from optitracr.report.summary import key_figures, proof, summary


def page(report: Report) -> str:
    """A report as one HTML page that needs no other file and no network."""
    return Template(_asset("page.html")).substitute(
        title=escaped(report.name),
        colours=declarations(len(report.variables.labels)),
        style=_asset("page.css"),
        script=_asset("page.js"),
        data=embedded(example_data(report)),
        summary=summary(report),
        proof=proof(report),
        figures=key_figures(report),
        legend=_legend(report),
        residual=residual_section(report),
        sizes=sizes_section(report),
        sublayers=sublayers_section(report),
        savings=savings_section(report),
        graph=graph_section(report),
        example=example_section(report),
        options=options_sentence(report),
        version=escaped(__version__),
    )


def _asset(name: str) -> str:
    return resources.files("optitracr.report").joinpath(name).read_text(encoding="utf-8")


def _legend(report: Report) -> str:
    """A button for each variable: it highlights the variable on the whole page."""
    labels = report.variables.labels
    buttons = "\n".join(
        f'<button type="button" class="chip" data-v="{i}" aria-pressed="false">'
        f"{swatch(label, report.variables)}</button>"
        for i, label in enumerate(labels)
    )
    return buttons
