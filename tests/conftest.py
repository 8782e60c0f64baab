"""What holds for all tests: programs are verified between passes, and the quick tier.

The tier is what `pytest -m quick` runs, of every room, in less than two minutes. Every test is in
it but those marked `slow`, and of a `sweep` over many cases the first one is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from optitracr.graph.rewrites.passes import VERIFICATION

VERIFICATION.between_passes = True


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
