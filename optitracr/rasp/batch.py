"""The interpreter for a batch of inputs: the same values as one by one, by array operations.

Values are integer codes, 0 for None; each function of the program is called once for each
distinct argument that occurs. `tests/rasp/test_batch.py` holds it to the plain interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import EvaluationError, InputError
from optitracr.rasp.aggregate import Aggregate, SelectorWidth
from optitracr.rasp.chunk import (
    Chunk,
    Mask,
    Step,
    best_key,
    first_key,
    last_key,
    of_length,
    pairs_of_tokens,
    promised,
)
from optitracr.rasp.evaluate import fitted, unknown_kind
from optitracr.rasp.expression import RASPExpr, Value, describe, postorder
from optitracr.rasp.graded import SelectBest, SelectFirst, SelectLast, is_score
from optitracr.rasp.means import MeanTable
from optitracr.rasp.selector import (
    ConstantSelector,
    Select,
    Selector,
    SelectorAnd,
    SelectorAtMostOne,
    SelectorNot,
    SelectorOr,
)
from optitracr.rasp.sop import (
    ConstantSOp,
    Full,
    IndicesType,
    Map,
    SequenceMap,
    SOp,
    TokensType,
)
from optitracr.rasp.tables import Codes, Interner, MapTable, PairTable, RankTable

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

CHUNK_CELLS = 1 << 20
"""Entries of one selector's matrices, over the rows that are evaluated together: a megabyte each,
which stays in a processor's cache, and enough for array operations to pay."""

CODES_AXES = 2
"""Axes of the codes of an s-op, by row and position; what a selector selects has one more."""


@dataclass(frozen=True, slots=True)
class BatchEvaluation:
    """The values of some s-ops, and what some selectors select, on a batch of inputs.

    Attributes:
        undefined: The inputs on which the plain interpreter raises. Their codes
            mean nothing.
    """

    undefined: Bool[Mask, " batch"]
    _codes: dict[int, NDArray[np.int32]]
    _interners: dict[int, Interner]
    _exprs: tuple[RASPExpr, ...]
    _selected: dict[int, Mask]

    def codes(self, expr: SOp) -> Int[NDArray[np.int32], "batch seq"]:
        """The code of each value; 0 where it is None, and at padding.

        Raises:
            EvaluationError: If `expr` was not among those to evaluate.
        """
        self._check(expr)
        return self._codes[id(expr)]

    def values(self, expr: SOp) -> tuple[Value, ...]:
        """What the codes of an s-op stand for; the first is None.

        Raises:
            EvaluationError: If `expr` was not among those to evaluate.
        """
        self._check(expr)
        return tuple(self._interners[id(expr)].values)

    def numbers(self, expr: SOp) -> Float[NDArray[np.float64], "batch seq"]:
        """The values of an s-op of numbers; nan where it is None.

        Raises:
            EvaluationError: If `expr` was not among those to evaluate, or if some value is
                no number.
        """
        values = self.values(expr)
        try:
            table = np.array([np.nan if x is None else float(x) for x in values])
        except (TypeError, ValueError, OverflowError) as error:
            raise EvaluationError(
                f"{describe(expr)} has values that are no numbers; ask for its codes"
            ) from error
        return table.take(self.codes(expr))

    def selected(self, selector: Selector) -> Bool[Mask, "batch key query"]:
        """What a selector selects.

        Raises:
            EvaluationError: If `selector` was not among the expressions to evaluate.
        """
        self._check(selector)
        return self._selected[id(selector)]

    def _check(self, expr: RASPExpr) -> None:
        if id(expr) not in self._codes and id(expr) not in self._selected:
            raise EvaluationError(
                f"{describe(expr)} was not evaluated; pass it to evaluate_batch itself, and "
                "no copy of it"
            )


