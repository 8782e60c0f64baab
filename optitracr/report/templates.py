"""Templates of pages, and what is put into them."""

from __future__ import annotations

from importlib import resources
from string import Template

from markupsafe import Markup

OWN = "optitracr.report"
"""The package of what all pages share: their style, and the script of pictures and themes."""


def filled(template: str, package: str = OWN, **parts: Markup) -> Markup:
    """A template with its parts put in as they are.

    Args:
        template: Its file.
        package: Where that is.
        **parts: By the names that the template has for them.
    """
    return Markup(Template(asset(template, package)).substitute(parts))  # noqa: S704, all is markup


def asset(name: str, package: str = OWN) -> Markup:
    """A file of a package, which is markup, or stands in an element that holds plain text."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704, written by hand
