"""Plans of attention heads: what they read of query, key and value, and their factors.

The logits of a selector are a matrix over query and key values, and a column for BOS. Two
freedoms make it small. Softmax ignores what is added to all logits of a query, so a key
class that is never None can stand for the zero vector; and a constant can stand for one
query class. The matrix is then factored through its shorter side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optitracr.candidates.forms import NO_CLASS, Need, classes_of_rows
from optitracr.candidates.setting import Setting
from optitracr.craft.numerics import coldness
from optitracr.craft.spaces import FloatArray
from optitracr.graph.program import Aggregate, PairSelector, Width
from optitracr.graph.values import ValueSet

BOS_QUERY = 4.0
"""How much colder, in units of the coldness, the BOS query attends to BOS."""


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """A head in the coordinates of what it reads.

    Attributes:
        query: Need of the query variable, or None if every query attends alike.
        key: Need of the key variable, or None.
        value: Need of the value variable; None for a width, which reads BOS alone.
        w_query: Shape [query columns, inner].
        b_query: Shape [inner].
        bos_query: Shape [inner]: added for the BOS query.
        w_key: Shape [key columns, inner].
        bos_key: Shape [inner]: the BOS key.
        bos_value: Shape [outputs]: what BOS contributes.
    """

    query: Need | None
    key: Need | None
    value: Need | None
    w_query: FloatArray
    b_query: FloatArray
    bos_query: FloatArray
    w_key: FloatArray
    bos_key: FloatArray
    bos_value: FloatArray

    @property
    def needs(self) -> tuple[Need, ...]:
        """What the head reads beside BOS."""
        return tuple(n for n in (self.query, self.key, self.value) if n is not None)

    @property
    def head_size(self) -> int:
        """Columns that the QK circuit needs."""
        return int(self.b_query.size)

    @property
    def value_width(self) -> int:
        """Columns that the OV circuit needs."""
        used = int(np.flatnonzero(self.bos_value).max(initial=-1)) + 1
        return used if self.value is None else max(self.value.columns, used)


def plan_head(
    selector: PairSelector,
    values: Mapping[str, ValueSet],
    setting: Setting,
    operation: Aggregate | Width,
    default: FloatArray,
    value: Need | None,
) -> HeadPlan:
    """Plans a head.

    Args:
        selector: What it selects.
        values: Value sets.
        setting: Vocabulary and length.
        operation: The aggregate or width that it computes.
        default: Shape [outputs]: what it writes where nothing is selected.
        value: What it averages; None for a width.
    """
    keys, queries = values[selector.keys], values[selector.queries]
    cold = coldness(setting.max_seq_len + 1)
    selected = np.array(
        [[bool(selector.predicate(k, q)) for k in keys.values] for q in queries.values]
    ).reshape(len(queries.values), len(keys.values))
    is_width = isinstance(operation, Width)
    logits = cold * selected.astype(np.float64)
    bos = np.full((len(queries.values) + 1, 1), cold if is_width else cold / 2)
    rows = np.concatenate([logits, np.zeros((1, logits.shape[1]))])
    key_classes, columns, constant = classes_of_rows(rows.T, drop=not keys.may_be_none)
    extended = np.concatenate([columns.T, bos - constant[:, None]], axis=1)
    none_row = extended[-1]
    query_classes, kept, base = _query_side(extended[:-1], none_row, queries.may_be_none)
    query = _need(selector.queries, query_classes, clean=False)
    key = _need(selector.keys, key_classes, clean=True)
    factors = _factor(kept, base, cold)
    return HeadPlan(query, key, value, *factors, bos_value=default)


def _need(label: str, classes: tuple[int, ...], clean: bool) -> Need | None:
    if max(classes, default=NO_CLASS) == NO_CLASS:
        return None
    return Need(label, classes, (), clean)


def _query_side(
    rows: FloatArray, none_row: FloatArray, may_be_none: bool
) -> tuple[tuple[int, ...], FloatArray, FloatArray]:
    """Query classes, their rows less the constant, and the constant."""
    if may_be_none or (rows == none_row).all(axis=1).any():
        classes, kept, _ = classes_of_rows(rows - none_row, drop=False)
        return classes, kept, none_row
    classes, kept, constant = classes_of_rows(rows, drop=True)
    return classes, kept, constant


def _factor(
    rows: FloatArray, base: FloatArray, cold: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Factors the logits [query columns and constant, key columns and BOS]."""
    keys = base.size - 1
    idle = not rows.any() and not base.any()
    if idle:
        nothing = np.zeros(0)
        return np.zeros((len(rows), 0)), nothing, nothing, np.zeros((keys, 0)), nothing
    at_bos = np.zeros(keys + 1)
    at_bos[-1] = BOS_QUERY * cold
    if keys + 1 <= len(rows) + 2:
        identity = np.eye(keys + 1)
        return rows, base, at_bos, identity[:-1], identity[-1]
    count = len(rows)
    w_query = np.concatenate([np.eye(count), np.zeros((count, 2))], axis=1)
    b_query, bos_query = np.zeros(count + 2), np.zeros(count + 2)
    b_query[count], bos_query[count + 1] = 1.0, 1.0
    key_side = np.concatenate([rows, base[None, :], at_bos[None, :]]).T
    return w_query, b_query, bos_query, key_side[:-1], key_side[-1]
