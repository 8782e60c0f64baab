"""Optional packages, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any

from optitracr.errors import MissingExtraError


def require(module: str, package: str, install: str) -> Any:
    """Imports an optional package.

    Raises:
        MissingExtraError: With the one line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"this export needs {package}, which is not installed; run: pip install {install}"
        ) from error
