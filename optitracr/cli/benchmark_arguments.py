"""The arguments of the command benchmark."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from optitracr.cli.argument_types import natural, whole

MODELS = 200
"""Programs of a suite: twice as many as the sets of compiled models that methods are run on."""

METHODS = (
    "patching,eap,eap_ig,greedy,magnitude,random,truth,probe,das,random_subspace,true_subspace"
)
"""What `benchmark.METHODS` and `VARIABLE_METHODS` have, which are not loaded for a help."""


def add_suite(parser: ArgumentParser) -> None:
    """What is done, to which suite, and how."""
    parser.add_argument("action", choices=("make", "run", "score", "page"), help="what is done")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the suite")
    parser.add_argument(
        "--models", type=natural, default=MODELS, metavar="N", help="make: programs of the suite"
    )
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="of draws; for score that of intervals"
    )
    parser.add_argument(
        "--workers", type=natural, metavar="N", help="make: processes; one for each core"
    )
    parser.add_argument("--methods", default=METHODS, metavar="A,B", help="run: which methods")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="score: a table in a file")
    parser.add_argument(
        "--page",
        type=Path,
        metavar="FILE",
        help="score: a page with pictures; page: where it goes, FOLDER/index.html by default",
    )
