"""Files that somebody made to do harm: refused in one line, or a model that is well-formed.

The digest of each edited manifest is computed anew, so that nothing but the checks of the
fields stands between the file and the model.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optitracr
from optitracr.errors import FileError
from optitracr.files.saving import MANIFEST, WEIGHTS
from tests.files.saved import files_of, load_or_refuse, rewrite, small, use

CONTAINERS: tuple[Any, ...] = (None, 0, "", [], [[]], {})
"""What stands in place of an object or a list."""

LEAVES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, -(10**400), 0.5, -0.0, 1e308, "", "tokens", "x\ny\ud800"),
    *([], {"tuple": [[]]}, {"float": "inf"}, {"numpy": ["int8", 300]}),
)
"""What stands in place of a number or a text."""
MODELS = ("width", "mean", "pairs")
Place = tuple[str | int, ...]


def places(data: Any, place: Place = ()) -> Iterator[Place]:
    """Every object, list and leaf below the top; of a list the first two and the last."""
    entries: dict[Any, Any] = data if isinstance(data, dict) else dict(enumerate(data))
    alike = isinstance(data, list) and len(data) > 3
    for key in (0, 1, len(data) - 1) if alike else entries:
        inner = entries[key]
        yield (*place, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*place, key))


def changed(data: Any, place: Place, value: Any) -> Any:
    edited = copy.deepcopy(data)
    inner = edited
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return edited


def removed(data: Any, place: Place) -> Any:
    edited = copy.deepcopy(data)
    inner = edited
    for key in place[:-1]:
        inner = inner[key]
    del inner[place[-1]]
    return edited


def at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data


@pytest.fixture
def saved(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path / "model"
    small(request.param).save(folder)
    return folder, json.loads((folder / MANIFEST).read_text())


@pytest.mark.slow
@pytest.mark.parametrize("saved", MODELS, indirect=True)
def test_no_value_in_any_place_gives_a_model_that_breaks(
    saved: tuple[Path, dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    """Most fields of models are the same: in those after the first, fewer values are tried."""
    folder, data = saved
    taken = refused = 0
    first = request.node.callspec.params["saved"] == MODELS[0]
    for place in places(data):
        old, interpret = at(data, place), place[0] == "program"
        leaves = LEAVES if first and not interpret else LEAVES[::6]
        for value in CONTAINERS if isinstance(old, dict | list) else leaves:
            if repr(old) == repr(value):
                continue
            rewrite(folder, changed(data, place, value))
            if load_or_refuse(folder, interpret):
                taken += 1
            else:
                refused += 1
    assert refused > 5 * taken > 0


@pytest.mark.slow
@pytest.mark.parametrize("saved", MODELS, indirect=True)
def test_nothing_may_be_left_out_or_added(saved: tuple[Path, dict[str, Any]]) -> None:
    folder, data = saved
    for place in places(data):
        rewrite(folder, removed(data, place))
        interpret = place[0] == "program"
        kept = load_or_refuse(folder, interpret)
        # Leaving a row of text, an edge or a saving out is no contradiction; a key is.
        assert not (kept and isinstance(place[-1], str) and place != ("digest",))
        inner = at(data, place)
        if isinstance(inner, dict):
            rewrite(folder, changed(data, place, {**inner, "more": 1}))
            assert not load_or_refuse(folder), place
        if isinstance(inner, list):
            for edited in ([*inner, *inner[-1:]], inner[::-1]):
                rewrite(folder, changed(data, place, edited))
                load_or_refuse(folder, interpret)
    for name in ("more", "__class__", "params"):
        rewrite(folder, {**data, name: "x"})
        assert not load_or_refuse(folder)


CONTRADICTIONS: dict[str, tuple[Place, Any]] = {
    "config.num_layers": (("config", "num_layers"), 7),
    "config.num_heads": (("config", "num_heads"), 9),
    "config.causal": (("config", "causal"), 0),
    "config.dropout_rate": (("config", "dropout_rate"), "0"),
    "residual_map.width": (("residual_map", "width"), 10**12),
    "residual_map.states": (("residual_map", "states"), 99),
    "residual_map.tenancies[0].end": (("residual_map", "tenancies", 0, "end"), 9),
    "residual_map.tenancies[0].birth": (("residual_map", "tenancies", 0, "birth"), -1),
    "residual_map.tenancies[0].columns": (("residual_map", "tenancies", 0, "columns"), [0, 9]),
    "residual_labels": (("residual_labels",), ["a"]),
    "size.parameters": (("size", "parameters"), 3),
    "max_seq_len": (("max_seq_len",), 0),
    "vocabulary": (("vocabulary",), ["a", "a"]),
    "encoders.input": (("encoders", "input", "values"), ["a", "b", "compiler_bos"]),
    "encoders.output.values": (("encoders", "output", "values"), [0, 1, 1]),
    "encoders.output.kind": (("encoders", "output", "kind"), "other"),
    "circuit.nodes[0].layer": (("circuit", "nodes", 0, "layer"), 5),
    "residual_map.tenancies[0].holds": (("residual_map", "tenancies", 0, "holds"), None),
    "circuit.nodes[0].components": (("components",), []),
    "components[0]": (("components", 0, "variable"), "nothing"),
    "output_reads": (("output_reads",), ["nothing"]),
    "certificate.status": (("certificate", "status"), "PROVEN"),
    "certificate.gap": (("certificate", "gap"), -1.0),
    "certificate.plan": (("certificate", "plan"), None),
    "options.optimize": (("options", "optimize"), 2),
    "options.causal": (("options", "causal"), True),
    "level": (("level",), 4),
    "weights.sha256": (("weights", "sha256"), 5),
    "weights.file": (("weights", "file"), "../other"),
    "savings": (("savings",), {}),
}


@pytest.mark.parametrize("field", CONTRADICTIONS)
@pytest.mark.parametrize("saved", ["width"], indirect=True)
def test_the_message_names_the_field(saved: tuple[Path, dict[str, Any]], field: str) -> None:
    folder, data = saved
    rewrite(folder, changed(data, *CONTRADICTIONS[field]))
    with pytest.raises(FileError) as caught:
        optitracr.load(folder)
    message = str(caught.value)
    assert f"{folder / MANIFEST} is malformed: {field}" in message
    assert "compile the program again and save it" in message
    assert "\n" not in message


def test_columns_that_two_variables_hold_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    small("width").save(folder)
    data = json.loads((folder / MANIFEST).read_text())
    first, second = data["residual_map"]["tenancies"][:2]
    second["columns"] = first["columns"][: len(second["columns"])]
    rewrite(folder, data)
    with pytest.raises(FileError, match=r"tenancies\[1\].columns"):
        optitracr.load(folder)


def resigned(folder: Path, tensors: dict[str, np.ndarray] | bytes) -> None:
    """Replaces the weights, and what the manifest says of them."""
    import hashlib

    from safetensors.numpy import save

    content = tensors if isinstance(tensors, bytes) else save(tensors)
    (folder / WEIGHTS).write_bytes(content)
    data = json.loads((folder / MANIFEST).read_text())
    data["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    rewrite(folder, data)


def header(entries: object, tail: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + tail


HEADERS = {
    "nothing": b"",
    "half a length": b"\x01\x02",
    "a length beyond the file": (2**63).to_bytes(8, "little"),
    "no JSON": (4).to_bytes(8, "little") + b"{{{{",
    "deep JSON": (300).to_bytes(8, "little") + b"[" * 300,
    "a list": header([]),
    "a huge tensor": header(
        {"unembed": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 2**62]}}
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_weights(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    small("mean").save(folder)
    resigned(folder, HEADERS[name])
    with pytest.raises(FileError, match=r"the header|is missing") as caught:
        optitracr.load(folder)
    assert str(folder / WEIGHTS) in str(caught.value)


def test_the_header_of_each_tensor(tmp_path: Path) -> None:
    """Every entry is replaced where names, shapes and types of all others are right."""
    folder = tmp_path / "model"
    small("mean").save(folder)
    content = (folder / WEIGHTS).read_bytes()
    length = int.from_bytes(content[:8], "little")
    entries, tail = json.loads(content[8 : 8 + length]), content[8 + length :]
    bad: list[Any] = [None, [], 5, {}, {"dtype": "F32"}, {"shape": "x"}]
    for name, entry in entries.items():
        shape = entry["shape"]
        for value in [
            *bad,
            {**entry, "dtype": "I32"},
            {**entry, "shape": [float(side) for side in shape]},
            {**entry, "shape": [*shape, 1]},
            {**entry, "shape": [2**62] * len(shape)},
            {**entry, "data_offsets": [0, 2**62]},
            {**entry, "data_offsets": [8, 4]},
            {**entry, "data_offsets": ["0", "4"]},
        ]:
            resigned(folder, header({**entries, name: value}, tail))
            with pytest.raises(FileError):
                optitracr.load(folder)
    resigned(folder, header(entries, tail))
    use(optitracr.load(folder))


def test_tensors_that_are_not_those_of_the_config(tmp_path: Path) -> None:
    from safetensors.numpy import load

    folder = tmp_path / "model"
    small("mean").save(folder)
    tensors = load((folder / WEIGHTS).read_bytes())
    name = "token_embed:embeddings"
    array = tensors[name]
    infinite, undefined = array.copy(), array.copy()
    infinite[0, 0], undefined[-1, -1] = np.inf, np.nan
    cases: list[tuple[dict[str, np.ndarray], str]] = [
        ({k: v for k, v in tensors.items() if k != name}, "is missing"),
        ({**tensors, "more": np.zeros(1, np.float32)}, "belongs to no layer"),
        ({**tensors, name: array[:-1]}, "has shape"),
        ({**tensors, name: array.ravel()}, "has shape"),
        ({**tensors, name: array.astype(np.float16)}, "is not of float32"),
        ({**tensors, name: infinite}, "holds inf or nan"),
        ({**tensors, name: undefined}, "holds inf or nan"),
    ]
    for edited, part in cases:
        resigned(folder, edited)
        with pytest.raises(FileError, match=part):
            optitracr.load(folder)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_bytes_and_truncations(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("hostile") / "model"
    small("mean").save(folder)
    manifest, weights = files_of(folder)
    name, content = data.draw(st.sampled_from([(MANIFEST, manifest), (WEIGHTS, weights)]))
    kind = data.draw(st.sampled_from(["cut", "flip", "random", "insert"]))
    place = data.draw(st.integers(0, len(content) - 1))
    if kind == "cut":
        content = content[:place]
    elif kind == "flip":
        other = content[place] ^ data.draw(st.integers(1, 255))
        content = content[:place] + bytes([other]) + content[place + 1 :]
    elif kind == "random":
        content = data.draw(st.binary(max_size=200))
    else:
        content = content[:place] + data.draw(st.binary(min_size=1, max_size=9)) + content[place:]
    (folder / name).write_bytes(content)
    if load_or_refuse(folder):
        # White space between the tokens of JSON means nothing, and nothing else is free.
        assert name == MANIFEST
        assert json.loads(content) == json.loads(manifest)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_values_in_random_places(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("hostile") / "model"
    small("pairs").save(folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    place = data.draw(st.sampled_from(list(places(manifest))))
    edited = changed(manifest, place, data.draw(JSON_VALUES))
    try:
        rewrite(folder, edited)
    except ValueError:
        return  # nan or inf, which has no digest; see the test of what is no JSON
    load_or_refuse(folder)
