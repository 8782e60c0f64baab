"""Where work is done that a command gives out: a Dask cluster, by the address of its scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from optitracr.cli.output import one_line, tell
from optitracr.corpus.tasks import EXTRA
from optitracr.errors import InputError
from optitracr.extras import require

CONNECT_SECONDS = 5
"""For a scheduler to answer: on one network it takes milliseconds."""


@contextmanager
def executor_at(address: str | None) -> Iterator[Any]:
    """The executor of a Dask cluster; None without one.

    Args:
        address: Of its scheduler, such as tcp://127.0.0.1:8786.

    Raises:
        InputError: If no scheduler answers.
        MissingExtraError: If Dask is not installed.
    """
    if address is None:
        yield None
        return
    distributed = require("distributed", "Dask", EXTRA)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address} ({one_line(str(error))}); start one with "
            "`dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1 --nworkers auto`"
        ) from error
    with client:
        if not client.nthreads():
            tell(f"no worker is at {address} yet; start some: dask worker {address} --nthreads 1")
        yield client.get_executor()
