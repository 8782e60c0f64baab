"""Programs nested deeper than Python's stack: nothing follows their depth by recursion."""

from __future__ import annotations

import copy
import pickle
import sys
from itertools import product
from pathlib import Path

import pytest

import optitracr
from optitracr import compile_rasp_to_model, rasp
from optitracr.model.runner import WHOLE_LAYERS

BOS = "compiler_bos"
DEPTH = sys.getrecursionlimit() + 200
LEQ, EQ = rasp.Comparison.LEQ, rasp.Comparison.EQ
SAME, EARLIER = (
    rasp.Select(rasp.tokens, rasp.tokens, EQ),
    rasp.Select(rasp.indices, rasp.indices, LEQ),
)
IS_A = rasp.Map(lambda t: int(t == "a"), rasp.tokens)


def turned(value: int) -> int:
    return (value + 1) % 5


def swapped(token: str) -> str:
    return {"a": "b", "b": "a"}[token]


def maps_of_a_width(depth: int) -> rasp.SOp:
    sop: rasp.SOp = rasp.SelectorWidth(SAME)
    for _ in range(depth):
        sop = rasp.Map(turned, sop, simplify=False)
    return sop


def shared_operands(depth: int) -> rasp.SOp:
    """Paths through it double at each step."""
    sop = rasp.tokens
    for _ in range(depth):
        sop = rasp.SequenceMap(lambda x, y: swapped(x), sop, sop)
    return sop


def sums(depth: int) -> rasp.SOp:
    sop = one = rasp.numerical(IS_A)
    for step in range(depth):
        sop = rasp.numerical(rasp.LinearSequenceMap(sop, one, 1, 1 if step % 2 else -1))
    return sop


def doubled_sums(depth: int) -> rasp.SOp:
    sop = rasp.numerical(IS_A)
    for _ in range(depth):
        sop = rasp.numerical(rasp.LinearSequenceMap(sop, sop, 0.5, 0.5))
    return sop


def nested_selectors(depth: int) -> rasp.Selector:
    selector: rasp.Selector = SAME
    for step in range(depth):
        if step % 2:
            selector = rasp.SelectorNot(rasp.SelectorAnd(selector, EARLIER))
        else:
            selector = rasp.SelectorOr(selector, selector)
    return selector


def simplified_selectors(depth: int) -> rasp.Selector:
    """What is written with operators becomes one predicate, nested as deep."""
    selector: rasp.Selector = SAME
    first = rasp.Select(rasp.tokens, rasp.Full("a"), lambda key, query: key == query)
    for step in range(depth):
        selector = ~(selector & first) if step % 2 else selector | first
    assert isinstance(selector, rasp.Select)
    return selector


PROGRAMS = {
    "maps of a width": maps_of_a_width,
    "shared operands": shared_operands,
    "sums": sums,
    "doubled sums": doubled_sums,
    "nested selectors": lambda depth: rasp.SelectorWidth(nested_selectors(depth)),
    "simplified selectors": lambda depth: rasp.SelectorWidth(simplified_selectors(depth)),
}


def compare(model: optitracr.CompiledModel, program: rasp.SOp, vocab: str, length: int) -> None:
    inputs = [list(x) for size in range(1, length + 1) for x in product(vocab, repeat=size)]
    found = model.apply_batch([[BOS, *tokens] for tokens in inputs]).decoded
    for tokens, decoded in zip(inputs, found, strict=True):
        assert decoded[1:] == pytest.approx(program(tokens), abs=1e-4) or decoded[1:] == program(
            tokens
        )


@pytest.mark.sweep
@pytest.mark.parametrize("name", PROGRAMS)
def test_deeper_than_the_stack_at_the_default_level(name: str) -> None:
    program = PROGRAMS[name](60 if name == "doubled sums" else DEPTH)
    compare(compile_rasp_to_model(program, {"a", "b"}, 2), program, "ab", 2)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["shared operands", "sums", "nested selectors"])
