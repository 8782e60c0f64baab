"""Pairs of inputs that tell the variables of a program apart."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.causal.pairs import Counterfactuals, Ground
from optitracr.causal.structure import alike
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError, InputError, NotFoundError
from tests.compiled import compiled


def labels_of(model: CompiledModel) -> list[str]:
    nodes = model.program.graph.nodes
    return [node.label for node in nodes if not (node.is_token or node.is_index)]


def check(model: CompiledModel, found: Counterfactuals) -> None:
    """Outputs are those of the causal model, at the positions that both inputs have."""
    for place, (base, source) in enumerate(zip(found.bases, found.sources, strict=True)):
        own, other = model.causal_model(len(base) - 1), model.causal_model(len(source) - 1)
        values = other.run(source[1:])
        both = range(min(own.length, other.length))
        for key, outputs in found.outputs.items():
            labels = (key,) if isinstance(key, str) else key
            given = {f"{label}[{i}]": values[f"{label}[{i}]"] for label in labels for i in both}
            run = own.run(base[1:], given)
            assert outputs[place] == [base[0], *(run[name] for name in own.outputs)]


@pytest.mark.parametrize("name", ["sort", "reverse", "most_frequent", "shuffle_dyck1"])
def test_outputs_are_the_causal_models(name: str) -> None:
    model = compiled(name, level=0)
    found = model.counterfactuals(12, seed=1)
    check(model, found)
    label = labels_of(model)[0]
    check(model, model.counterfactuals(4, variable=[label, model.name]))


def test_selectors_of_one_key() -> None:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    program = rasp.Aggregate(rasp.SelectLast(same), rasp.indices).named("last")
    model = compile_rasp_to_model(program + rasp.indices, {"a", "b"}, 4, optimize=0)
    check(model, model.counterfactuals(12))


SHORTER = {"balanced": 6, "dyck1_ptf": 6}
"""Positions of programs whose every pair of inputs is looked at, which takes seconds for eight."""


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.names())
def test_every_variable_is_told_apart_or_listed(name: str) -> None:
    """By some pair, from every other one, and from nothing; else the list has it, with a proof."""
    entry = library.get(name)
    longest = SHORTER.get(name, entry.max_seq_len)
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, longest, causal=entry.causal, optimize=0, check=False
    )
    found = model.counterfactuals(200)
    listed = {frozenset((x.first, x.second)) for x in found.indistinguishable}
    assert all(x.proven for x in found.indistinguishable)
    labels = labels_of(model)
    for first, second in product(labels, [*labels, ""]):
        if first != second:
            told = (first, second) in found.told
            assert told != (frozenset((first, second)) in listed), (first, second)


def test_few_pairs_tell_all_apart() -> None:
    model = compiled("sort", level=0)
    few, many = model.counterfactuals(8), model.counterfactuals(300)
    assert few.told == many.told
    assert len(many) == len(many.bases) == len(many.tokens) == 300
    assert np.array_equal(few.tokens, many.tokens[:8])


def test_the_same_for_the_same_seed() -> None:
    model = compiled("sort", level=0)
    first, again, other = (model.counterfactuals(50, seed=seed) for seed in (3, 3, 4))
    assert first.bases == again.bases
    assert first.outputs == again.outputs
    assert first.bases != other.bases


def test_structure_is_sound() -> None:
    """What is said to be alike is so on every pair of inputs."""
    for name in ("reverse", "count_distinct", "max_depth", "first_token"):
        entry = library.get(name)
        model = compile_rasp_to_model(
            entry.make(), sorted(entry.vocab)[:2], 3, causal=entry.causal, optimize=0, check=False
        )
        same = alike(model.program.graph)
        inputs = [list(xs) for n in (1, 2, 3) for xs in product(model.setting.vocabulary, repeat=n)]
        causal = {n: model.causal_model(n) for n in (1, 2, 3)}
        values = [causal[len(xs)].run(xs) for xs in inputs]
        for (base, _), (source, there) in product(
            zip(inputs, values, strict=True), zip(inputs, values, strict=True)
        ):
            own = causal[len(base)]
            both = range(min(len(base), len(source)))

            def output(label: str) -> list[object]:
                names = [f"{label}[{i}]" for i in both] if label else []
                run = own.run(base, {name: there[name] for name in names})
                return [run[name] for name in own.outputs]

            for label, other in same.items():
                assert output(label) == output(other), (name, label, other)


def test_variables_that_no_pair_tells_apart() -> None:
    """One bracket at each position: where it opens it does not close."""
    found = compiled("max_depth", level=0).counterfactuals(20).indistinguishable
    grounds = {(x.first, x.second): x.ground for x in found}
    assert grounds["opened_5", "closed_5"] is Ground.EVERY_PAIR
    assert "every pair" in str(next(x for x in found if x.ground is Ground.EVERY_PAIR))


def rare() -> CompiledModel:
    """Whose output is another where a word of eight letters is spelled, one input in 65,536."""
    word = "abcdabdc"
    spelled = rasp.SequenceMap(lambda x, i: x == word[i], rasp.tokens, rasp.indices)
    right = rasp.SelectorWidth(rasp.Select(spelled, spelled, lambda k, q: k))
    every = rasp.Map(lambda n: n == len(word), right)
    program = rasp.SequenceMap(lambda x, y: x and y == "c", every, rasp.tokens)
    return compile_rasp_to_model(program, set(word), len(word), optimize=0, check=False)


def test_the_solver_finds_what_no_draw_has(monkeypatch: pytest.MonkeyPatch) -> None:
    model = rare()
    found = model.counterfactuals(8)
    check(model, found)
    assert {x.ground for x in found.indistinguishable} <= {Ground.STRUCTURE}
    monkeypatch.setattr("optitracr.causal.counterfactuals.MOST_ASKED", 0)
    drawn = model.counterfactuals(8)
    assert Ground.OPEN in {x.ground for x in drawn.indistinguishable}
    assert drawn.told < found.told
    assert not all(x.proven for x in drawn.indistinguishable)


def test_folder(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    model = compiled("hist", level=0)
    found = model.counterfactuals(7)
    found.save(tmp_path / "pairs")
    cache = str(tmp_path / "cache")
    (rows,) = datasets.load_dataset(str(tmp_path / "pairs"), cache_dir=cache).values()
    assert len(rows) == 7
    assert rows[0]["base_ids"] == found.tokens[0][: len(found.bases[0])].tolist()
    found.save(tmp_path / "pairs")
    (tmp_path / "pairs" / "notes").touch()
    with pytest.raises(FileError, match="something else"):
        found.save(tmp_path / "pairs")


def test_shape_of_causal_abstraction() -> None:
    model = compiled("hist", level=0)
    found = model.counterfactuals(5)
    causal = model.causal_model(len(found.bases[0]) - 1)
    pair = found.to_causal_abstraction()[0]
    assert set(pair) == {"input", "counterfactual_inputs"}
    assert list(pair["input"]) == list(causal.inputs)


def test_errors() -> None:
    model = compiled("hist", level=0)
    with pytest.raises(NotFoundError, match="nothing"):
        model.counterfactuals(3, variable="nothing")
    with pytest.raises(InputError, match="empty"):
        model.counterfactuals(3, variable=[])
    with pytest.raises(InputError, match="size"):
        model.counterfactuals(0)
