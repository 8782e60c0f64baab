"""Looks for networks with fewer neurons for the tables of library programs, and stores them.

Every table of a candidate is looked at once up to order, unless it is large. Descents look for a
small network with real weights; the solver for one with whole weights and as few neurons, or a
proof that there is none in its class. What has fewer neurons than the compiler's constructions, and
is carried by float32, goes into the file that is shipped, which the compiler looks up.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from reporting import EXIT_OK, chosen_programs, count, guarded, seconds, write_text

from optitracr import library
from optitracr.bounds.tables import fewest_neurons as bound_of_table
from optitracr.bounds.tables import rank
from optitracr.candidates.families.registry import RULES
from optitracr.candidates.rule import Rule
from optitracr.candidates.validity import EVERY_ACTIVATION, Validity
from optitracr.candidates.ways import Ways
from optitracr.catalogues import CandidateCatalogue
from optitracr.constructions.additive import additive_plans
from optitracr.constructions.aligned_steps import aligned_step_plans
from optitracr.constructions.leaves import Plan
from optitracr.constructions.lines import line_plans
from optitracr.constructions.networks.canonical import Canonical, Colouring
from optitracr.constructions.networks.plans import MAX_ENTRIES, plan_of
from optitracr.constructions.networks.points import Points, points_of
from optitracr.constructions.networks.stored import FILE, Stored, shape_of, stored, written
from optitracr.constructions.own_steps import own_step_plans
from optitracr.constructions.table_mlp import entry_plans
from optitracr.constructions.tasks import Construction, Task
from optitracr.constructions.thresholds import cell_plans, half_plane_plans
from optitracr.constructions.weighted_sums import sum_plans
from optitracr.options import check_options
from optitracr.recipes import CANDIDATES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from solvers.networks import Network, Table, WeightClass, descended, fewest_neurons

CONSTRUCTIONS: tuple[Construction, ...] = (
    entry_plans,
    cell_plans,
    half_plane_plans,
    additive_plans,
    line_plans,
    own_step_plans,
    aligned_step_plans,
    sum_plans,
)
"""What the compiler makes of a table without the stored networks."""


NARROW, REFINED = WeightClass(narrow=True), WeightClass(refined=2)
"""Classes of networks beside that of whole weights."""


@dataclass(frozen=True, slots=True)
class Case:
    """A table in canonical order.

    Attributes:
        task: What was asked for.
        points: The same as points.
        order: The canonical order.
        key: That of the table.
        best: The smallest plan that the compiler makes; None if it makes none.
    """

    task: Task
    points: Points
    order: Canonical
    key: str
    best: Plan | None

    @property
    def most(self) -> int:
        """Fewer neurons are worth storing than this."""
        return len(self.points.places) if self.best is None else self.best.neurons


def tasks_of(entry: library.Program) -> list[Task]:
    """The tables of a program's candidates."""
    found: list[Task] = []

    def record(task: Task) -> Iterable[Plan]:
        found.append(task)
        return ()

    rule = Rule(
        name="record", validity=Validity(activations=EVERY_ACTIVATION), ways=Ways(tables=(record,))
    )
    recipe = replace(CANDIDATES, catalogue=CandidateCatalogue(rules=(*RULES, rule)))
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, entry.causal
    )
    made = Compilation(entry.make(), setting, check_options(causal=entry.causal), recipe=recipe)
    assert made.proposal is not None
    return found


def cases(tasks: Iterable[Task], most_points: int) -> Iterator[Case]:
    """Each table once."""
    seen: dict[str, Case] = {}
    for task in tasks:
        if task.robust or not 1 < task.table.size <= MAX_ENTRIES:
            continue
        if len(task.leaves) < 2 or task.known.size > MAX_ENTRIES:
            continue
        points = points_of(task)
        if len(points.places) > most_points:
            continue
        colouring = Colouring.of(points)
        key = colouring.key
        if key in seen and seen[key].task.passed >= task.passed:
            continue
        plans = sorted(
            (plan for make in CONSTRUCTIONS for plan in make(task)), key=lambda plan: plan.neurons
        )
        best = plans[0] if plans else None
        seen[key] = Case(task, points, colouring.ordered(), key, best)
    yield from seen.values()


def table_of(case: Case) -> Table:
    """The table in canonical order, its outputs as few numbers as are linear in them."""
    points, order = case.points, case.order
    places = [np.argsort(order.values[leaf])[points.places[:, leaf]] for leaf in order.leaves]
    first = np.argsort(order.codes)[points.codes]
    rows = points.rows[order.codes] - points.rows[order.codes[0]]
    kept: list[int] = []
    for place in range(1, len(rows)):
        if rank(rows[[*kept, place]]) > len(kept):
            kept.append(place)
    within = np.linalg.lstsq(rows[kept].T, rows.T, rcond=None)[0].T.round(12)
    return Table(
        sides=tuple(points.sides[leaf] for leaf in order.leaves),
        sizes=tuple(points.sizes[leaf] for leaf in order.leaves),
        places=np.stack(places, axis=1),
        outputs=within[first],
    )


