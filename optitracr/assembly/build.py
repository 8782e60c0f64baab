"""From assembled weights to the transformer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from optitracr.assembly.carried import shares_of, with_carried
from optitracr.assembly.plan import Assembly
from optitracr.assembly.record import circuit_record, with_meaning
from optitracr.candidates.component import Components, Held
from optitracr.candidates.savings import Savings
from optitracr.craft.spaces import Direction
from optitracr.graph.program import ProgramGraph
from optitracr.model.config import ModelConfig
from optitracr.model.encoders import CategoricalEncoder, Encoder, NumericalEncoder
from optitracr.model.record import PlacedComponent
from optitracr.model.reference import Reference
from optitracr.model.shape import shape_in
from optitracr.model.size import LayerSize, Size
from optitracr.model.source import source_of
from optitracr.model.transformer import Transformer
from optitracr.options import CompileOptions
from optitracr.setting import Setting


def build_model(
    level: int,
    reference: Reference,
    graph: ProgramGraph,
    assembly: Assembly,
    setting: Setting,
    savings: Savings,
    options: CompileOptions,
) -> Transformer:
    """Puts weights, encoders, sizes and meanings together."""
    sizes, weights, components = assembly.sizes, assembly.weights, assembly.components
    readings = _known(reference.graph, components.held)
    layout = with_carried(
        with_meaning(assembly.layout, components.components, readings),
        components,
        readings,
        graph.output,
    )
    return Transformer(
        name=graph.output,
        level=level,
        params=weights.params,
        unembed=weights.unembedding,
        model_config=ModelConfig(
            sizes.heads, sizes.layers, sizes.head_size, sizes.neurons, causal=setting.causal
        ),
        input_encoder=_input_encoder(setting),
        output_encoder=_output_encoder(graph, components),
        layout=layout,
        size=_size(assembly, setting),
        allocation=assembly.allocation,
        setting=setting,
        record=circuit_record(assembly, layout),
        components=tuple(
            PlacedComponent(part.name, part.variable, part.reads, part.serves)
            for part in components.components
        ),
        output_reads=components.output.reads,
        reference=replace(
            reference, readings=readings, shares=shares_of(components, reference.graph.by_label())
        ),
        write_source=partial(source_of, reference.graph),
        residual_labels=list(layout.labels()),
        savings=savings,
        options=options,
    )


def _input_encoder(setting: Setting) -> CategoricalEncoder:
    tokens = (*setting.vocabulary, setting.bos, setting.pad)
    return CategoricalEncoder(
        basis=tuple(Direction("tokens", token) for token in tokens),
        enforce_bos=True,
        bos_token=setting.bos,
        pad_token=setting.pad,
        max_seq_len=setting.max_seq_len + 1,
    )


def _output_encoder(graph: ProgramGraph, components: Components) -> Encoder:
    if graph.node(graph.output).is_numerical:
        return NumericalEncoder()
    values = components.output_values
    return CategoricalEncoder(basis=tuple(Direction(graph.output, value) for value in values))


def _known(graph: ProgramGraph, held: Mapping[str, Held]) -> dict[str, Held]:
    """What holds a variable of the program as written."""
    labels = graph.by_label()
    return {name: entry for name, entry in held.items() if entry.label in labels}


def _size(assembly: Assembly, setting: Setting) -> Size:
    sizes, weights = assembly.sizes, assembly.weights
    per_layer = tuple(
        LayerSize(len(heads), max((use.stop for use in neurons), default=0))
        for heads, neurons in zip(weights.heads, weights.neurons, strict=True)
    )
    shape = shape_in(setting, sizes, outputs=weights.unembedding.shape[1])
    return Size(
        sizes.layers,
        sizes.width,
        sizes.heads,
        sizes.head_size,
        sizes.neurons,
        shape.parameters,
        per_layer,
    )
