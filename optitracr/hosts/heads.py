"""Heads of a guest: scores that are 0 where a key is selected, whatever the scales."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optitracr.craft.spaces import FloatArray
from optitracr.errors import LimitError
from optitracr.hosts.amplitudes import FLOAT32_ROUNDING, Amplitude, refused
from optitracr.hosts.classes import NOWHERE, Classes, members
from optitracr.hosts.factors import Factored, Failing, code_error, factored
from optitracr.hosts.guest import Codes, Condition, Copying, HeadPart, Held, Kind
from optitracr.hosts.layout import BOS, COPIES, ONE, SIGNS, Layout, shared
from optitracr.hosts.scales import Scale
from optitracr.hosts.selecting import mismatched, possible
from optitracr.hosts.setting import AT_BOS, HostSetting
from optitracr.hosts.weights import HeadWeights

LEAK = 16.0
"""How far below a selected key all others together score: they get a ten millionth of it."""

COUNTING_ERROR = 0.25
"""Part of the distance between two counts that a share may be off by."""

COPYING_ERROR = 3.0
"""What scores of a head that copies may be off by: keys that are selected hold one value, so that
it only moves weight among them, and all others stay e^13 below."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held where, for the parts of a guest.

    Attributes:
        setting: The host.
        classes: The classes of each one-hot.
        layout: The columns of each.
        positions: Longest input, BOS not counted.
    """

    setting: HostSetting
    classes: Classes
    layout: Layout
    positions: int

    def columns(self, held: Held) -> Codes:
        """The columns of a variable, one a class; of a share several."""
        first = self.layout.first[held.name]
        is_share = held.kind is Kind.SHARE
        count = COPIES if is_share else len(members(self.classes[held.name]))
        return np.arange(first, first + count)


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """The scores of a head.

    Attributes:
        query: Shape [columns, inner].
        bias: Shape [inner], what is added to the query.
        key: Shape [columns, inner].
        error: What the score of a selected key may be off by.
    """

    query: FloatArray
    bias: FloatArray
    key: FloatArray
    error: float


def head_weights(
    part: HeadPart, holding: Holding, known: Mapping[str, Amplitude]
) -> tuple[list[HeadWeights], Amplitude]:
    """A head, as several where it copies more columns than a head of the host has.

    Args:
        part: The head.
        holding: Where everything is.
        known: The amplitude of what it reads, by name.

    Returns:
        The heads, and the amplitude of what they write.

    Raises:
        LimitError: If its conditions do not fit a head of the host, or the scales leave no margin.
    """
    scored = _scores(part, holding, known)
    if part.copying is None:
        return _share(part, holding, known, scored)
    return _copies(part, part.copying, holding, known, scored)


def _scores(part: HeadPart, holding: Holding, known: Mapping[str, Amplitude]) -> _Scored:
    setting, scale = holding.setting, holding.setting.scale(part.sublayer)
    cosines = setting.cosines(holding.positions)[: setting.head_size]
    # The first dimension is BOS's, if that does not simply score 0.
    first = int(part.copying is not None or setting.lead != 1.0)
    turned = 1 - cosines[first:]
    tables = [_failing(each, holding.classes) for each in part.conditions]
    found = factored(tables, turned)
    if found is None:
        raise LimitError(
            f"'{part.output.label}' compares keys with queries in a way that takes more than the "
            f"{len(turned)} dimensions that a head of this host has for it; lower max_seq_len, map "
            "keys or queries to fewer values, or take a host with larger heads"
        )
    size = (holding.layout.width, setting.head_size)
    query, bias, key = np.zeros(size), np.zeros(setting.head_size), np.zeros(size)
    leak = LEAK + math.log(holding.positions + 1)
    below = error = 0.0
    if part.copying is not None:
        below = leak / (scale.least * cosines[0])
        query[ONE, 0], key[BOS, 0] = shared(-below), shared(1.0 / scale.at_bos)
    elif first:
        bias[0], key[BOS, 0] = math.log(setting.lead), shared(1.0 / scale.at_bos)
        error = math.log(setting.lead) * (AT_BOS + 1 - float(cosines[0]))
    # What cancels comes first: the first dimensions turn least.
    pairs = sorted(zip(part.conditions, found, strict=True), key=lambda pair: pair[1].is_exact)
    for condition, each in pairs:
        inner = np.arange(first, first + each.inner)
        least = float(cosines[inner].min(initial=1.0))
        units = known[condition.query.name], known[condition.key.name]
        reach = scale.least * units[0].low * units[1].low * each.margin * least
        factor = (below + leak / scale.least) / reach * (1 + 2 * part_noise(each, units))
        root = math.sqrt(factor)
        columns = holding.columns(condition.query), holding.columns(condition.key)
        query[np.ix_(columns[0], inner)] -= root * each.queries
        key[np.ix_(columns[1], inner)] += root * each.keys
        _without_bos(key, inner, condition.key, holding, known)
        error += factor * _off(each, units, scale, 1 - cosines[inner])
        if condition.key.kind is Kind.COPY:
            error += factor * units[0].high * scale.most * scale.at_bos * 8 * FLOAT32_ROUNDING
        first += each.inner
    return _Scored(query, bias, key, error)


def _failing(condition: Condition, classes: Classes) -> Failing:
    """Where a condition fails, over classes."""
    own = [classes[x.name] for x in (condition.query, condition.key)]
    at = np.ix_(*(members(each) for each in own))
    # Which entries are of which class: a pair of classes matters if one of theirs can be.
    query, key = (
        np.equal.outer(each, np.arange(len(members(each)))).astype(np.float32) for each in own
    )
    matters = query.T @ possible(condition).astype(np.float32) @ key > 0
    return Failing(mismatched(condition)[at], matters, ~condition.holds[at])


def part_noise(each: Factored, units: tuple[Amplitude, Amplitude]) -> float:
    """How much less a failure may score, as a part, for columns that should be 0."""
    return float(
        sum(
            len(side) * unit.off / unit.low
            for side, unit in zip((each.queries, each.keys), units, strict=True)
        )
    )


def _off(
    each: Factored, units: tuple[Amplitude, Amplitude], scale: Scale, turned: FloatArray
) -> float:
    """What the score of a selected key may be off by, as a multiple of the factor."""
    query, key = units
    largest = scale.most * scale.most * query.high * key.high
    leaked = len(each.queries) * query.off / query.high + len(each.keys) * key.off / key.high
    off = largest * leaked * float(abs(each.queries @ each.keys.T).max(initial=0.0))
    if not each.is_exact:
        off += largest * code_error(each, turned)
    return off


def _without_bos(
    key: FloatArray,
    inner: Codes,
    held: Held,
    holding: Holding,
    known: Mapping[str, Amplitude],
) -> None:
    """Takes off what BOS holds of a copy: the default, which its own query finds there."""
    column = _at_bos(held, holding)
    if column is not None:
        key[BOS, inner] -= shared(key[column, inner])


def _at_bos(held: Held, holding: Holding) -> int | None:
    """The column that a copy holds at BOS; None if there is none, as of a default that never is."""
    found = int(holding.classes[held.name][held.default]) if held.kind is Kind.COPY else NOWHERE
    return None if found == NOWHERE else int(holding.columns(held)[found])


def _noisy(part: HeadPart, known: Mapping[str, Amplitude]) -> list[str]:
    """Variables that decide what is selected and whose columns are not exactly 0 or 1."""
    read = [held for each in part.conditions for held in (each.query, each.key)]
    return [held.name for held in read if known[held.name] != Amplitude() and not held.is_clean]


def _share(
    part: HeadPart, holding: Holding, known: Mapping[str, Amplitude], scored: _Scored
) -> tuple[list[HeadWeights], Amplitude]:
    scale = holding.setting.scale(part.sublayer)
    error = 2 * scored.error + math.exp(-LEAK) + 16 * FLOAT32_ROUNDING + AT_BOS
    # Two counts next to each other differ by 1 / (lead + count + 1) of the share.
    most = COUNTING_ERROR / (holding.setting.lead + holding.positions + 1)
    if error > most:
        refused(
            part,
            "the share that counts its keys",
            error,
            most,
            scale.ratio,
            _noisy(part, known),
        )
    size = (holding.layout.width, holding.setting.head_size)
    value, output = np.zeros(size), np.zeros(size[::-1])
    value[BOS, 0] = shared(1.0 / scale.at_bos)
    output[0, holding.columns(part.output)] = SIGNS
    made = HeadWeights(part.sublayer, scored.query, scored.bias, scored.key, value, output)
    return [made], Amplitude(off=error)


def _copies(
    part: HeadPart,
    copying: Copying,
    holding: Holding,
    known: Mapping[str, Amplitude],
    scored: _Scored,
) -> tuple[list[HeadWeights], Amplitude]:
    setting = holding.setting
    scale = setting.scale(part.sublayer)
    if scored.error > COPYING_ERROR:
        refused(
            part,
            "the score of its keys",
            scored.error,
            COPYING_ERROR,
            scale.ratio,
            _noisy(part, known),
        )
    own, source = holding.classes[part.output.name], copying.held
    written = own[copying.entry[members(holding.classes[source.name])]]
    columns, output_columns = holding.columns(source), holding.columns(part.output)
    whole = np.zeros((holding.layout.width, len(output_columns)))
    kept = written >= 0
    whole[columns[kept], written[kept]] = 1.0
    held_at_bos = _at_bos(source, holding)
    if held_at_bos is not None:
        whole[BOS] -= shared(whole[held_at_bos])
    if own[copying.default] >= 0:
        whole[BOS, own[copying.default]] += shared(1.0 / scale.at_bos)
    made = []
    for first in range(0, len(output_columns), setting.head_size):
        some = output_columns[first : first + setting.head_size]
        value = np.zeros((holding.layout.width, setting.head_size))
        value[:, : len(some)] = whole[:, first : first + len(some)]
        output = np.zeros((setting.head_size, holding.layout.width))
        output[np.arange(len(some)), some] = 1.0
        parts = (scored.query, scored.bias, scored.key, value, output)
        made.append(HeadWeights(part.sublayer, *parts))
    unit = known[source.name]
    leak = math.exp(scored.error - LEAK)
    low, high = unit.low * scale.least, unit.high * scale.most
    # A column that is written adds up those that are read for it.
    read = int(np.bincount(written[kept]).max(initial=0))
    off = read * unit.off * scale.most + max(high, 1.0) * 2 * leak
    return made, Amplitude(min(low, 1.0) * (1 - 2 * leak), max(high, 1.0), off)
