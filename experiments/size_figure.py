"""The figure of model sizes: parameters, width and layers of every program by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figures import Panel, dot_plot
from reporting import Row
from size_tables import by_program, compiled_everywhere, ratio, saved


def draw_sizes(rows: Sequence[Row], levels: Sequence[int]) -> Any:
    """Programs from the largest at the first level down, one marker a level."""
    sizes = {name: found for name, found in by_program(rows).items() if found}
    names = sorted(sizes, key=lambda name: -sizes[name][min(sizes[name])]["parameters"])
    everywhere = compiled_everywhere(sizes, levels)

    def panel(title: str, column: str, log: bool = False) -> Panel:
        values = {
            _label(level): {
                name: sizes[name][level][column] for name in names if level in sizes[name]
            }
            for level in levels
        }
        return Panel(title, values, log)

    def less(column: str) -> str:
        totals = [sum(p[level][column] for p in everywhere) for level in levels]
        return ", ".join(f"{saved(totals[0], total):.0f} % less" for total in totals[1:])

    means = ", ".join(f"×{ratio(everywhere, levels[0], level):.2f}" for level in levels[1:])
    panels = [
        panel(_title("parameters", "geometric mean", means), "parameters", log=True),
        panel(_title("width", "in all", less("width")), "width"),
        panel(_title("layers", "in all", less("layers")), "layers"),
    ]
    title = f"Sizes of {len(names)} library programs by optimisation level"
    return dot_plot(title, names, [_label(level) for level in levels], panels)


def _title(name: str, how: str, numbers: str) -> str:
    return f"{name}\n{how} {numbers}" if numbers else name


def _label(level: int) -> str:
    return {0: "level 0 (Tracr's)", 1: "level 1", 2: "level 2"}.get(level, f"level {level}")
