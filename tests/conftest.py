"""What holds for all tests: programs are verified between passes, one thread, the quick tier.

The tier is what `pytest -m quick` runs, of every room, in less than two minutes. Every test is in
it but those marked `slow`, and of a `sweep` over many cases the first one is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import pytest

from optitracr.graph.rewrites.passes import VERIFICATION

VERIFICATION.between_passes = True


def pytest_configure() -> None:
    """Has each process that is started for tests multiply matrices in one thread.

    They run side by side already, and threads that wait for a core in turn cost more than they
    bring.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of the tier, before those that the command line leaves out are."""
    for item in quick(items):
        item.add_marker(pytest.mark.quick)


def quick(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests of the tier."""
    begun: set[str] = set()
    for item in items:
        if item.get_closest_marker("slow") is not None:
            continue
        if item.get_closest_marker("sweep") is not None:
            sweep = item.nodeid.partition("[")[0]
            if sweep in begun:
                continue
            begun.add(sweep)
        yield item
