"""What a saved model says of itself beside its weights, and the model that it stands for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from optitracr.candidates.savings import Saving, Savings
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import Direction, Space
from optitracr.errors import OptitracrError
from optitracr.files.domain_data import StoredDomain, domain_of, stored_domain
from optitracr.files.program_data import StoredProgram, program_from_data
from optitracr.files.program_writing import program_to_data, rebuilt_exactly
from optitracr.files.proof_data import StoredProof, stored_proof
from optitracr.files.records import to_plain
from optitracr.files.values import FieldError, Plain
from optitracr.graph.program import ProgramGraph
from optitracr.model.config import ModelConfig
from optitracr.model.current import Current
from optitracr.model.encoders import CategoricalEncoder, Encoder, NumericalEncoder
from optitracr.model.known import known_of
from optitracr.model.layout import Layout, Tenancy
from optitracr.model.params import Params
from optitracr.model.record import CircuitNode, CircuitRecord, PlacedComponent, dimensions_of
from optitracr.model.size import Size
from optitracr.model.source import ProgramSource
from optitracr.model.transformer import Transformer
from optitracr.options import CompileOptions
from optitracr.setting import Setting
from optitracr.version import __version__
from solvers import Allocation

Value = Any


@dataclass(frozen=True, slots=True)
class StoredConfig:
    """The sizes and switches of a model; its activation function is ReLU."""

    num_heads: int
    num_layers: int
    key_size: int
    mlp_hidden_size: int
    dropout_rate: float
    layer_norm: bool
    causal: bool


@dataclass(frozen=True, slots=True)
class StoredEncoder:
    """An encoder: the integer of each value is its place; numbers stand for themselves.

    Attributes:
        kind: "categorical" or "numerical".
        variable: What the values are of: "tokens", or the output's name.
        values: The values by integer, BOS and PAD included; none for numbers.
        bos: The BOS token, or None for outputs.
        pad: The PAD token, or None for outputs.
        max_seq_len: Longest sequence, BOS included, or None for outputs.
    """

    kind: str
    variable: str
    values: tuple[Value, ...]
    bos: Value
    pad: Value
    max_seq_len: int | None


@dataclass(frozen=True, slots=True)
class StoredEncoders:
    """The encoder of the inputs and that of the outputs."""

    input: StoredEncoder
    output: StoredEncoder


@dataclass(frozen=True, slots=True)
class StoredTenancy:
    """A variable's columns of the residual stream and the states at which it holds them.

    Attributes:
        label: The variable.
        directions: For each column the name and the value of what it holds.
        columns: The columns, one for each direction.
        birth: First state at which it can be read; state t is after t sublayers.
        end: Last state at which it can be read.
        values: The variable's value set.
        numerical: Whether it is held as numbers.
        holds: The RASP variable that it holds, or helps to compute, or "".
        carries: What each column carries, in words.
    """

    label: str
    directions: tuple[tuple[str, Value], ...]
    columns: tuple[int, ...]
    birth: int
    end: int
    values: tuple[Value, ...]
    numerical: bool
    holds: str
    carries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredLayout:
    """The residual map: width, number of states, and every tenancy in order of birth."""

    width: int
    states: int
    tenancies: tuple[StoredTenancy, ...]


@dataclass(frozen=True, slots=True)
class StoredCircuit:
    """Which head and neuron serves which variable; dimensions are those of the residual map."""

    nodes: tuple[CircuitNode, ...]
    edges: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StoredComponent:
    """A component: its name, the variable that it computes, what it reads, and what it is for."""

    name: str
    variable: str
    reads: tuple[str, ...]
    serves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """The file of the weights, and its SHA-256 in hexadecimal."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of a saved model but its weights; `checks.py` says what must hold among the fields.

    Attributes:
        optitracr: Version of the package that wrote it.
        name: Name of the program's output.
        level: Level of optimisation.
        config: Sizes under Tracr's names.
        vocabulary: The tokens, sorted.
        max_seq_len: Longest input, BOS not counted.
        domain: The inputs that were promised; None if nothing was.
        encoders: Of inputs and outputs.
        size: Sizes.
        residual_labels: One a dimension.
        residual_map: Which column holds which variable, and when.
        circuit: Which head and neuron serves which variable.
        components: What was placed.
        output_reads: The variables that the unembedding reads.
        source: The program as text.
        program: The program as tables, for the interpreter; None where it is left out.
        program_omitted: Why it is left out, or "".
        options: What it was compiled with.
        certificate: The allocation: solver, status, value, bound, and the plan.
        savings: What made it smaller.
        proof: What is known of it; None if the file is of an older version, which held none.
        weights: The file beside it.
    """

    optitracr: str
    name: str
    level: int
    config: StoredConfig
    vocabulary: tuple[Value, ...]
    max_seq_len: int
    domain: StoredDomain | None
    encoders: StoredEncoders
    size: Size
    residual_labels: tuple[str, ...]
    residual_map: StoredLayout
    circuit: StoredCircuit
    components: tuple[StoredComponent, ...]
    output_reads: tuple[str, ...]
    source: ProgramSource
    program: StoredProgram | None
    program_omitted: str
    options: CompileOptions
    certificate: Allocation
    savings: tuple[Saving, ...]
    proof: StoredProof | None
    weights: StoredWeights


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be written of a model.

    Attributes:
        manifest: All of it but the weights.
        program: Its program as JSON has it.
        graph: The graph of the program that can be made of that.
    """

    manifest: Manifest
    program: Plain
    graph: ProgramGraph | None


