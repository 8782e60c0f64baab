"""A saved model comes back as it was, over the whole library, and needs little to do so."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optitracr
from optitracr import compile_rasp_to_model, library, rasp
from optitracr.checking.verification import VerificationReport, verify_model
from optitracr.compiled import CompiledModel
from optitracr.errors import (
    EvaluationError,
    FileError,
    NotFoundError,
    OptitracrError,
    VerificationError,
)
from optitracr.files import program_writing
from optitracr.files.saving import MANIFEST, WEIGHTS
from optitracr.inputs import check_inputs
from optitracr.levels import LEVELS
from optitracr.library.random_programs import Feature, random_program
from optitracr.model.transformer import Transformer
from optitracr.rasp.identity import plain
from tests.files.saved import compiled, files_of, small, use
from tests.programs import CASES, Case


def decoded(model: CompiledModel) -> list[Any]:
    """Outputs on some hundred inputs, in NumPy."""
    setting, encoder = model.setting, model.input_encoder
    inputs = check_inputs(len(setting.vocabulary), setting.max_seq_len, 50, 30, seed=1)
    codes = np.where(inputs.codes < 0, encoder.pad_encoding, inputs.codes)
    bos = np.full((len(codes), 1), encoder.bos_encoding)
    output = model.forward_numpy(np.concatenate([bos, codes], axis=1))
    return model.output_encoder.decode(np.asarray(output.unembedded_output).ravel().tolist())


def assert_same(again: CompiledModel, model: CompiledModel) -> None:
    for name in ("name", "level", "model_config", "setting", "size", "allocation", "options"):
        assert getattr(again, name) == getattr(model, name), name
    for name in ("layout", "residual_map", "residual_labels", "savings", "source"):
        assert getattr(again, name) == getattr(model, name), name
    for name in ("record", "components", "output_reads", "heads", "neurons"):
        assert getattr(again, name) == getattr(model, name), name
    for name in ("input_encoder", "output_encoder"):
        assert repr(getattr(again, name)) == repr(getattr(model, name)), name
    assert repr(again.layout) == repr(model.layout)
    assert again.circuit.as_dict() == model.circuit.as_dict()
    assert again.params.keys() == model.params.keys()
    for part, arrays in model.params.items():
        assert again.params[part].keys() == arrays.keys()
        for key, array in arrays.items():
            found = again.params[part][key]
            assert found.dtype == array.dtype
            assert found.tobytes() == array.tobytes()
    assert again.unembed.tobytes() == model.unembed.tobytes()


@pytest.mark.sweep
@pytest.mark.parametrize("level", LEVELS)
def test_no_field_is_there_in_a_compiled_or_a_loaded_model_alone(
    level: int, tmp_path: Path
) -> None:
    model = compiled("hist", level)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    for field in fields(Transformer):
        found, wanted = getattr(again, field.name), getattr(model, field.name)
        assert type(found) is type(wanted), field.name
        if isinstance(wanted, str | tuple | list | dict):
            assert len(found) == len(wanted), field.name


@pytest.mark.parametrize("name", library.names())
def test_the_library_comes_back(name: str, tmp_path: Path) -> None:
    for level in LEVELS:
        model = compiled(name, level)
        first, second = tmp_path / f"first{level}", tmp_path / f"second{level}"
        model.save(first)
        again = optitracr.load(first)
        assert_same(again, model)
        assert decoded(again) == decoded(model)
        again.save(second)
        assert files_of(second) == files_of(first)


@pytest.mark.sweep
@pytest.mark.parametrize("case", [c for c in CASES if c.name not in library.names()], ids=str)
def test_every_feature_of_the_language_comes_back(case: Case, tmp_path: Path) -> None:
    for level in LEVELS:
        model = compile_rasp_to_model(
            case.make(),
            case.vocab,
            case.max_seq_len,
            causal=case.causal,
            optimize=level,
            check=False,
        )
        model.save(tmp_path / f"model{level}")
        again = optitracr.load(tmp_path / f"model{level}")
        assert_same(again, model)
        assert decoded(again) == decoded(model)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(40))
def test_random_programs_come_back(seed: int, tmp_path: Path) -> None:
    made = random_program(seed, 2 + seed % 9, features=frozenset(Feature))
    for level in (0, 2):
        try:
            model = compile_rasp_to_model(
                made.program,
                made.vocab,
                made.max_seq_len,
                causal=seed % 2 == 1,
                optimize=level,
                time_limit=1,
                check=False,
            )
        except OptitracrError:
            continue
        model.save(tmp_path / f"{level}")
        again = optitracr.load(tmp_path / f"{level}")
        assert_same(again, model)
        assert decoded(again) == decoded(model)
        assert_same_program(again, model)


def test_in_jax(tmp_path: Path) -> None:
    model = compiled("shuffle_dyck1", 2)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    sequences = model.dataset(8, seed=2).inputs
    assert again.apply_batch(sequences).decoded == model.apply_batch(sequences).decoded
    assert again.apply(sequences[0]).decoded == model.apply(sequences[0]).decoded


def test_options_and_certificate(tmp_path: Path) -> None:
    model = compile_rasp_to_model(
        rasp.SelectorWidth(rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)),
        {"a", "b"},
        3,
        causal=True,
        objective="width,depth",
        limits={"neurons": 20},
        time_limit=float("inf"),
        seed=7,
        without="circles,push",
        check=False,
    )
    model.save(tmp_path / "model")
    options = optitracr.load(tmp_path / "model").options
    assert (options.optimize, options.objective, options.seed) == (2, ("width", "depth"), 7)
    assert (options.limits.neurons, options.limits.width) == (20, None)
    assert (options.without, options.causal) == (("push", "circles"), True)
    assert (options.time_limit, options.check, options.parallel) == (float("inf"), None, False)
    certificate = optitracr.load(tmp_path / "model").allocation
    assert (certificate.status, certificate.gap) == ("OPTIMAL", 0.0)
    assert certificate.solver
    assert certificate.solver_version


def test_the_same_model_gives_the_same_bytes_also_over_an_old_one(tmp_path: Path) -> None:
    model = small("width")
    model.save(tmp_path / "a" / "b")
    model.save(tmp_path / "c")
    small("pairs").save(tmp_path / "d")
    model.save(tmp_path / "d")
    assert files_of(tmp_path / "a" / "b") == files_of(tmp_path / "c") == files_of(tmp_path / "d")
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == [MANIFEST, WEIGHTS]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "d"]
    assert str(tmp_path) not in (tmp_path / "c" / MANIFEST).read_text()


def verified(model: CompiledModel) -> VerificationReport | str:
    """The report, or what is wrong, wherever the program was written."""
    try:
        report = verify_model(model, max_inputs=200, sampled=200, backend="numpy")
    except VerificationError as error:
        return re.sub(r"\(/.*/", "(", str(error))
    assert report.inputs > 0
    return replace(report, seconds=0)


def assert_same_program(again: CompiledModel, model: CompiledModel) -> None:
    """The interpreter says the same of the program and of its tables."""
    assert verified(again) == verified(model)
    data, found = model.dataset(40, seed=3), again.dataset(40, seed=3)
    assert repr((data.inputs, data.outputs)) == repr((found.inputs, found.outputs))
    for name in ("tokens", "mask", "expected"):
        np.testing.assert_array_equal(getattr(found, name), getattr(data, name))
    assert [node.describe() for node in again.program.graph.nodes] == [
        re.sub(r"\(.*/", "(", node.describe()) for node in model.program.graph.nodes
    ]


@pytest.mark.sweep
@pytest.mark.parametrize("name", library.names())
def test_loaded_models_are_verified_and_make_data_sets(name: str, tmp_path: Path) -> None:
    model = compiled(name, 2)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert again.program_omitted == ""
    assert_same_program(again, model)


def test_verification_finds_a_wrong_weight_after_loading(tmp_path: Path) -> None:
    model = compiled("hist", 1)
    name = "transformer/layer_0/mlp/linear_2"
    part = model.params[name]
    wrong = replace(model, params={**model.params, name: {**part, "w": part["w"] * 0}})
    wrong.save(tmp_path / "model")
    with pytest.raises(VerificationError, match="differs from the interpreter"):
        optitracr.load(tmp_path / "model").verify()


def test_a_program_that_is_too_large_is_left_out_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small("width")
    monkeypatch.setattr(program_writing, "ENTRIES", 10)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    for call in (again.verify, lambda: again.dataset(3)):
        with pytest.raises(NotFoundError, match=r"more than 10 entries.*compile the program again"):
            call()
    again.save(tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(tmp_path / "model")
    assert decoded(again) == decoded(model)


def test_a_program_with_values_that_no_file_holds_is_left_out(tmp_path: Path) -> None:
    inner = rasp.Map(lambda x: x.encode(), rasp.tokens).named("inner")
    program = rasp.Map(lambda x: len(x), inner, simplify=False)
    model = compile_rasp_to_model(program, {"a", "bb"}, 2, check=False)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert decoded(again) == decoded(model)
    assert "program.expressions" in again.program_omitted
    assert "bytes" in again.program_omitted


def test_undefined_inputs_stay_undefined(tmp_path: Path) -> None:
    program = rasp.Map(lambda x: 6 // x, rasp.tokens) + rasp.length
    model = compile_rasp_to_model(program, {0, 1, 2}, 3)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert again.program_omitted == ""
    assert_same_program(again, model)
    report = again.verify()
    assert report.undefined > 0
    assert replace(report, seconds=0) == replace(model.verify(), seconds=0)
    with pytest.raises(EvaluationError, match="no result for"):
        again.program.program([0])
    assert again.program.program([1, 2]) == program([1, 2]) == [8, 5]


def test_loading_executes_nothing(tmp_path: Path) -> None:
    """A function that tells when it is called is silent while its table is used."""
    called: list[Any] = []
    program = rasp.Map(lambda x: called.append(x) or f"{x}!", rasp.tokens)
    compile_rasp_to_model(program, {"a"}, 2, check=False).save(tmp_path / "model")
    called.clear()
    again = optitracr.load(tmp_path / "model")
    assert again.verify().inputs == 2
    assert again.program.program(["a"]) == ["a!"]
    assert called == []


def test_loading_needs_no_solver_no_jax_and_no_picture(tmp_path: Path) -> None:
    small("width").save(tmp_path / "model")
    code = f"""
