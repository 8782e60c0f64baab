"""What must hold among the fields of a manifest, so that the model it gives can run.

A digest shows that nobody changed a file by accident; these checks hold even for a file whose
digest was computed anew.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from operator import gt
from typing import Any

import numpy as np

from optitracr.architectures.classes import stock_class
from optitracr.errors import InputError
from optitracr.files.circuit_checks import check_circuit
from optitracr.files.domain_data import check_domain
from optitracr.files.manifest import (
    Manifest,
    StoredEncoder,
    StoredTenancy,
    input_encoder_of,
    setting_of,
)
from optitracr.files.program_checks import check_program
from optitracr.files.proof_data import check_proof
from optitracr.files.records import to_plain
from optitracr.files.values import FieldError, check_distinct, check_range, shown
from optitracr.graph.program import ProgramGraph
from optitracr.levels import LEVELS
from optitracr.model.shape import Shape, shape_in
from optitracr.recipes import RECIPES
from optitracr.setting import check_setting
from solvers import OBJECTIVES, Plan, Sizes

LARGEST = 2**31 - 1
"""No size is larger: what libraries hold in 32 bits, and far beyond what fits in memory."""


def check_manifest(manifest: Manifest, graph: ProgramGraph | None = None) -> None:
    """Checks all that holds in every model that the compiler makes.

    Args:
        manifest: The manifest.
        graph: Of the program that its data stand for, if that was made already.

    Raises:
        FieldError: Naming the first field that contradicts another, or is out of range.
    """
    check_domain(manifest.domain, len(manifest.vocabulary), manifest.max_seq_len)
    _check_setting(manifest)
    _check_encoders(manifest)
    _check_sizes(manifest)
    _check_layout(manifest)
    check_circuit(manifest)
    check_program(manifest, graph)
    _check_options(manifest)
    _check_certificate(manifest)
    check_proof(manifest.proof, manifest.vocabulary, manifest.max_seq_len)


def shape_of(manifest: Manifest) -> Shape:
    """What decides the shape of every tensor."""
    config, output = manifest.config, manifest.encoders.output
    sizes = Sizes(
        layers=config.num_layers,
        width=manifest.residual_map.width,
        heads=config.num_heads,
        head_size=config.key_size,
        neurons=config.mlp_hidden_size,
    )
    outputs = 1 if output.kind == "numerical" else len(output.values)
    return shape_in(setting_of(manifest), sizes, outputs)


def _check_setting(manifest: Manifest) -> None:
    setting = setting_of(manifest)
    check_range("max_seq_len", setting.max_seq_len, 1, LARGEST - 1)
    for name, token in (("bos", setting.bos), ("pad", setting.pad)):
        if token is None:
            raise FieldError(f"encoders.input.{name}", "is missing")
    given = (setting.max_seq_len, setting.bos, setting.pad, setting.causal)
    try:
        checked = check_setting(setting.vocabulary, *given)
    except InputError as error:
        raise FieldError("vocabulary", f"cannot be: {shown(str(error))}") from None
    if not _same(checked.vocabulary, setting.vocabulary, tuple[Any, ...]):
        raise FieldError("vocabulary", "repeats a token, or is not sorted")


def _check_encoders(manifest: Manifest) -> None:
    encoders = manifest.encoders
    if not _same(encoders.input, input_encoder_of(setting_of(manifest)), StoredEncoder):
        raise FieldError("encoders.input", "is not that of the vocabulary, BOS and PAD")
    output = encoders.output
    if output.variable != manifest.name:
        raise FieldError("encoders.output.variable", f"is not {shown(manifest.name)}")
    if (output.bos, output.pad, output.max_seq_len) != (None, None, None):
        raise FieldError("encoders.output", "has a BOS, PAD or length, which outputs have not")
    if output.kind not in ("categorical", "numerical"):
        raise FieldError("encoders.output.kind", "is neither categorical nor numerical")
    if output.kind == "numerical" and output.values:
        raise FieldError("encoders.output.values", "is not empty, and the output is a number")
    if None in output.values or len(set(output.values)) < len(output.values):
        raise FieldError("encoders.output.values", "holds None, or a value twice")


def _check_sizes(manifest: Manifest) -> None:
    config, size, layout = manifest.config, manifest.size, manifest.residual_map
    if manifest.level not in LEVELS:
        raise FieldError("level", f"is {manifest.level}, and levels are {LEVELS}")
    if config.dropout_rate != 0 or config.layer_norm:
        raise FieldError("config", "has dropout or layer norm, which no compiled model has")
    pairs = {
        "config.num_layers": (config.num_layers, size.layers),
        "config.num_heads": (config.num_heads, size.heads),
        "config.key_size": (config.key_size, size.head_size),
        "config.mlp_hidden_size": (config.mlp_hidden_size, size.neurons),
        "residual_map.width": (layout.width, size.width),
    }
    for field, (found, stated) in pairs.items():
        check_range(field, found, 0, LARGEST)
        if found != stated:
            raise FieldError(field, f"is {found}, and size says {shown(stated)}")
    if (config.num_heads == 0) != (config.key_size == 0):
        raise FieldError("config.key_size", "is 0 where there are heads, or the reverse")
    if layout.states != 2 * size.layers + 1:
        raise FieldError("residual_map.states", f"is not {2 * size.layers + 1}")
    if len(size.per_layer) != size.layers:
        raise FieldError("size.per_layer", f"is not of {size.layers} layers")
    for place, layer in enumerate(size.per_layer):
        check_range(f"size.per_layer[{place}].heads", layer.heads, 0, size.heads)
        check_range(f"size.per_layer[{place}].neurons", layer.neurons, 0, size.neurons)
    count = shape_of(manifest).parameters
    if size.parameters != count:
        raise FieldError("size.parameters", f"is {shown(size.parameters)} instead of {count}")


def _check_layout(manifest: Manifest) -> None:
    layout, labels = manifest.residual_map, manifest.residual_labels
    if len(labels) != layout.width or len(set(labels)) < len(labels):
        raise FieldError("residual_labels", f"is not of {layout.width} different labels")
    if len({tenancy.label for tenancy in layout.tenancies}) < len(layout.tenancies):
        raise FieldError("residual_map.tenancies", "holds a variable twice")
    free_from: dict[int, int] = {}
    born = 0
    for place, tenancy in enumerate(layout.tenancies):
        field = f"residual_map.tenancies[{place}]"
        check_range(f"{field}.birth", tenancy.birth, born, layout.states - 1)
        check_range(f"{field}.end", tenancy.end, tenancy.birth, layout.states - 1)
        born = tenancy.birth
        _check_tenancy(tenancy, layout.width, field)
        for column in tenancy.columns:
            if free_from.get(column, 0) > tenancy.birth:
                raise FieldError(f"{field}.columns", f"holds {column}, which is another's then")
            free_from[column] = tenancy.end + 1


def _check_tenancy(tenancy: StoredTenancy, width: int, field: str) -> None:
    for column in tenancy.columns:
        check_range(f"{field}.columns", column, 0, width - 1)
    if len(tenancy.columns) != len(tenancy.directions):
        raise FieldError(f"{field}.columns", "is not one for each direction")
    if tenancy.carries and len(tenancy.carries) != len(tenancy.columns):
        raise FieldError(f"{field}.carries", "is not one for each column")
    check_distinct(f"{field}.columns", tenancy.columns)
    check_distinct(f"{field}.directions", tenancy.directions)
    if tenancy.numerical and not all(_is_number(value) for value in tenancy.values):
        raise FieldError(f"{field}.values", "are not all numbers")


def _check_options(manifest: Manifest) -> None:
    options = manifest.options
    if options.optimize != manifest.level:
        raise FieldError("options.optimize", "is not the level")
    if options.causal != manifest.config.causal:
        raise FieldError("options.causal", "is not that of the config")
    try:
        stock_class(options.architecture)
    except InputError as error:
        raise FieldError("options.architecture", f"is wrong: {error}") from None
    _check_objective("options.objective", options.objective)


def _check_certificate(manifest: Manifest) -> None:
    certificate, size = manifest.certificate, manifest.size
    _check_objective("certificate.objective", certificate.objective)
    for name in ("value", "bound"):
        if len(getattr(certificate, name)) > len(certificate.objective):
            raise FieldError(f"certificate.{name}", "is of more numbers than the objective")
    for name in ("gap", "seconds", "deterministic_time"):
        if not getattr(certificate, name) >= 0:
            raise FieldError(f"certificate.{name}", "is negative")
    plan = certificate.plan
    if plan is None:
        raise FieldError("certificate.plan", "is missing")
    least = RECIPES[manifest.level].least
    # Spare heads, neurons and columns are in no plan; where there are no biases, a neuron is in it
    # that writes constants, for which the model without norms has biases.
    constant = not manifest.options.architecture.biases
    needed = (
        plan.width,
        max(plan.heads, least.heads),
        max(plan.head_size, least.head_size),
        max(plan.neurons - constant, least.neurons),
    )
    stated = (size.width, size.heads, size.head_size, size.neurons)
    if plan.layers != size.layers or any(map(gt, needed, stated)):
        raise FieldError("certificate.plan", "is not of the sizes of the model")
    _check_plan(plan, 2 * size.layers)


def _check_plan(plan: Plan, sublayers: int) -> None:
    placed = [entry.sublayer for entry in plan.placements]
    erased = [entry.sublayer for entry in plan.erasures]
    for name, found in (("placements", placed), ("erasures", erased)):
        for place, sublayer in enumerate(found):
            check_range(f"certificate.plan.{name}[{place}].sublayer", sublayer, 0, sublayers - 1)
    for name in ("view", "heads", "head_size", "neurons"):
        check_range(f"certificate.plan.{name}", getattr(plan, name), 0, LARGEST)


def _check_objective(field: str, names: Collection[str]) -> None:
    if not set(names) <= set(OBJECTIVES) or len(set(names)) < len(names):
        raise FieldError(field, f"is none of distinct names among {', '.join(OBJECTIVES)}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Fraction | np.number | np.bool_)


def _same(first: Any, second: Any, hint: Any) -> bool:
    """Equality by type as well: True is not 1."""
    return repr(to_plain(first, hint)) == repr(to_plain(second, hint))
