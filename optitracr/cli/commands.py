"""The commands list, compile, run and verify."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from optitracr import library
from optitracr.architectures.architecture import parse_architecture
from optitracr.architectures.classes import stock_class
from optitracr.candidates.families import families_without
from optitracr.cli.argument_types import NO_CHECK
from optitracr.cli.output import Output, one_line, shown, tell
from optitracr.cli.programs import Named, resolve, token_named
from optitracr.cli.proofs import proof_data, show_proof
from optitracr.compile import compile_rasp_to_model
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, OptitracrError, VerificationError
from optitracr.files.values import any_to_plain
from optitracr.model.evidence import in_short
from optitracr.model.proof import Proof
from optitracr.options import parse_objective
from optitracr.stock.proving import form_proof


def list_programs(arguments: argparse.Namespace, output: Output) -> int:
    """Prints every library program with its description."""
    entries = library.programs()
    if arguments.json:
        rows = [
            {
                "name": entry.name,
                "description": entry.description,
                "vocab": [any_to_plain(token) for token in entry.vocab],
                "max_seq_len": entry.max_seq_len,
            }
            for entry in entries
        ]
        output.json(rows, indent=1)
        return 0
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        output.line(f"{entry.name:<{width}}  {entry.description}")
    return 0


def chosen(arguments: argparse.Namespace) -> list[Named]:
    """The programs named on the command line, or with --all the whole library.

    Raises:
        InputError: If none is named, or an option of the compiler is wrong.
        OptitracrError: If one cannot be found or loaded; that is known before the work.
    """
    options(arguments)
    names = list(arguments.programs)
    if getattr(arguments, "all", False):
        names += [entry.name for entry in library.programs()]
    if not names:
        raise InputError("no program is named; see `optitracr list`, or use --all")
    return [resolve(name, arguments) for name in names]


def options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The compiler's options as given on the command line.

    Raises:
        InputError: If an objective or a family of candidates is unknown.
    """
    parse_objective(arguments.objective)
    families_without(arguments.without)
    parse_architecture(arguments.architecture)
    names = ("layers", "width", "heads", "head_size", "neurons")
    limits = {name: getattr(arguments, f"limit_{name}") for name in names}
    return {
        "objective": arguments.objective,
        "time_limit": arguments.time_limit,
        "seed": arguments.seed,
        "without": arguments.without,
        "limits": {name: limit for name, limit in limits.items() if limit is not None},
        "check": False if arguments.check == NO_CHECK else arguments.check,
        "architecture": arguments.architecture,
    }


def compile_named(named: Named, level: int, arguments: argparse.Namespace) -> CompiledModel:
    """Compiles one program with the command line's options."""
    return compile_rasp_to_model(
        named.program,
        named.vocab,
        named.max_seq_len,
        causal=named.causal,
        optimize=level,
        domain=named.domain,
        **options(arguments),
    )


def compile_programs(arguments: argparse.Namespace, output: Output) -> int:
    """Compiles and proves; prints the sizes, the certificate, and how much is known."""
    for named in chosen(arguments):
        model = compile_named(named, arguments.optimize, arguments)
        if arguments.json:
            output.json(describe(named, model))
            continue
        size, allocation = model.size, model.allocation
        output.line(
            f"{named.name}: level {model.level}, {size.layers} layers, width {size.width}, "
            f"{size.heads} heads of {size.head_size}, {size.neurons} neurons, "
            f"{size.parameters:,} parameters; {allocation.solver} {allocation.status.value}; "
            f"{in_short(model.proof)}"
        )
        for line in _stock_lines(named.name, model):
            output.line(line)
    return 0


def _stock_lines(name: str, model: CompiledModel) -> Iterator[str]:
    """The sizes of the published transformer that the model was compiled for, if it was for one."""
    if stock_class(model.options.architecture) is None:
        return
    form = model.stock()
    sizes = form.sizes
    yield (
        f"{name} as {form.stock.name}: {sizes.layers} layers, width {sizes.width}, {sizes.heads} "
        f"heads of {sizes.head_size}, {sizes.neurons} neurons, {sizes.parameters:,} parameters; "
        f"{in_short(form_proof(model))}"
    )


def describe(named: Named, model: CompiledModel) -> dict[str, Any]:
    """Sizes, certificate and what is known of the model, as plain data."""
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
        "proof": proof_data(model.proof),
        "residual_labels": model.residual_labels,
        "savings": model.savings.as_dicts(),
        "stock": _stock_sizes(model),
    }


def _stock_sizes(model: CompiledModel) -> dict[str, Any] | None:
    """The same of the published transformer, if it was compiled for one."""
    if stock_class(model.options.architecture) is None:
        return None
    form = model.stock()
    return {
        "class": form.stock.name,
        "size": asdict(form.sizes),
        "proof": proof_data(form_proof(model)),
    }


def run_program(arguments: argparse.Namespace, output: Output) -> int:
    """Runs one sequence and prints the output."""
    options(arguments)
    named = resolve(arguments.programs[0], arguments)
    tokens = [token_named(text, named) for text in arguments.tokens]
    if len(tokens) > named.max_seq_len:
        raise InputError(
            f"{len(tokens)} tokens are given and {named.name} takes at most {named.max_seq_len}; "
            f"leave some out, or add --max-seq-len {len(tokens)}"
        )
    model = compile_named(named, arguments.optimize, arguments)
    decoded = model.apply([model.setting.bos, *tokens]).decoded[1:]
    if arguments.json:
        output.json(
            {
                "program": named.name,
                "input": [any_to_plain(token) for token in tokens],
                "output": [any_to_plain(value) for value in decoded],
            }
        )
    else:
        output.line(" ".join(shown(value) for value in decoded))
    return 0


def verify_programs(arguments: argparse.Namespace, output: Output) -> int:
    """Verifies each program; goes on after a failure and says so at the end.

    Returns:
        3 if a model differs from the interpreter; else 1 if one could not be made.
    """
    codes = [0]
    for named in chosen(arguments):
        try:
            model = compile_named(named, arguments.optimize, arguments)
            report = model.verify(arguments.max_inputs, arguments.seed)
        except OptitracrError as error:
            codes.append(3 if isinstance(error, VerificationError) else 1)
            _show_failure(arguments, output, named, error)
            continue
        _show_verification(arguments, output, named, report, model.proof)
    return max(codes)


def _show_verification(
    arguments: argparse.Namespace, output: Output, named: Named, report: Any, proof: Proof
) -> None:
    if not arguments.json:
        output.line(f"{named.name}: {report}")
        show_proof(named.name, proof, output)
        return
    output.json(
        {
            "program": named.name,
            "verified": True,
            "differs": False,
            "error": None,
            "inputs": report.inputs,
            "undefined": report.undefined,
            "exhaustive_length": report.exhaustive_length,
            "proof": proof_data(proof),
        }
    )


def _show_failure(
    arguments: argparse.Namespace, output: Output, named: Named, error: OptitracrError
) -> None:
    differs = isinstance(error, VerificationError)
    tell(f"{named.name}: {'FAILED' if differs else 'not verified'}: {error}")
    if arguments.json:
        row = {"program": named.name, "verified": False, "differs": differs}
        counts = dict.fromkeys(("inputs", "undefined", "exhaustive_length", "proof"))
        output.json({**row, "error": one_line(str(error)), **counts})
