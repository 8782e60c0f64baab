"""Plans whose components pass on errors that a reader does not bear, and what is taken instead."""

from __future__ import annotations

import random

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.allocation import carry, searching
from optitracr.candidates.offence import Offence
from optitracr.candidates.space import CandidateSpace
from optitracr.model import proof
from optitracr.rasp import Comparison, Select, SelectorWidth, SequenceMap, indices, tokens
from optitracr.stages import Compilation
from solvers import Allocation, Status


@pytest.fixture(autouse=True, scope="module")
def in_numpy() -> None:
    """In place of the room's: what rounding does is looked at in JAX too."""


def as_the_first(modulus: int) -> rasp.SOp:
    """How many positions have, with their mirror image, the product that the first has."""
    opposite = SequenceMap(lambda i, n: n - 1 - i, indices, library.length)
    mirrored = rasp.Aggregate(Select(indices, opposite, Comparison.EQ), tokens)
    differ = SequenceMap(lambda a, b: (a * b) % modulus, tokens, mirrored)
    first = rasp.Aggregate(Select(indices, indices, lambda key, _: key == 0), differ)
    same = SequenceMap(lambda a, b: int(a == b), differ, first)
    one = rasp.Map(lambda _: 1, indices)
    return SelectorWidth(Select(same, one, Comparison.EQ))


def rounds(monkeypatch: pytest.MonkeyPatch) -> list[list[Offence]]:
    """The offences of each plan that is tried from now on."""
    found: list[list[Offence]] = []
    look = searching.offences

    def looked(space: CandidateSpace, allocation: Allocation) -> list[Offence]:
        found.append(look(space, allocation))
        return found[-1]

    monkeypatch.setattr(searching, "offences", looked)
    return found


@pytest.mark.parametrize(("vocabulary", "length", "modulus"), [(10, 10, 10), (14, 14, 10)])
def test_numbers_that_multiply_errors_are_not_read(
    vocabulary: int, length: int, modulus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = rounds(monkeypatch)
    program = as_the_first(modulus)
    model = compile_rasp_to_model(program, range(vocabulary), length)
    assert tried[0]
    assert [] in tried
    assert all(offence.error > offence.allowed for offence in tried[0])
    assert carry.LEFT_OUT in model.allocation.message
    rng = np.random.default_rng(0)
    for _ in range(20):
        given = rng.integers(vocabulary, size=length).tolist()
        assert model.apply(["compiler_bos", *given]).decoded[1:] == program(given)


@pytest.mark.parametrize("name", ["sort_unique", "shuffle_dyck1", "frac_prevs", "running_count"])
def test_plans_that_float32_carries_are_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = rounds(monkeypatch)
    entry = library.get(name)
    compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    assert tried == [[]]


@pytest.mark.parametrize("name", ["balanced"])
def test_what_passes_on_errors_makes_no_model_wider(name: str) -> None:
    """Steps bear the uneven count that interpolation does not; places in a one-hot are wider."""
    entry = library.get(name)
    given = (entry.make(), entry.vocab, entry.max_seq_len)
    flat = compile_rasp_to_model(*given, without="interpolation")
    model = compile_rasp_to_model(*given)
    assert model.allocation.value <= flat.allocation.value
    assert model.proof is not None
    assert model.proof.status is proof.Status.PROVEN


def test_a_mean_over_what_has_gathered_errors_reads_it_sharp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two one-hots of the means of 13 positions, together off by more than a mean may be."""
    tried = rounds(monkeypatch)
    earlier = Select(indices, indices, Comparison.LEQ)
    first, second = (
        rasp.numerical(rasp.Aggregate(earlier, rasp.numerical(tokens == token), default=0))
        for token in "()"
    )
    small = rasp.numerical(SequenceMap(lambda a, b: a * b < 0.1, first, second))
    everywhere = Select(indices, indices, Comparison.TRUE)
    program = rasp.numerical(rasp.Aggregate(everywhere, small, default=0))
    model = compile_rasp_to_model(program, "()x", 13)
    assert tried[0]
    assert [] in tried
    draw = random.Random(0)
    for _ in range(20):
        given = draw.choices("()x", k=13)
        found = model.apply(["compiler_bos", *given]).decoded[1:]
        assert found == pytest.approx([float(x) for x in program(given)], rel=1e-4, abs=1e-4)


def plan_with_an_offence(
    monkeypatch: pytest.MonkeyPatch, proven: bool
) -> tuple[Allocation, Allocation]:
    """A plan, and what becomes of it where it is said that float32 does not carry it."""
    entry = library.get("shuffle_dyck1")
    given = (entry.make(), entry.vocab, entry.max_seq_len)
    small = compile_rasp_to_model(*given)
    found = [Offence("none", (), 2.0, 1.0)]
    monkeypatch.setattr(searching, "offences", lambda space, allocation: found)
    if not proven:
        monkeypatch.setattr(Compilation, "_proven", lambda self, placed: False)
    limits = {"layers": small.size.layers, "width": small.size.width}
    return small.allocation, compile_rasp_to_model(*given, limits=limits).allocation


def test_limits_that_leave_no_room_keep_the_first_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing that bears more fits, the plan is handed to the check, which finds it."""
    small, again = plan_with_an_offence(monkeypatch, proven=False)
    assert again.value == small.value


def test_what_is_proven_is_carried_whatever_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    solved = []
    search = searching.tried_plan
    monkeypatch.setattr(carry, "tried_plan", lambda *a: solved.append(a) or search(*a))
    small, again = plan_with_an_offence(monkeypatch, proven=True)
    assert (again.value, again.status, again.message) == (small.value, Status.OPTIMAL, "")
    assert len(solved) == 2
