"""Nothing that the library's programs are made of moves unseen; see `tests/fingerprint.py`."""

from __future__ import annotations

import pytest

from optitracr import library
from tests.fingerprint import fingerprint, recorded


@pytest.mark.parametrize("entry", library.programs(), ids=lambda entry: entry.name)
def test_problems_and_weights_are_those_recorded(entry: library.Program) -> None:
    found = fingerprint(entry)
    assert found == recorded()[entry.name], "if this is meant, run python -m tests.fingerprint"


def test_every_program_is_recorded() -> None:
    assert sorted(recorded()) == sorted(library.names())
