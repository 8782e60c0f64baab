"""Programs in the place of parts of trained models: right ones explain them, wrong ones do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from optitracr import compile_rasp_to_model, rasp, replace
from optitracr.errors import InputError, UnsupportedError
from optitracr.hosts.component import Component
from optitracr.hosts.programs import for_host
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
BEFORE = earlier(1)
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


@pytest.mark.parametrize("program", [BOTH, SUM, rasp.SelectorWidth(SAME)])
def test_tables_say_what_compiled_weights_say(program: rasp.SOp) -> None:
    tabled, setting = for_host(program, LETTERS, 5)
    component = Component(tabled, 5)
    codes = np.random.default_rng(0).integers(0, len(LETTERS), (20, 5))
    place = [setting.vocabulary.index(letter) for letter in LETTERS]
    found = component(np.array(place)[codes])[tabled.output]
    values = component.values(tabled.output)
    model = compile_rasp_to_model(program, set(LETTERS), 5, causal=True)
    for row, own in zip(codes, found, strict=True):
        tokens = [model.setting.bos, *(LETTERS[code] for code in row)]
        assert model.apply(tokens).decoded[1:] == [values[code] for code in own]


def test_a_variable_is_read_from_the_stream_before_the_part() -> None:
    """After attention the stream holds the letter before; at the embedding it does not."""
    read = {BEFORE: "fitted", rasp.tokens: "fitted"}
    assert explained("0.mlp", SUM, read=read).accuracy_kept > 0.95
    assert explained("0.head.0", BOTH, read=read).accuracy_kept < 0.85


def test_given_maps_are_used_as_they_are() -> None:
    fitted = claimed("0.mlp", SUM, read={BEFORE: "fitted"})
    [label] = fitted.readings
    values = fitted.component.values(fitted.component.program.output)
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
        (
            "0.mlp",
            rasp.numerical(
                rasp.Aggregate(
                    rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ),
                    rasp.numerical(rasp.tokens == "a"),
                    default=0,
                )
            ),
            {},
            UnsupportedError,
            "mean",
        ),
    ],
)
def test_wrong_claims(
    part: str, program: rasp.SOp, options: dict[str, Any], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        claimed(part, program, **options)
