"""The text of a program's functions is that of its file as it stands."""

from __future__ import annotations

import importlib.util
import linecache
import sys
from pathlib import Path
from typing import Any

import pytest

from optitracr import rasp
from optitracr.graph.build import build_graph
from optitracr.model.source import source_of

TEXT = """
class Shout:
    def __call__(self, token):
        return token + {mark!r}
"""


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("shouting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_class_is_told_as_its_file_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shouting.py"
    path.write_text(TEXT.format(mark="!"))
    module = loaded(path)
    monkeypatch.setitem(sys.modules, "shouting", module)
    graph = build_graph(rasp.Map(module.Shout(), rasp.tokens))
    [first] = source_of(graph).functions
    [again] = source_of(graph).functions
    assert first == again
    assert "'!'" in first.text
    path.write_text(TEXT.format(mark="!!!!"))
    linecache.checkcache(str(path))
    [edited] = source_of(graph).functions
    assert "'!!!!'" in edited.text
