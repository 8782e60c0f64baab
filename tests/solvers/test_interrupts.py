"""Ctrl-C ends a solve and changes nothing else: handlers, threads and later results."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from experiments.random_problems import random_problem
from solvers import Kind, Limits, Problem, ProblemError, Status, allocation_to_json, solve
from solvers.cp_sat import INTERRUPTED, cp_sat
from solvers.front import pareto_front
from solvers.greedy import greedy_plan
from solvers.improve import improve_width
from solvers.interrupts import interruptible, load_whole, run_cp_sat
from solvers.search import Search
from solvers.sliding.slide import slide
from tests.solvers.interrupting import handled, interrupted, solved, solving
from tests.solvers.tiny import chain

LONG = random_problem(150, 3)
"""Takes CP-SAT far longer than a test may."""

SHORT = chain(Kind.MLP, Kind.ATTENTION, Kind.MLP, width=2)


def custom(number: int, frame: object) -> None:
    raise KeyboardInterrupt("custom")


def large_search(problem: Problem) -> Search:
    search = Search(problem, ("depth", "width"), 500.0, 0, False, print)
    search.plan = greedy_plan(problem)
    return search


def stretches(problem: Problem) -> None:
    search = large_search(problem)
    improve_width(search, search.time_limit)


def moves(problem: Problem) -> None:
    search = large_search(problem)
    slide(search, search.time_limit)


def off_the_main_thread(problem: Problem) -> None:
    thread = threading.Thread(target=solve, args=(problem,))
    thread.start()
    thread.join()


def with_an_error(problem: Problem) -> None:
    def fail(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="width"):
        solve(problem, progress=fail)


SOLVES: dict[str, Callable[[Problem], Any]] = {
    "cp_sat": solve,
    "parameters": partial(solve, objective=("parameters",)),
    "parallel": partial(solve, parallel=True),
    "milp": partial(solve, method="milp"),
    "infeasible": lambda problem: solve(replace(problem, limits=Limits(layers=1))),
    "stretches": stretches,
    "moves": moves,
    "front": lambda problem: list(pareto_front(problem)),
    "off the main thread": off_the_main_thread,
    "error": with_an_error,
}


@pytest.mark.parametrize("name", SOLVES)
def test_handlers_stay_as_they_are(name: str) -> None:
    for handler in (signal.default_int_handler, custom, signal.SIG_IGN, signal.SIG_DFL):
        with handled(handler):
            SOLVES[name](SHORT)


def test_an_interrupt_after_a_solve_raises() -> None:
    with handled():
        solve(SHORT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


LONG_SOLVES: dict[str, Callable[[], Any]] = {
    "cp_sat": lambda: solve(LONG, time_limit=500),
    "parameters": lambda: solve(LONG, objective=("parameters",), time_limit=500),
    "parallel": lambda: solve(LONG, time_limit=500, parallel=True),
    "stretches": lambda: stretches(random_problem(1000, 0)),
    "front": lambda: list(pareto_front(LONG, time_limit=500)),
}


@pytest.mark.parametrize("after", [0.0, 0.3])
@pytest.mark.parametrize("name", LONG_SOLVES)
def test_an_interrupt_is_raised_and_leaves_nothing_running(name: str, after: float) -> None:
    with handled(), interrupted(after), pytest.raises(KeyboardInterrupt):
        LONG_SOLVES[name]()
    assert solved()


def test_an_interrupt_ends_moves() -> None:
    with handled(), interrupted(0.3, when=lambda: True), pytest.raises(KeyboardInterrupt):
        moves(random_problem(1000, 0))


def test_highs_is_left_behind() -> None:
    start = time.perf_counter()
    with handled(), interrupted(0.1), pytest.raises(KeyboardInterrupt):
        solve(random_problem(40, 1), "milp", time_limit=3)
    assert time.perf_counter() - start < 3
    while solving():
        time.sleep(0.05)


def test_results_do_not_depend_on_an_interrupt_before() -> None:
    def result() -> str:
        return allocation_to_json(replace(solve(random_problem(30, 2), time_limit=1), seconds=0.0))

    before = result()
    with handled(), interrupted(), pytest.raises(KeyboardInterrupt):
        solve(LONG, time_limit=500)
    assert result() == before


def test_the_best_plan_is_kept_where_asked_for() -> None:
    with handled(), interrupted(1.0):
        found = solve(LONG, time_limit=500, on_interrupt="keep")
    assert found.status is Status.FEASIBLE
    assert found.plan is not None
    assert INTERRUPTED in found.message
    assert solved()


def test_moves_are_kept_where_asked_for() -> None:
    # An interrupt while machine code is made is another case.
    load_whole("solvers.sliding.slide")
    with handled(), interrupted(0.7, when=lambda: True):
        found = solve(random_problem(1000, 0), time_limit=500, on_interrupt="keep")
    assert found.plan is not None
    assert INTERRUPTED in found.message


def test_stretches_are_kept_where_asked_for() -> None:
    search = large_search(random_problem(1000, 0))
    search.keep = True
    with handled(), interrupted(0.5):
        improve_width(search, search.time_limit)
    assert search.interrupted
    assert search.plan is not None


@pytest.mark.parametrize("keep", [True, False])
def test_between_solves(monkeypatch: pytest.MonkeyPatch, keep: bool) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.cp_sat.model_for", interrupt)
    if keep:
        assert cp_sat(SHORT, on_interrupt="keep").message == INTERRUPTED
    else:
        with pytest.raises(KeyboardInterrupt):
            cp_sat(SHORT)


def test_without_a_plan_there_is_nothing_to_keep() -> None:
    known = greedy_plan(LONG)
    assert known is not None
    problem = replace(LONG, limits=Limits(width=known.width // 2))
    with handled(), interrupted(0.0), pytest.raises(KeyboardInterrupt):
        solve(problem, on_interrupt="keep")


def test_what_an_interrupt_does_is_checked() -> None:
    with pytest.raises(ProblemError, match="give one of"):
        solve(LONG, on_interrupt="ignore")  # type: ignore[arg-type]


def test_errors_of_the_work_are_the_callers() -> None:
    def fail() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        interruptible(fail)
    assert interruptible(lambda: 3) == 3


def test_further_interrupts_wait_for_the_end() -> None:
    stopped, asked = threading.Event(), 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked == 5:
            stopped.set()
        signal.raise_signal(signal.SIGINT)

    with handled(), interrupted(0.05), pytest.raises(KeyboardInterrupt):
        interruptible(lambda: stopped.wait(60), stop)
    assert asked >= 5
    assert solved()


def test_an_interrupt_before_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        interruptible(lambda: 1, lambda: None)
    with pytest.raises(KeyboardInterrupt):
        run_cp_sat(_Solver(), None, keep=True)


class _Solver:
    class parameters:  # noqa: N801
        catch_sigint_signal = True

    def solve(self, model: object) -> object:
        raise AssertionError("it was cancelled")

    def stop_search(self) -> None:
        """Nothing to stop."""


def test_every_solve_can_be_interrupted() -> None:
    """A call of CP-SAT's own `solve` would change the handler again."""
    root = Path(__file__).parents[2]
    sources = [*root.glob("solvers/**/*.py"), *root.glob("optitracr/**/*.py")]
    making = [path.name for path in sources if "CpSolver()" in path.read_text()]
    running = [path.name for path in sources if "run_cp_sat(" in path.read_text()]
    assert sorted([*making, "interrupts.py"]) == sorted(running)


def test_an_interrupt_while_the_solver_is_loaded() -> None:
    """The module is whole afterwards; only a fresh process has not loaded it yet."""
    code = (
        "import os, signal, sys, threading\n"
        "from solvers.interrupts import load_cp_sat\n"
        "def send():\n"
        "    while 'ortools.sat' not in sys.modules: pass\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "threading.Thread(target=send).start()\n"
        "try: load_cp_sat()\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "from ortools.sat.python import cp_model\n"
        "print(cp_model.CpSolver().solve(cp_model.CpModel()) == cp_model.OPTIMAL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout == "interrupted\nTrue\n"


def test_what_a_daemon_starts_is_one() -> None:
    found: list[bool] = []

    def call() -> None:
        found.append(interruptible(lambda: threading.current_thread().daemon, lambda: None))

    for daemon in (True, False):
        thread = threading.Thread(target=call, daemon=daemon)
        thread.start()
        thread.join()
    assert found == [True, False]
    assert interruptible(lambda: threading.current_thread().daemon)
