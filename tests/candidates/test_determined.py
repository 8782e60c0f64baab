"""Neurons erase what they determine: whatever they read, at BOS too, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.candidate import Candidate
from optitracr.candidates.determined import determined, erased_beside, erasing
from optitracr.candidates.margins import offences
from optitracr.candidates.problem import space_problem
from optitracr.candidates.space import NOTHING, CandidateSpace, held_rows
from optitracr.catalogues import CandidateProposal, Placed
from optitracr.compiled import CompiledModel
from optitracr.constructions.heads import HeadPlan
from optitracr.constructions.leaves import Plan
from optitracr.craft.spaces import FloatArray
from optitracr.model.proof import Status
from optitracr.options import check_options
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers import Limits


def is_odd() -> rasp.SOp:
    """Whether a token is there an odd number of times."""
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return rasp.Map(lambda count: count % 2, rasp.SelectorWidth(same))


def compiled(without: str = "") -> CompiledModel:
    return compile_rasp_to_model(is_odd(), {"a", "b"}, 3, without=without)


def test_a_share_is_erased_by_the_neurons_that_read_it() -> None:
    model, other = compiled(), compiled("erasing")
    assert (model.size.neurons, other.size.neurons) == (3, 4)
    assert model.proof.status is other.proof.status is Status.PROVEN
    found, apart = (
        [row.detail for row in each.savings if row.kind == "erased"] for each in (model, other)
    )
    assert apart == ["by layer 0's MLP"]
    [detail] = found
    assert detail.startswith("by layer 0's MLP, by the neurons that compute ")


def test_circuits_name_what_neurons_erase_beside_what_they_compute() -> None:
    [head, neurons] = compiled().circuit.nodes
    assert (neurons.kind, neurons.writes) != ("head", head.writes)
    assert neurons.erases == head.writes
    assert neurons.components


@lru_cache
def placed(name: str) -> Placed:
    entry = library.get(name)
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, entry.causal
    )
    return Compilation(entry.make(), setting, check_options(optimize=2)).placed


def space_of(found: Placed) -> CandidateSpace:
    assert isinstance(found.proposal, CandidateProposal)
    return found.proposal.space


def held(space: CandidateSpace, name: str) -> FloatArray:
    """What a form holds of each value, and of None where that may be."""
    rows = held_rows(space, space.forms[name])
    nothing = space.node(space.forms[name]).value_set.may_be_none
    return np.concatenate([rows, np.zeros((int(nothing), rows.shape[1]))])


def neurons_of(candidate: Candidate, given: FloatArray) -> FloatArray:
    """What the neurons of a candidate give, one that writes a constant beside them."""
    assert isinstance(candidate.plan, Plan)
    hidden = np.maximum(candidate.plan.b_in + given, 0.0)
    return np.append(hidden, np.ones(candidate.neurons - hidden.size))


@pytest.mark.parametrize("name", ["parity", "carries", "most_frequent", "double_hist"])
def test_what_is_determined_is_so_for_everything_that_is_read(name: str) -> None:
    """Each combination of values, read off whichever forms there are."""
    space, count = space_of(placed(name)), 0
    for candidate in space.candidates.values():
        needs = [need for need in candidate.needs if NOTHING not in space.options[need]]
        weights = [
            w
            for need, w in zip(candidate.needs, plan_weights(candidate), strict=False)
            if need in needs
        ]
        for told in determined(space, candidate):
            form, count = space.forms[told.label], count + 1
            for names in product(*(space.options[need] for need in needs)):
                labels = [space.forms[x].label for x in names]
                if form.label not in labels or candidate.form in names:
                    continue
                sizes = {label: len(held(space, x)) for label, x in zip(labels, names, strict=True)}
                for values in product(*map(range, sizes.values())):
                    at = dict(zip(sizes, values, strict=True))
                    given = sum(
                        held(space, x)[at[label]] @ space.options[need][x] @ w
                        for x, label, need, w in zip(names, labels, needs, weights, strict=True)
                    )
                    found = neurons_of(candidate, np.asarray(given)) @ told.weights
                    wanted = held(space, told.label)[at[form.label]]
                    assert found + told.constant == pytest.approx(wanted, abs=1e-8)
    assert count


def plan_weights(candidate: Candidate) -> tuple[FloatArray, ...]:
    return () if isinstance(candidate.plan, HeadPlan) else candidate.plan.w_in


def test_what_is_left_is_looked_at_and_may_be_forbidden() -> None:
    space = space_of(placed("parity"))
    allocation = placed("parity").allocation
    assert allocation.plan is not None
    [(name, [told])] = erased_beside(space, allocation.plan).items()
    assert not offences(space, allocation)
    other = replace(space, excluded=frozenset({(name, erasing(told.label))}))
    assert determined(other, space.candidates[name]) == ()
    known = space_problem(other, Limits()).alternative_by_name()
    assert known[name].determines == ()
    assert space_problem(space, Limits()).alternative_by_name()[name].determines == (told.label,)


def test_neurons_of_a_published_transformer_erase_nothing_else() -> None:
    """Other activations than ReLU, and norms, leave more than what rounds."""
    model = compile_rasp_to_model(
        is_odd(), {"a", "b"}, 3, causal=True, architecture="gpt2", check=False
    )
    assert not any(node.erases and node.components for node in model.circuit.nodes)
