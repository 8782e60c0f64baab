"""Templates of pages, and what is put into them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any

from markupsafe import Markup, escape

from optitracr.draw.colours import declarations
from optitracr.draw.markup import escaped, markup
from optitracr.report.html import embedded
from optitracr.version import __version__

OWN = "optitracr.report"
"""The package of what all pages share: shell, style, and the script of pictures and themes."""


def shelled(
    body: Markup,
    *,
    title: str,
    kind: str,
    product: str,
    subject: str,
    summary: Markup,
    same: str,
    about: Markup | str = "",
    colours: int,
    data: Any,
    own: Sequence[tuple[str, str]] = (),
) -> str:
    """A whole page that needs no other file and no network.

    Args:
        body: What stands behind the summary; it ends the section that the summary is in.
        title: What the page is about, by name.
        kind: What it says of that, for the window's title.
        product: What made it.
        subject: What the link that skips the top leads to.
        summary: A sentence below the title.
        same: What gives the same page again.
        about: What the foot says before that.
        colours: How many things have colours.
        data: What the scripts read, as JSON.
        own: Styles and scripts besides those of all pages: a package, and the name of both files.
    """
    styles = [asset("page.css"), *(asset(f"{name}.css", package) for package, name in own)]
    scripts = [asset("page.js"), *(asset(f"{name}.js", package) for package, name in own)]
    made = markup("{}Made by optitracr {}; the same {} the same page.", about, __version__, same)
    page = filled(
        "shell.html",
        title=escaped(title),
        kind=escaped(kind),
        product=escaped(product),
        subject=escaped(subject),
        colours=escape(declarations(colours)),
        style=Markup("\n").join(styles),
        script=Markup("\n").join(scripts),
        data=embedded(data),
        summary=summary,
        body=body,
        made=made,
    )
    return str(page)


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
