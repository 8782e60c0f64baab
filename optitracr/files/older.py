"""Manifests of the version before, as this version would have written them."""

from __future__ import annotations

from typing import Any

from optitracr.options import Check


def with_no_proof(data: dict[str, Any]) -> dict[str, Any]:
    """A manifest of version 3: it holds no proof, and a model was compared on inputs, or was not.

    Args:
        data: Its fields, as yet unchecked: what is wrong in them stays as it is.
    """
    options = data.get("options")
    if isinstance(options, dict):
        check = options.get("check")
        if isinstance(check, bool):
            options = {**options, "check": Check.SAMPLE.value if check else None}
    return {**data, "options": options, "proof": None}
