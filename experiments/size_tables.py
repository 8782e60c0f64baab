"""Tables of model sizes: a row a program, the levels side by side, and the totals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reporting import Row, markdown_table

from optitracr.levels import ALLOCATED_LEVELS

SIZES = ("layers", "width", "heads", "head_size", "neurons", "parameters")
ARROW = " → "
BaselineAndAfter = Mapping[int, Row]


def by_program(rows: Sequence[Row]) -> dict[str, dict[int, Row]]:
    """For each program, in order, the rows of the levels at which it compiled."""
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        levels = found.setdefault(row["program"], {})
        if "parameters" in row:
            levels[row["level"]] = row
    return found


def compiled_everywhere(
    sizes: Mapping[str, BaselineAndAfter], levels: Sequence[int]
) -> list[BaselineAndAfter]:
    """The programs that compiled at all of the levels."""
    return [found for found in sizes.values() if all(level in found for level in levels)]


def saved(before: int, after: int) -> float:
    """Percentage by which a number fell."""
    return 100.0 * (before - after) / before if before else 0.0


def ratio(programs: Sequence[BaselineAndAfter], first: int, level: int) -> float:
    """Geometric mean of the parameters at a level over those at the first one."""
    if not programs:
        return 1.0
    logs = [math.log(p[level]["parameters"] / p[first]["parameters"]) for p in programs]
    return math.exp(sum(logs) / len(logs))


def summary_columns(levels: Sequence[int]) -> list[str]:
    """Headings of the totals."""
    return [
        "level",
        "layers",
        "width",
        f"width saved against level {levels[0]}",
        "neurons",
        "parameters",
        "parameters, geometric mean ratio",
        "proven optimal",
    ]


def summary_cells(rows: Sequence[Row], levels: Sequence[int]) -> list[list[str]]:
    """Totals of each level over the programs that compile at all of them."""
    programs = compiled_everywhere(by_program(rows), levels)

    def total(level: int, name: str) -> int:
        return sum(program[level][name] for program in programs)

    return [
        [
            str(level),
            f"{total(level, 'layers'):,}",
            f"{total(level, 'width'):,}",
            f"{saved(total(levels[0], 'width'), total(level, 'width')):.1f} %",
            f"{total(level, 'neurons'):,}",
            f"{total(level, 'parameters'):,}",
            f"{ratio(programs, levels[0], level):.3f}",
            _proven(programs, level),
        ]
        for level in levels
    ]


def _proven(programs: Sequence[BaselineAndAfter], level: int) -> str:
    if level not in ALLOCATED_LEVELS:
        return "heuristic"
    count = sum(program[level]["status"] == "OPTIMAL" for program in programs)
    return f"{count} of {len(programs)}"


def detail_columns(levels: Sequence[int]) -> list[str]:
    """Headings of the table by program."""
    return ["program", "layers", "width", "heads × size", "neurons", "parameters", "status"]


def detail_cells(rows: Sequence[Row], levels: Sequence[int]) -> list[list[str]]:
    """A row for each program; a cell holds the levels in order."""
    statuses = {(row["program"], row["level"]): row["status"] for row in rows}
    return [
        [
            name,
            *(_series(found, levels, what) for what in ("layers", "width", "heads × size")),
            *(_series(found, levels, what) for what in ("neurons", "parameters")),
            _status([statuses.get((name, level), "") for level in levels], levels),
        ]
        for name, found in by_program(rows).items()
    ]


def _series(found: BaselineAndAfter, levels: Sequence[int], what: str) -> str:
    if not found:
        return "–"
    return ARROW.join(_cell(found[level], what) if level in found else "–" for level in levels)


def _cell(row: Row, what: str) -> str:
    if what == "heads × size":
        return f"{row['heads']}×{row['head_size']}"
    return f"{row[what]:,}"


def _status(statuses: Sequence[str], levels: Sequence[int]) -> str:
    """The heuristic of level 0 proves nothing; one word if the other levels agree."""
    shown = [
        "heuristic" if level not in ALLOCATED_LEVELS and status == "FEASIBLE" else status
        for level, status in zip(levels, statuses, strict=True)
    ]
    solved = [word for word in shown if word != "heuristic"]
    if solved and len(set(solved)) == 1:
        return solved[0]
    return ARROW.join(shown)


def totals(rows: Sequence[Row], levels: Sequence[int]) -> str:
    """The table of the totals, and what they are of."""
    count = len(compiled_everywhere(by_program(rows), levels))
    what = f"Totals over the {count} library programs that compile at every level"
    return "\n".join(
        [
            f"{what} ({_named(levels)}):",
            "",
            markdown_table(summary_columns(levels), summary_cells(rows, levels)),
            "",
        ]
    )


def markdown(rows: Sequence[Row], levels: Sequence[int]) -> str:
    """The totals, and the table by program."""
    details = markdown_table(detail_columns(levels), detail_cells(rows, levels))
    return f"{totals(rows, levels)}\nEvery program ({_named(levels)}):\n\n{details}\n"


def _named(levels: Sequence[int]) -> str:
    return f"level {ARROW.join(str(level) for level in levels)}"
