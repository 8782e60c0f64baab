"""RASP, the language of programs (Weiss, Goldberg, Yahav 2021), embedded in Python.

    from optitracr import rasp

    opposite = rasp.length - rasp.indices - 1
    reverse = rasp.Aggregate(
        rasp.Select(rasp.indices, opposite, rasp.Comparison.EQ), rasp.tokens
    )
    reverse("abc")  # ['c', 'b', 'a']

Names and meaning are those of `tracr.rasp.rasp`, so that a program written for Tracr runs
by changing its import.
"""

from optitracr.rasp.aggregate import Aggregate, LengthType, SelectorWidth, length
from optitracr.rasp.encoding import (
    SOpT,
    categorical,
    get_encoding,
    is_categorical,
    is_numerical,
    numerical,
)
from optitracr.rasp.evaluate import (
    CausalEvaluator,
    DefaultRASPEvaluator,
    RASPEvaluator,
    evaluate,
    evaluate_all,
    evaluate_causal,
)
from optitracr.rasp.expression import (
    DEFAULT_ANNOTATORS,
    Annotations,
    Annotator,
    Encoding,
    NumericValue,
    RASPExpr,
    SelectorValue,
    Value,
    annotate,
    default_encoding,
    default_name,
)
from optitracr.rasp.graded import SelectBest, SelectFirst, SelectLast
from optitracr.rasp.predicates import Comparison, Predicate
from optitracr.rasp.selector import (
    ConstantSelector,
    Select,
    Selector,
    SelectorAnd,
    SelectorAtMostOne,
    SelectorNot,
    SelectorOr,
    at_most_one,
    selector_and,
    selector_not,
    selector_or,
)
from optitracr.rasp.sop import (
    ConstantSOp,
    Full,
    IndicesType,
    LinearSequenceMap,
    Map,
    SequenceMap,
    SOp,
    TokensType,
    indices,
    sop_not,
    tokens,
)
from optitracr.rasp.unique import uniquify_names

__all__ = [
    "DEFAULT_ANNOTATORS",
    "Aggregate",
    "Annotations",
    "Annotator",
    "CausalEvaluator",
    "Comparison",
    "ConstantSOp",
    "ConstantSelector",
    "DefaultRASPEvaluator",
    "Encoding",
    "Full",
    "IndicesType",
    "LengthType",
    "LinearSequenceMap",
    "Map",
    "NumericValue",
    "Predicate",
    "RASPEvaluator",
    "RASPExpr",
    "SOp",
    "SOpT",
    "Select",
    "SelectBest",
    "SelectFirst",
    "SelectLast",
    "Selector",
    "SelectorAnd",
    "SelectorAtMostOne",
    "SelectorNot",
    "SelectorOr",
    "SelectorValue",
    "SelectorWidth",
    "SequenceMap",
    "TokensType",
    "Value",
    "annotate",
    "at_most_one",
    "categorical",
    "default_encoding",
    "default_name",
    "evaluate",
    "evaluate_all",
    "evaluate_causal",
    "get_encoding",
    "indices",
    "is_categorical",
    "is_numerical",
    "length",
    "numerical",
    "selector_and",
    "selector_not",
    "selector_or",
    "sop_not",
    "tokens",
    "uniquify_names",
]
