"""Problems and allocations as JSON, with a versioned schema."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import cache, lru_cache
from typing import Any

from solvers.allocation import Allocation, Erasure, Placement, Plan, Status
from solvers.problem import (
    Alternative,
    HeadDemand,
    Kind,
    Late,
    LateInput,
    Limits,
    Problem,
    ProblemError,
    SelfAttention,
    SizeConstants,
    Variable,
    View,
)
from solvers.stock import Stock

PROBLEM_SCHEMA = "optitracr-problem"
ALLOCATION_SCHEMA = "optitracr-allocation"
VERSION = 1
"""Of both schemas; counted up when a text of the version before is read no more."""


LEFT = {"stock": None, "late": None, "latest": None, "constant": False, "others": (), "own": 0}
"""Fields that are left out where there is nothing to say, and what they are then."""


def problem_to_json(problem: Problem) -> str:
    """Canonical JSON: the same problem gives the same text."""
    return _dump(PROBLEM_SCHEMA, _own(problem))


def allocation_to_json(allocation: Allocation) -> str:
    """Canonical JSON of an allocation."""
    return _dump(ALLOCATION_SCHEMA, _own(allocation))


@lru_cache(maxsize=64)
def fingerprint(problem: Problem) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(problem_to_json(problem).encode()).hexdigest()


def problem_from_json(text: str) -> Problem:
    """Reads a problem.

    Raises:
        ProblemError: If the text is no problem of a version that this code reads.
    """
    data = _load(PROBLEM_SCHEMA, text)
    try:
        return _problem(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ProblemError(f"the problem is malformed: {error!r}") from error


def allocation_from_json(text: str) -> Allocation:
    """Reads an allocation.

    Raises:
        ProblemError: If the text is no allocation of a version that this code reads.
    """
    data = _load(ALLOCATION_SCHEMA, text)
    try:
        plan = None if data["plan"] is None else _plan(data["plan"])
        tuples = {name: tuple(data[name]) for name in ("objective", "value", "bound")}
        return Allocation(**{**data, **tuples, "status": Status(data["status"]), "plan": plan})
    except (KeyError, TypeError, ValueError) as error:
        raise ProblemError(f"the allocation is malformed: {error!r}") from error


def _dump(schema: str, data: dict[str, Any]) -> str:
    whole = {"schema": schema, "version": VERSION, **data}
    return json.dumps(whole, sort_keys=True, default=_own)


def _own(part: Any) -> dict[str, Any]:
    """The fields of a dataclass as they stand; `asdict` copies all that they are made of."""
    kind: Any = type(part)
    always, seldom = _fields(kind)
    own = {name: getattr(part, name) for name in always}
    for name, nothing in seldom:
        value = getattr(part, name)
        if value != nothing:
            own[name] = value
    return own


@cache
def _fields(kind: type) -> tuple[tuple[str, ...], tuple[tuple[str, object], ...]]:
    """The fields of a dataclass that are always written; and others, with what is left out."""
    names = [field.name for field in fields(kind)]
    seldom = tuple((name, LEFT[name]) for name in names if name in LEFT)
    return tuple(name for name in names if name not in LEFT), seldom


def _load(schema: str, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProblemError(f"the text is not JSON: {error}") from error
    if not isinstance(data, dict) or data.pop("schema", None) != schema:
        raise ProblemError(f"the text is not of schema '{schema}'")
    version = data.pop("version", None)
    if version != VERSION:
        raise ProblemError(f"schema version {version!r}; this code reads version {VERSION}")
    return data


def _problem(data: dict[str, Any]) -> Problem:
    own = data["self_attention"]
    return Problem(
        name=data["name"],
        variables=tuple(Variable(**entry) for entry in data["variables"]),
        alternatives=tuple(_alternative(entry) for entry in data["alternatives"]),
        views=tuple(View(tuple(entry["reads"])) for entry in data["views"]),
        self_attention=None
        if own is None
        else SelfAttention(
            tuple(own["reads"]), own["head_size"], tuple(map(tuple, own.get("others", ())))
        ),
        constants=_constants(data["constants"]),
        limits=Limits(**data["limits"]),
        late=_late(data.get("late")),
    )


def _late(entry: dict[str, Any] | None) -> Late | None:
    if entry is None:
        return None
    given = ({**told, "steps": tuple(told["steps"])} for told in entry["inputs"])
    return Late(tuple(LateInput(**told) for told in given))


def _constants(entry: dict[str, Any]) -> SizeConstants:
    stock = entry.get("stock")
    return SizeConstants(**{**entry, "stock": None if stock is None else Stock(**stock)})


def _alternative(entry: dict[str, Any]) -> Alternative:
    head = entry["head"]
    return Alternative(
        name=entry["name"],
        variable=entry["variable"],
        kind=Kind(entry["kind"]),
        reads=tuple(tuple(options) for options in entry["reads"]),
        neurons=entry["neurons"],
        head=None if head is None else HeadDemand(**head),
        determines=tuple(entry["determines"]),
        latest=entry.get("latest"),
        constant=entry.get("constant", False),
    )


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(
        **{
            **data,
            "placements": tuple(
                Placement(p["alternative"], p["sublayer"], tuple(p["reads"]))
                for p in data["placements"]
            ),
            "erasures": tuple(Erasure(**entry) for entry in data["erasures"]),
            "kept_inputs": tuple(data["kept_inputs"]),
        }
    )
