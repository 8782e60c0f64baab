"""What components hold at BOS, where no value of the program stands.

What is not clean holds something there: a head writes what it finds at BOS, an MLP what its table
makes of that. Steps stay between the numbers that they write; what passes numbers on goes beyond
them. What has to be zero at BOS all the same, or has to find BOS from there, outweighs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from optitracr.constructions.heads import BOS_QUERY, HeadPlan
from optitracr.constructions.leaves import Plan
from optitracr.craft.spaces import FloatArray

MOST_BREAKS = 1_000
"""Neurons of one number up to which all the places where one begins are looked at; the weights of
more take millions of products, and bounds that are further from what is held do as well."""


class Held(NamedTuple):
    """What some columns hold at BOS, each between two bounds, whatever the input.

    Attributes:
        least: Shape [columns].
        most: Shape [columns].
    """

    least: FloatArray
    most: FloatArray

    @property
    def largest(self) -> FloatArray:
        """How large each can be, whatever its sign."""
        return np.asarray(np.maximum(abs(self.least), abs(self.most)))

    def through(self, weights: FloatArray) -> Held:
        """What reads it with some weights, shape [columns, outputs]; zero if there is nothing."""
        if self.least.size == 0:
            return nothing(weights.shape[1])
        above, below = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
        least = self.least @ above + self.most @ below
        return Held(least, self.most @ above + self.least @ below)


def nothing(columns: int) -> Held:
    """Zero in each column."""
    return Held(np.zeros(columns), np.zeros(columns))


def of_mlp(plan: Plan, reads: Sequence[Held]) -> Held:
    """What an MLP writes at BOS that does not tell it from other positions.

    Args:
        plan: The construction.
        reads: What it finds at BOS of each of its axes.
    """
    loose = [held for held in reads if (held.least != held.most).any()]
    if len(loose) == 1 and loose[0].least.size == 1 and plan.neurons <= MOST_BREAKS:
        return _of_one_number(plan, reads, loose[0])
    parts = (held.through(weights) for held, weights in zip(reads, plan.w_in, strict=True))
    total = _sum(parts, plan.neurons)
    fired = Held(*(np.maximum(bound + plan.b_in, 0.0) for bound in total))
    return Held(*(bound + plan.bias for bound in fired.through(plan.w_out)))


def _of_one_number(plan: Plan, reads: Sequence[Held], loose: Held) -> Held:
    """The same where all but one number are settled: between two neurons it is linear in that."""
    settled = np.array(plan.b_in, dtype=np.float64)
    slope = np.zeros(plan.neurons)
    for held, weights in zip(reads, plan.w_in, strict=True):
        if held is loose:
            slope = slope + weights[0]
        else:
            settled += held.least @ weights
    breaks = -settled[slope != 0] / slope[slope != 0]
    ends = np.concatenate([loose.least, loose.most])
    points = np.concatenate([ends, breaks[(breaks > ends[0]) & (breaks < ends[1])]])
    written = np.maximum(points[:, None] * slope + settled, 0.0) @ plan.w_out + plan.bias
    return Held(written.min(axis=0), written.max(axis=0))


def of_head(plan: HeadPlan, values: Sequence[Held], rows: Sequence[FloatArray]) -> Held:
    """What a head writes at BOS: what BOS contributes, or a mean of that and what keys do.

    Args:
        plan: The head.
        values: What it finds at BOS of each of its values.
        rows: What each of them is at other keys, shape [values, columns of the need].
    """
    width = plan.value_width
    at_bos = _sum((h.through(r.weights) for h, r in zip(values, plan.values, strict=True)), width)
    own = plan.at_bos(width)
    least, most = at_bos.least + own, at_bos.most + own
    if plan.bos_query.any():
        return Held(least, most)
    keys = _sum((_among(r @ x.weights) for r, x in zip(rows, plan.values, strict=True)), width)
    return Held(np.minimum(least, keys.least), np.maximum(most, keys.most))


def finding_bos(plan: HeadPlan, queries: Sequence[Held], rows: Sequence[FloatArray]) -> HeadPlan:
    """The head whose BOS query finds BOS, whatever else it holds.

    A plan is made for queries that hold at BOS no more than they do elsewhere.

    Args:
        plan: The head.
        queries: What it finds at BOS of each of its queries.
        rows: What each of its keys is, shape [values, columns of the need].
    """
    if not plan.bos_query.any() or not any(held.largest.any() for held in queries):
        return plan
    parts = (h.through(r.weights) for h, r in zip(queries, plan.queries, strict=True))
    query = _sum(parts, plan.head_size)
    for bound in query:
        bound += plan.b_query + plan.bos_query
    keys = [r @ x.weights for r, x in zip(rows, plan.keys, strict=True)]
    at_bos = query.through(plan.bos_key[:, None]).least[0]
    at_keys = sum(query.through(key.T).most.max(initial=0.0) for key in keys)
    lacking = plan.bos_query[-1] / BOS_QUERY - (at_bos - at_keys)
    if lacking <= 0.0:
        return plan
    ahead = plan.bos_key[-1] - sum(key[:, -1].max(initial=0.0) for key in keys)
    bos_query = plan.bos_query.copy()
    bos_query[-1] += lacking / ahead
    return replace(plan, bos_query=bos_query)


def _among(rows: FloatArray) -> Held:
    """What one of some rows holds, or none of them."""
    return Held(rows.min(axis=0, initial=0.0), rows.max(axis=0, initial=0.0))


def _sum(parts: Iterable[Held], columns: int) -> Held:
    """What several hold together, some in the first columns alone."""
    total = nothing(columns)
    for part in parts:
        for bound, own in zip(total, part, strict=True):
            bound[: own.size] += own
    return total
