"""The `optitracr` command: programs listed, compiled, run, proven, compared, collected."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from optitracr.cli.argument_types import NO_CHECK, natural, seconds, vocabulary, whole
from optitracr.cli.benchmark_arguments import add_suite
from optitracr.cli.corpus_arguments import add_collection, add_folder
from optitracr.cli.interrupts import no_interrupt_lost
from optitracr.cli.output import Output, OutputError, one_line, tell
from optitracr.cli.variants_arguments import SUMMARY as VARIANTS
from optitracr.cli.variants_arguments import add_variants
from optitracr.errors import OptitracrError
from optitracr.levels import ALLOCATED_LEVELS, DEFAULT_LEVEL, LEVELS
from optitracr.options import Check
from optitracr.version import __version__

EXIT_OK, EXIT_ERROR, EXIT_MISMATCH, EXIT_INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is that of `argparse` for wrong usage, and 130 is what shells say of a command that
Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    0: done; 1: an error, said in one line; 2: wrong usage; 3: a model that differs from
    the interpreter; 4: a proof with open obligations; 130: interrupted.

    Raises:
        SystemExit: For --help, --version and wrong usage.
    """
    output = Output(sys.stdout)
    try:
        with no_interrupt_lost():
            return _executed(_parsed(argv, output), output)
    except SystemExit:
        raise
    except BaseException as error:
        return _ended_by(error, output)


def entry() -> None:
    """The command as a process of its own."""
    code = main()
    if code == EXIT_INTERRUPTED:
        # Where the signal came in the midst of an import, Python would end by the signal in spite
        # of the exit code; and threads of libraries may still be at work.
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _executed(arguments: argparse.Namespace, output: Output) -> int:
    # What a user's file or function prints would break into the command's own output.
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            return int(arguments.run(arguments, output))
        except OutputError:
            raise
        except OptitracrError as error:
            if _was_interrupted(error):
                raise
            return _report(arguments, output, error)
        except (SystemExit, Warning) as error:
            # A function of the program's that leaves Python, or a warning made an error.
            tell(f"optitracr: stopped by {type(error).__name__}: {error}")
            return EXIT_ERROR


def _ended_by(error: BaseException, output: Output) -> int:
    """The exit code for what ended a command from outside."""
    if _was_interrupted(error):
        tell("optitracr: interrupted")
        return EXIT_INTERRUPTED
    match error:
        case OutputError():
            tell(f"optitracr: {error}")
            return EXIT_ERROR
        case MemoryError():
            tell("optitracr: out of memory; a shorter --max-seq-len or fewer tokens take less")
            return EXIT_ERROR
        case BrokenPipeError():
            output.abandon()
            return EXIT_OK
    raise error


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an error stands for Ctrl-C, which some libraries turn into an ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _parsed(argv: Sequence[str] | None, output: Output) -> argparse.Namespace:
    try:
        return build_parser().parse_args(argv)
    except SystemExit:
        # A help that cannot be written is found here, and not at Python's end.
        if sys.stdout is not None:
            output.text("")
        raise


def _report(arguments: argparse.Namespace, output: Output, error: OptitracrError) -> int:
    from optitracr.errors import VerificationError

    tell(f"optitracr: {error}")
    if arguments.json:
        try:
            output.json({"error": type(error).__name__, "message": one_line(str(error))})
        except (BrokenPipeError, OutputError):
            output.abandon()
    return EXIT_MISMATCH if isinstance(error, VerificationError) else EXIT_ERROR


def _show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    del place, more
    tell(f"optitracr: warning: {message}")


