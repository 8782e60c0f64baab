"""Which s-op an error is about, noted in the one place that knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from optitracr.errors import OptitracrError
from optitracr.graph.program import Node


@contextmanager
def about(node: Node) -> Iterator[None]:
    """Errors raised within are about a variable, or about the one that it was made for.

    An error that has a label keeps it.
    """
    try:
        yield
    except OptitracrError as error:
        error.label = error.label or node.shown
        raise
