"""Colours are legible in both themes, and apart."""

from __future__ import annotations

from itertools import combinations

import pytest

from optitracr.draw.colours import DARK, HUES, LIGHT, Theme, declarations, oklch
from optitracr.draw.picture import Paint, Role

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_known_colours() -> None:
    assert oklch(1.0, 0.0, 0.0) == "#ffffff"
    assert oklch(0.0, 0.0, 0.0) == "#000000"
    assert oklch(0.6279554, 0.2576830, 29.2338803) == "#ff0000"
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
def test_text_has_the_contrast_of_wcag_aa(theme: Theme) -> None:
    label = theme.colour(Paint(Role.LABEL))
    for index in range(3 * len(HUES)):
        assert contrast(label, theme.colour(Paint(Role.VARIABLE, index))) >= 4.5
    for role in (Role.NEUTRAL, Role.HEAT, Role.PANEL):
        assert contrast(label, theme.colour(Paint(role))) >= 4.5
    for role in (Role.INK, Role.MUTED):
        for ground in (Role.SURFACE, Role.PANEL):
            found = contrast(theme.colour(Paint(role)), theme.colour(Paint(ground)))
            assert found >= 4.5, (role, ground)


@THEMES
def test_outlines_are_seen_on_their_ground(theme: Theme) -> None:
    for index in range(len(HUES)):
        edge = theme.colour(Paint(Role.VARIABLE_EDGE, index))
        assert contrast(edge, theme.colour(Paint(Role.PANEL))) >= 3.0


@THEMES
def test_variables_differ(theme: Theme) -> None:
    colours = [theme.colour(Paint(Role.VARIABLE, index)) for index in range(3 * len(HUES))]
    assert len(set(colours)) == len(colours)
    for first, second in combinations(colours[: len(HUES)], 2):
        channels = [abs(int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) for i in (1, 3, 5)]
        assert sum(channels) >= 20


def test_declarations_hold_both_themes() -> None:
    text = declarations(2)
    assert "--ink: light-dark(#1b2028, #e9ecf1);" in text
    assert text.count("--v") == 2
    assert text.count("--e") == 2
