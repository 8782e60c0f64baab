"""Ctrl-C while the compiler's solver searches: raised, or the best plan is kept."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.cli.main import EXIT_INTERRUPTED, main
from optitracr.errors import InputError
from solvers import Status
from tests.solvers.interrupting import handled, interrupted, solved

SLOW = library.get("dyck2_ptf")
"""With this objective the solver searches for many seconds."""


def compiled(**options: Any) -> Any:
    setting = (SLOW.vocab, SLOW.max_seq_len, SLOW.causal)
    return compile_rasp_to_model(SLOW.make(), *setting, objective="parameters", **options)


def test_an_interrupt_is_raised() -> None:
    with handled(), interrupted(), pytest.raises(KeyboardInterrupt):
        compiled()
    assert solved()


def test_the_best_plan_is_kept_where_asked_for() -> None:
    with handled(), interrupted():
        model = compiled(on_interrupt="keep", check=False)
    assert model.allocation.status is Status.FEASIBLE
    assert "interrupted: the best plan so far" in model.allocation.message
    assert model.verify(max_inputs=500).inputs == 340


def test_another_thread_compiles_undisturbed() -> None:
    models: list[Any] = []

    def work() -> None:
        models.append(compile_rasp_to_model(library.get("hist").make(), {"a", "b"}, 3))

    with handled():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert models[0].apply(["compiler_bos", "a", "a"]).decoded == ["compiler_bos", 2, 2]


def test_what_an_interrupt_does_is_checked() -> None:
    with pytest.raises(InputError, match="on_interrupt is 'stop'; give one of raise, keep"):
        compiled(on_interrupt="stop")


@pytest.mark.parametrize("command", ["compile", "verify", "compare", "report", "pareto"])
def test_a_command_ends_with_130(
    capsys: pytest.CaptureFixture[str], tmp_path: Any, command: str
) -> None:
    output = ["-o", str(tmp_path / "file")] if command in ("report", "pareto") else []
    objective = [] if command == "pareto" else ["--objective", "parameters"]
    with handled(), interrupted():
        assert main([command, "dyck2_ptf", *objective, *output]) == EXIT_INTERRUPTED
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == "optitracr: interrupted"
    if command != "pareto":
        assert captured.out == ""
        assert list(tmp_path.iterdir()) == []
