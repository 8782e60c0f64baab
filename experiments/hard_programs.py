"""Programs of kinds that are hard to compile: how many compile at the default level.

Recall, brackets by depth, parity and residues of counts, check digits, rotations, runs, sorting,
addition with carries, means; vocabularies of up to 100 tokens, lengths of up to 100. Each program
is compiled in a process of its own, with the default check, and the model is compared with the
interpreter on inputs made by hand besides. With -o, results are appended to a file as they come,
and a run that was interrupted goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from hard_set.program import Hard
from hard_set.registry import PROGRAMS
from hard_set.trial import EXACT, LOST, WRONG, Trial, tried
from reporting import EXIT_ERROR, EXIT_OK, count, guarded, print_table

from optitracr.errors import FileError, NotFoundError

KNOWN = {program.name: program for program in PROGRAMS}

Trials = dict[str, Trial]


def chosen(names: Sequence[str], kinds: Sequence[str]) -> list[Hard]:
    """The programs of some names or kinds; all without either.

    Raises:
        NotFoundError: If there is no such program or kind.
    """
    there = {program.kind for program in PROGRAMS}
    unknown = [x for x in names if x not in KNOWN] + [x for x in kinds if x not in there]
    if unknown:
        raise NotFoundError(
            f"the set has no {unknown[0]}; its kinds are {', '.join(sorted(there))}, and without "
            "--programs the table names its programs"
        )
    everything = not names and not kinds
    return [p for p in PROGRAMS if everything or p.name in names or p.kind in kinds]


def read_trials(path: Path) -> Trials:
    """The trials that a file holds; a last line that is cut short is left out.

    Raises:
        FileError: If it cannot be read, or holds something else.
    """
    try:
        lines = path.read_text().splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}; name another file") from None
    found: Trials = {}
    for place, line in enumerate(lines):
        try:
            trial = Trial(**json.loads(line))
        except (ValueError, TypeError) as error:
            if place < len(lines) - 1:
                raise FileError(f"line {place + 1} of {path} holds no trial: {error}") from None
        else:
            found[trial.name] = trial
    return found


def _written(path: Path, trials: Trials) -> None:
    try:
        path.write_text("".join(json.dumps(t.as_json()) + "\n" for t in trials.values()))
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}; name another") from None


def apart(program: Hard, seconds: int, megabytes: int) -> Trial:
    """What becomes of a program in a process of its own, with limits."""
    command = [sys.executable, __file__, "--programs", program.name, "--within"]
    command += [str(seconds), str(megabytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return Trial(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        pass
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        reason = f"more than {seconds} s or {megabytes:,} MB"
        return Trial(program.name, LOST, reason, float(seconds))
    reason = f"the process ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return Trial(program.name, WRONG, reason)


def _alone(program: Hard, seconds: int, megabytes: int) -> int:
    """Tries one program in this process, which has limits, and prints what became of it."""
    # The hard limit ends the process a second later if a solver does not heed the soft one.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    print(json.dumps(tried(program).as_json()))
    return EXIT_OK


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen(arguments.programs, arguments.kinds)
    if arguments.within:
        return _alone(programs[0], *arguments.within)
    path: Path | None = arguments.output
    known = {} if path is None else read_trials(path)
    kept = {name: t for name, t in known.items() if not arguments.again or t.outcome == EXACT}
    for place, program in enumerate(programs, 1):
        if program.name not in kept:
            print(f"{program.name} ({place} of {len(programs)})", file=sys.stderr)
            kept[program.name] = apart(program, arguments.seconds, arguments.megabytes)
            if path is not None:
                _written(path, kept)
    trials = {program.name: kept[program.name] for program in programs}
    show(trials)
    return EXIT_ERROR if any(t.outcome == WRONG for t in trials.values()) else EXIT_OK


def show(trials: Trials) -> None:
    """Prints the programs, the shares of each kind, and why programs are refused."""
    columns = ("program", "tokens", "positions", "outcome", "s", "layers", "width", "neurons")
    print_table("Hard programs", (*columns, "parameters"), map(_row, trials.values()))
    print_table("Shares", ("kind", "programs", "compiled", "share"), _shares(trials))
    for name, trial in trials.items():
        if trial.outcome != EXACT:
            print(f"{name}: {trial.outcome}: {trial.reason}")


def _row(trial: Trial) -> tuple[str, ...]:
    program = KNOWN[trial.name]
    sizes = (trial.layers, trial.width, trial.neurons, trial.parameters)
    shown = [f"{size:,}" if trial.parameters else "" for size in sizes]
    given = (str(len(program.vocab)), str(program.length))
    return (trial.name, *given, trial.outcome, f"{trial.seconds:.1f}", *shown)


def _shares(trials: Trials) -> Iterator[tuple[str, ...]]:
    every = Counter(KNOWN[name].kind for name in trials)
    exact = Counter(KNOWN[name].kind for name, t in trials.items() if t.outcome == EXACT)
    for kind in (*every, ""):
        total = every[kind] if kind else every.total()
        compiled = exact[kind] if kind else exact.total()
        share = f"{100 * compiled / max(1, total):.1f} %"
        yield kind or "all", str(total), str(compiled), share


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", nargs="+", default=[], metavar="NAME", help="only these")
    parser.add_argument("--kinds", nargs="+", default=[], metavar="KIND", help="only these kinds")
    parser.add_argument(
        "--seconds", type=count, default=300, metavar="N", help="CPU time for each (%(default)s)"
    )
    parser.add_argument(
        "--megabytes", type=count, default=8192, metavar="N", help="memory for each (%(default)s)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="keep results here, and resume"
    )
    parser.add_argument(
        "--again", action="store_true", help="try again what did not compile in that file"
    )
    parser.add_argument("--within", nargs=2, type=count, help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Tries the programs; 1 if a model was not exact or an error not the library's."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
