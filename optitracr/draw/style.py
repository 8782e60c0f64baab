"""One style for every figure: colours, markers, and writing to a file.

The colours are those of Okabe and Ito 2008, Color Universal Design; the marker's shape
tells the series apart as well, so that a grey print is enough.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from optitracr.extras import require
from optitracr.writing import write_file

COLOURS = ("#9A9A9A", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("o", "s", "D", "^", "v", "P")


def pyplot() -> Any:
    """Matplotlib's pyplot, set to draw into files.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    matplotlib = require("matplotlib", "matplotlib", "plot")
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"font.size": 8, "svg.hashsalt": "optitracr"})
    from matplotlib import pyplot as plt

    return plt


def save(figure: Any, path: Path) -> None:
    """Writes a figure at once or not at all; the same figure gives the same bytes.

    Raises:
        FileError: If the file cannot be written.
    """
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    kind, drawn = path.suffix.lower(), BytesIO()
    figure.savefig(drawn, format=kind[1:], dpi=130, metadata=metadata.get(kind))
    write_file(path, drawn.getvalue())
