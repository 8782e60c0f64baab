"""Names of parts are read as they are written."""

from __future__ import annotations

import pytest

from optitracr.model.names import LINEAR, Hook, Linear, PartName, linear_name, node_name

NAMES = {
    "blocks.0.attn.hook_z[:, :, 1]": PartName(0, Hook.HEAD, 1),
    "blocks.12.attn.hook_q[:, :, 30]": PartName(12, Hook.QUERY, 30),
    "blocks.3.mlp.hook_post[:, :, 0]": PartName(3, Hook.NEURON, 0),
    "blocks.3.hook_mlp_out": PartName(3, Hook.MLP),
    "blocks.3.attn.hook_z": PartName(3, Hook.HEAD),
}


@pytest.mark.parametrize("text", NAMES)
def test_parts_are_read_as_they_are_written(text: str) -> None:
    assert PartName.parse(text) == NAMES[text]
    assert str(NAMES[text]) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "hook_embed", "blocks.0.hook_resid_post", "blocks.x.attn.hook_z"),
        *("blocks.0.attn.hook_z[1]", "blocks.0.attn.hook_z[:, :, 1] ", "blocks.٣.hook_mlp_out"),
    ],
)
def test_all_else_is_no_part_of_a_layer(text: str) -> None:
    assert PartName.parse(text) is None


def test_weights_have_the_names_of_tracr() -> None:
    assert linear_name(2, Linear.HEADS_OUT) == "transformer/layer_2/attn/linear"
    assert [str(part) for part in LINEAR] == [
        *("attn/query", "attn/key", "attn/value", "attn/linear"),
        *("mlp/linear_1", "mlp/linear_2"),
    ]


def test_nodes_of_the_record() -> None:
    assert node_name(0, (3,)) == "L0.head3"
    assert node_name(1, (4, 9)) == "L1.neurons4-9"
