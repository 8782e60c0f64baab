"""Shapes in annotations are those that arrays have."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_shapes_are_as_annotated() -> None:
    command = [sys.executable, "-m", "tests.shapes"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    checked = done.stdout.split()
    for name in ("optitracr.constructions.heads", "optitracr.craft.blocks"):
        assert name in checked
    assert "optitracr.model.forward" in checked