import sys
BLOCKED = ("ortools", "jax", "jaxlib", "torch", "matplotlib", "scipy", "onnx", "transformer_lens")

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name + " is not installed here")

sys.meta_path.insert(0, Blocker())
import numpy as np
import optitracr
model = optitracr.load({str(tmp_path / "model")!r})
output = model.forward_numpy(np.array([[2, 0, 0], [2, 0, 1]]))
print([model.output_encoder.decode(row[1:]) for row in output.unembedded_output])
print(len(model.residual_map), model.size.layers, model.allocation.status.value)
print(model.circuit.nodes[0].name, model.options.optimize, model.source.lines[-1].operation)
model.save({str(tmp_path / "again")!r})
try:
    model.apply(["compiler_bos", "a"])
except ImportError as error:
    print(error)
assert not set(BLOCKED) & {{name.split(".")[0] for name in sys.modules}}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[[2, 2], [1, 1]]",
        "3 1 OPTIMAL",
        "L0.head0 1 selector_width",
        "jax is not installed here",
    ]
    assert files_of(tmp_path / "again") == files_of(tmp_path / "model")


def test_two_models_of_one_program_differ_in_time_alone(tmp_path: Path) -> None:
    import json

    found = []
    for name in ("first", "second"):
        compiled("hist", 2).save(tmp_path / name)
        data = json.loads((tmp_path / name / MANIFEST).read_text())
        del data["certificate"]["seconds"], data["digest"]
        found.append((data, files_of(tmp_path / name)[1]))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["width", "mean", "pairs"])
