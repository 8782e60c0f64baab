"""Classes are decoded from numbers, though these are off by what is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.constructions.readouts import (
    LEAD,
    LEAST_LEAD,
    MAX_CLASSES,
    NONE,
    Readout,
    even_places,
    sign_readout,
    sum_readout,
)
from optitracr.craft.spaces import FloatArray

NOISE = 0.01


def made(numbers: FloatArray, member: list[int] | None = None) -> Readout:
    own = np.arange(numbers.size) if member is None else np.array(member)
    readout = sum_readout(numbers[:, None], np.ones(1), own, int(own.max()) + 1)
    assert readout is not None
    return readout


def decoded(readout: Readout, numbers: FloatArray) -> list[int]:
    """As `optitracr.model.forward.choose` decodes scores of float32."""
    held, weights = (x.astype(np.float32) for x in (numbers, readout.weights))
    scores = held @ weights + readout.constant.astype(np.float32)
    return [int(own.argmax()) if own.max() > 0.5 else NONE for own in scores]


@pytest.mark.parametrize("classes", [2, 3, 40, 300, 1000])
def test_every_class_is_decoded_with_noise(classes: int) -> None:
    readout = made(np.arange(classes) - classes // 2.0)
    assert readout.bears(NOISE)
    assert readout.leads(0.0).min() == pytest.approx(LEAD, abs=0.3)
    for sign in (0, 1, -1):
        assert decoded(readout, readout.numbers + NOISE * sign) == list(range(classes))


def test_counts_are_told_by_shares() -> None:
    """The gaps of 1/(w+1) shrink with the square of w: the lines are as steep as each needs."""
    counts = np.arange(256)
    shares = 1.0 / (counts + 1)
    readout = made(shares, counts.tolist())
    assert readout.bears(8 * 2.0**-23 * shares[:, None])
    assert decoded(readout, readout.numbers) == counts.tolist()
    assert not made(1.0 / (np.arange(4000) + 1)).bears(0.0)


@pytest.mark.parametrize("member", [[0, 0, NONE, 1], [NONE, 1, 0, 0], [0, NONE, NONE, 1, 2]])
def test_none_is_a_class_of_its_own(member: list[int]) -> None:
    readout = made(np.arange(len(member)) * 2.0, member)
    for off in (0.0, 0.2, -0.2):
        assert decoded(readout, readout.numbers + off) == member
    none = np.array(member) == NONE
    scores = readout.numbers @ readout.weights + readout.constant
    assert scores[none].max() <= 0.5 - LEAD + 1e-9
    assert scores[~none].max(axis=1).min() >= 0.5 + LEAD - 1e-9


@pytest.mark.parametrize("none", [False, True])
def test_two_classes_need_no_constant(none: bool) -> None:
    member = [1, NONE, 0] if none else [1, 0]
    readout = sign_readout(np.array(member))
    assert not readout.constant.any()
    assert decoded(readout, readout.numbers + NOISE) == member
    assert readout.bears(NOISE)


def test_sums_of_numbers() -> None:
    pairs = np.argwhere(np.ones((4, 4))).astype(float)
    member = (pairs[:, 0] > pairs[:, 1]).astype(int)
    readout = sum_readout(pairs, np.array([1.0, -1.0]), member, 2)
    assert readout is not None
    assert decoded(readout, pairs) == member.tolist()
    assert sum_readout(pairs, np.array([1.0, 1.0]), member, 2) is None


def test_numbers_of_a_class_are_beside_one_another() -> None:
    assert sum_readout(np.arange(3.0)[:, None], np.ones(1), np.array([0, 1, 0]), 2) is None
    assert sum_readout(np.zeros((2, 1)), np.ones(1), np.array([0, 1]), 2) is None


def test_classes_too_close_are_not_borne() -> None:
    assert made(np.arange(5.0)).bears(0.3)
    assert not made(np.arange(5.0)).bears(0.5)
    assert made(np.arange(5.0)).leads(0.375).min() == pytest.approx(LEAST_LEAD, abs=1e-3)


def test_too_many_are_not_tried() -> None:
    many = np.arange(MAX_CLASSES + 1)
    assert sum_readout(many[:, None] * 1.0, np.ones(1), many, many.size) is None


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ((3.0, 4.0, 6.0), (0.0, 1.0, 3.0)),
        ((-0.1, 0.0, 0.2), (0.0, 1.0, 3.0)),
        ((0.0, 1.0, 2.5), None),
        ((0.0, 1.0, 2.0**25), None),
        ((7.0,), None),
        ((), None),
    ],
)
def test_places_of_numbers(numbers: tuple[float, ...], places: tuple[float, ...] | None) -> None:
    found = even_places(np.array(numbers))
    assert (None if found is None else tuple(found)) == places