def manifest_of(model: Transformer, now: Current, weights: StoredWeights) -> Written:
    """What is to be written of a model.

    Args:
        model: The model.
        now: The same as it is now.
        weights: The file beside it.
    """
    program, data, graph, omitted = _stored_program(model)
    manifest = Manifest(
        optitracr=__version__,
        name=model.name,
        level=model.level,
        config=_stored_config(model.model_config),
        vocabulary=model.setting.vocabulary,
        max_seq_len=model.setting.max_seq_len,
        domain=None if model.setting.domain is None else stored_domain(model.setting.domain),
        encoders=StoredEncoders(
            input_encoder_of(model.setting), _stored_output(model.name, model.output_encoder)
        ),
        size=model.size,
        residual_labels=tuple(model.residual_labels),
        residual_map=_stored_layout(model.layout),
        circuit=StoredCircuit(model.record.nodes, model.record.edges),
        components=tuple(
            StoredComponent(part.name, part.variable.label, part.reads, part.serves)
            for part in model.components
        ),
        output_reads=model.output_reads,
        source=model.source,
        program=program,
        program_omitted=omitted,
        options=model.options,
        certificate=model.allocation,
        savings=model.savings.rows,
        proof=stored_proof(known_of(model, now)),
        weights=weights,
    )
    return Written(manifest, data, graph)


def model_of(manifest: Manifest, params: Params, unembed: Any) -> Transformer:
    """The model of a manifest that was checked, and of its weights.

    Raises:
        ProgramError: If the program's tables stand for no program.
    """
    setting = setting_of(manifest)
    stored = manifest.encoders.input
    basis = tuple(Direction(stored.variable, value) for value in stored.values)
    layout, circuit = _layout(manifest.residual_map), manifest.circuit
    return Transformer(
        name=manifest.name,
        level=manifest.level,
        params=params,
        unembed=unembed,
        model_config=_config(manifest.config),
        input_encoder=CategoricalEncoder(basis, True, stored.bos, stored.pad, stored.max_seq_len),
        output_encoder=_output_encoder(manifest.encoders.output),
        layout=layout,
        size=manifest.size,
        allocation=manifest.certificate,
        setting=setting,
        reference=None if manifest.program is None else program_from_data(manifest.program),
        residual_labels=list(manifest.residual_labels),
        record=CircuitRecord(circuit.nodes, dimensions_of(layout), circuit.edges),
        components=_components(manifest.components, layout),
        output_reads=manifest.output_reads,
        savings=Savings(manifest.savings),
        options=manifest.options,
        write_source=partial(_given, manifest.source),
        program_omitted=manifest.program_omitted,
    )


