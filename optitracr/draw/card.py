"""A model as a small card for notebooks, which keep neither scripts nor style sheets."""

from __future__ import annotations

from optitracr.draw.colours import LIGHT
from optitracr.draw.markup import markup
from optitracr.draw.picture import Paint, Role
from optitracr.draw.residual import Panel, plural, residual_picture
from optitracr.draw.svg import to_svg
from optitracr.draw.variables import variables_of
from optitracr.model.evidence import in_short
from optitracr.model.known import known_of
from optitracr.model.transformer import Transformer
from solvers import Status


def card(model: Transformer) -> str:
    """Sizes, proof and residual stream, with all styles inline.

    It works for a model that was read from a file too, and keeps its light ground in a dark
    notebook, because a notebook's theme cannot be asked.
    """
    ink, muted, line, ground = (
        LIGHT.colour(Paint(role)) for role in (Role.INK, Role.MUTED, Role.LINE, Role.SURFACE)
    )
    variables = variables_of([model])
    picture = residual_picture([Panel(f"Level {model.level}", model)], variables)
    drawn = markup(
        '<div style="background:{ground};color:{ink};border:1px solid {line};'
        "border-radius:10px;padding:14px 18px;max-width:1060px;"
        'font:14px/1.5 system-ui,sans-serif">'
        '<div style="font-weight:600;font-size:16px">{name}</div>'
        '<div style="margin:2px 0 10px">{sizes}</div>'
        '<div style="overflow-x:auto">{picture}</div>'
        '<div style="color:{muted};font-size:12px;margin-top:6px">One row a dimension of the '
        "residual stream, one column a state (after so many sublayers), one colour a RASP "
        "variable; × marks an erasure.</div></div>",
        ink=ink,
        muted=muted,
        line=line,
        ground=ground,
        name=model.name,
        sizes=sizes(model),
        picture=to_svg(picture, LIGHT, interactive=False),
    )
    return str(drawn)


def sizes(model: Transformer) -> str:
    """Level, sizes, and what is proven, in one line."""
    size, proven = model.size, model.allocation.status is Status.OPTIMAL
    parts = [
        f"level {model.level}",
        plural(size.layers, "layer"),
        f"width {size.width}",
        f"{plural(size.heads, 'head')} of size {size.head_size}" if size.heads else "no attention",
        plural(size.neurons, "neuron") if size.neurons else "no MLP",
        plural(size.parameters, "parameter"),
        "proven optimal" if proven else "not proven optimal",
        in_short(known_of(model)),
    ]
    if model.setting.domain is not None:
        parts.append(f"on the domain {model.setting.domain}")
    return " · ".join(parts)
