"""Forms with norms compute what the program says, whatever their architecture is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library, stages
from optitracr.architectures.architecture import GPT2, LLAMA, Activation, Architecture
from optitracr.architectures.carrying import carrier_of
from optitracr.catalogues import CandidateProposal
from optitracr.compiled import CompiledModel
from optitracr.errors import InfeasibleError, InputError, UnsupportedError, VerificationError
from optitracr.inputs import check_inputs, with_bos
from optitracr.model.current import current
from optitracr.options import Check
from optitracr.stages import Compilation
from optitracr.stock.amplitudes import amplitudes, held
from optitracr.stock.forward import streams
from optitracr.stock.guest import guest_of
from optitracr.stock.host import LARGEST
from optitracr.stock.lower import lowered
from optitracr.stock.positions import Room, column_to_count_in, counted
from optitracr.stock.proving import SpoiledError, known_form
from optitracr.stock.weights import kinds_of_weights
from solvers.stock import filled
from tests.stock.forms import compiled

PROGRAMS = ("hist", "shuffle_dyck2", "frac_prevs", "argmax", "run_length", "fizzbuzz", "caesar")
"""Counts, brackets, numbers, choices, depth, positions alone, and no attention."""

KINDS = {
    "gpt2": GPT2,
    "llama": LLAMA,
    "relu": replace(GPT2, activation=Activation.RELU, neurons_per_width=None),
    "erf": replace(GPT2, activation=Activation.GELU),
    "biases": replace(LLAMA, biases=True, activation=Activation.GELU_NEW, heads_fill_width=True),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_forms_say_what_the_program_says(name: str, kind: str) -> None:
    assert known_form(compiled(name, kind)).inputs > 0


def test_long_inputs_are_sampled() -> None:
    model = compiled("shuffle_dyck2", "llama", 6)
    known = known_form(model, Check.SAMPLE)
    assert "the inputs that were not tried" in known.open
    assert known.inputs > 100


@pytest.mark.parametrize("kind", ["relu", "erf", "biases"])
def test_described_architectures_do_too(kind: str) -> None:
    assert known_form(compiled("shuffle_dyck2", KINDS[kind])).inputs == 340


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("rotate", [0, 5])
def test_rotated_forms_do_too(kind: str, rotate: int) -> None:
    model = compiled("hist", kind)
    known_form(model, rotate=rotate)
    turned = model.stock(rotate).lowered.weights.tokens
    assert not np.allclose(turned, model.stock().lowered.weights.tokens, atol=0.1)


@pytest.mark.parametrize(("kind", "rotate"), [("gpt2", None), ("llama", 1)])
def test_the_compiled_stream_is_read_from_the_stock_one(kind: str, rotate: int | None) -> None:
    model = compiled("hist", kind)
    form, encoder = model.stock(rotate), model.input_encoder
    codes = check_inputs(4, 4, 500, 0, 0).codes
    tokens = with_bos(codes, encoder.bos_encoding, encoder.pad_encoding)
    plain = model.forward_numpy(tokens).transformer_output
    seen = (tokens != encoder.pad_encoding)[..., None]
    first, *rest = list(streams(form.lowered, tokens))[2 * form.early_layers :]
    for state, wanted in zip(rest, plain.residuals, strict=True):
        assert np.abs((form.compiled_stream(state) - wanted) * seen).max() < 1e-4
    assert np.abs((form.compiled_stream(first) - plain.input_embeddings) * seen).max() < 1e-5
    with pytest.raises(InputError, match=r"shape \[\.\.\., \d+\]"):
        form.compiled_stream(np.zeros((2, 99)))


def test_sizes_keep_to_what_gpt2_is_bound_to() -> None:
    sizes = compiled("shuffle_dyck2", "gpt2").stock().sizes
    assert sizes.width == sizes.heads * sizes.head_size
    assert sizes.neurons == 4 * sizes.width
    outputs = compiled("fizzbuzz", "gpt2", 8).output_encoder.vocab_size
    assert compiled("fizzbuzz", "gpt2", 8).stock().sizes.tokens == outputs > 3


def test_heads_are_chosen_for_a_stream_that_they_fill() -> None:
    model = compiled("addition", "gpt2")
    sizes, allocation = model.stock().sizes, model.allocation
    assert allocation.objective[:2] == ("depth", "stock_width")
    assert allocation.value[1] == sizes.width == sizes.heads * sizes.head_size
    plain = compiled("addition", "tracr")
    widest = filled(plain.size.width + 3, plain.size.heads, plain.size.head_size)
    assert sizes.width < widest[0] * widest[1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("running_sum", "gpt2"),
        ("running_sum", "llama"),
        ("fizzbuzz", "llama"),
        ("reverse", "llama"),
        ("count_less_freq", "llama"),
        ("hist", "biases"),
        ("hist", "relu"),
    ],
)
def test_the_parameters_that_are_minimised_are_those_of_the_checkpoint(
    name: str, kind: str
) -> None:
    """Where neurons write constants, or none do; where positions are counted, and in what."""
    model = compiled(name, KINDS[kind], 4, objective="parameters")
    assert model.allocation.value == (model.stock().sizes.parameters,)
    held = sum(array.size for array in model.stock().state.values())
    assert held == model.stock().sizes.parameters


def test_neurons_that_are_bound_to_the_width_are_fewest_where_it_is_least() -> None:
    model = compiled("hist", "gpt2", 3, objective="neurons,width")
    assert model.allocation.objective == ("stock_width", "width")
    assert model.stock().sizes.neurons == 4 * model.allocation.value[0]


def test_a_limit_of_the_width_is_of_what_is_published() -> None:
    entry = library.get("hist")

    def compiled_within(width: int) -> CompiledModel:
        return compile_rasp_to_model(
            entry.make(),
            entry.vocab,
            3,
            causal=True,
            architecture="gpt2",
            limits={"width": width},
            check=False,
        )

    least = compiled("hist", "gpt2", 3).stock().sizes.width
    assert compiled_within(least).stock().sizes.width == least
    with pytest.raises(InfeasibleError, match=f"width={least - 1} would have to be at least"):
        compiled_within(least - 1)


def test_neurons_that_are_bound_to_the_width_are_room_for_all() -> None:
    narrow = replace(GPT2, neurons_per_width=1)
    model = compiled("sum_modulo", narrow)
    sizes = model.stock().sizes
    assert sizes.neurons == sizes.width >= model.size.neurons
    assert sizes.width > compiled("sum_modulo", "gpt2").stock().sizes.width
    assert known_form(model).inputs > 0


def test_readers_see_no_mean_and_a_constant_scale() -> None:
    """What a LayerNorm takes off, and by what it divides, does not show in what is read."""
    form = compiled("shuffle_dyck2", "gpt2").stock()
    weights = form.lowered.weights
    free = weights.gain != 0
    for layer in weights.layers:
        for part in (layer.query, layer.key, layer.value, layer.neurons_in):
            assert np.abs(part.w[free].sum(axis=0)).max() < 1e-9
    assert form.lowered.host.deviation(energy=20.0) < 2e-6


def test_positions_are_told_in_the_first_layer_or_before_it() -> None:
    told = compiled("previous_token", "llama")
    late = told.stock().lowered
    assert (late.early, late.sizes.layers, told.size.layers) == (0, 2, 2)
    plain = compiled("previous_token", "tracr")
    bos = plain.input_encoder.bos_encoding
    early = lowered(current(plain), LLAMA, bos)
    assert (early.early, early.sizes.layers, plain.size.layers) == (1, 2, 1)


@pytest.mark.parametrize(("level", "early"), [(0, 1), (1, 0)])
def test_the_solver_reads_no_positions_before_they_are_told(level: int, early: int) -> None:
    entry = library.get("running_sum")
    model = compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        3,
        causal=True,
        optimize=level,
        architecture="llama",
        check="sample",
    )
    assert model.stock().early_layers == early
    assert model.stock().sizes.layers == model.allocation.value[0] + early


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_counted_positions_are_their_rows(column: int, sign: int) -> None:
    """Whether BOS and the first position hold the same, or what is larger, or smaller."""
    rows = sign * np.array([[0.5, 0, 1], [1, 2, 1], [1, 5, 1], [4, 5, -1], [-2, 5, 3]])
    found = counted(rows, column, Room(loudest=20.0, steepest=40.0))
    stream = np.repeat(found.base[None], 5, axis=0)
    stream[0] = rows[0]
    stream[0, column] = found.marked
    values = stream @ found.head.value.w + found.head.value.b
    stream += np.cumsum(values, axis=0) / np.arange(1, 6)[:, None] @ found.head.out
    hidden = np.maximum(stream @ found.neurons_in.w + found.neurons_in.b, 0)
    after = stream + hidden @ found.neurons_out.w + found.neurons_out.b
    assert np.allclose(after, rows)
    assert np.abs(found.neurons_in.w).max() <= 40.0 + 1e-9
    assert np.abs(stream[:, column]).max() <= 20.0


def test_a_column_is_counted_in_where_bos_and_the_first_position_agree() -> None:
    rows = np.array([[0.0, 0, 0], [1, 0, 0], [0, 9, 0], [2, 3, 0]])
    assert column_to_count_in(rows, np.array([True, True, False])) == 1
    assert column_to_count_in(rows, np.array([True, False, False])) == 0


def test_positions_are_counted_where_they_will_be() -> None:
    """In a one-hot of them there is a column for it; on a circle there is none."""
    model = compiled("previous_token", "llama", 4, without="circles")
    assert model.stock().sizes.width == model.size.width + 1
    assert known_form(model).proven


def test_edited_weights_are_followed_and_a_wrong_form_is_refused() -> None:
    entry = library.get("caesar")
    model = compile_rasp_to_model(entry.make(), entry.vocab, 2, architecture="gpt2", check=False)
    known_form(model)
    model.unembed = model.unembed * np.float32(-1)
    with pytest.raises(VerificationError, match=r"norms of GPT2LMHeadModel.*at position 0 of"):
        known_form(model)


def test_the_full_reading_is_refused_where_the_causal_one_differs() -> None:
    entry = library.get("hist")
    with pytest.raises(UnsupportedError, match=r"at position 0 of .* give causal=True"):
        compile_rasp_to_model(
            entry.make(), entry.vocab, entry.max_seq_len, architecture="gpt2", check=False
        )


def test_models_for_no_published_transformer_have_no_form() -> None:
    with pytest.raises(InputError, match='architecture="gpt2"'):
        compiled("hist", "tracr").stock()


def test_a_narrower_host_lets_more_through() -> None:
    """The gain is what keeps the norm's scale the same: a small one leaves it visible."""
    model = compiled("frac_prevs", "gpt2")
    weak: Architecture = replace(GPT2, largest_gain=2.0)
    now_scale = model.stock().lowered.host.deviation(4.0)
    assert lowered(current(model), weak, 0).host.deviation(4.0) > 1e4 * now_scale


