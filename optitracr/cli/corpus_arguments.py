"""The arguments of the command corpus."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from optitracr.cli.argument_types import natural, seconds, whole

GUARD_SECONDS, GUARD_MEMORY = 300.0, 4096
"""CPU time and MiB for one program: what `corpus.Guard` has, which is not loaded for a help."""


def add_folder(parser: ArgumentParser) -> None:
    """What comes before the programs."""
    parser.add_argument("action", choices=("make",), help="what is done")
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a new folder, or one to go on with"
    )


def add_collection(parser: ArgumentParser) -> None:
    """What there is to say of a collection beside its programs by name."""
    parser.add_argument(
        "--random", type=natural, metavar="COUNT", help="random programs in place of named ones"
    )
    parser.add_argument(
        "--size", type=sizes, default=(4, 8), metavar="A:B", help="s-ops of random programs"
    )
    parser.add_argument(
        "--tokens", type=natural, default=3, metavar="N", help="vocabulary of random programs"
    )
    parser.add_argument(
        "--generator", choices=("standard", "rare"), default="standard", help="of random programs"
    )
    parser.add_argument(
        "--features", metavar="A,B", help="what random programs may contain; see the docs"
    )
    parser.add_argument(
        "--workers", type=natural, metavar="N", help="processes on this machine; one for each core"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://127.0.0.1:8786"
    )
    parser.add_argument(
        "--split", type=shares, default=(90, 5, 5), metavar="A:B:C", help="train, validation, test"
    )
    parser.add_argument(
        "--guard-seconds",
        type=seconds,
        default=GUARD_SECONDS,
        metavar="SECONDS",
        help="CPU time for one program, which is then ended alone",
    )
    parser.add_argument(
        "--guard-memory",
        type=natural,
        default=GUARD_MEMORY,
        metavar="MIB",
        help="memory for one program",
    )


def sizes(text: str) -> tuple[int, int]:
    """Two numbers with a colon between, or one that stands for both.

    Raises:
        ArgumentTypeError: If it is none.
    """
    least, _, most = text.partition(":")
    found = natural(least), natural(most or least)
    if found[0] > found[1]:
        raise ArgumentTypeError(f"{text!r} begins with the larger number; write 4:8")
    return found


def shares(text: str) -> tuple[int, ...]:
    """Three hundredths with colons between.

    Raises:
        ArgumentTypeError: If it is none.
    """
    found = tuple(whole(part) for part in text.split(":"))
    if len(found) != 3 or sum(found) != 100:
        raise ArgumentTypeError(f"{text!r} is no three numbers that make up 100; write 90:5:5")
    return found
