"""The checks of arguments, of memory, and what they say."""

from __future__ import annotations

import itertools
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from optitracr import arguments, compile_rasp_to_model, memory, rasp, validating
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError, InputError, LimitError, OptitracrError
from optitracr.model.shape import Shape
from solvers import Sizes

HIST = rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ))
BOS, PAD = "^", "$"


@pytest.fixture(scope="module")
def model() -> CompiledModel:
    return compile_rasp_to_model(
        HIST, {"a", "b"}, 3, compiler_bos=BOS, compiler_pad=PAD, optimize=0
    )


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_integers(value: object) -> None:
    found = arguments.integer("n", value, least=1, most=3)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [True, np.bool_(True), 3.0, "3", None, [3], np.array([3]), 1j, 0, 4]
)
def test_what_is_no_integer(value: object) -> None:
    with pytest.raises(InputError, match=r"^n is .*; give an integer from 1 to 3$"):
        arguments.integer("n", value, least=1, most=3)


def test_messages_are_short_and_say_what_is_expected() -> None:
    with pytest.raises(InputError, match="x is None; give a text"):
        arguments.text("x", None)
    with pytest.raises(InputError, match="x is 1; give True or False"):
        arguments.boolean("x", 1)
    with pytest.raises(InputError, match="x is nan; give a number"):
        arguments.number("x", float("nan"))
    with pytest.raises(InputError, match="of type TokensType; give a number"):
        arguments.number("x", rasp.tokens)
    with pytest.raises(FileError, match="give a path"):
        arguments.path("x", b"bytes")
    assert arguments.path("x", Path("a")) == Path("a")
    for value in (list(range(10**4)), 10**5000, "a\nb" * 100):
        shown = arguments.shown(value)
        assert len(shown) <= arguments.SHOWN
        assert "\n" not in shown


@pytest.mark.parametrize(
    "sequence",
    [
        [BOS, "a", "b", "a"],
        (BOS, "a", "b", "a"),
        "^aba",
        deque("^aba"),
        np.array([BOS, "a", "b", "a"]),
        iter([BOS, "a", "b", "a"]),
        (token for token in "^aba"),
    ],
)
def test_whatever_has_an_order_is_a_sequence(model: CompiledModel, sequence: object) -> None:
    assert model.apply(sequence).decoded == [BOS, 2, 1, 2]  # type: ignore[arg-type]


@pytest.mark.parametrize("sequence", [{BOS: 0, "a": 1}, {BOS, "a"}, frozenset("^a"), {}.keys()])
def test_what_has_no_order_is_none(model: CompiledModel, sequence: object) -> None:
    with pytest.raises(InputError, match="this has no order"):
        model.apply(sequence)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"sequence 0: .*no order"):
        model.apply_batch([sequence])  # type: ignore[list-item]
    with pytest.raises(InputError, match="no order"):
        HIST(sequence)  # type: ignore[arg-type]


def test_endless_iterators_end(model: CompiledModel) -> None:
    with pytest.raises(InputError, match="takes 4"):
        model.apply(itertools.chain("^", itertools.repeat("a")))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="distinct"):
        compile_rasp_to_model(
            HIST,
            {"a"},
            2,
            objective=itertools.repeat("depth"),  # type: ignore[arg-type]
        )