def test_at_level_0(name: str) -> None:
    depth = DEPTH if name == "nested selectors" else 200
    program = PROGRAMS[name](depth)
    model = compile_rasp_to_model(program, {"a", "b"}, 2, optimize=0)
    assert name == "nested selectors" or model.size.layers >= depth > WHOLE_LAYERS
    compare(model, program, "ab", 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["maps of a width", "nested selectors"])
def test_at_level_1(name: str) -> None:
    program = PROGRAMS[name](60 if name == "maps of a width" else DEPTH)
    compare(compile_rasp_to_model(program, {"a", "b"}, 2, optimize=1), program, "ab", 2)


@pytest.mark.slow
def test_a_deep_model_is_saved_listed_and_verified(tmp_path: Path) -> None:
    chain = rasp.tokens
    for _ in range(DEPTH):
        chain = rasp.Map(swapped, chain, simplify=False)
    width = rasp.SelectorWidth(nested_selectors(DEPTH))
    program = rasp.SequenceMap(lambda x, y: x * y, chain, width)
    model = compile_rasp_to_model(program, {"a", "b"}, 2)
    assert len(model.source.lines) == DEPTH + 4
    assert model.verify().exhaustive
    model.save(tmp_path / "deep")
    loaded = optitracr.load(tmp_path / "deep")
    assert loaded.verify().exhaustive
    assert str(loaded.source) == str(model.source)
    assert model.circuit is not None
    compare(pickle.loads(pickle.dumps(model)), program, "ab", 2)


@pytest.mark.parametrize("depth", [20, DEPTH])
def test_programs_are_copied_and_pickled(depth: int) -> None:
    chain = rasp.tokens
    for _ in range(depth):
        chain = rasp.Map(swapped, chain, simplify=False)
    program = rasp.SequenceMap(max, chain, rasp.Map(swapped, chain, simplify=False)).named("both")
    for twin in (copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert twin is not program
        assert twin.label == program.label
        assert twin.source == program.source
        assert len(list(rasp.expression.postorder(twin))) == depth + 3
        assert twin("ab") == program("ab")


def test_a_shallow_copy_has_the_same_operands() -> None:
    program = sums(DEPTH)
    assert [*map(id, copy.copy(program).children)] == [*map(id, program.children)]
    assert [*map(id, program.named("other").children)] == [*map(id, program.children)]


def test_simplified_predicates_ask_as_written() -> None:
    """A part is asked only where those before it have not decided."""
    for bits in product((False, True), repeat=4):
        asked: list[int] = []

        def asks(place: int, answer: bool, asked: list[int] = asked) -> rasp.Selector:
            def predicate(key: str, query: str) -> bool:
                asked.append(place)
                return answer

            return rasp.Select(rasp.tokens, rasp.tokens, predicate)

        a, b, c, d = (asks(place, bit) for place, bit in enumerate(bits))
        found = (~(a & ~(b | c)) | d)(["x"])[0][0]
        inner = [1] if bits[1] else [1, 2]
        holds = not (bits[0] and not (bits[1] or bits[2]))
        assert asked == [0, *(inner if bits[0] else []), *([] if holds else [3])]
        assert found == (holds or bits[3])


def test_layer_by_layer_is_the_same_in_jax() -> None:
    model = compile_rasp_to_model(shared_operands(40), {"a", "b"}, 3, optimize=0)
    tokens = model.input_encoder.encode([BOS, "a", "b", "a"])
    import numpy as np

    jax, numpy = (
        model.forward(model.params, np.array([tokens])),
        model.forward_numpy(np.array([tokens])),
    )
    assert len(jax.transformer_output.residuals) == 2 * model.size.layers
    np.testing.assert_allclose(jax.logits, numpy.logits, atol=1e-5)
    np.testing.assert_allclose(
        jax.transformer_output.attn_logits[-1], numpy.transformer_output.attn_logits[-1], atol=1e-3
    )