def test_what_is_spoiled_is_compiled_again_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Compilation] = []

    def known(model: object, *args: object) -> None:
        if len(tried) < 2:
            raise SpoiledError("wrong")

    def watched(own: Compilation, *args: Any, **options: Any) -> None:
        tried.append(own)
        built(own, *args, **options)

    built = Compilation.__init__
    monkeypatch.setattr(stages, "known_as_stock", known)
    monkeypatch.setattr(Compilation, "__init__", watched)
    entry = library.get("caesar")
    compile_rasp_to_model(entry.make(), entry.vocab, 2, architecture="gpt2", check="sample")
    carriers = [cast(CandidateProposal, own.proposal).space.carrier for own in tried]
    assert [own.bend is None for own in carriers] == [True, False]
    assert carriers[1].read_error > 0.0


def test_an_activation_bends_what_is_near_a_knot() -> None:
    bend = carrier_of(GPT2).bend
    assert bend is not None
    sizes = np.full(4, 8.0)
    found = bend(np.array([[-1.0, 0.0, 0.01, 1.0]]), sizes)
    assert np.abs(found[0, [0, 1, 3]]).max() < 1e-9
    assert found[0, 2] < -1e-4


@pytest.mark.parametrize(
    ("name", "kind"), [("reverse", "llama"), ("max_depth", "llama"), ("most_frequent", "gpt2")]
)
def test_no_weight_is_larger_than_asked_for(name: str, kind: str) -> None:
    """Positions are counted with large numbers, and columns of zeros take no more than others."""
    weights = compiled(name, kind, 8).stock().lowered.weights
    found = kinds_of_weights(weights)
    assert {kind: float(np.abs(own).max(initial=0.0)) <= 1000.0 for kind, own in found.items()} == (
        dict.fromkeys(found, True)
    )


def test_large_numbers_are_held_smaller() -> None:
    guest = guest_of(current(compiled("hist", "gpt2")))
    loud = replace(guest, tokens=64.0 * guest.tokens)
    factors = amplitudes(loud, held(loud), GPT2, 4)
    assert (factors * held(loud)).max() <= LARGEST < held(loud).max()
    assert (amplitudes(guest, held(guest), GPT2, 4) >= 1.0).all()
