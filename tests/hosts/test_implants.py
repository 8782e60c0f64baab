"""Programs in trained hosts: exact on new text, the host as it was."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from optitracr import implant, library, rasp
from optitracr.errors import InputError, LimitError, OptitracrError, UnsupportedError
from optitracr.hosts import placing
from tests.hosts.models import (
    BOS,
    LETTERS,
    LONGEST,
    TEXT,
    host,
    ids_of,
    implanted,
    symbols,
    wanted,
)

BRACKETS = "()ab"
PROGRAMS = {
    "hist": library.counting.make_hist(),
    "previous_token": library.copying.make_previous_token(),
    "bracket_depth": library.brackets.make_depth("(", ")"),
    "induction_composite": library.patterns.make_induction_composite(),
}


SO_FAR = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
APART = rasp.Map({"(": 0, ")": 1, "a": 20, "b": 400}.get, rasp.tokens)
MEAN_OF_MANY = rasp.numerical(rasp.Aggregate(SO_FAR, rasp.numerical(APART)))

LARGEST = dict(zip(PROGRAMS, (300, 2_000, 8_000, 3_000), strict=True))
"""Gains and weights of each at most, with some room."""


def new_text(rows: int = 20) -> torch.Tensor:
    generator = random.Random(0)
    letters = "".join(generator.choices("()ab ,x0", k=rows * LONGEST))
    return ids_of(letters)


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_exact_on_new_text(kind: str, name: str) -> None:
    program, ids = PROGRAMS[name], new_text()
    found = implanted(program, host(kind), BRACKETS)
    assert found.decode(ids) == wanted(program, ids, BRACKETS)
    assert type(found.host) is type(host(kind))
    assert found.report.logit_change <= 3 * found.report.logit_noise
    assert max(found.report.largest_gain, found.report.largest_weight) < LARGEST[name]
    assert abs(found.report.perplexity_change) < 1e-5


def test_the_host_stays_as_it_is_and_the_new_one_can_be_saved(tmp_path: Path) -> None:
    given = host("gpt2")
    before = {name: weight.clone() for name, weight in given.state_dict().items()}
    config = copy.deepcopy(given.config)
    found = implanted(PROGRAMS["hist"], given, BRACKETS)
    assert all(torch.equal(before[name], x) for name, x in given.state_dict().items())
    assert given.config == config
    found.host.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = new_text(2)
    assert again.dtype == torch.float32
    assert torch.equal(again(ids).logits, found.host(ids).logits)
    lens: Any = pytest.importorskip("transformer_lens.model_bridge")
    bridge = lens.TransformerBridge.boot_transformers(str(tmp_path))
    assert torch.allclose(bridge(ids), found.host(ids).logits, atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_gains_are_shared_out_bit_by_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, ids = PROGRAMS["previous_token"], new_text(8)
    found = implanted(program, host(kind), BRACKETS)
    monkeypatch.setattr(placing, "share_out", lambda *args: None)
    monkeypatch.setattr(placing, "balanced_head", lambda head: head)
    uneven = implanted(program, host(kind), BRACKETS)
    streams = [
        one.host(ids, output_hidden_states=True).hidden_states[-2] for one in (found, uneven)
    ]
    assert torch.equal(*streams)
    before = max(uneven.report.largest_gain, uneven.report.largest_weight)
    assert max(found.report.largest_gain, found.report.largest_weight) < before / 2


def test_norms_outside_of_the_interval_are_told() -> None:
    """Tokens that the texts to measure on do not have are told to lie outside, or are exact."""
    token = 1 + LETTERS.index("x")
    found = implanted(PROGRAMS["hist"], loud(100.0), BRACKETS, texts=ids_of("ab()" * LONGEST))
    ids = new_text()
    checked = found.check(ids)
    assert not checked.inside[:, 1:][(ids == token)[:, 1:].numpy()].any()
    with pytest.raises(InputError, match="outside of the interval"):
        found.decode(ids)
    values, exact = found.decode_unchecked(ids), checked.exact[:, 1:]
    for row, right, sure in zip(
        values, wanted(PROGRAMS["hist"], ids, BRACKETS), exact, strict=True
    ):
        assert all(x == y for x, y, known in zip(row, right, sure, strict=True) if known)


def loud(factor: float) -> Any:
    given = copy.deepcopy(host("gpt2"))
    with torch.no_grad():
        given.transformer.wte.weight[1 + LETTERS.index("x")] *= factor
    return given


def test_a_norm_a_hundred_times_the_others_is_exact() -> None:
    program, ids = PROGRAMS["bracket_depth"], new_text()
    found = implanted(program, loud(100.0), BRACKETS, texts=ids, layers=[0, 1, 2])
    assert max(scale.ratio for scale in found.placement.scales.values()) > 50
    assert found.decode(ids) == wanted(program, ids, BRACKETS)


def test_a_norm_too_far_from_the_others_is_refused_with_the_figure() -> None:
    with pytest.raises(LimitError, match=r"known to a factor of \d"):
        implanted(PROGRAMS["bracket_depth"], loud(1e5), BRACKETS, texts=new_text())


def test_a_host_that_is_lost_on_its_texts_is_reported() -> None:
    """Its perplexity is beyond what a float holds."""
    ids = new_text()
    found = implanted(PROGRAMS["hist"], loud(1e4), BRACKETS, texts=ids)
    assert found.report.perplexity == float("inf")
    assert abs(found.report.perplexity_change) < 0.1
    assert found.decode(ids) == wanted(PROGRAMS["hist"], ids, BRACKETS)


def test_an_attention_sink_at_bos() -> None:
    given = copy.deepcopy(host("llama"))
    with torch.no_grad():
        given.model.embed_tokens.weight[BOS] *= 100.0
    ids = new_text()
    found = implanted(PROGRAMS["hist"], given, BRACKETS)
    assert found.decode(ids) == wanted(PROGRAMS["hist"], ids, BRACKETS)


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_steering_adds_to_logits_and_along_directions(kind: str) -> None:
    depth = PROGRAMS["bracket_depth"]
    is_open = (depth > 0).named("is_open")
    close = 1 + LETTERS.index(")")
    ids = new_text(4)
    given = host(kind)
    plain = implanted(is_open, given, BRACKETS)
    found = implanted(is_open, given, BRACKETS, logits={True: {close: 8.0}})
    added = (found.host(ids).logits - plain.host(ids).logits)[:, 1:].detach()
    at = torch.tensor([[value is True for value in row] for row in plain.decode(ids)])
    scale = found.placement.scales[12]
    assert at.any()
    assert added[~at].abs().max() < 1e-3
    assert bool((added[at][:, close] >= 8.0 * scale.least * 0.99).all())
    assert bool((added[at][:, close] <= 8.0 * scale.most * 1.01).all())
    direction = given.get_output_embeddings().weight[close].detach().double().numpy() * 5
    steered = implanted(is_open, given, BRACKETS, directions={True: direction})
    moved = (steered.host(ids).logits - plain.host(ids).logits)[:, 1:].detach()
    assert float(moved[at][:, close].mean()) > 1.0


def test_another_precision_is_no_longer_exact_and_refused() -> None:
    found = implanted(PROGRAMS["hist"], host("gpt2"), BRACKETS)
    found.host.train()
    with pytest.raises(InputError, match="training"):
        found.decode(new_text(2))
    found.host.eval().bfloat16()
    with pytest.raises(InputError, match="float32"):
        found.decode(new_text(2))


def small(kind: str, **options: Any) -> Any:
    """A tiny host with random weights."""
    torch.manual_seed(0)
    both = {"vocab_size": 97, "bos_token_id": 0, "eos_token_id": 0}
    if kind == "gpt2":
        sizes = {"n_positions": 16, "n_embd": 32, "n_layer": 2, "n_head": 4}
        return GPT2LMHeadModel(GPT2Config(**both, **(sizes | options))).eval()
    sizes = {"max_position_embeddings": 16, "hidden_size": 32, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 4, "intermediate_size": 64, "head_dim": 32}
    made = LlamaConfig(**both, rope_theta=1e7, **(sizes | options))
    return LlamaForCausalLM(made).eval()


def mistral() -> Any:
    sizes = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 1, "intermediate_size": 32}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "sliding_window": 4}
    return MistralForCausalLM(MistralConfig(**sizes, **heads)).eval()


class Subclass(GPT2LMHeadModel):
    """A GPT-2 whose author may have changed anything."""


def subclass() -> Any:
    return Subclass(small("gpt2").config).eval()


ROPE = {"rope_type": "linear", "factor": 2.0}
OPTIONS = {
    "eager": ("gpt2", {"attn_implementation": "eager"}),
    "dropout that is off": ("gpt2", {"attn_pdrop": 0.5, "resid_pdrop": 0.5}),
    "untied": ("gpt2", {"tie_word_embeddings": False}),
    "one head": ("gpt2", {"n_head": 1, "n_inner": 50}),
    "exact gelu": ("gpt2", {"activation_function": "gelu"}),
    "one head of keys": ("llama", {"num_key_value_heads": 1, "attn_implementation": "eager"}),
    "two heads of keys": ("llama", {"num_key_value_heads": 2, "mlp_bias": True}),
    "tied": ("llama", {"num_key_value_heads": 4, "tie_word_embeddings": True}),
    "slower rotation": ("llama", {"num_key_value_heads": 4, "rope_scaling": ROPE}),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_hosts_are_kept_and_exact(name: str) -> None:
    kind, options = OPTIONS[name]
    given, ids = small(kind, **options), new_text(40)
    before = copy.deepcopy(given)
    found = implanted(PROGRAMS["hist"], given, BRACKETS, texts=ids)
    assert found.decode(ids) == wanted(PROGRAMS["hist"], ids, BRACKETS)
    assert found.report.logit_change < 1e-6
    assert given.config == before.config
    weights = dict(before.named_parameters())
    assert all(torch.equal(weights[name], weight) for name, weight in given.named_parameters())


def wrong(**changes: Any) -> None:
    arguments = {
        "program": PROGRAMS["hist"],
        "host": host("gpt2"),
        "tokens": symbols("()ab"),
        "bos": BOS,
        "max_seq_len": LONGEST,
        "texts": ids_of(TEXT),
        **changes,
    }
    program, model = arguments.pop("program"), arguments.pop("host")
    implant(program, model, **arguments)


def changed(kind: str, **options: Any) -> Any:
    given = copy.deepcopy(host(kind))
    for name, value in options.items():
        setattr(given.config, name, value)
    return given


def shared() -> Any:
    given = copy.deepcopy(host("gpt2"))
    given.transformer.h[1].mlp.c_fc.weight = given.transformer.h[0].mlp.c_fc.weight
    return given


def other_neurons() -> Any:
    given = copy.deepcopy(host("gpt2"))
    given.transformer.h[1].mlp.act = torch.nn.ReLU()
    return given


def beyond_float32() -> Any:
    given = small("gpt2")
    with torch.no_grad():
        given.transformer.wte.weight.mul_(1e30)
    return given


def test_first_and_last_may_be_tied_by_what_they_hold() -> None:
    given, ids = small("gpt2"), new_text(4)
    given.lm_head.weight = torch.nn.Parameter(given.transformer.wte.weight.data)
    found = implanted(PROGRAMS["hist"], given, BRACKETS, texts=ids)
    assert found.decode(ids) == wanted(PROGRAMS["hist"], ids, BRACKETS)


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"host": torch.nn.Linear(2, 2)}, InputError, "GPT2LMHeadModel or LlamaForCausalLM"),
        ({"host": lambda: host("gpt2").transformer}, InputError, "give a model of transformers"),
        ({"host": shared}, InputError, "are one weight"),
        ({"host": other_neurons}, InputError, r"h.1.mlp.act' .*: it is ReLU"),
        ({"host": beyond_float32}, LimitError, "multiplies by nan to nan"),
        ({"host": lambda: changed("gpt2", activation_function="relu")}, InputError, "relu"),
        (
            {"host": lambda: changed("gpt2", scale_attn_by_inverse_layer_idx=True)},
            InputError,
            "inverse_layer",
        ),
        (
            {"host": lambda: changed("gpt2", reorder_and_upcast_attn=True)},
            InputError,
            "reorder_and_upcast_attn",
        ),
        ({"host": lambda: small("gpt2").train()}, InputError, r"host.eval\(\)"),
        ({"host": lambda: small("gpt2", n_head=16)}, LimitError, "2 dimensions"),
        ({"host": lambda: small("gpt2", n_layer=0)}, LimitError, "takes 1 layers"),
        ({"host": lambda: small("llama", attention_bias=True)}, InputError, "attention_bias"),
        (
            {"host": lambda: small("llama", rope_scaling={"rope_type": "dynamic", "factor": 2.0})},
            InputError,
            "'dynamic'",
        ),
        ({"host": mistral}, InputError, "MistralForCausalLM"),
        ({"host": subclass}, InputError, "GPT2LMHeadModel or LlamaForCausalLM"),
        ({"host": lambda: copy.deepcopy(host("gpt2")).half()}, InputError, "float32"),
        ({"tokens": {BOS: "a"}}, InputError, "BOS"),
        ({"texts": ids_of(TEXT)[:, 1:]}, InputError, "BOS, token 0"),
        ({"max_seq_len": 64}, InputError, "max_seq_len"),
        ({"layers": [5, 2]}, InputError, "ascending"),
        ({"program": PROGRAMS["bracket_depth"], "layers": [3]}, LimitError, "2 layers"),
        ({"program": library.sorting.make_sort_freq(LONGEST)}, LimitError, "dimensions"),
        (
            {"program": MEAN_OF_MANY},
            UnsupportedError,
            "mean of numbers at several keys",
        ),
        ({"logits": {7.5: {1: 1.0}}}, InputError, "never 7.5"),
    ],
)
def test_wrong_hosts_and_arguments(
    changes: dict[str, Any], kind: type[OptitracrError], says: str
) -> None:
    made = {
        name: value()
        if callable(value)
        and not isinstance(value, torch.nn.Module)
        and not isinstance(value, rasp.SOp)
        else value
        for name, value in changes.items()
    }
    with pytest.raises(kind, match=says):
        wrong(**made)
