"""What the compiler makes of the library's programs, as hashes that guard every change.

For each program: the allocation problem at levels 1 and 2 (nothing is solved) and the weights
at level 0. Where a change is meant to move some of them,

    python -m tests.fingerprint

prints what moved and writes `fingerprint.json` again; the difference is committed with the
change that it shows.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from optitracr import compile_rasp_to_model, library
from optitracr.compile import allocation_problem
from solvers.serialisation import problem_to_json

FILE = Path(__file__).with_suffix(".json")

Fingerprint = dict[str, str]
"""One line for each thing that is guarded: its size in words, then a hash."""


def fingerprint(entry: library.Program) -> Fingerprint:
    """The fingerprint of one program of the library."""
    found = {f"problem at level {level}": _problem(entry, level) for level in (1, 2)}
    return {**found, "weights at level 0": _weights(entry)}


def recorded() -> dict[str, Fingerprint]:
    """The fingerprints that are committed."""
    found: dict[str, Fingerprint] = json.loads(FILE.read_text())
    return found


def _problem(entry: library.Program, level: int) -> str:
    problem = allocation_problem(
        entry.make(), entry.vocab, entry.max_seq_len, entry.causal, optimize=level
    )
    size = f"{len(problem.variables)} variables, {len(problem.alternatives)} alternatives"
    return f"{size}, {_short(problem_to_json(problem).encode())}"


def _weights(entry: library.Program) -> str:
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, entry.causal, optimize=0, check=False
    )
    digest = hashlib.sha256()
    for name, array in _arrays(model.params):
        held = np.ascontiguousarray(array, dtype=np.float32)
        digest.update(f"{name} {held.shape}".encode() + held.tobytes())
    digest.update(np.ascontiguousarray(model.unembed).tobytes())
    return f"{model.size.parameters} parameters, {digest.hexdigest()[:16]}"


def _arrays(params: Any) -> list[tuple[str, Any]]:
    return [(f"{part}/{name}", params[part][name]) for part in params for name in params[part]]


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _rewrite() -> None:
    old = recorded() if FILE.exists() else {}
    new = {entry.name: fingerprint(entry) for entry in library.programs()}
    for name in sorted({*old, *new}):
        for what in sorted({*old.get(name, {}), *new.get(name, {})}):
            before, after = (x.get(name, {}).get(what, "nothing") for x in (old, new))
            if before != after:
                print(f"{name}, {what}: {before} -> {after}")
    FILE.write_text(json.dumps(new, indent=1) + "\n")


if __name__ == "__main__":
    _rewrite()
