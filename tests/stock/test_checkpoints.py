"""Checkpoints open in `transformers` with no code of ours, and in what is built on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optitracr
from optitracr import compile_rasp_to_model, library, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import FileError, InputError
from optitracr.stock.checking import compared
from optitracr.stock.tokenizer import tokenizer_of, words_of
from optitracr.stock.transformers_model import runner
from tests.stock.forms import compiled

transformers: Any = pytest.importorskip("transformers")


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_the_stock_class_says_what_the_program_says(kind: str) -> None:
    for name in ("shuffle_dyck2", "hist", "running_sum"):
        model = compiled(name, kind)
        stock = model.to_transformers()
        assert type(stock).__name__ == model.stock().stock.name
        found = compared(model, model.stock(), runner(stock), 400, 50, 0)
        assert found.wrong is None
        assert found.inputs > 100
        parameters = sum(each.numel() for each in stock.parameters())
        assert parameters == model.stock().sizes.parameters


# In the second a neuron writes constants, for which the model without norms has a bias.
@pytest.mark.parametrize(
    ("name", "kind", "rotate"), [("reverse", "gpt2", 7), ("swap_pairs", "llama", None)]
)
def test_checkpoints_open_with_no_code_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str, rotate: int
) -> None:
    model, folder = compiled(name, kind), tmp_path / "model"
    model.save_pretrained(folder, rotate)
    model.save_pretrained(folder, rotate)
    assert capsys.readouterr().err == "", "progress bars of transformers are shown"
    stock = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(["a b c a", "c a"], padding=True, return_tensors="pt")
    said = optitracr.load(folder).decode_logits(stock(**ids).logits)
    assert said[0, 1:].tolist() == model.apply([model.setting.bos, *"abca"]).decoded[1:]
    assert said[1, 1:3].tolist() == model.apply([model.setting.bos, *"ca"]).decoded[1:]
    lens: Any = pytest.importorskip("transformer_lens.model_bridge")
    bridged = lens.TransformerBridge.boot_transformers(str(folder))(ids.input_ids)
    assert model.decode_logits(bridged)[0].tolist() == said[0].tolist()
    card = (folder / "README.md").read_text()
    for part in (
        type(stock).__name__,
        str(model.source),
        "on every input",
        "`c`",
        "| parameters |",
    ):
        assert part in card
    assert (folder / "rotation.safetensors").exists() == (rotate is not None)


@pytest.mark.parametrize("rotate", [-1, 2.5, "x", True])
def test_rotations_have_seeds(rotate: Any) -> None:
    with pytest.raises(InputError, match="rotate"):
        compiled("hist", "gpt2").to_transformers(rotate)


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(FileError, match="no checkpoint of optitracr's"):
        compiled("hist", "gpt2").save_pretrained(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_words_are_distinct_and_without_spaces() -> None:
    assert words_of(["a", "b"]) == ["a", "b"]
    assert words_of([1, "1", "x y", "", (1, 2)]) == ["1", "'1'", r"'x\x20y'", "''", r"(1,\x202)"]


def test_the_tokenizer_puts_bos_first_and_knows_no_other_words() -> None:
    model = compiled("hist", "gpt2")
    tokenizer, encoder = tokenizer_of(model), model.input_encoder
    assert tokenizer("a c").input_ids == encoder.encode([encoder.bos_token, "a", "c"])
    unknown = tokenizer("a z").input_ids
    logits = model.stock().logits(np.array([unknown]))
    assert np.isnan(logits[0, 2]).all()
    with pytest.raises(InputError, match="NaN"):
        model.decode_logits(logits)


def numbers() -> CompiledModel:
    mean = rasp.numerical(
        rasp.Aggregate(
            rasp.Select(*[rasp.indices] * 2, rasp.Comparison.LEQ),
            rasp.numerical(rasp.tokens == "a"),
            default=0,
        )
    )
    return compile_rasp_to_model(mean, {"a", "b"}, 4, causal=True, architecture="gpt2")


def test_logits_are_decoded() -> None:
    hist, mean = compiled("hist", "gpt2"), numbers()
    logits = np.zeros((2, 3, hist.stock().sizes.tokens))
    logits[0, 1, 2] = 1.0
    first = hist.output_encoder.decode([2])[0]
    assert hist.decode_logits(logits).tolist() == [[None, first, None], [None] * 3]
    stock = mean.to_transformers()
    ids = tokenizer_of(mean)("a b b a", return_tensors="pt")
    assert np.allclose(
        mean.decode_logits(stock(**ids).logits)[0, 1:].astype(float), [1, 1 / 2, 1 / 3, 1 / 2]
    )
    for wrong in (np.zeros((2, 3)), "logits", np.float32(1)):
        with pytest.raises(InputError, match="logits"):
            hist.decode_logits(wrong)


def test_centred_logits_are_decoded_alike() -> None:
    """Numbers too, and None, where TransformerLens takes the mean off what is unembedded."""
    for model in (numbers(), compiled("hist", "gpt2")):
        ids = tokenizer_of(model)("a b b a", return_tensors="np")
        logits = model.stock().logits(ids.input_ids)
        centred = logits - logits.mean(axis=-1, keepdims=True)
        found, wanted = (model.decode_logits(each)[0, 1:] for each in (centred, logits))
        assert np.allclose(found.astype(float), wanted.astype(float), atol=1e-4)


def test_what_is_wrong_with_logits_is_said() -> None:
    torch: Any = pytest.importorskip("torch")
    model = compiled("hist", "llama")
    said = model.to_transformers()(torch.tensor([[model.input_encoder.bos_encoding] + [0] * 6]))
    with pytest.raises(InputError, match=r"7 positions; .* max_seq_len=4, so give 5 at most"):
        model.decode_logits(said.logits)
    with pytest.raises(InputError, match=r"CausalLMOutputWithPast; give its \.logits"):
        model.decode_logits(said)
    for kind in (torch.float16, torch.bfloat16):
        with pytest.raises(InputError, match=r"float16, .*dtype=torch\.float32"):
            model.decode_logits(said.logits[:, :5].to(kind))


def test_a_stock_model_of_every_library_answer_is_as_wide_as_its_answers() -> None:
    entry = library.get("count")
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=True, architecture="llama", check=False
    )
    assert model.to_transformers().config.vocab_size >= model.output_encoder.vocab_size
