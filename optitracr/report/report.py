"""The report: a program's models at every level, as a page and as pictures."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from optitracr import arguments, rasp
from optitracr.draw.variables import variables_of
from optitracr.levels import DEFAULT_LEVEL, check_level
from optitracr.report.examples import choose_examples, run_example
from optitracr.report.facts import Facts
from optitracr.report.levels import compile_levels
from optitracr.report.page import framed, page
from optitracr.writing import write_file


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report(Facts):
    """What there is to say of a program and its models; its data are those of `Facts`."""

    @property
    def html(self) -> str:
        """One page with everything in it: it needs no other file and no network."""
        return page(self)

    def figure(self, name: str, example: int = 0) -> Any:
        """The same picture as a Matplotlib figure.

        Raises:
            MissingExtraError: If matplotlib is not installed.
            NotFoundError: If there is no picture of that name.
        """
        from optitracr.draw.figure import to_figure

        return to_figure(self.picture(name, example))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page; where that fails, a file that was there stays as it was.

        Raises:
            FileError: If the file cannot be written.
        """
        write_file(arguments.path("path", path), self.html.encode())

    def __repr__(self) -> str:
        """One line, where the models' weights would fill pages."""
        size = self.model.size
        sizes = f"{size.layers} layers, width {size.width}"
        return f"<Report on {self.name!r}: level {self.level}, {sizes}>"

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return framed(self.name, self.html)


def make_report(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    *,
    name: str | None = None,
    examples: Sequence[Sequence[Any]] | None = None,
    optimize: int = DEFAULT_LEVEL,
    **options: Any,
) -> Report:
    """Compiles a program at every level and gathers what there is to say of it.

    A level that refuses the program is said so in the report. The same program and options
    give the same page, byte for byte.

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: The causal reading.
        name: What the report calls the program; by default what the program calls itself.
        examples: Inputs without BOS; by default about five that show different outputs.
        optimize: The level that the report is about.
        **options: More of `compile_rasp_to_model`'s: objective, limits, seed, ...

    Raises:
        EvaluationError: If the program is undefined on one of `examples`.
        OptitracrError: As `compile_rasp_to_model` does for the reported level.
    """
    optimize = check_level(optimize)
    if name is not None:
        name = arguments.text("name", name)
    if examples is not None:
        examples = _listed(examples)
    levels = compile_levels(program, vocab, max_seq_len, causal, optimize, options)
    model = levels[optimize].model
    assert model is not None, "the reported level compiles or raises"
    seed = int(options.get("seed", 0))
    runs = (
        choose_examples(model, seed)
        if examples is None
        else tuple(run_example(model, tokens) for tokens in examples)
    )
    return Report(
        name=program.name if name is None else name,
        level=optimize,
        levels=levels,
        variables=variables_of(result.model for result in levels if result.model is not None),
        examples=runs,
        checked=model.proof if model.options.check is not None else None,
        options=tuple(sorted((key, value) for key, value in options.items())),
    )


def _listed(examples: object) -> list[list[Any]]:
    """Inputs, each as a list of tokens.

    Raises:
        InputError: If they are none.
    """
    wanted = "a list of inputs, each a list of tokens without BOS"
    rows = arguments.sequence("examples", examples, wanted)
    return [arguments.sequence("an entry of examples", row, wanted) for row in rows]
