"""Ctrl-C ends a command also where Python cannot raise it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from optitracr.cli.interrupts import no_interrupt_lost
from optitracr.cli.main import EXIT_INTERRUPTED, main
from tests.solvers.interrupting import handled

LONG = 20.0
"""Seconds of work that an interrupt ends; so many that no slow machine takes them for its own."""


class Interrupted:
    """What is interrupted when it dies."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    with handled():
        yield


def test_an_interrupt_in_a_destructor_is_raised_after_it() -> None:
    def work() -> None:
        Interrupted()
        time.sleep(LONG)

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
        work()
    # It ends what waits, and is not raised when the waiting is over.
    assert time.monotonic() - begun < LONG / 2


def test_an_interrupt_in_a_callback_of_the_collector_is_raised_after_it() -> None:
    def interrupted_once(*_: object) -> None:
        gc.callbacks.remove(interrupted_once)
        raise KeyboardInterrupt

    def work() -> None:
        gc.callbacks.append(interrupted_once)
        gc.collect()
        time.sleep(LONG)

    with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
        work()


def test_other_exceptions_go_where_they_went(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails:
        def __del__(self) -> None:
            raise ValueError("lost")

    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: seen.append(str(lost.exc_value)))
    before = sys.unraisablehook
    with no_interrupt_lost():
        Fails()
    assert seen == ["lost"]
    assert sys.unraisablehook is before


def test_nothing_is_sent_once_the_work_is_over() -> None:
    with no_interrupt_lost():
        Interrupted()
    time.sleep(0.1)


def test_a_command_ends_with_130(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "program.py"
    file.write_text(
        "import time\n"
        "from optitracr import rasp\n"
        "class Interrupted:\n"
        "    def __del__(self):\n"
        "        raise KeyboardInterrupt\n"
        "def same(token):\n"
        "    Interrupted()\n"
        f"    time.sleep({LONG})\n"
        "    return token\n"
        "program = rasp.Map(same, rasp.tokens)\n"
    )
    arguments = ["compile", f"{file}:program", "--vocab", "a,b", "--max-seq-len", "2"]
    assert main(arguments) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == "optitracr: interrupted\n"
