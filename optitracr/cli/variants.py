"""The command variants: different exact models of one program, and what they have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from optitracr.architectures.classes import stock_class
from optitracr.cli.commands import options
from optitracr.cli.output import Output, one_line, tell
from optitracr.cli.programs import resolve
from optitracr.errors import FileError
from optitracr.variety.making import variants
from optitracr.variety.variant import EQUAL, Variant, Variants
from optitracr.variety.ways import parse_ways
from optitracr.writing import reason_of, shown_path


def print_variants(arguments: argparse.Namespace, output: Output) -> int:
    """Compiles variants, prints a row for each, and saves them with -o."""
    ways = parse_ways([name for name in arguments.ways.split(",") if name])
    given = options(arguments)
    if arguments.output is not None:
        _check_folder(arguments.output)
    named = resolve(arguments.programs[0], arguments)
    found = variants(
        named.program,
        named.vocab,
        named.max_seq_len,
        arguments.n,
        named.causal,
        ways=ways,
        growth=arguments.growth,
        optimize=arguments.optimize,
        domain=named.domain,
        **given,
    )
    if arguments.output is not None:
        _save(found, arguments.output)
    if arguments.json:
        output.json(_plain(named.name, found))
    else:
        _print(named.name, found, output)
    return 0


def _check_folder(folder: Path) -> None:
    """Checks that a folder can be made, or holds nothing.

    Raises:
        FileError: If it cannot, or holds something.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise FileError(f"{shown_path(folder)} exists and is not empty; name another folder")
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{shown_path(folder)} cannot be made: {reason_of(error)}") from None


def _save(found: Variants, folder: Path) -> None:
    """Saves each in a folder of its number; one of a published architecture as its checkpoint."""
    for place, variant in enumerate(found):
        target = folder / str(place)
        if stock_class(variant.model.options.architecture) is None:
            variant.model.save(target)
        else:
            variant.model.save_pretrained(target, variant.rotate)


def _plain(name: str, found: Variants) -> dict[str, Any]:
    common = found.common
    return {
        "program": name,
        "wanted": found.wanted,
        "variants": [_row(variant) for variant in found],
        "common": {
            "components": common.components,
            "edges": common.edges,
            "mechanisms": common.mechanisms,
        },
        "left_out": [
            {"way": each.way.value, "told": each.told, "reason": one_line(each.reason)}
            for each in found.left_out
        ],
    }


def _row(variant: Variant) -> dict[str, Any]:
    difference = variant.difference
    return {
        "way": None if variant.way is None else variant.way.value,
        "told": variant.told,
        "rotate": variant.rotate,
        "size": variant.model.size.as_dict(),
        "proof": variant.model.proof.status.value,
        "shared": None if difference is None else difference.shared,
        "shared_of": None if difference is None else difference.whole,
        "shared_least": None if difference is None else difference.least,
    }


SIZES = ("layers", "width", "heads", "neurons", "parameters")


def _print(name: str, found: Variants, output: Output) -> None:
    from rich.table import Table

    table = Table(title=f"Variants of {name}")
    table.add_column("differs in")
    for size in SIZES:
        table.add_column(size, justify="right")
    table.add_column("known")
    for variant in found:
        sizes = (f"{getattr(variant.model.size, size):,}" for size in SIZES)
        table.add_row(str(variant), *sizes, variant.model.proof.status.value)
    output.table(table, WIDTH)
    common = found.common
    output.line(
        f"all have in common: {common.components:.0%} of components, {common.edges:.0%} of edges, "
        f"{common.mechanisms:.0%} of mechanisms"
    )
    if not found.enough:
        equal = sum(each.reason == EQUAL for each in found.left_out)
        tell(f"{len(found)} of {found.wanted} variants; {equal} more were equal to one before")
        for each in found.left_out:
            if each.reason != EQUAL:
                tell(one_line(str(each)))


WIDTH = 140
"""Characters of the table in a file: what a plan shares is told on one line."""
