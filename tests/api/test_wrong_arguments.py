"""Wrong types and values, thrown at everything public: only the library's own errors come out."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import rasp
from optitracr.arguments import shown
from optitracr.errors import OptitracrError
from tests.api.calls import EQUAL, GROUPS, Call, calls, uncovered


class Hostile:
    """Raises at whatever is done with it."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no entries")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __index__(self) -> int:
        raise RuntimeError("no number")

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __fspath__(self) -> str:
        raise RuntimeError("no path")


WRONG: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 3,
    lambda: 10**12,
    lambda: 10**5000,
    lambda: 2.5,
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: 1j,
    lambda: "",
    lambda: "nothing of that name",
    lambda: "nul\0",
    lambda: b"bytes",
    lambda: [],
    lambda: [[]],
    lambda: [None],
    lambda: [["a"], 3],
    lambda: (1, 2, 3),
    lambda: {},
    lambda: {"width": "x"},
    lambda: {"a"},
    lambda: object(),
    lambda: int,
    lambda: print,
    lambda: rasp.tokens,
    lambda: EQUAL,
    lambda: np.array(3),
    lambda: np.array([[1.5]]),
    lambda: np.array([[2, 0, 99]]),
    lambda: np.int64(-3),
    lambda: np.float32("nan"),
    lambda: np.str_("x"),
    lambda: (x for x in [1, "a"]),
    lambda: iter([object()]),
    Hostile,
)


def outcome(call: Call, name: str, value: Any) -> str:
    """What came out that should not have, or ""."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = call.with_wrong(name, value)
            if isinstance(found, Iterator):
                list(islice(found, 2))
    except OptitracrError as error:
        return "" if "\n" not in str(error) and str(error) else f"a poor message: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {shown(error)}"
    return ""


ELSEWHERE = {
    f"{kind}.{name}"
    for kind in ("CompiledModel", "PublishedModel")
    for name in (
        *("to_transformer_lens", "stock", "to_transformers"),
        *("save_pretrained", "decode_logits", "prove_stock"),
    )
}
"""What loads PyTorch, or is of models for published transformers alone: it has tests of its own."""


def test_every_public_function_and_method_has_a_call() -> None:
    assert not uncovered()


@pytest.mark.sweep
@pytest.mark.parametrize("group", GROUPS)
def test_right_arguments_are_taken(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What wrong ones are put into works without them."""
    monkeypatch.chdir(tmp_path)
    for name, call in GROUPS[group]().items():
        if name not in ELSEWHERE and call.is_complete():
            parameter = next(iter(call.arguments), None)
            if parameter is not None:
                call.with_wrong(parameter, call.arguments[parameter])


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_only_errors_of_the_library_come_out(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = []
    for name, call in GROUPS[group]().items():
        for parameter in call.parameters():
            for place, make in enumerate(WRONG):
                found = outcome(call, parameter, make())
                if found:
                    wrong.append(f"{name}({parameter} = WRONG[{place}]): {found}")
    assert not wrong, "\n".join(wrong)


def junk(generator: random.Random, depth: int = 2) -> Any:
    """A value of any type, nested."""
    kind = generator.randrange(12 if depth else 8)
    match kind:
        case 0 | 1 | 2 | 3:
            return generator.choice(WRONG)()
        case 4:
            return generator.choice([-(2**63), 2**64, 0, 1, 10**9])
        case 5:
            return "".join(generator.choices("ab,:\n\0é☃", k=generator.randrange(5)))
        case 6:
            return generator.choice([-0.0, 1e308, 5e-324, float("-inf")])
        case 7:
            return np.zeros((generator.randrange(3),) * generator.randrange(4))
        case 8 | 9:
            return [junk(generator, depth - 1) for _ in range(generator.randrange(4))]
        case 10:
            return tuple(junk(generator, depth - 1) for _ in range(generator.randrange(3)))
        case _:
            return {str(i): junk(generator, depth - 1) for i in range(generator.randrange(3))}


@pytest.mark.parametrize("seed", range(3))
def test_random_junk(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    generator, wrong = random.Random(seed), []
    every = sorted(calls().items())
    for _ in range(300):
        name, call = generator.choice(every)
        if call.parameters():
            parameter, value = generator.choice(call.parameters()), junk(generator)
            found = outcome(call, parameter, value)
            if found:
                wrong.append(f"{name}({parameter} = {shown(value)}): {found}")
    assert not wrong, "\n".join(wrong)
