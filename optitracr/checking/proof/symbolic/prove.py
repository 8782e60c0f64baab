"""The proof by values, from the embedding to the output."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np

from optitracr.checking.comparison import number_tolerance
from optitracr.checking.proof.bounded import Bounded
from optitracr.checking.proof.expected import places_of
from optitracr.checking.proof.range import in_range
from optitracr.checking.proof.symbolic.attention import attended
from optitracr.checking.proof.symbolic.contents import State
from optitracr.checking.proof.symbolic.embedding import embedded
from optitracr.checking.proof.symbolic.hints import Hints
from optitracr.checking.proof.symbolic.meaning import Meaning
from optitracr.checking.proof.symbolic.mlp import transformed
from optitracr.checking.proof.symbolic.single import selects_one
from optitracr.checking.proof.symbolic.values import OpenError
from optitracr.checking.proof.symbolic.widths import possible
from optitracr.checking.proof.told import Told
from optitracr.model.current import Current
from optitracr.model.encoders import CategoricalEncoder
from optitracr.model.forward import Network
from optitracr.model.proof import Discharge, Proof, Status
from optitracr.model.transformer import Transformer

PLAIN = 1 << 23
"""Numbers that are made where no relation is known: with some, far fewer combinations may occur."""


def prove_by_values(model: Transformer, now: Current, budget: int) -> Proof:
    """Proves a model by what each position can hold, whatever the number of inputs.

    Args:
        model: The model, with its program.
        now: Its weights.
        budget: Numbers that may be made; what needs more is left open.
    """
    found = ByValues(model, now, budget).proof(Known.ALL)
    assert found is not None, "nothing was asked before"
    return found


class Known(Enum):
    """What the proof by values knows beside what the program's functions give."""

    NOTHING = "nothing"
    """Each variable may have each of its values whatever the others have."""
    RELATIONS = "relations"
    """What occurs together, as far as joint rows tell."""
    ALL = "all"
    """And what the solver tells."""


class ByValues:
    """The proof by values of a model, by ever more that is known."""

    def __init__(self, model: Transformer, now: Current, budget: int) -> None:
        """Nothing is proven yet.

        Args:
            model: The model, with its program.
            now: Its weights.
            budget: Numbers that may be made each time; what needs more is left open.
        """
        self._model, self._now, self._budget = model, now, budget
        self._unasked = True

    @cached_property
    def _in_range(self) -> bool:
        """Whether all that is computed stays in float32's range."""
        return in_range(self._now)

    def proof(self, known: Known) -> Proof | None:
        """The proof; None if the solver is to be asked and would not have been.

        Args:
            known: What is known besides.
        """
        model, now = self._model, self._now
        if known is Known.ALL and not self._unasked:
            return None
        if now.architecture.causal != model.setting.causal:
            return _left_open("model_config.causal was changed")
        if not self._in_range:
            return _left_open("numbers may leave the range of float32")
        budget = min(self._budget, PLAIN) if known is Known.NOTHING else self._budget
        meaning = Meaning(model.program.graph, model.setting, selects_one, possible, budget)
        meaning.relations.relates = known is not Known.NOTHING
        meaning.relations.asks = known is Known.ALL
        try:
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                state = _walked(model, now, meaning)
                return _output(model, now, state)
        except OpenError as error:
            return _left_open(str(error))
        except RecursionError:
            return _left_open("the program is nested too deeply to be followed")
        finally:
            self._unasked = known is Known.NOTHING or meaning.relations.unasked


def _left_open(obligation: str) -> Proof:
    return Proof(Status.CHECKED, open=(obligation,))


def _walked(model: Transformer, now: Current, meaning: Meaning) -> State:
    """The last state."""
    hints = Hints.of(model, meaning)
    network = Network(np, now.architecture, now.params)
    state = embedded(meaning, now, model.input_encoder.bos_encoding)
    for number in range(now.architecture.layers):
        layer = network.layer(number)
        state = attended(layer, state, hints, 2 * number + 1)
        state = transformed(layer, state, hints, 2 * number + 2)
    return state


def _output(model: Transformer, now: Current, state: State) -> Proof:
    """What the unembedding makes of the last state, against what the program says."""
    meaning, label = state.meaning, model.program.graph.output
    columns = (now.unembed != 0.0).any(axis=1)
    read = state.labels(columns)
    if not meaning.tells(label, read):
        # What a head gives may be told by what it goes together with.
        read = (*read, *meaning.leaves(label))
    given = meaning.combinations(read)
    codes = meaning.told(label, given)
    defined = codes >= 0
    given, codes = {x: own[defined] for x, own in given.items()}, codes[defined]
    if not len(codes):
        raise OpenError(f"the output '{label}' is defined nowhere")
    there = np.flatnonzero(columns)
    told = Told.by(state.rows(there, given), now.unembed[there])
    if not given:
        told = told.of(np.zeros(len(codes), dtype=np.intp))
    values = meaning.values(label)
    if isinstance(model.output_encoder, CategoricalEncoder):
        return _categories(model, meaning, told, places_of(values, model.output_encoder)[codes])
    return _numbers(model, meaning, told.scores, [values[code] for code in codes.tolist()])


def _discharged(model: Transformer, meaning: Meaning) -> dict[Discharge, int]:
    """How many obligations were discharged: those of parts and output, and the others."""
    found = Counter({Discharge.WEIGHTS: len(model.record.nodes) + 1}) + meaning.discharged
    return {how: found[how] for how in Discharge if found[how]}


def _categories(model: Transformer, meaning: Meaning, told: Told, places: Any) -> Proof:
    lead, _ = told.leads(places)
    smallest = float(np.min(lead, initial=np.inf))
    if not smallest > 0.0:
        raise OpenError(f"the output '{model.program.graph.output}' is not told apart")
    return Proof(
        Status.PROVEN,
        discharged=_discharged(model, meaning),
        largest_error=float(np.max(told.scores.error, initial=0.0)),
        smallest_separation=smallest,
    )


def _numbers(model: Transformer, meaning: Meaning, scores: Bounded, values: list[Any]) -> Proof:
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    off = np.abs(scores.center[:, 0] - numbers) + scores.error[:, 0]
    if not (off <= number_tolerance(numbers)).all():
        label = model.program.graph.output
        raise OpenError(f"the output '{label}' is off by {off.max():.1e}")
    return Proof(
        Status.PROVEN,
        discharged=_discharged(model, meaning),
        largest_error=float(np.max(off, initial=0.0)),
    )
