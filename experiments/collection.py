"""A corpus made on a Dask cluster with a worker killed, compared with one made by one process.

The random programs are compiled by one process first, then on a cluster of local workers, of which
one is killed by SIGKILL half-way. All files but the logs have to be the same, byte for byte, and
the memory of the processes that compile has to stay flat. A folder of an earlier run is gone on
with.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reporting import EXIT_ERROR, EXIT_OK, count, guarded, print_table

from optitracr import corpus
from optitracr.cli.corpus_arguments import sizes
from optitracr.corpus.progress import Progress, duration

EVERY = 500
"""Programs between two lines of progress: some ten seconds."""

MEGABYTE = 1 << 20
"""Bytes, for memory in a table."""


def files(folder: Path) -> dict[str, bytes]:
    """The content of all files but the logs, by name."""
    found = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.*"))}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith("log/")}


def differing(one: Path, other: Path) -> list[str]:
    """The names of files that are not the same in both folders."""
    first, second = files(one), files(other)
    return [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]


def memory(folder: Path) -> tuple[int, int]:
    """The largest memory of a process that compiles: after a tenth of the programs, in all."""
    peaks = [entry["peak"] for entry in logged(folder) if "cpu" in entry]
    tenth = max(1, len(peaks) // 10)
    return max(peaks[:tenth], default=0), max(peaks, default=0)


def work(folder: Path) -> float:
    """Milliseconds of CPU time for one program, in the processes that compile."""
    spent = [entry["cpu"] for entry in logged(folder) if "cpu" in entry]
    return 1000 * sum(spent) / max(1, len(spent))


def logged(folder: Path) -> Iterator[dict[str, Any]]:
    """All entries of the logs."""
    for path in sorted((folder / "log").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            yield json.loads(line)


def told(name: str, also: Callable[[Progress], None] | None = None) -> Callable[[Progress], None]:
    """Lines of progress on standard error."""
    last = 0

    def watch(progress: Progress) -> None:
        nonlocal last
        if also is not None:
            also(progress)
        if progress.done - last >= EVERY:
            print(f"{name}: {progress}", file=sys.stderr)
            last = progress.done

    return watch


@contextmanager
def cluster(workers: int) -> Iterator[tuple[Any, dict[str, int]]]:
    """A client of a local cluster, and the process of each worker."""
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as started,
        distributed.Client(started) as client,
    ):
        yield client, client.run(os.getpid)


def on_dask(asked: corpus.RandomPrograms, folder: Path, workers: int) -> corpus.Made:
    """Makes a corpus on a cluster, and kills a worker half-way."""
    with cluster(workers) as (client, processes):
        victim = next(iter(processes.values()))
        killed = False

        def kill(progress: Progress) -> None:
            nonlocal killed
            if not killed and progress.done - progress.before > asked.count // 2:
                os.kill(victim, signal.SIGKILL)
                killed = True
                print(f"killed worker {victim} at {progress}", file=sys.stderr)

        return corpus.make(asked, folder, executor=client.get_executor(), watch=told("Dask", kill))


def _run(arguments: argparse.Namespace) -> int:
    given = arguments.folder or Path(tempfile.mkdtemp())
    asked = corpus.RandomPrograms(arguments.programs, arguments.size, arguments.seed)
    single, dask = given / "single", given / "dask"
    made = {
        "one process": corpus.make(asked, single, workers=1, watch=told("one process")),
        f"Dask, {arguments.workers} workers, one killed": on_dask(asked, dask, arguments.workers),
    }
    cells = []
    for name, result in made.items():
        early, late = memory(result.folder)
        rate = result.compiled / result.seconds if result.compiled else 0.0
        cells.append(
            [
                name,
                f"{result.counts.rows:,}",
                f"{sum(result.counts.duplicates.values()):,}",
                f"{result.counts.failed:,}",
                f"{rate:.1f}",
                duration(result.seconds),
                f"{work(result.folder):.1f}",
                f"{early / MEGABYTE:.0f}",
                f"{late / MEGABYTE:.0f}",
            ]
        )
    columns = ("made by", "models", "duplicates", "failed", "a second", "time", "ms CPU")
    print_table(f"{asked.count:,} programs", (*columns, "MB at a tenth", "MB at the end"), cells)
    different = differing(single, dask)
    print(f"files: {', '.join(different)} differ" if different else "files: all the same")
    return EXIT_ERROR if different else EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=count, default=20_000, metavar="N", help="(%(default)s)")
    parser.add_argument("--size", type=sizes, default=(4, 8), metavar="A:B", help="s-ops")
    parser.add_argument("--seed", type=int, default=0, help="of the corpus")
    parser.add_argument("--workers", type=count, default=2, metavar="N", help="of the cluster")
    parser.add_argument("--folder", type=Path, help="keep both here, and go on with them")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Makes and compares both; 1 if they differ, or cannot be made."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