class BatchInterpreter:
    """Evaluates the same expressions on one batch after another.

    Codes mean the same from batch to batch, and no function is called twice for an argument.
    """

    def __init__(
        self, exprs: Sequence[RASPExpr], vocab: Sequence[Value], seq: int, causal: bool = False
    ) -> None:
        """Prepares the evaluation of some expressions.

        Args:
            exprs: The s-ops and selectors whose values are wanted.
            vocab: What the codes of tokens stand for, from 0.
            seq: The padded length of every batch.
            causal: Whether no query selects a later key.

        Raises:
            EvaluationError: If an expression is of an unknown kind, or a value unhashable.
        """
        self._exprs = tuple(exprs)
        self._program = _Program(exprs, vocab, seq, causal)

    def run(
        self,
        tokens: NDArray[np.integer[Any]],
        lengths: NDArray[np.integer[Any]],
        instead: Mapping[RASPExpr, NDArray[Any]] | None = None,
    ) -> BatchEvaluation:
        """The values on a batch; the arguments are those of `evaluate_batch`.

        Args:
            tokens: Codes of tokens.
            lengths: The number of tokens of each input.
            instead: What some of the expressions are, whatever they are made of: codes as an
                evaluation by this interpreter gave them, or for a selector what it selects.

        Raises:
            InputError: If shapes do not fit, or a token code stands for nothing.
            EvaluationError: If a value is unhashable.
        """
        program, tokens, lengths = self._program, np.asarray(tokens), np.asarray(lengths)
        valid = _check_batch(program.vocab, tokens, lengths)
        rows, seq = tokens.shape
        coded = np.where(valid, tokens + 1, 0).astype(np.intp)
        undefined = np.zeros(rows, dtype=bool)
        sops = [expr for expr in self._exprs if isinstance(expr, SOp)]
        selectors = [expr for expr in self._exprs if isinstance(expr, Selector)]
        codes = {id(sop): np.zeros((rows, seq), dtype=np.int32) for sop in sops}
        selected = {id(one): np.zeros((rows, seq, seq), dtype=bool) for one in selectors}
        step = max(1, CHUNK_CELLS // max(1, seq * seq))
        given = {} if instead is None else _by_row(instead)
        for first in range(0, rows, step):
            part = slice(first, first + step)
            chunk = Chunk(coded[part], lengths[part], valid[part], undefined[part], {})
            program.run(chunk, {key: array[part] for key, array in given.items()})
            for sop in sops:
                codes[id(sop)][part] = chunk.values[id(sop)]
            for one in selectors:
                selected[id(one)][part] = chunk.values[id(one)].transpose(1, 0, 2)
        return BatchEvaluation(undefined, codes, program.interners, self._exprs, selected)


def _as_steps(given: NDArray[Any]) -> NDArray[Any]:
    """Codes as they are; of a selector [key, row, query] from [row, key, query]."""
    return given if given.ndim == CODES_AXES else given.transpose(1, 0, 2)


def _by_row(instead: Mapping[RASPExpr, NDArray[Any]]) -> dict[int, NDArray[Any]]:
    """What expressions are set to as steps give it, but for selectors row by row."""
    return {
        id(expr): array.astype(np.intp) if isinstance(expr, SOp) else array
        for expr, array in instead.items()
    }


def evaluate_batch(
    exprs: Sequence[RASPExpr],
    vocab: Sequence[Value],
    tokens: Int[NDArray[np.integer[Any]], "batch seq"],
    lengths: Int[NDArray[np.integer[Any]], " batch"],
    causal: bool = False,
) -> BatchEvaluation:
    """Evaluates expressions on one batch of inputs.

    Args:
        exprs: The s-ops and selectors whose values are wanted.
        vocab: What the codes in `tokens` stand for, from 0.
        tokens: Padded at the end with anything.
        lengths: The number of tokens of each input.
        causal: Whether no query selects a later key.

    Raises:
        InputError: If shapes do not fit, or a token code stands for nothing.
        EvaluationError: If an expression is of an unknown kind, or a value unhashable.
    """
    seq = np.asarray(tokens).shape[-1]
    return BatchInterpreter(exprs, vocab, seq, causal).run(tokens, lengths)


def _check_batch(
    vocab: Sequence[Value], tokens: NDArray[np.integer[Any]], lengths: NDArray[np.integer[Any]]
) -> Mask:
    """Which entries are tokens, and no padding."""
    if tokens.ndim != 2 or lengths.shape != tokens.shape[:1]:
        raise InputError(
            f"tokens has shape {tokens.shape} and lengths {lengths.shape}; they must be "
            "[batch, seq] and [batch]"
        )
    if lengths.size and not 0 <= lengths.min() <= lengths.max() <= tokens.shape[1]:
        raise InputError(f"lengths must lie between 0 and {tokens.shape[1]}, the padded length")
    valid: Mask = np.arange(tokens.shape[1]) < lengths[:, None]
    used = tokens[valid]
    if used.size and not 0 <= used.min() <= used.max() < len(vocab):
        raise InputError(f"token codes must lie between 0 and {len(vocab) - 1}")
    return valid


class _Program:
    """Expressions as steps that compute their codes, or matrices, from those before."""

    def __init__(
        self, exprs: Sequence[RASPExpr], vocab: Sequence[Value], seq: int, causal: bool
    ) -> None:
        self.seq, self.vocab = seq, vocab
        self.visible: Mask | None = np.triu(np.ones((seq, seq), dtype=bool)) if causal else None
        self.interners: dict[int, Interner] = {}
        self.steps: list[tuple[int, Step]] = []
        for expr in postorder(*exprs):
            self.steps.append((id(expr), self._step(expr)))

    def run(self, chunk: Chunk, given: Mapping[int, NDArray[Any]]) -> None:
        for key, step in self.steps:
            chunk.values[key] = _as_steps(given[key]) if key in given else step(chunk)

    def _step(self, expr: RASPExpr) -> Step:
        if isinstance(expr, SOp):
            self.interners[id(expr)] = Interner()
            return self._sop_step(expr, self.interners[id(expr)])
        if isinstance(expr, Selector):
            return self._masked(self._selector_step(expr))
        raise unknown_kind(expr)

    def _sop_step(self, sop: SOp, out: Interner) -> Step:
        match sop:
            case TokensType():
                return self._tokens(out)
            case IndicesType():
                return self._constant(out, range(self.seq))
            case Full():
                return self._constant(out, [sop.fill] * self.seq)
            case ConstantSOp():
                return self._fixed(sop, out)
            case Map():
                table = MapTable(sop.f, self.interners[id(sop.inner)], out)
                return lambda c: c.settled(table.look_up(c.values[id(sop.inner)]))
            case SequenceMap():
                operands = self.interners[id(sop.fst)], self.interners[id(sop.snd)]
                pairs = PairTable(sop.f, operands, out)
                return lambda c: c.settled(
                    pairs.look_up(c.values[id(sop.fst)], c.values[id(sop.snd)])
                )
            case SelectorWidth():
                return self._width(sop, out)
            case Aggregate():
                return self._aggregate(sop, out)
            case _:
                raise unknown_kind(sop)

    def _tokens(self, out: Interner) -> Step:
        table = np.array([0, *map(out.code, self.vocab)], dtype=np.intp)
        return lambda c: table.take(c.tokens)

    def _constant(self, out: Interner, values: Sequence[Value]) -> Step:
        row = np.array([out.code(value) for value in values], dtype=np.intp)
        return lambda c: np.where(c.valid, row, 0)

    def _fixed(self, sop: ConstantSOp, out: Interner) -> Step:
        constant = self._constant(out, fitted(sop.value, self.seq, None))
        return of_length(constant, len(sop.value)) if sop.check_length else constant

    def _width(self, sop: SelectorWidth, out: Interner) -> Step:
        codes = np.array([out.code(count) for count in range(self.seq + 1)], dtype=np.intp)

        def step(chunk: Chunk) -> Codes:
            counts = chunk.values[id(sop.selector)].sum(axis=0, dtype=np.intp)
            return np.where(chunk.valid, codes.take(counts), 0)

        return step

    def _aggregate(self, sop: Aggregate, out: Interner) -> Step:
        operand = self.interners[id(sop.sop)]
        same = MapTable(lambda value: value, operand, out)
        means = MeanTable(operand, out)
        default = out.code(sop.default)

        def step(chunk: Chunk) -> Codes:
            chosen: Mask = chunk.values[id(sop.selector)]
            codes: Codes = chunk.values[id(sop.sop)]
            if not codes.size:
                return codes
            counts = chosen.sum(axis=0, dtype=np.intp)
            single = np.take_along_axis(codes, chosen.argmax(axis=0), axis=1)
            single[counts != 1] = 0
            result = np.where(counts == 0, default, same.look_up(single))
            if counts.max() > 1:
                mean = means.mean(chosen, counts, codes)
                result = np.where(counts > 1, mean, result)
            result[~chunk.valid] = 0
            return chunk.settled(result)

        return step

    def _selector_step(self, selector: Selector) -> Step:
        match selector:
            case Select():
                return self._select(selector)
            case ConstantSelector():
                return self._fixed_selector(selector)
            case SelectorAnd():
                return lambda c: c.values[id(selector.fst)] & c.values[id(selector.snd)]
            case SelectorOr():
                return lambda c: c.values[id(selector.fst)] | c.values[id(selector.snd)]
            case SelectorNot():
                return lambda c: ~c.values[id(selector.inner)] & pairs_of_tokens(c)
            case SelectorAtMostOne():
                return lambda c: promised(c, c.values[id(selector.inner)])
            case SelectFirst():
                return lambda c: first_key(c.values[id(selector.selector)])
            case SelectLast():
                return lambda c: last_key(c.values[id(selector.selector)])
            case SelectBest():
                ranks = RankTable(self.interners[id(selector.score)], is_score)
                return lambda c: best_key(
                    c, c.values[id(selector.selector)], ranks.look_up(c.values[id(selector.score)])
                )
            case _:
                raise unknown_kind(selector)

    def _select(self, select: Select) -> Step:
        operands = self.interners[id(select.keys)], self.interners[id(select.queries)]
        predicate = select.predicate
        table = PairTable(lambda k, q: bool(predicate(k, q)), operands, None, np.int8)

        def step(chunk: Chunk) -> Mask:
            keys, queries = chunk.values[id(select.keys)], chunk.values[id(select.queries)]
            columns = np.ascontiguousarray(keys.T)[:, :, None]
            return chunk.settled(table.look_up(columns, queries[None]), row_axis=1).view(np.bool_)

        return step

    def _fixed_selector(self, selector: ConstantSelector) -> Step:
        rows = [fitted(row, self.seq, False) for row in selector.value]
        matrix = np.array(fitted(rows, self.seq, [False] * self.seq), dtype=bool)
        keys_first = matrix.reshape(self.seq, self.seq).T[:, None, :]

        def step(chunk: Chunk) -> Mask:
            return keys_first & pairs_of_tokens(chunk)

        return of_length(step, len(selector.value)) if selector.check_length else step

    def _masked(self, step: Step) -> Step:
        visible = self.visible
        if visible is None:
            return step
        return lambda c: step(c) & visible[:, None, :]