def build_parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    parser = argparse.ArgumentParser(
        prog="optitracr",
        description="Compile RASP programs to small transformers, and check them.",
        epilog="PROGRAM is a library name (see `optitracr list`) or file.py:name; such a file "
        "is code that runs, so name only files that you trust.",
    )
    parser.add_argument("--version", action="version", version=f"optitracr {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add(commands, "list", "list the library's programs", _list, programs=None)
    compiled = _add(commands, "compile", "compile, check, and print the size", _compile)
    _level(compiled)
    run = _add(commands, "run", "run a program on tokens", _run, programs=1)
    run.add_argument("tokens", nargs="+", metavar="TOKEN", help="the input, without BOS")
    _level(run)
    verify = _add(commands, "verify", "compare with the interpreter, exhaustively", _verify)
    verify.add_argument("--max-inputs", type=natural, default=100_000, metavar="N")
    verify.add_argument("--all", action="store_true", help="every library program")
    _level(verify)
    _add_prove(commands)
    _add_compare(commands)
    explain = _add(commands, "explain", "what became of each variable, or of each stage", _explain)
    explain.add_argument(
        "--stages", action="store_true", help="what each stage made, and how long it took"
    )
    _level(explain)
    _add_report(commands)
    _add_pareto(commands)
    several = _add(commands, "variants", VARIANTS, _variants, programs=1)
    add_variants(several)
    _level(several)
    _add_corpus(commands)
    _add_benchmark(commands)
    return parser


def _add_prove(commands: Any) -> None:
    prove = _add(
        commands,
        "prove",
        "prove on every input, or refute by one",
        _prove,
        metavar="PROGRAM_OR_SAVED_MODEL",
    )
    prove.add_argument("--all", action="store_true", help="every library program")
    _level(prove, checked=False)


def _add_compare(commands: Any) -> None:
    compare = _add(commands, "compare", "sizes at every level, side by side", _compare)
    compare.add_argument("--all", action="store_true", help="every library program")
    compare.add_argument("--verify", action="store_true", help="verify every model too")
    compare.add_argument(
        "--max-inputs", type=natural, default=100_000, metavar="N", help="inputs to verify on"
    )
    compare.add_argument(
        "--explain", action="store_true", help="what made each model smaller, by variable"
    )
    compare.add_argument(
        "--bounds", action="store_true", help="what no model can go below, beside the smallest"
    )
    _search(compare)


def _add_report(commands: Any) -> None:
    report = _add(commands, "report", "one page with pictures of the model", _show, programs=1)
    report.add_argument(
        "-o", "--output", type=Path, metavar="HTML", help="PROGRAM.html if left out"
    )
    report.add_argument("--figure", type=Path, metavar="FILE", help="draw a .png, .svg or .pdf")
    report.add_argument(
        "--picture",
        choices=("residual", "sublayers", "points", "graph", "attention"),
        default="residual",
        help="what --figure draws",
    )
    _level(report)


def _add_pareto(commands: Any) -> None:
    pareto = _add(commands, "pareto", "sizes that a program can trade", _pareto, programs=1)
    pareto.add_argument(
        "-O",
        "--optimize",
        type=whole,
        choices=ALLOCATED_LEVELS,
        default=DEFAULT_LEVEL,
        metavar="LEVEL",
    )
    pareto.add_argument("--max-layers", type=natural, metavar="N", help="deepest model tried")
    pareto.add_argument("-o", "--output", type=Path, metavar="CSV", help="write a table too")
    pareto.add_argument("--figure", type=Path, metavar="FILE", help="draw a .png, .svg or .pdf")
    pareto.add_argument(
        "--time-limit", type=seconds, default=20.0, metavar="SECONDS", help="for each depth"
    )
    pareto.add_argument("--seed", type=whole, default=0, metavar="N")
    _without(pareto)


def _add_corpus(commands: Any) -> None:
    summary = "make a collection of compiled programs, or go on with one"
    parser = _add(commands, "corpus", summary, _corpus, programs=None)
    add_folder(parser)
    _add_programs(parser, "*", "PROGRAM")
    add_collection(parser)
    _level(parser)


def _add_benchmark(commands: Any) -> None:
    summary = "make a suite of models, run methods of interpretability on it, score and show them"
    add_suite(_add(commands, "benchmark", summary, _benchmark, programs=None))


def _add(
    commands: Any,
    name: str,
    summary: str,
    run: Any,
    programs: int | str | None = "*",
    metavar: str = "PROGRAM",
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print JSON")
    if programs is not None:
        _add_programs(parser, programs, metavar)
    return parser


def _add_programs(parser: argparse.ArgumentParser, programs: int | str, metavar: str) -> None:
    parser.add_argument("programs", nargs=programs, metavar=metavar)
    parser.add_argument(
        "--vocab", type=vocabulary, metavar="A,B,C", help="tokens; the library's by default"
    )
    parser.add_argument("--max-seq-len", type=natural, metavar="N", help="BOS not counted")
    parser.add_argument("--causal", action="store_true", help="compile the causal reading")
    parser.add_argument(
        "--domain",
        metavar="REGEX",
        help="inputs that matter: those whose tokens, joined, match it as a whole",
    )


def _level(parser: argparse.ArgumentParser, checked: bool = True) -> None:
    parser.add_argument(
        "-O", "--optimize", type=whole, choices=LEVELS, default=DEFAULT_LEVEL, metavar="LEVEL"
    )
    _search(parser, checked)


def _search(parser: argparse.ArgumentParser, checked: bool = True) -> None:
    parser.add_argument("--objective", default="depth,width,neurons", metavar="A,B,C")
    parser.add_argument("--time-limit", type=seconds, metavar="SECONDS", help="of the solver")
    parser.add_argument("--seed", type=whole, default=0, metavar="N")
    if checked:
        kinds = (*(kind.value for kind in Check), NO_CHECK)
        parser.add_argument("--check", choices=kinds, default=Check.PROOF.value, metavar="CHECK")
    else:
        parser.set_defaults(check=NO_CHECK)
    _without(parser)
    parser.add_argument(
        "--architecture", default="tracr", metavar="NAME", help="tracr, gpt2 or llama"
    )
    for limit in ("layers", "width", "heads", "head-size", "neurons"):
        parser.add_argument(f"--limit-{limit}", type=whole, metavar="N")


def _without(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without", default="", metavar="A,B", help="candidate families to leave out at level 2"
    )


def _list(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import commands

    return commands.list_programs(arguments, output)


def _compile(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import commands

    return commands.compile_programs(arguments, output)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import commands

    return commands.run_program(arguments, output)


def _verify(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import commands

    return commands.verify_programs(arguments, output)


def _prove(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import prove

    return prove.prove_models(arguments, output)


def _compare(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import compare

    return compare.compare_programs(arguments, output)


def _explain(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import explain

    return explain.explain_programs(arguments, output)


def _show(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import report

    return report.write_report(arguments, output)


def _pareto(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import pareto

    return pareto.print_front(arguments, output)


def _variants(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import variants

    return variants.print_variants(arguments, output)


def _corpus(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import corpus

    return corpus.make_corpus(arguments, output)


def _benchmark(arguments: argparse.Namespace, output: Output) -> int:
    from optitracr.cli import benchmark

    return benchmark.work(arguments, output)


if __name__ == "__main__":
    entry()
