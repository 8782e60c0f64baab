"""Programs in the place of parts of trained models: right ones explain them, wrong ones do not."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
import torch

from optitracr import rasp, replace
from optitracr.errors import EvaluationError, InputError, LimitError
from optitracr.hosts.replaced import Explained
from tests.hosts.models import host

LETTERS = "abcdefg"
SYMBOLS = {1 + place: letter for place, letter in enumerate(LETTERS)}
IDS = torch.cat(
    [
        torch.zeros(200, 1, dtype=torch.long),
        torch.randint(1, 8, (200, 16), generator=torch.Generator().manual_seed(0)),
    ],
    dim=1,
)
SUMS = 8 + (IDS + IDS.roll(1, dims=1) - 2) % 7
SUMS[:, :2] = -100


def earlier(distance: int) -> rasp.SOp:
    at = rasp.Select(rasp.indices, rasp.indices, lambda key, query: key == query - distance)
    return rasp.Aggregate(at, rasp.tokens)


SAME = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
HIST = rasp.SelectorWidth(SAME)
IS_FIRST = HIST == 1
SHARE = rasp.numerical(
    rasp.Aggregate(
        rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ),
        rasp.numerical(rasp.tokens == "a"),
        default=0,
    )
)
BEFORE = earlier(1)
FIVE = [earlier(distance) for distance in range(1, 6)]
FIVE.append(reduce(lambda x, y: rasp.SequenceMap(lambda a, b: a == b, x, y), FIVE))
BOTH = rasp.SequenceMap(lambda x, y: (x, y), rasp.tokens, BEFORE)
SUM = rasp.SequenceMap(lambda x, y: (ord(x) + ord(y)) % 7, rasp.tokens, BEFORE)


def claimed(part: str, program: rasp.SOp, **options: Any) -> Any:
    arguments = {"tokens": SYMBOLS, "bos": 0, "texts": IDS, "targets": SUMS, **options}
    return replace(host("adding"), part, program, **arguments)


def explained(part: str, program: rasp.SOp, **options: Any) -> Explained:
    found = claimed(part, program, **options).explained
    assert isinstance(found, Explained)
    return found


@pytest.mark.parametrize(
    ("part", "right", "wrong"),
    [("0.head.0", BOTH, earlier(2)), ("0.mlp", SUM, BEFORE), ("0", SUM, rasp.tokens)],
)
def test_right_programs_explain_and_wrong_ones_do_not(
    part: str, right: rasp.SOp, wrong: rasp.SOp
) -> None:
    good, bad = explained(part, right), explained(part, wrong)
    assert good.accuracy > 0.99
    assert good.accuracy_kept > 0.95
    assert good.loss_recovered > 0.95
    assert good.interchange > bad.interchange + 0.2
    assert bad.accuracy_kept < 0.75


@pytest.mark.parametrize("program", [BOTH, SUM, HIST, IS_FIRST, SHARE])
def test_compiled_weights_say_what_the_interpreter_says(program: rasp.SOp) -> None:
    """Also of means over several keys, with tokens read from the ids."""
    found = claimed("0.mlp", program)
    ids = IDS[:40]
    codes = found.values_of(ids, np.zeros((0, 0)))
    said = [[found.component.values[code] for code in row] for row in codes]
    assert said == [rasp.evaluate_causal(program, row) for row in letters(ids)]


def letters(ids: torch.Tensor) -> list[list[str | None]]:
    return [[SYMBOLS.get(token) for token in row] for row in ids[:, 1:].tolist()]


def test_tokens_without_a_symbol_are_none() -> None:
    ids = IDS[:40].clone()
    ids[::3, 4] = 9
    found = claimed("0.mlp", BOTH, texts=ids, targets=SUMS[:40])
    codes = found.values_of(ids, np.zeros((0, 0)))
    said = [[found.component.values[code] for code in row] for row in codes]
    assert said == [rasp.evaluate_causal(BOTH, row) for row in letters(ids)]
    with pytest.raises(InputError, match="token 9, which has no symbol"):
        claimed("0.mlp", BOTH).logits(ids)


def test_what_is_read_exactly_gives_exactly_what_the_program_says() -> None:
    """The embedding holds each letter by an exact linear map: so what the head says is exact."""
    embedding = host("adding").transformer.wte.weight.detach().double().numpy()[1:8]
    places = host("adding").transformer.wpe.weight.detach().double().numpy()[1:17]
    basis = np.linalg.pinv(np.vstack([embedding, places]))
    found = claimed("0.head.0", HIST, read={rasp.tokens: basis[:, :7]})
    assert found.component.reads[0].sop is rasp.tokens
    stream = host("adding")(IDS[:20], output_hidden_states=True).hidden_states[0]
    codes = found.values_of(IDS[:20], stream.detach().double().numpy())
    said = [[found.component.values[code] for code in row] for row in codes]
    assert said == [rasp.evaluate_causal(HIST, row) for row in letters(IDS[:20])]


def test_hooks_on_the_compiled_weights_change_what_the_host_says() -> None:
    found = claimed("0.head.0", BOTH)
    before = found.logits(IDS[:4])
    heads = found.component.module.layers[0].attn
    handle = heads.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
    assert not torch.equal(found.logits(IDS[:4]), before)
    handle.remove()
    assert torch.equal(found.logits(IDS[:4]), before)


def test_a_variable_is_read_from_the_stream_before_the_part() -> None:
    """After attention the stream holds the letter before; at the embedding it does not."""
    read = {BEFORE: "fitted", rasp.tokens: "fitted"}
    assert explained("0.mlp", SUM, read=read).accuracy_kept > 0.95
    assert explained("0.head.0", BOTH, read=read).accuracy_kept < 0.85


def test_given_maps_are_used_as_they_are() -> None:
    fitted = claimed("0.mlp", SUM, read={BEFORE: "fitted"})
    [label] = fitted.readings
    values = fitted.component.values
    given = claimed(
        "0.mlp",
        SUM,
        read={BEFORE: fitted.readings[label]},
        write=dict(zip(values, fitted.writing, strict=True)),
    )
    assert torch.equal(given.logits(IDS[:4]), fitted.logits(IDS[:4]))
    assert given.explained == fitted.explained


def test_the_host_is_as_before() -> None:
    before = host("adding")(IDS[:4]).logits
    found = claimed("0.mlp", rasp.tokens)
    assert not torch.equal(found.logits(IDS[:4]), before)
    assert torch.equal(host("adding")(IDS[:4]).logits, before)


@pytest.mark.parametrize(
    ("part", "program", "options", "kind", "says"),
    [
        ("1.mlp", SUM, {}, InputError, "name of a part"),
        ("0.head.2", SUM, {}, InputError, "name of a part"),
        ("0.mlp", SUM, {"read": {earlier(3): "fitted"}}, InputError, "s-ops of the program"),
        ("0.mlp", SUM, {"read": {BEFORE: np.zeros(3)}}, InputError, "shape"),
        ("0.mlp", SUM, {"write": {9: np.zeros(48)}}, InputError, "its values are"),
        ("0.mlp", SUM, {"targets": IDS[:, 1:]}, InputError, "targets"),
        ("0.mlp", FIVE[-1], {"read": dict.fromkeys(FIVE[:5], "fitted")}, LimitError, "32,768"),
        ("0.mlp", SUM, {"optimize": 3}, InputError, "optimize"),
        ("0.mlp", rasp.Map(lambda x: 1 / 0, rasp.tokens), {}, EvaluationError, "zero"),
    ],
)
def test_wrong_claims(
    part: str, program: rasp.SOp, options: dict[str, Any], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        claimed(part, program, **options)
