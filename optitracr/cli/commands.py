"""The commands list, compile, run and verify."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from optitracr import library
from optitracr.cli.programs import Named, parse_tokens, resolve
from optitracr.compile import compile_rasp_to_model
from optitracr.errors import InputError, OptitracrError
from optitracr.model.compiled import CompiledModel


def list_programs(arguments: argparse.Namespace) -> int:
    """Prints every library program with its description."""
    entries = library.programs()
    if arguments.json:
        rows = [
            {
                "name": entry.name,
                "description": entry.description,
                "vocab": list(entry.vocab),
                "max_seq_len": entry.max_seq_len,
            }
            for entry in entries
        ]
        print(json.dumps(rows, indent=1))
        return 0
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        print(f"{entry.name:<{width}}  {entry.description}")
    return 0


def chosen(arguments: argparse.Namespace) -> Iterator[Named]:
    """The programs named on the command line, or with --all the whole library.

    Raises:
        InputError: If none is named.
    """
    names = list(arguments.programs)
    if getattr(arguments, "all", False):
        names += [entry.name for entry in library.programs()]
    if not names:
        raise InputError("no program is named; see `optitracr list`, or use --all")
    for name in names:
        yield resolve(name, arguments)


def options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The compiler's options as given on the command line."""
    names = ("layers", "width", "heads", "head_size", "neurons")
    limits = {name: getattr(arguments, f"limit_{name}") for name in names}
    return {
        "objective": arguments.objective,
        "time_limit": arguments.time_limit,
        "seed": arguments.seed,
        "without": arguments.without,
        "limits": {name: limit for name, limit in limits.items() if limit is not None},
    }


def compile_named(named: Named, level: int, arguments: argparse.Namespace) -> CompiledModel:
    """Compiles one program with the command line's options."""
    return compile_rasp_to_model(
        named.program,
        named.vocab,
        named.max_seq_len,
        causal=named.causal,
        optimize=level,
        **options(arguments),
    )


def compile_programs(arguments: argparse.Namespace) -> int:
    """Compiles and checks; prints the sizes and the certificate."""
    for named in chosen(arguments):
        model = compile_named(named, arguments.optimize, arguments)
        if arguments.json:
            print(json.dumps(describe(named, model)))
            continue
        size, allocation = model.size, model.allocation
        print(
            f"{named.name}: level {model.level}, {size.layers} layers, width {size.width}, "
            f"{size.heads} heads of {size.head_size}, {size.neurons} neurons, "
            f"{size.parameters:,} parameters; {allocation.solver} {allocation.status.value}"
        )
    return 0


def describe(named: Named, model: CompiledModel) -> dict[str, Any]:
    """Sizes and certificate as plain data."""
    allocation = model.allocation
    return {
        "program": named.name,
        "level": model.level,
        "size": model.size.as_dict(),
        "solver": allocation.solver,
        "status": allocation.status.value,
        "objective": list(allocation.objective),
        "value": list(allocation.value),
        "bound": list(allocation.bound),
        "gap": allocation.gap,
        "seed": allocation.seed,
        "seconds": allocation.seconds,
        "residual_labels": model.residual_labels,
        "savings": model.savings.as_dicts(),
    }


def run_program(arguments: argparse.Namespace) -> int:
    """Runs one sequence and prints the output."""
    named = resolve(arguments.programs[0], arguments)
    model = compile_named(named, arguments.optimize, arguments)
    tokens = list(parse_tokens(",".join(arguments.tokens)))
    if not isinstance(named.vocab[0], int):
        tokens = list(arguments.tokens)
    decoded = model.apply([model.setting.bos, *tokens]).decoded[1:]
    if arguments.json:
        print(json.dumps({"program": named.name, "input": tokens, "output": decoded}))
    else:
        print(" ".join(_shown(value) for value in decoded))
    return 0


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def verify_programs(arguments: argparse.Namespace) -> int:
    """Verifies each program; goes on after a failure and says so at the end."""
    failed = 0
    for named in chosen(arguments):
        try:
            model = compile_named(named, arguments.optimize, arguments)
            report = model.verify(arguments.max_inputs, arguments.seed)
        except OptitracrError as error:
            failed += 1
            _show_verification(arguments, named, None, error)
            continue
        _show_verification(arguments, named, report, None)
    return 3 if failed else 0


def _show_verification(
    arguments: argparse.Namespace, named: Named, report: Any, error: OptitracrError | None
) -> None:
    if arguments.json:
        row = {
            "program": named.name,
            "verified": error is None,
            "error": None if error is None else str(error),
            "inputs": None if report is None else report.inputs,
            "undefined": None if report is None else report.undefined,
            "exhaustive_length": None if report is None else report.exhaustive_length,
        }
        print(json.dumps(row))
    elif error is None:
        print(f"{named.name}: {report}")
    else:
        print(f"{named.name}: FAILED: {error}", file=sys.stderr)
