"""The sources of the documentation, for its tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = tuple(sorted(DOCS.rglob("*.md")))
NOTEBOOKS = tuple(sorted(DOCS.rglob("*.ipynb")))


def name(page: Path) -> str:
    """A page's path below docs/, for messages."""
    return str(page.relative_to(DOCS))
