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

    def fell(level: int, column: str) -> str:
        before, after = (sum(p[at][column] for p in everywhere) for at in (levels[0], level))
        return f"{-saved(before, after):+.0f} %".replace("-", "\N{MINUS SIGN}")

    means = [f"×{ratio(everywhere, levels[0], level):.2f}" for level in levels[1:]]
    widths = [fell(level, "width") for level in levels[1:]]
    layers = [fell(level, "layers") for level in levels[1:]]
    panels = [
        panel(_title("parameters (geometric mean)", means, levels), "parameters", log=True),
        panel(_title("width (total)", widths, levels), "width"),
        panel(_title("layers (total)", layers, levels), "layers"),
    ]
    title = f"Sizes of {len(names)} library programs by optimisation level"
    return dot_plot(title, names, [_label(level) for level in levels], panels)


def _title(name: str, changes: Sequence[str], levels: Sequence[int]) -> str:
    pairs = zip(changes, levels[1:], strict=True)
    return "\n".join([name, ", ".join(f"{change} at level {level}" for change, level in pairs)])


def _label(level: int) -> str:
    return {0: "level 0 (Tracr's)", 1: "level 1", 2: "level 2"}.get(level, f"level {level}")