def stored_of(case: Case, table: Table, network: Network, least: int, words: str) -> Stored:
    """A network as it is stored."""
    parts, start = [], 0
    for numbers, size in zip(table.sides, table.sizes, strict=True):
        width = 1 if numbers else size - 1
        own = network.w_in[start : start + width]
        empty = np.zeros((0 if numbers else 1, network.neurons))
        parts.append(np.concatenate([empty, own]))
        start += width
    return Stored(case.key, shape_of(case.points), tuple(parts), network.w_in[-1], least, words)


def network_of(case: Case, table: Table) -> Network | None:
    """The smallest plan of the compiler as a network of the canonical table."""
    if case.best is None:
        return None
    axes = {
        axis.leaf.label: (axis, own)
        for axis, own in zip(case.best.axes, case.best.w_in, strict=True)
    }
    parts, constant = [], case.best.b_in.copy()
    for leaf in case.order.leaves:
        one, member = case.task.leaves[leaf], case.task.classes[leaf]
        if one.label not in axes:
            return None
        axis, own = axes[one.label]
        if len(own) != axis.width:
            return None
        if one.numerical:
            parts.append(own)
            continue
        numbers = np.asarray(axis.numbers)[:, None] if axis.numbers else np.eye(axis.width)
        columns = np.concatenate([numbers, np.zeros((1, numbers.shape[1]))])
        of_values = columns[list(axis.classes)] @ own
        first = np.unique(member, return_index=True)[1]
        of_classes = of_values[first]
        if one.may_be_none:
            of_classes = np.concatenate([of_classes, np.zeros((1, own.shape[1]))])
        of_classes = of_classes[case.order.values[leaf]]
        constant = constant + of_classes[0]
        parts.append(of_classes[1:] - of_classes[0])
    w_in = np.concatenate([*parts, constant[None, :]])
    hidden = np.maximum(table.read() @ w_in, 0.0)
    with_one = np.concatenate([hidden, np.ones((len(hidden), 1))], axis=1)
    found = np.linalg.lstsq(with_one, table.outputs, rcond=None)[0]
    return Network(w_in, found[:-1], found[-1])


def searched(case: Case, arguments: argparse.Namespace) -> Iterator[Stored]:
    """The networks of a table that are worth storing."""
    task, table = case.task, table_of(case)
    least = (
        max(1, bound_of_table(task.leaves, task.full, task.rows, task.possible)) if case.most else 0
    )
    most = case.most - 1
    if most < least:
        return

    def carried(network: Network) -> bool:
        return (
            plan_of(task, case.points, case.order, stored_of(case, table, network, 0, ""))
            is not None
        )

    start = min(len(table.places) - 1, 2 * most + 4)
    if table.outputs.size > arguments.most_outputs:
        return
    found = descended(
        table, start, arguments.tries, least=least, start=network_of(case, table), accepts=carried
    )
    if found is not None and found.neurons <= most:
        most = found.neurons
        yield stored_of(case, table, found, least, "")
    if table.outputs.shape[1] > 2:
        return
    whole = fewest_neurons(table, WeightClass(), least, most, arguments.time_limit)
    if whole.network is None:
        whole = fewest_neurons(table, REFINED, least, most, arguments.time_limit)
    if whole.network is None:
        return
    if carried(whole.network):
        yield stored_of(case, table, whole.network, whole.least, whole.weights.words)
    neurons = whole.network.neurons
    narrow = fewest_neurons(table, NARROW, neurons, neurons, arguments.time_limit)
    if narrow.network is not None and carried(narrow.network):
        yield stored_of(case, table, narrow.network, whole.least, narrow.weights.words)


def merged(old: Iterable[Stored], new: Iterable[Stored]) -> list[Stored]:
    """Of each table the networks with the fewest neurons, those with whole weights if they are."""
    by_key: dict[str, list[Stored]] = {}
    for one in (*old, *new):
        by_key.setdefault(one.key, []).append(one)
    kept: list[Stored] = []
    for key in sorted(by_key):
        fewest = min(one.neurons for one in by_key[key])
        own = {one.weights: one for one in by_key[key] if one.neurons == fewest}
        if len(own) > 1:
            own.pop("", None)
        kept += [own[words] for words in sorted(own)]
    return kept


def _run(arguments: argparse.Namespace) -> int:
    programs = chosen_programs(arguments.programs)
    tasks = [task for entry in programs for task in tasks_of(entry)]
    found: list[Stored] = [one for own in stored().values() for one in own]
    known = {one.key for one in found} if arguments.new else set()
    todo = [case for case in cases(tasks, arguments.most_points) if case.key not in known]
    for case in todo:
        made = list(searched(case, arguments))
        words = ", ".join(f"{one.neurons} ({one.weights or 'real'})" for one in made)
        labels = "+".join(leaf.label for leaf in case.task.leaves)
        print(f"{labels}: {case.most} -> {words or 'no fewer'}", flush=True)
        if made:
            found = merged(found, made)
            write_text(arguments.output, written(found))
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="library names")
    parser.add_argument("--tries", type=count, default=6, help="descents a table")
    parser.add_argument("--time-limit", type=seconds, default=2.0, help="for each solve")
    parser.add_argument("--most-points", type=count, default=120, help="larger tables are left out")
    parser.add_argument(
        "--most-outputs", type=count, default=160, help="so are those with more numbers"
    )
    parser.add_argument("--new", action="store_true", help="only tables without a network")
    parser.add_argument("-o", "--output", type=Path, default=FILE, help="%(default)s")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Searches; 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
