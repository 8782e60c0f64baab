"""A call of everything public, with arguments that are right: what wrong ones are put into."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

import optitracr
from optitracr import corpus, domain, library, load, rasp, validating
from optitracr.circuit import intervention, patching
from optitracr.compile import allocation_problem
from optitracr.compiled import CompiledModel
from optitracr.report.report import Report
from optitracr.setting import check_setting
from tests.api import benchmarks, corpora, hosting, published
from tests.docs.public import public_names

BOS = "compiler_bos"
EQUAL = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
MIDDLE = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
HIST = rasp.SelectorWidth(EQUAL).named("hist")
FLAG = rasp.tokens == "a"


@dataclass(frozen=True)
class Call:
    """Something to call.

    Attributes:
        function: What is called.
        arguments: Right ones, by name; a parameter that is left out keeps its default, and
            still gets wrong arguments.
        left_out: Parameters that take anything.
    """

    function: Callable[..., Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def parameters(self) -> list[str]:
        """The parameters that get wrong arguments."""
        found = inspect.signature(self.function).parameters.values()
        return [p.name for p in found if p.name not in self.left_out]

    def is_complete(self) -> bool:
        """Whether it has every argument that it needs."""
        found = inspect.signature(self.function).parameters.values()
        return all(p.name in self.arguments for p in found if p.default is p.empty)

    def with_wrong(self, name: str, value: object) -> Any:
        """The call with one argument replaced."""
        found = inspect.signature(self.function).parameters
        arguments = {**self.arguments, name: value}
        if found[name].kind is inspect.Parameter.VAR_KEYWORD:
            arguments[name] = {"seed": value}
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter in found.values():
            if parameter.name not in arguments:
                continue
            given = arguments[parameter.name]
            match parameter.kind:
                case inspect.Parameter.POSITIONAL_ONLY:
                    positional.append(given)
                case inspect.Parameter.VAR_POSITIONAL:
                    positional.extend(given if isinstance(given, tuple) else (given,))
                case inspect.Parameter.VAR_KEYWORD:
                    named |= given
                case _:
                    named[parameter.name] = given
        if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in found.values()):
            positional = [named.pop(p) for p in list(named) if p in arguments] + positional
        return self.function(*positional, **named)


@lru_cache(maxsize=1)
def model() -> CompiledModel:
    return optitracr.compile_rasp_to_model(HIST, {"a", "b"}, 3, optimize=0)


@lru_cache(maxsize=1)
def report() -> Report:
    return optitracr.make_report(FLAG, {"a", "b"}, 2, optimize=0)


def codes() -> Any:
    return np.array([model().input_encoder.encode([BOS, "a", "b"])])


def bound(part: Callable[..., domain.Domain]) -> Callable[..., Any]:
    """A part of a domain that is worked out for a vocabulary at once."""

    @functools.wraps(part)
    def call(*args: Any, **kwargs: Any) -> Any:
        return check_setting({"a", "b"}, 3, BOS, "pad", False, part(*args, **kwargs))

    return call


def settings(**more: Any) -> dict[str, Any]:
    return {"program": FLAG, "vocab": {"a", "b"}, "max_seq_len": 2, **more}


def compilers() -> dict[str, Call]:
    """Those that compile a program, or what comes before."""
    return {
        "optitracr.compile_rasp_to_model": Call(
            optitracr.compile_rasp_to_model, settings(optimize=0)
        ),
        "optitracr.compile.allocation_problem": Call(allocation_problem, settings()),
        "optitracr.pareto_front": Call(optitracr.pareto_front, settings(time_limit=1)),
        "optitracr.lower_bounds": Call(optitracr.lower_bounds, settings(time_limit=1)),
        "optitracr.implant": Call(optitracr.implant, {"program": FLAG, **hosting.arguments()}),
        "optitracr.replace": Call(
            optitracr.replace, {"program": FLAG, "part": "0.mlp", **hosting.claim()}
        ),
    }


def functions() -> dict[str, Call]:
    """Public functions by their qualified names."""
    circuit = "optitracr.circuit"
    return {
        **compilers(),
        **benchmarks.functions(model(), Call),
        "optitracr.load": Call(load),
        "optitracr.prove": Call(optitracr.prove, {"model": model()}),
        "optitracr.make_report": Call(
            optitracr.make_report, settings(optimize=0, options={"time_limit": 0})
        ),
        "optitracr.validating.validate": Call(
            validating.validate, {"program": FLAG, "xs": ["a", "b"]}
        ),
        "optitracr.validating.static_validate": Call(validating.static_validate, settings()),
        "optitracr.validating.dynamic_validate": Call(
            validating.dynamic_validate, {"program": FLAG, "xs": ["a"]}
        ),
        "optitracr.rasp.annotate": Call(
            rasp.annotate, {"expr": FLAG, "annotations": {}}, left_out=("annotations",)
        ),
        "optitracr.rasp.numerical": Call(rasp.numerical),
        "optitracr.rasp.categorical": Call(rasp.categorical),
        "optitracr.rasp.default_encoding": Call(rasp.default_encoding),
        "optitracr.rasp.default_name": Call(rasp.default_name),
        "optitracr.rasp.evaluate": Call(rasp.evaluate, {"expr": HIST, "xs": ["a"]}),
        "optitracr.rasp.evaluate_all": Call(rasp.evaluate_all, {"exprs": [HIST], "xs": ["a"]}),
        "optitracr.rasp.evaluate_causal": Call(rasp.evaluate_causal, {"expr": HIST, "xs": ["a"]}),
        "optitracr.rasp.get_encoding": Call(rasp.get_encoding),
        "optitracr.rasp.is_categorical": Call(rasp.is_categorical),
        "optitracr.rasp.is_numerical": Call(rasp.is_numerical),
        "optitracr.rasp.selector_and": Call(rasp.selector_and, {"fst": EQUAL, "snd": MIDDLE}),
        "optitracr.rasp.selector_or": Call(rasp.selector_or, {"fst": EQUAL, "snd": MIDDLE}),
        "optitracr.rasp.at_most_one": Call(rasp.at_most_one, {"selector": EQUAL}),
        "optitracr.rasp.selector_not": Call(rasp.selector_not, {"inner": EQUAL}),
        "optitracr.rasp.sop_not": Call(rasp.sop_not),
        "optitracr.rasp.uniquify_names": Call(rasp.uniquify_names),
        f"{circuit}.intervention.activations": Call(
            intervention.activations, {"model": model(), "tokens": codes()}
        ),
        f"{circuit}.intervention.ablate": Call(
            intervention.ablate, {"model": model(), "tokens": codes(), "parts": ()}
        ),
        f"{circuit}.patching.patch_edge": Call(
            patching.patch_edge,
            {
                "model": model(),
                "tokens": codes(),
                "edge": model().circuit.possible_edges("head")[0],
            },
        ),
        f"{circuit}.patching.edge_effects": Call(
            patching.edge_effects, {"model": model(), "tokens": codes()}
        ),
    }


def parts_of_domains() -> dict[str, Call]:
    """Promises about inputs, each worked out for a vocabulary."""
    return {
        "optitracr.domain.exactly_one": Call(bound(domain.exactly_one), {"token": "a"}),
        "optitracr.domain.at_most_one": Call(bound(domain.at_most_one), {"token": "a"}),
        "optitracr.domain.at_least_one": Call(bound(domain.at_least_one), {"token": "a"}),
        "optitracr.domain.matches": Call(bound(domain.matches), {"pattern": "a*b"}),
        "optitracr.domain.lengths": Call(bound(domain.lengths), {"low": 1}),
        "optitracr.domain.listed": Call(bound(domain.listed), {"sequences": ["ab"]}),
        "optitracr.domain.where": Call(bound(domain.where), {"predicate": lambda t: "a" in t}),
    }


LIBRARY: dict[str, Any] = {
    "sop": rasp.tokens,
    "sops": (rasp.tokens, rasp.indices),
    "vals": rasp.tokens,
    "keys": rasp.indices,
    "bools": FLAG,
    "token": "a",
    "one": "a",
    "other": "b",
    "letter": "a",
    "opening": "(",
    "closing": ")",
    "open_token": "(",
    "close_token": ")",
    "alphabet": "ab",
    "key": (1, 2),
    "pattern": "ab",
    "pairs": ["()"],
    "f": max,
    "shift": 1,
    "offset": 1,
    "width": 2,
    "base": 2,
    "n": 1,
    "modulus": 2,
    "max_seq_len": 3,
    "min_key": 0,
    "name": "hist",
}
"""Right arguments of the library's constructors, by the parameter's name."""


def of_the_library() -> dict[str, Call]:
    found = {}
    for name in library.__all__:
        function = getattr(library, name)
        if inspect.isfunction(function):
            names = inspect.signature(function).parameters
            arguments = {key: LIBRARY[key] for key in names}
            found[f"optitracr.library.{name}"] = Call(function, arguments)
    return found


def constructors() -> dict[str, Call]:
    """Classes that users build."""
    select = {"keys": rasp.tokens, "queries": rasp.tokens, "predicate": rasp.Comparison.EQ}
    pair = {"fst": rasp.tokens, "snd": rasp.indices}
    both = {"fst": EQUAL, "snd": MIDDLE}
    return {
        f"optitracr.rasp.{call.function.__name__}": call
        for call in (
            Call(rasp.Aggregate, {"selector": EQUAL, "sop": FLAG}),
            Call(rasp.ConstantSOp, {"value": [1, 2]}),
            Call(rasp.ConstantSelector, {"value": [[True]]}),
            Call(rasp.Full, {"fill": 1}),
            Call(rasp.LinearSequenceMap, {**pair, "fst_fac": 1, "snd_fac": 2}),
            Call(rasp.Map, {"f": str, "inner": rasp.tokens}),
            Call(rasp.Select, select),
            Call(rasp.SelectBest, {"selector": EQUAL, "score": rasp.indices}),
            Call(rasp.SelectFirst, {"selector": EQUAL}),
            Call(rasp.SelectLast, {"selector": EQUAL}),
            Call(rasp.SelectorAnd, both),
            Call(rasp.SelectorOr, both),
            Call(rasp.SelectorNot, {"inner": EQUAL}),
            Call(rasp.SelectorAtMostOne, {"inner": EQUAL}),
            Call(rasp.SelectorWidth, {"selector": EQUAL}),
            Call(rasp.SequenceMap, {"f": max, **pair}),
        )
    }


MADE_BY_THE_LIBRARY = frozenset(
    (
        "optitracr.domain.Domain",
        *("optitracr.rasp.Annotations", "optitracr.rasp.Annotator", "optitracr.rasp.Predicate"),
        *("optitracr.rasp.IndicesType", "optitracr.rasp.LengthType", "optitracr.rasp.TokensType"),
        *("optitracr.rasp.SOp", "optitracr.rasp.Selector", "optitracr.rasp.RASPExpr"),
        *("optitracr.rasp.SOpT", "optitracr.rasp.SelectorValue", "optitracr.rasp.NumericValue"),
        *("optitracr.rasp.DefaultRASPEvaluator", "optitracr.rasp.CausalEvaluator"),
        *("optitracr.rasp.RASPEvaluator", "optitracr.rasp.Value"),
        *("optitracr.rasp.Comparison", "optitracr.rasp.Encoding", "optitracr.library.Program"),
        "optitracr.validating.TracrUnsupportedExpr",
    )
)
"""Types and enums, and classes that no user builds; their methods are called all the same."""

HOOKS = ("visit", "eval_")
"""Methods that a subclass of an evaluator overrides, and `evaluate` calls."""


def objects() -> Iterator[tuple[Any, dict[str, Any]]]:
    """One of each class with methods, and right arguments by parameter."""
    made = model()
    yield (
        made,
        {
            "size": 2,
            "params": made.params,
            "tokens": codes(),
            "apply.tokens": [BOS, "a"],
            "sequences": [[BOS, "a"]],
            "path": "model",
            "to_onnx.path": "model.onnx",
            "variable": "hist_3",
            "residual": np.zeros((1, made.size.width)),
            "logits": np.zeros((1, made.unembed.shape[1])),
            "folder": "model",
        },
    )
    yield published.form(codes())
    yield made.domain, {"tokens": ["a"], "limit": 3}
    yield made.circuit, {"variable": "hist_3", "found": (), "path": "graph.json"}
    yield made.circuit.record, {"variable": "hist_3", "name": "hist_3"}
    yield made.circuit.weights, {"table": "token_embed", "port": "query", "layer": 0, "head": 0}
    yield made.circuit.wiring("head"), {"stays": [0], "places": [0], "targets": [0]}
    space = made.layout.tenancies[0].variable.space
    yield made.layout, {"state": 0, "space": space}
    yield space, {"other": space}
    yield made.savings, {}
    yield made.size, {}
    yield made.dataset(2), {}
    yield made.counterfactuals(2), {"path": "pairs"}
    causal = made.causal_model(2)
    yield causal, {"tokens": "ab", "given": {"tokens[0]": "a"}, "sources": {"tokens[0]": "ab"}}
    yield made.input_encoder, {"inputs": [BOS, "a"], "encodings": [0]}
    mean = rasp.numerical(rasp.Aggregate(MIDDLE, rasp.numerical(FLAG), default=0))
    numbers = optitracr.compile_rasp_to_model(mean, {"a", "b"}, 2, optimize=0)
    yield numbers.output_encoder, {"inputs": [1.0], "encodings": [1.0]}
    yield made.reference.graph if made.reference else None, {"label": "hist_3"}
    yield made.get_compiled_model(), {"tokens": codes(), "state": np.zeros((1, 1, made.size.width))}
    yield (
        made.get_compiled_model().transformer,
        {"embeddings": np.zeros((1, 2, made.size.width))},
    )
    yield report(), {"name": "residual", "path": "page.html"}
    yield from benchmarks.objects(made)
    yield corpora.made(), {"row": corpora.reading()["row"]}
    yield corpora.ASKED, {"index": 0}
    yield corpora.PROGRAM, {}
    yield report().variables, {"label": "tokens", "variable": "tokens", "name": "tokens"}
    for expression in (FLAG, EQUAL, rasp.tokens, rasp.indices, rasp.length):
        yield expression, {"xs": ["a"], "name": "named", "annotations": {}}
    yield rasp.DefaultRASPEvaluator(), {"expr": HIST, "exprs": [HIST], "xs": ["a"]}
    yield rasp.Comparison.LT, {"key": 1, "query": 2}


def methods() -> dict[str, Call]:
    """Public methods, and calls, of one object of each class."""
    found = {}
    for thing, arguments in objects():
        for name, member in inspect.getmembers(thing, inspect.ismethod):
            if name.startswith(HOOKS) or (name.startswith("_") and name != "__call__"):
                continue
            keys = inspect.signature(member).parameters
            right = {key: arguments.get(f"{name}.{key}", arguments.get(key)) for key in keys}
            own = {key: value for key, value in right.items() if value is not None}
            for owner in published.owners(thing, name):
                found[f"{owner}.{name}"] = Call(member, own, ("annotations", "use_dropout"))
    return found


def of_corpora() -> dict[str, Call]:
    """Functions of `optitracr.corpus`."""
    return {
        "optitracr.corpus.make": Call(corpus.make, corpora.making(), left_out=("watch",)),
        "optitracr.corpus.load": Call(corpus.load, {"folder": corpora.made().folder}),
        "optitracr.corpus.model_of": Call(corpus.model_of, corpora.reading()),
    }


GROUPS: dict[str, Callable[[], dict[str, Call]]] = {
    "functions": functions,
    "corpora": of_corpora,
    "domains": parts_of_domains,
    "library": of_the_library,
    "constructors": constructors,
    "methods": methods,
}


def calls() -> dict[str, Call]:
    """Everything that gets wrong arguments."""
    return {name: call for group in GROUPS.values() for name, call in group().items()}


def uncovered() -> set[str]:
    """Public functions and methods that no call covers."""
    covered, missing = set(calls()), set()
    for name in public_names():
        if name.startswith("solvers.") or name in covered | MADE_BY_THE_LIBRARY:
            continue
        module, _, own = name.rpartition(".")
        thing = getattr(import_module(module), own)
        if inspect.isclass(thing):
            missing |= {
                f"{thing.__qualname__}.{method}"
                for method, member in vars(thing).items()
                if inspect.isfunction(member)
                and not method.startswith("_")
                and f"{thing.__qualname__}.{method}" not in covered
            }
        elif callable(thing) and not isinstance(thing, rasp.RASPExpr):
            missing.add(name)
    return missing