def _components(stored: tuple[StoredComponent, ...], layout: Layout) -> tuple[PlacedComponent, ...]:
    variables = {tenancy.variable.label: tenancy.variable for tenancy in layout.tenancies}
    return tuple(
        PlacedComponent(part.name, variables[part.variable], part.reads, part.serves)
        for part in stored
    )


def _given(source: ProgramSource) -> ProgramSource:
    return source


def _stored_config(config: ModelConfig) -> StoredConfig:
    names = [field.name for field in fields(StoredConfig)]
    return StoredConfig(**{name: getattr(config, name) for name in names})


def _config(stored: StoredConfig) -> ModelConfig:
    return ModelConfig(**asdict(stored))


def _stored_program(
    model: Transformer,
) -> tuple[StoredProgram | None, Plain, ProgramGraph | None, str]:
    """The program as tables, these as JSON has them, and its graph.

    Or why it is left out: a model is of use without it.
    """
    if model.reference is None:
        return None, None, None, model.program_omitted
    try:
        stored = program_to_data(model.reference, model.setting)
        data = to_plain(stored, StoredProgram, "program")
        again = program_from_data(stored)
        if not rebuilt_exactly(stored, again, model.setting):
            return None, None, None, "it cannot be made again of its tables"
    except (OptitracrError, FieldError) as error:
        return None, None, None, str(error)
    return stored, data, again.graph, ""


def setting_of(manifest: Manifest) -> Setting:
    """Vocabulary, length, special tokens, reading and domain."""
    tokens, longest = manifest.encoders.input, manifest.max_seq_len
    domain = None
    if manifest.domain is not None:
        domain = domain_of(manifest.domain, manifest.vocabulary, longest, tokens.bos)
    return Setting(
        manifest.vocabulary, longest, tokens.bos, tokens.pad, manifest.config.causal, domain
    )


def input_encoder_of(setting: Setting) -> StoredEncoder:
    """The encoder of tokens: the vocabulary, then BOS, then PAD."""
    return StoredEncoder(
        kind="categorical",
        variable="tokens",
        values=(*setting.vocabulary, setting.bos, setting.pad),
        bos=setting.bos,
        pad=setting.pad,
        max_seq_len=setting.max_seq_len + 1,
    )


def _stored_output(name: str, encoder: Encoder) -> StoredEncoder:
    if isinstance(encoder, NumericalEncoder):
        return StoredEncoder("numerical", name, (), None, None, None)
    values = tuple(direction.value for direction in encoder.basis)
    return StoredEncoder("categorical", name, values, None, None, None)


def _output_encoder(stored: StoredEncoder) -> Encoder:
    if stored.kind == "numerical":
        return NumericalEncoder()
    return CategoricalEncoder(tuple(Direction(stored.variable, value) for value in stored.values))


def _stored_layout(layout: Layout) -> StoredLayout:
    return StoredLayout(
        layout.width, layout.states, tuple(_stored_tenancy(t) for t in layout.tenancies)
    )


def _stored_tenancy(tenancy: Tenancy) -> StoredTenancy:
    variable = tenancy.variable
    return StoredTenancy(
        label=variable.label,
        directions=tuple((d.variable, d.value) for d in variable.space.directions),
        columns=tenancy.columns,
        birth=tenancy.birth,
        end=tenancy.end,
        values=variable.values,
        numerical=variable.numerical,
        holds=tenancy.holds,
        carries=tenancy.carries,
    )


def _layout(stored: StoredLayout) -> Layout:
    return Layout(stored.width, stored.states, tuple(_tenancy(t) for t in stored.tenancies))


def _tenancy(stored: StoredTenancy) -> Tenancy:
    space = Space(tuple(Direction(name, value) for name, value in stored.directions))
    variable = Variable(stored.label, space, stored.values, stored.numerical)
    return Tenancy(variable, stored.birth, stored.end, stored.columns, stored.holds, stored.carries)
