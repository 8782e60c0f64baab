"""Optional packages, imported when first needed."""

from __future__ import annotations

import importlib
from typing import Any

from optitracr.errors import MissingExtraError


def require(module: str, package: str, extra: str) -> Any:
    """Imports an optional package.

    Args:
        module: The module to import.
        package: What its users call it.
        extra: The extra of optitracr that installs it.

    Raises:
        MissingExtraError: With the one line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{package} is needed for this and cannot be imported ({error}); "
            f"run: pip install 'optitracr[{extra}]'"
        ) from error
