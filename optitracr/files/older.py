"""Manifests of the versions before, as this version would have written them.

What is wrong in their fields, which are as yet unchecked, stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optitracr.architectures.architecture import TRACR, Architecture
from optitracr.files.records import to_plain
from optitracr.options import Check

Data = dict[str, Any]


def as_now(data: Data, version: int) -> Data:
    """A manifest as the last version would have written it.

    Args:
        data: Its fields.
        version: Its version; the last one, or one that something follows.
    """
    for before, change in FOLLOWING.items():
        if version <= before:
            data = change(data)
    return data


def _with_no_proof(data: Data) -> Data:
    """It holds no proof, and a model was compared on inputs, or was not."""
    options = data.get("options")
    if isinstance(options, dict):
        check = options.get("check")
        if isinstance(check, bool):
            options = {**options, "check": Check.SAMPLE.value if check else None}
    return {**data, "options": options, "proof": None}


def _with_nothing_carried(data: Data) -> Data:
    """It does not say what dimensions carry, nor what is never None."""
    found = {**data}
    layout, program = data.get("residual_map"), data.get("program")
    if isinstance(layout, dict):
        found["residual_map"] = _each(layout, "tenancies", {"carries": []})
    if isinstance(program, dict):
        found["program"] = {**_each(program, "readings", {"may_be_none": True}), "shares": []}
    return found


def _with_tracr(data: Data) -> Data:
    """It names no architecture: there was Tracr's alone."""
    options = data.get("options")
    if isinstance(options, dict):
        options = {**options, "architecture": to_plain(TRACR, Architecture)}
    return {**data, "options": options}


def _each(data: Data, field: str, more: Data) -> Data:
    """Data with more in every record of a field."""
    records = data.get(field)
    if not isinstance(records, list):
        return data
    return {**data, field: [{**x, **more} if isinstance(x, dict) else x for x in records]}


FOLLOWING: Mapping[int, Callable[[Data], Data]] = {
    3: _with_no_proof,  # The last without proofs.
    4: _with_nothing_carried,  # The last without what dimensions carry.
    5: _with_tracr,  # The last without architectures.
}
"""How the version after each differs, in order."""