def test_numbers_of_numpy_are_options() -> None:
    model = compile_rasp_to_model(
        HIST, np.array(["a", "b"]), np.int64(3), optimize=np.int32(0), seed=np.uint8(1)
    )
    assert model.setting.max_seq_len == 3
    assert model.apply(["compiler_bos", "a", "a"]).decoded == ["compiler_bos", 2, 2]
    assert type(model.options.seed) is type(model.options.optimize) is int


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ([BOS, "a", PAD, "b"], r"PAD token '\$' stands at position 2, before the token 'b' at pos"),
        ([BOS, PAD, PAD, "b"], r"stands at position 1, before the token 'b' at position 3"),
        ([BOS, PAD], "only PAD"),
        ([PAD, BOS, "a"], "first token is the BOS token"),
        (["a"], r"first token is the BOS token '\^', and here it is 'a'; put '\^' before"),
        ([BOS], "the sequence is empty: nothing follows the BOS token"),
        ([BOS, "a", BOS], "only at position 0, and here also at position 2"),
    ],
)
def test_bos_first_and_pad_last(model: CompiledModel, sequence: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        model.apply(sequence)
    with pytest.raises(InputError, match=f"sequence 1: .*{message}"):
        model.apply_batch([[BOS, "a"], sequence])


def test_pad_after_the_tokens_changes_nothing(model: CompiledModel) -> None:
    for padding in range(3):
        padded = [BOS, "b", *[PAD] * padding]
        assert model.apply(padded).decoded[:2] == [BOS, 1]
        assert model.apply_batch([padded, [BOS, "a", "a"]]).decoded[0][:2] == [BOS, 1]


def test_the_program_alone_is_validated() -> None:
    before = rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1)
    program = rasp.Aggregate(before, rasp.tokens, default="a").named("shifted")
    assert validating.static_validate(program) == []
    [found] = validating.static_validate(program, optimize=0)
    assert isinstance(found, validating.TracrUnsupportedExpr)
    assert found.expr is program
    assert "optimize=2" in found.reason
    assert validating.static_validate(program, {"a"}, 2, optimize=0) == [found]
    with pytest.raises(InputError, match="go together"):
        validating.static_validate(program, {"a"})


def too_much(model: CompiledModel) -> dict[str, object]:
    def compiled(*args: object, **options: object) -> object:
        return lambda: compile_rasp_to_model(*args, **options)  # type: ignore[arg-type]

    return {
        "a length": compiled(rasp.tokens == "a", {"a", "b"}, 10**9),
        "a huge length": compiled(rasp.tokens == "a", {"a", "b"}, 10**5000),
        "a vocabulary": compiled(rasp.tokens == 1, range(10**12), 3),
        "a huge vocabulary": compiled(rasp.tokens == 1, range(10**30), 3),
        "a one-hot vocabulary": compiled(rasp.tokens == 3, range(10**5), 2, optimize=0),
        "a relation": compiled(HIST, range(2 * 10**5), 2),
        "inputs": lambda: compile_rasp_to_model(HIST, {"a", "b"}, 60).verify(max_inputs=10**12),
        "a data set": lambda: model.dataset(10**12),
        "a balanced data set": lambda: model.dataset(10**10, balanced=True),
    }


@pytest.mark.slow
@pytest.mark.parametrize("place", range(9))
def test_what_does_not_fit_in_memory_is_refused_beforehand(
    model: CompiledModel, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_machine", lambda: 1 << 34)
    call = list(too_much(model).values())[place]
    with pytest.raises(LimitError, match=r"would take at least .*B of memory, and there are 17 GB"):
        call()  # type: ignore[operator]


def test_batches_and_weights_are_measured(
    model: CompiledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_machine", lambda: 50_000)
    with pytest.raises(LimitError, match="running 1,000 sequences of 4 positions at once"):
        model.apply_batch([[BOS, "a"]] * 1000)
    with pytest.raises(LimitError, match="running 100 sequences of 4 positions at once"):
        _ = model.apply_batch([[BOS, "a"]] * 100).output
    assert model.apply_batch([[BOS, "a"]] * 3).decoded == [[BOS, 1]] * 3
    monkeypatch.setattr(memory, "_machine", lambda: 7_999)
    with pytest.raises(LimitError, match="2,000 parameters, which would take at least 8 kB"):
        Shape(Sizes(0, 10, 1, 4, 9), tokens=60, positions=40, outputs=100).check_memory()


def test_memory_that_runs_out_is_an_error_of_the_library() -> None:
    @memory.within_memory
    def taken() -> None:
        raise MemoryError

    with pytest.raises(LimitError, match="taken ran out of memory"):
        taken()
    assert memory.available() > 0
    memory.check_memory("nothing", 0, "")


def test_some_memory_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 2)
    assert memory.available() == 7168


def test_errors_are_the_libraries_own() -> None:
    for kind in (InputError, LimitError, FileError):
        assert issubclass(kind, OptitracrError)


def test_a_model_that_runs_out_of_memory_says_so(
    model: CompiledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*args: object, **options: object) -> object:
        raise MemoryError("no room")

    monkeypatch.setattr("optitracr.model.running.by_distinct_rows", none_left)
    with pytest.raises(LimitError, match=r"apply_batch ran out of memory.*no room"):
        model.apply_batch([[BOS, "a"]])