def test_small_models_are_of_use(name: str, tmp_path: Path) -> None:
    small(name).save(tmp_path / "model")
    use(optitracr.load(tmp_path / "model"))


@pytest.mark.parametrize(
    "token", [1, 2.5, "\ud800", "\n", (1, ("a", None)), float("inf"), True, np.int64(3)]
)
def test_tokens_of_every_type(token: Any, tmp_path: Path) -> None:
    model = compile_rasp_to_model(rasp.Map(lambda x: (x, 1), rasp.tokens), {token}, 2, check=False)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert_same(again, model)
    assert type(again.setting.vocabulary[0]) is type(plain(token))
    assert decoded(again)[1] == (token, 1)


def test_a_program_of_equal_values_of_several_types_is_kept(tmp_path: Path) -> None:
    mixed = rasp.SequenceMap(
        lambda x, i: (True, 1, 1.0)[i] if x == "a" else -0.0, rasp.tokens, rasp.indices
    )
    program = rasp.Map(lambda x: 2 * x, mixed, simplify=False)
    model = compile_rasp_to_model(program, {"a", "b"}, 3)
    model.save(tmp_path / "model")
    again = optitracr.load(tmp_path / "model")
    assert again.verify().exhaustive
    assert decoded(again) == decoded(model)


@pytest.mark.parametrize("value", [1j, frozenset("a"), b"a", range(3), 10**2000, (1, (2, b"a"))])
def test_values_that_a_file_cannot_hold_are_refused_before_anything_is_written(
    value: Any, tmp_path: Path
) -> None:
    program = rasp.Map(lambda x: value if x == "a" else None, rasp.tokens)
    model = compile_rasp_to_model(program, {"a", "b"}, 2, check=False)
    small("mean").save(tmp_path / "model")
    before = files_of(tmp_path / "model")
    with pytest.raises(FileError, match=r"values\[0\] holds .* use numbers") as caught:
        model.save(tmp_path / "model")
    assert "\n" not in str(caught.value)
    assert files_of(tmp_path / "model") == before
    with pytest.raises(FileError):
        model.save(tmp_path / "new" / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_weights_that_are_no_model_are_refused(tmp_path: Path) -> None:
    model = small("mean")
    name, part = next(iter(model.params.items()))
    key, array = next(iter(part.items()))
    for bad, match in (
        (array * np.float32("nan"), "inf or nan"),
        (array[:-1], "has shape"),
        (array.astype(np.complex64), "no array of real numbers"),
    ):
        edited = replace(model, params={**model.params, name: {**part, key: bad}})
        with pytest.raises(FileError, match=match):
            edited.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_tables_over_means_are_saved_whole(tmp_path: Path) -> None:
    """A map of a categorical mean is asked for means, which no operand has as its value."""
    earlier = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    mean = rasp.Aggregate(earlier, rasp.tokens)
    program = rasp.Map(lambda x: "half" if x % 1 else "whole", mean)
    model = compile_rasp_to_model(program, {1, 2}, 3)
    for _ in range(2):
        model.save(tmp_path / "model")
        model = optitracr.load(tmp_path / "model")
        report = model.verify()
        assert (report.inputs, report.undefined) == (14, 0)
