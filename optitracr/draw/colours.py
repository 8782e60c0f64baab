"""Colours: a light and a dark theme, and as many variables' colours as there are variables.

Variables differ in hue, and from the thirteenth on in lightness too. They are made in OKLCH
(Ottosson 2020, A perceptual color space for image processing), where equal lightness looks
equally light, so that one colour of label is legible on all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from optitracr.draw.picture import Paint, Role

HUES = (255.0, 60.0, 155.0, 340.0, 100.0, 200.0, 25.0, 295.0, 130.0, 230.0, 5.0, 80.0)
"""Neighbours in this order are far apart in hue, also for who sees no red or no green."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of all roles.

    Attributes:
        roles: Colour of each role but those of variables, as #rrggbb.
        lightness: Lightness of variables, one value for each round through the hues.
        chroma: Their chroma.
        edge: Lightness and chroma of their outlines.
    """

    roles: tuple[tuple[Role, str], ...]
    lightness: tuple[float, ...]
    chroma: float
    edge: tuple[float, float]

    def colour(self, paint: Paint) -> str:
        """The colour of a paint as #rrggbb, its opacity left out."""
        if paint.role is Role.VARIABLE:
            turn, hue = divmod(paint.index, len(HUES))
            return oklch(self.lightness[turn % len(self.lightness)], self.chroma, HUES[hue])
        if paint.role is Role.VARIABLE_EDGE:
            return oklch(*self.edge, HUES[paint.index % len(HUES)])
        return dict(self.roles)[paint.role]


class Colours(Protocol):
    """What a back end asks for the colour of a paint."""

    def colour(self, paint: Paint) -> str:
        """The colour in the back end's notation."""
        ...


class StyleSheetColours:
    """Colours as CSS variables, which the page's style sheet defines for each theme."""

    def colour(self, paint: Paint) -> str:
        """For instance var(--ink) or var(--v3)."""
        if paint.role is Role.VARIABLE:
            return f"var(--v{paint.index})"
        if paint.role is Role.VARIABLE_EDGE:
            return f"var(--e{paint.index})"
        return f"var(--{paint.role.value})"


LIGHT = Theme(
    roles=(
        (Role.INK, "#1b2028"),
        (Role.MUTED, "#565f6c"),
        (Role.LINE, "#c9ced6"),
        (Role.PANEL, "#f1f3f6"),
        (Role.SURFACE, "#ffffff"),
        (Role.NEUTRAL, "#d5d9df"),
        (Role.NEUTRAL_EDGE, "#6b7480"),
        (Role.HEAT, "#5a9be8"),
        (Role.LABEL, "#14181f"),
    ),
    lightness=(0.84, 0.74, 0.91),
    chroma=0.105,
    edge=(0.5, 0.13),
)
DARK = Theme(
    roles=(
        (Role.INK, "#e9ecf1"),
        (Role.MUTED, "#a5aebb"),
        (Role.LINE, "#3c4452"),
        (Role.PANEL, "#20262f"),
        (Role.SURFACE, "#171b22"),
        (Role.NEUTRAL, "#454d59"),
        (Role.NEUTRAL_EDGE, "#98a2b0"),
        (Role.HEAT, "#2f6fc0"),
        (Role.LABEL, "#ffffff"),
    ),
    lightness=(0.45, 0.52, 0.37),
    chroma=0.1,
    edge=(0.76, 0.12),
)


def declarations(variables: int) -> str:
    """Both themes as CSS declarations: --ink, ..., and --v0, --e0, ... for the variables."""
    paints = [(f"--{role.value}", Paint(role)) for role, _ in LIGHT.roles]
    for index in range(variables):
        paints.append((f"--v{index}", Paint(Role.VARIABLE, index)))
        paints.append((f"--e{index}", Paint(Role.VARIABLE_EDGE, index)))
    return "\n".join(
        f"  {name}: light-dark({LIGHT.colour(paint)}, {DARK.colour(paint)});"
        for name, paint in paints
    )


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH colour as #rrggbb, with as much of its chroma as sRGB can show."""
    while True:
        a = chroma * math.cos(math.radians(hue))
        b = chroma * math.sin(math.radians(hue))
        channels = _linear_rgb(lightness, a, b)
        # What the rounded coefficients are off by, and far less than one of 255 steps.
        if all(-1e-4 <= channel <= 1.0001 for channel in channels) or chroma <= 0.0:
            return "#" + "".join(f"{_encoded(channel):02x}" for channel in channels)
        # A step that nobody sees.
        chroma -= 0.005


def _linear_rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """OKLab to linear sRGB."""
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )


def _encoded(channel: float) -> int:
    """A linear channel as a byte, with sRGB's transfer function."""
    clipped = min(1.0, max(0.0, channel))
    curve = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(255 * curve)
