"""Classes are decoded from numbers, though these are off by what is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.constructions.readouts import (
    LEAD,
    MAX_CLASSES,
    Readout,
    even_places,
    line_readout,
    ranks,
    scale_with_none,
)
from optitracr.craft.spaces import FloatArray

NOISE = 0.01


def made(places: FloatArray) -> Readout:
    readout = line_readout(places)
    assert readout is not None
    return readout


@pytest.mark.parametrize("classes", [2, 3, 40, 41, 300, 1000])
def test_every_class_is_decoded_with_noise(classes: int) -> None:
    readout = made(ranks(classes))
    assert readout.bears(NOISE)
    for signs in np.array([(0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]):
        held = (readout.points + NOISE * signs).astype(np.float32)
        scores = held @ readout.weights.astype(np.float32)
        assert (scores.argmax(axis=1) == np.arange(classes)).all()
        first, second = np.sort(scores, axis=1)[:, -2:].T[::-1]
        assert first.min() > LEAD
        assert (first - second).min() >= readout.lead(NOISE) - 1e-6 > LEAD


@pytest.mark.parametrize("classes", [2, 41, 300, 1000])
def test_nothing_is_no_class(classes: int) -> None:
    places = ranks(classes)
    readout = line_readout(places, scale_with_none(places))
    assert readout is not None
    assert readout.bears(NOISE, may_be_none=True)
    scores = NOISE * np.array([(1, 1), (1, -1), (-1, 1), (-1, -1)]) @ readout.weights
    assert scores.max() == pytest.approx(readout.nothing(NOISE))
    assert readout.nothing(NOISE) <= LEAD / 2


def test_without_a_scale_nothing_may_be_some_class() -> None:
    assert made(ranks(300)).bears(NOISE)
    assert not made(ranks(300)).bears(NOISE, may_be_none=True)


def test_the_lead_is_that_of_the_two_closest() -> None:
    assert made(np.array([-3.0, 0.0, 1.0])).lead(0.0) == pytest.approx(1.0, abs=1e-4)


def test_classes_too_close_are_not_borne() -> None:
    assert not made(ranks(5) / 2).bears(NOISE)
    assert not made(ranks(41)).bears(0.3)
    assert not made(ranks(3000)).bears(NOISE)


def test_too_many_are_not_tried() -> None:
    assert line_readout(ranks(MAX_CLASSES + 1)) is None


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ((3.0, 4.0, 6.0), (-1.5, -0.5, 1.5)),
        ((-0.1, 0.0, 0.2), (-1.5, -0.5, 1.5)),
        ((0.0, 1.0, 2.5), None),
        ((7.0,), None),
        ((), None),
    ],
)
def test_places_of_numbers(numbers: tuple[float, ...], places: tuple[float, ...] | None) -> None:
    found = even_places(np.array(numbers))
    assert (None if found is None else tuple(found)) == places
