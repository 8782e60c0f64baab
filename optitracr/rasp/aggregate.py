"""S-ops computed by attention: the mean over what is selected, and how many are."""

from __future__ import annotations

from collections.abc import Sequence

from optitracr.rasp.expression import RASPExpr, Value
from optitracr.rasp.predicates import Comparison
from optitracr.rasp.selector import Select, Selector, check_selector
from optitracr.rasp.sop import SOp, check_sop, check_value, tokens


class SelectorWidth(SOp):
    """How many keys each query selects.

    Attributes:
        selector: What selects.
    """

    default_label_name = "selector_width"

    def __init__(self, selector: Selector) -> None:
        """Builds the width of `selector`.

        Raises:
            ProgramError: If it is no selector.
        """
        super().__init__()
        self.selector: Selector = check_selector("SelectorWidth", "selector", selector)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The selector."""
        return [self.selector]

    @property
    def never_none(self) -> bool:
        """True: nothing selected counts 0."""
        return True


class LengthType(SelectorWidth):
    """The number of tokens; use the instance `length`.

    It is the width of the selector of everything. So in a causal model, in which nothing
    later is seen, it is the number of tokens so far.
    """

    default_label_name = "length"

    def __init__(self) -> None:
        super().__init__(Select(tokens, tokens, Comparison.TRUE))

    @property
    def label(self) -> str:
        """Always "length"."""
        return "length"

    def __repr__(self) -> str:
        return "length"


length: SOp = LengthType()


class Aggregate(SOp):
    """The value that each query selects, or the mean of those it selects.

    Nothing selected gives the default; one value is given as it is; several must be
    numbers, and give their mean.

    Attributes:
        selector: What selects.
        sop: The values.
        default: The value where nothing is selected.
    """

    default_label_name = "aggregate"

    def __init__(self, selector: Selector, sop: SOp, default: Value = None) -> None:
        """Builds the aggregate of `sop` under `selector`.

        Raises:
            ProgramError: If `selector` is no selector, `sop` no s-op, or the default an
                expression.
        """
        super().__init__()
        self.selector: Selector = check_selector("Aggregate", "selector", selector)
        self.sop: SOp = check_sop("Aggregate", "s-op", sop)
        self.default = check_value("Aggregate", "default", default)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The selector and the s-op."""
        return [self.selector, self.sop]
