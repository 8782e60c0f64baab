"""Dots by program in a column of panels, in the style of all figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optitracr.draw.style import COLOURS, MARKERS, pyplot


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure of every program.

    Attributes:
        title: What it shows.
        values: For each series its value by program; a program may be missing.
        log: Whether the axis is logarithmic.
    """

    title: str
    values: Mapping[str, Mapping[str, float]]
    log: bool = False


def dot_plot(
    title: str, programs: Sequence[str], series: Sequence[str], panels: Sequence[Panel]
) -> Any:
    """One line a program, one panel a measure, one marker a series.

    Args:
        title: Of the figure.
        programs: From the top down.
        series: In order of drawing; later ones are smaller and lie above.
        panels: From left to right.
    """
    plt = pyplot()
    height = 1.3 + 0.145 * len(programs)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(9.0, height), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        _draw_panel(axis, panel, programs, series)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=len(series), frameon=False, title=title
    ).get_title().set_fontsize(10)
    return figure


def _draw_panel(axis: Any, panel: Panel, programs: Sequence[str], series: Sequence[str]) -> None:
    places = range(len(programs))
    for place, program in enumerate(programs):
        known = [panel.values[s][program] for s in series if program in panel.values[s]]
        if known:
            axis.plot([min(known), max(known)], [place, place], color="#D0D0D0", lw=1.6, zorder=1)
    for order, name in enumerate(series):
        found = panel.values[name]
        shown = [
            (found[program], place) for place, program in enumerate(programs) if program in found
        ]
        axis.plot(
            [value for value, _ in shown],
            [place for _, place in shown],
            linestyle="none",
            marker=MARKERS[order % len(MARKERS)],
            markersize=_marker_size(order, len(series)),
            color=COLOURS[order % len(COLOURS)],
            markeredgewidth=0,
            label=name,
            zorder=2 + order,
        )
    _style(axis, panel, places, programs)


def _marker_size(order: int, count: int) -> float:
    """Later series are smaller, so that equal values show as one marker around another."""
    return 7.4 * 0.64 ** (order if count < 4 else order * 2 / (count - 1))


def _style(axis: Any, panel: Panel, places: Sequence[int], programs: Sequence[str]) -> None:
    axis.set_title(panel.title, fontsize=9)
    axis.set_yticks(list(places), labels=list(programs), fontsize=7)
    axis.set_ylim(len(programs) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=7, top=True, labeltop=True)
    for place in places:
        if place % 2:
            axis.axhspan(place - 0.5, place + 0.5, color="#F4F4F4", zorder=0, lw=0)
    if panel.log:
        axis.set_xscale("log")
    else:
        axis.set_xlim(left=-0.02 * axis.get_xlim()[1])
        axis.xaxis.get_major_locator().set_params(integer=True)
    axis.grid(axis="x", color="#E2E2E2", lw=0.6)
    axis.set_axisbelow(True)
    axis.spines[["left", "right"]].set_visible(False)
