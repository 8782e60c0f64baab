"""Small reference screenshots of the page's main views, and how a view is compared with one.

    python -m tests.report.screenshots

writes them again, after a change of the pictures that is meant. Look at them before committing.

A view is shrunk until a pixel stands for a square of some ten pixels, so that fonts and smoothing
matter little, and compared pixel by pixel. Text is hidden before: its shapes are the
machine's, and other tests read it. The models are placed without the solver, of whose equally
good solutions another version may choose another.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

PROGRAM = "reverse"
FOLDER = Path(__file__).parent / "screenshots"
SHRUNK = 10
"""Pixels of the screen for one pixel of a reference."""

MEAN_TOLERANCE = 3.0
"""Mean difference of channels that is allowed, of 255."""

FAR, FAR_TOLERANCE = 48, 0.005
"""Share of pixels that may differ in a channel by more than so much."""

PICTURES = {
    "residual": "#residual > .canvas:nth-of-type(1) svg",
    "enlarged": "#residual > .canvas:nth-of-type(2) svg",
    "sublayers": "#sublayers > .canvas svg",
    "points": "#points > .canvas svg",
    "graph": "#graph > .canvas svg",
    "attention": ".example.is-shown .canvas svg",
}
"""Each main view and the element that holds it."""

HIDE_TEXT = "text { fill-opacity: 0 !important; }"


def small(image: bytes) -> NDArray[np.float64]:
    """A screenshot, shrunk; shape [rows, columns, 3]."""
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    size = max(picture.width // SHRUNK, 1), max(picture.height // SHRUNK, 1)
    return np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float64)


def views(page: Page) -> dict[str, NDArray[np.float64]]:
    """Every main view of a page, shrunk, without text."""
    style = page.add_style_tag(content=HIDE_TEXT)
    taken = {name: small(page.locator(at).screenshot()) for name, at in PICTURES.items()}
    style.evaluate("element => element.remove()")
    return taken


def reference(name: str) -> NDArray[np.float64]:
    """A committed view."""
    with Image.open(FOLDER / f"{name}.png") as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.float64)


def difference(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> str:
    """How a view differs from its reference beyond the tolerance, or ""."""
    if max(abs(a - b) for a, b in zip(found.shape, wanted.shape, strict=True)) > 1:
        return f"its size is {found.shape}, and was {wanted.shape}"
    rows, columns = (min(a, b) for a, b in zip(found.shape[:2], wanted.shape[:2], strict=True))
    apart = np.abs(found[:rows, :columns] - wanted[:rows, :columns])
    mean, far = apart.mean(), (apart.max(axis=-1) > FAR).mean()
    if mean > MEAN_TOLERANCE or far > FAR_TOLERANCE:
        return f"it differs by {mean:.1f} on average, and strongly in {far:.1%} of its pixels"
    return ""


def main() -> None:
    """Writes the references."""
    import tempfile

    from tests.browser import Watched, chromium
    from tests.report.reports import report_of

    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "page.html"
        report_of(PROGRAM, time_limit=0).save(path)
        for scheme in ("light", "dark"):
            watched = Watched(browser, path, scheme=scheme)
            for name, view in views(watched.page).items():
                picture: Any = Image.fromarray(view.round().astype(np.uint8))
                picture.save(FOLDER / f"{name}-{scheme}.png", optimize=True)
            watched.close()


if __name__ == "__main__":
    main()
