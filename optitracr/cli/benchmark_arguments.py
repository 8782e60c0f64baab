"""The arguments of the command benchmark."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from optitracr.cli.argument_types import natural, share, whole

MODELS = 200
"""Programs of a suite: twice as many as the sets of compiled models that methods are run on."""

METHODS = (
    "patching,eap,eap_ig,greedy,magnitude,random,truth,probe,das,random_subspace,true_subspace"
)
"""What `benchmark.METHODS` and `VARIABLE_METHODS` have, which are not loaded for a help."""


TIERS = "plain,busy,architectures,rotated"
"""All that there are."""

PRIVATE = 0.2
"""What `make_suite` has by default."""

IDLE = 1
"""What `make_suite` has by default: each such model has false edges then."""


def add_suite(parser: ArgumentParser) -> None:
    """What is done, to which suite, and how."""
    actions = ("make", "run", "score", "judge", "page")
    parser.add_argument("action", choices=actions, help="what is done")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the suite")
    parser.add_argument(
        "--models", type=natural, default=MODELS, metavar="N", help="make: models of the suite"
    )
    _add_parts(parser)
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="of draws; for score that of intervals"
    )
    parser.add_argument(
        "--workers", type=natural, metavar="N", help="processes on this machine; one for each core"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://127.0.0.1:8786"
    )
    parser.add_argument("--methods", default=METHODS, metavar="A,B", help="run: which methods")
    parser.add_argument(
        "--submission",
        type=Path,
        metavar="FILE",
        help="judge: JSON lines with index and scores, for models held back",
    )
    parser.add_argument("--name", metavar="NAME", help="judge: what the method is called")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="score: a table in a file")
    parser.add_argument(
        "--page",
        type=Path,
        metavar="FILE",
        help="score: a page with pictures; page: where it goes, FOLDER/index.html by default",
    )


def _add_parts(parser: ArgumentParser) -> None:
    """What a suite is made of."""
    parser.add_argument("--tiers", default=TIERS, metavar="A,B", help="make: which tiers")
    parser.add_argument(
        "--private",
        type=share,
        default=PRIVATE,
        metavar="SHARE",
        help="make: of the models that are held back",
    )
    parser.add_argument(
        "--private-seed", type=whole, metavar="N", help="make: of these; --seed by default"
    )
    parser.add_argument(
        "--idle",
        type=whole,
        default=IDLE,
        metavar="N",
        help="make: heads that do nothing, where every edge would be true",
    )
