"""The arguments of the command variants."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from optitracr.cli.argument_types import factor, natural

SUMMARY = "different exact models of one program"

WAYS = "circuits,objectives,levels,families,seeds"
"""What `variants` has by default, which is not loaded for a help."""

VARIANTS = 5
"""Models: one of each of these ways, the first in place of the last."""

GROWTH = 4.0
"""What `variants` has by default."""


def add_variants(parser: ArgumentParser) -> None:
    """How many, in what they differ, and where they are saved."""
    parser.add_argument("-n", type=natural, default=VARIANTS, metavar="N", help="how many")
    parser.add_argument(
        "--ways",
        default=WAYS,
        metavar="A,B",
        help="in what they differ; architectures and rotations besides these",
    )
    parser.add_argument(
        "--growth",
        type=factor,
        default=GROWTH,
        metavar="TIMES",
        help="how much wider, and with how many more neurons, other circuits may be",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="save each in a folder of its own"
    )
