"""The Pareto front as a staircase for each number of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optitracr.draw.style import COLOURS, MARKERS, pyplot
from solvers import Sizes


def draw_front(title: str, points: Sequence[Sizes]) -> Any:
    """A figure of width against neurons, one staircase for each number of layers.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    plt = pyplot()
    figure, axis = plt.subplots(figsize=(6.0, 4.2), layout="constrained")
    for order, layers in enumerate(dict.fromkeys(point.layers for point in points)):
        steps = sorted((p.width, p.neurons) for p in points if p.layers == layers)
        axis.plot(
            *zip(*steps, strict=True),
            drawstyle="steps-post",
            marker=MARKERS[order % len(MARKERS)],
            color=(*COLOURS[1:], COLOURS[0])[order % len(COLOURS)],
            label=f"{layers} layer" + "s" * (layers != 1),
        )
    axis.set(xlabel="width", ylabel="neurons per layer", title=title)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.grid(color="#E2E2E2", lw=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure
