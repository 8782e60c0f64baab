"""The standard lowering has one component for each variable, and two for a width."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import rasp
from optitracr.candidates.component import Component, Components
from optitracr.catalogues import StandardProposal
from optitracr.craft.blocks import Head, Mlp
from optitracr.craft.spaces import FloatArray
from optitracr.library.counting import make_frac_prevs
from optitracr.options import check_options
from optitracr.rasp import Comparison, indices, numerical, tokens
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

SAME = rasp.Select(tokens, tokens, Comparison.EQ)


def lowered(program: rasp.SOp, level: int = 0) -> Components:
    setting = check_setting({"a", "b", "c"}, 3, COMPILER_BOS, COMPILER_PAD, False)
    made = Compilation(program, setting, check_options(optimize=level)).proposal
    assert isinstance(made, StandardProposal)
    return made.standard


def written(component: Component, **held: int) -> FloatArray:
    """What an MLP writes where its categorical operands have values of these indices."""
    block = component.block
    assert isinstance(block, Mlp)
    stream = np.array(
        [
            float(direction.value == held.get(direction.variable, direction.value))
            for direction in block.input.directions
        ]
    )
    hidden = np.maximum(stream @ block.w_in + block.b_in, 0.0)
    return np.asarray(hidden @ block.w_out + (0.0 if block.b_out is None else block.b_out))


def test_a_map_writes_the_one_hot_of_its_result() -> None:
    [component] = lowered(rasp.Map(lambda i: i % 2, indices)).components
    for index in range(3):
        assert written(component, indices=index) == pytest.approx(np.eye(2)[index % 2])


def test_a_map_of_two_operands_has_a_neuron_for_each_pair() -> None:
    [component] = lowered(rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)).components
    assert isinstance(component.block, Mlp)
    assert component.block.w_in.shape[1] == 9
    assert set(component.reads) >= {"tokens", "indices"}


def test_a_width_is_a_head_and_an_mlp_of_one_group() -> None:
    head, mlp = lowered(rasp.SelectorWidth(SAME)).components
    assert isinstance(head.block, Head)
    assert isinstance(mlp.block, Mlp)
    assert head.group == mlp.group != ""
    assert head.variable.label in mlp.reads
    assert head.serves == mlp.serves


def test_equal_selectors_have_one_name_at_level_1_alone() -> None:
    def selectors(level: int) -> set[str]:
        shares = [make_frac_prevs(tokens == token) for token in "ab"]
        program = numerical(rasp.LinearSequenceMap(*shares, 1, -1))
        return {c.selector for c in lowered(program, level).components if isinstance(c.block, Head)}

    assert selectors(0) == {""}
    [name] = selectors(1)
    assert name


def test_a_head_reads_keys_queries_values_and_bos() -> None:
    [head] = lowered(rasp.Aggregate(SAME, tokens)).components
    assert isinstance(head.block, Head)
    assert {"tokens", "tokens:compiler_bos"} <= set(head.reads)


def test_every_variable_is_held_as_it_is() -> None:
    components = lowered(rasp.SelectorWidth(SAME))
    for label, held in components.held.items():
        assert held.rows is None or np.array_equal(held.rows, np.eye(len(held.values))), label
