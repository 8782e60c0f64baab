"""What is not installed is asked for in one line that says how to install it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}")

sys.meta_path.insert(0, Missing())
from optitracr import compile_rasp_to_model, library
from optitracr.errors import OptitracrError
entry = library.get("hist")
model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len, optimize=0)
try:
    {call}
except OptitracrError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("torch", "model.to_torch()", "torch"),
        ("torch", "model.dataset(2).to_torch()", "torch"),
        ("transformer_lens", "model.to_transformer_lens()", "lens"),
        ("onnx", "model.to_onnx('model.onnx')", "onnx"),
        (
            "matplotlib",
            "from optitracr.cli.main import main; "
            "sys.exit(main(['pareto', 'hist', '--figure', 'front.png']))",
            "plot",
        ),
    ],
)
def test_missing_packages(module: str, call: str, extra: str, tmp_path: Path) -> None:
    code = BLOCKED.format(module=module, call=call)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    said = done.stdout if call.startswith("model") else done.stderr.splitlines()[-1]
    assert f"run: pip install 'optitracr[{extra}]'" in said, done.stderr
    assert len(said.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_extras_are_declared() -> None:
    import tomllib

    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert {"torch", "lens", "onnx", "plot"} <= set(project["optional-dependencies"])
