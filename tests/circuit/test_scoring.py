"""Edges that a discovery method found, against the ground truth."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from optitracr.circuit.hooks import canonical
from optitracr.errors import InputError
from tests.compiled import compiled


@pytest.mark.parametrize("granularity", ["component", "head", "qkv"])
def test_all_and_nothing(granularity: str) -> None:
    circuit = compiled("reverse").circuit
    graph = circuit.graph(granularity)
    edges = [
        (a, b)
        for a, b, data in graph.edges(data=True)
        if data["role"] != "inside" and graph.nodes[b]["reaches_output"]
    ]
    possible = circuit.possible_edges(granularity)
    assert set(edges) <= set(possible)
    perfect = circuit.score(edges, granularity)
    assert (perfect.true_positive_rate, perfect.false_positive_rate) == (1.0, 0.0)
    assert perfect.precision == 1.0
    everything = circuit.score(possible, granularity)
    assert everything.true_positive_rate == everything.false_positive_rate == 1.0
    nothing = circuit.score([], granularity)
    assert (nothing.true_positive_rate, nothing.false_positive_rate) == (0.0, 0.0)
    assert math.isnan(nothing.precision)
    total = nothing.false_negatives + nothing.true_negatives
    assert total == len(possible)


def test_counts() -> None:
    circuit = compiled("reverse").circuit
    possible = circuit.possible_edges("head")
    wanted = circuit.score(possible).true_positives
    some = random.Random(0).sample(possible, 10)
    score = circuit.score(some)
    graph = circuit.graph("head")
    true = sum(graph.has_edge(*edge) for edge in some)
    assert (score.true_positives, score.false_positives) == (true, 10 - true)
    assert score.false_negatives == wanted - true
    assert score.true_negatives == len(possible) - wanted - (10 - true)
    assert f"({true} of {wanted})" in str(score)


def test_edges_inside_a_head_count_for_nothing() -> None:
    circuit = compiled("reverse").circuit
    graph = circuit.graph("qkv")
    assert any(role == "inside" for *_, role in graph.edges(data="role"))
    score = circuit.score([e for e in graph.edges if graph.nodes[e[1]]["reaches_output"]], "qkv")
    assert (score.true_positive_rate, score.false_positive_rate) == (1.0, 0.0)


def test_dimensions_are_no_ends_of_edges_between_parts() -> None:
    circuit = compiled("reverse").circuit
    for call in (circuit.possible_edges, lambda g: circuit.score([], g)):
        with pytest.raises(InputError, match="take 'qkv'"):
            call("dimension")


def test_edges_that_only_cancel_can_be_left_out() -> None:
    circuit = compiled("reverse", 1).circuit
    graph = circuit.graph("qkv")
    edges = [(a, b) for a, b in graph.edges if graph.nodes[b]["reaches_output"]]
    cancelling = [edge for edge in edges if graph.edges[edge]["role"] == "erasure"]
    carrying = [edge for edge in edges if graph.edges[edge]["role"] == "value"]
    assert cancelling
    assert circuit.score(cancelling, "qkv").false_positives == 0
    ignored = circuit.score([*cancelling, *carrying], "qkv", roles=["value"])
    assert (ignored.true_positive_rate, ignored.false_positives) == (1.0, 0)
    with pytest.raises(InputError, match="roles names 'other', which is unknown; give one or both"):
        circuit.score([], roles=["other"])


def test_other_spellings() -> None:
    names = {
        "blocks.1.attn.hook_result[:, :, 2]": "blocks.1.attn.hook_z[:, :, 2]",
        ("blocks.1.attn.hook_result", 2): "blocks.1.attn.hook_z[:, :, 2]",
        "blocks.1.hook_q_input[None, None, 0]": "blocks.1.attn.hook_q[:, :, 0]",
        ("blocks.1.hook_v_input", 0): "blocks.1.attn.hook_v[:, :, 0]",
        "blocks.1.hook_k_input[0]": "blocks.1.attn.hook_k[:, :, 0]",
        "blocks.0.hook_mlp_in": "blocks.0.hook_mlp_out",
        "blocks.0.mlp.hook_pre[:, :, 7]": "blocks.0.mlp.hook_post[:, :, 7]",
        "embed.hook_out": "hook_embed",
        "blocks.1.attn.hook_z[..., 2]": "blocks.1.attn.hook_z[:, :, 2]",
        ("blocks.1.attn.hook_z", np.int64(2)): "blocks.1.attn.hook_z[:, :, 2]",
    }
    assert {given: canonical(given) for given in names} == names
    circuit = compiled("reverse").circuit
    assert circuit.score([["hook_embed", ["blocks.0.attn.hook_z", 0]]]).true_positives == 1
    one = circuit.score([(("blocks.0.attn.hook_result", 0), ("blocks.1.hook_q_input", 0))], "qkv")
    assert one.true_positives + one.false_positives == 1


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        (("blocks.1.attn.hook_z[:, :, 0]", "blocks.0.hook_mlp_out"), "at least one sublayer"),
        (("hook_embed", "hook_embed"), "at least one sublayer"),
        (("blocks.9.attn.hook_z[:, :, 0]", "blocks.1.hook_mlp_out"), "has no part 'blocks.9"),
        (("hook_embed", ("blocks.0.attn.hook_z[:, :, 0]", 0)), "has two indices"),
        (("hook_embed", ("blocks.0.attn.hook_z", True)), "names no part"),
        ((5, "hook_embed"), "5 names no part"),
        ("hook_embed", "is no pair"),
    ],
)
def test_edges_that_cannot_be(edge: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compiled("reverse").circuit.score([edge])  # type: ignore[list-item]
