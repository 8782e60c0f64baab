"""What each library program computes, said again in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby, pairwise
from statistics import fmean, median_low
from typing import Any

Xs = list[Any]
Reference = Callable[[Xs], Xs]


def everywhere(f: Callable[[Xs], Any]) -> Reference:
    """The same value at every position."""
    return lambda xs: [f(xs) for _ in xs]


def each(f: Callable[[Any], Any]) -> Reference:
    return lambda xs: [f(x) for x in xs]


def at(f: Callable[[Xs, int], Any]) -> Reference:
    return lambda xs: [f(xs, i) for i in range(len(xs))]


def up_to(f: Callable[[Xs], Any]) -> Reference:
    """A value of each prefix."""
    return lambda xs: [f(xs[: i + 1]) for i in range(len(xs))]


def padded(f: Callable[[Xs], Xs]) -> Reference:
    return lambda xs: f(xs) + [None] * (len(xs) - len(f(xs)))


def token(xs: Xs, i: int) -> Any:
    return xs[i] if 0 <= i < len(xs) else None


def most_frequent(xs: Xs) -> Xs:
    return sorted(dict.fromkeys(xs), key=lambda x: -xs.count(x))


def share(xs: Xs, *wanted: Any) -> float:
    return sum(x in wanted for x in xs) / len(xs)


def shuffled(*pairs: str) -> Reference:
    def balanced(xs: Xs) -> bool:
        depths = [
            [xs[: i + 1].count(p[0]) - xs[: i + 1].count(p[1]) for i in range(len(xs))]
            for p in pairs
        ]
        return all(min(d) >= 0 and d[-1] == 0 for d in depths)

    return everywhere(balanced)


def open_brackets(xs: Xs) -> int:
    return xs.count("(") - xs.count(")")


def verdict(xs: Xs) -> str:
    """T, P or F, with a stack."""
    stack: list[str] = []
    for x in xs:
        if x in "([":
            stack.append(x)
        elif not stack or stack.pop() + x not in ("()", "[]"):
            return "F"
    return "P" if stack else "T"


def swapped(xs: Xs, i: int) -> Any:
    partner = i + 1 if i % 2 == 0 else i - 1
    return xs[partner] if partner < len(xs) else xs[i]


def fizzbuzz(xs: Xs, i: int) -> str:
    n = i + 1
    if n % 15 == 0:
        return "fizzbuzz"
    return "fizz" if n % 3 == 0 else "buzz" if n % 5 == 0 else str(n)


def increment(xs: Xs) -> Xs:
    value = (int("".join(xs), 2) + 1) % 2 ** len(xs)
    return list(format(value, f"0{len(xs)}b"))


def addition(xs: Xs) -> Xs:
    if len(xs) < 5 or "+" in xs[:2] + xs[3:]:
        return [None] * len(xs)
    total = int("".join(xs[:2]), 2) + int("".join(xs[3:]), 2)
    return list(format(total, "05b"))


def carries(xs: Xs) -> Xs:
    out, carry = [], 0
    for x in xs:
        carry = (x + carry) // 2
        out.append(carry)
    return out


def induction(xs: Xs, i: int) -> Any:
    earlier = [j for j in range(i) if xs[j] == xs[i]]
    return xs[earlier[-1] + 1] if earlier else None


def ends_with(pattern: str) -> Reference:
    size = len(pattern)
    return at(lambda xs, i: None if i < size - 1 else xs[i - size + 1 : i + 1] == list(pattern))


def run_lengths(xs: Xs) -> Xs:
    lengths = [len(list(run)) for _, run in groupby(xs)]
    return [n for n in lengths for _ in range(n)]


def run_index(xs: Xs) -> Xs:
    return [n for n, (_, run) in enumerate(groupby(xs)) for _ in run]


def distance_to_last(xs: Xs, i: int) -> Any:
    return next((i - j for j in range(i, -1, -1) if xs[j] == "b"), None)


def majority_vote(xs: Xs) -> str:
    counts = Counter(xs)
    return "tie" if counts["a"] == counts["b"] else "a" if counts["a"] > counts["b"] else "b"


def title_case(xs: Xs) -> Xs:
    return [x.upper() if i == 0 or xs[i - 1] == " " else x for i, x in enumerate(xs)]


def hist_bos(xs: Xs, i: int) -> int:
    bos = xs.count("§")
    others = 0 if xs[i] == "§" else xs.count(xs[i])
    return round((bos + others) / bos) - 1 if bos else 0


REFERENCES: dict[str, Reference] = {
    "length": everywhere(len),
    "hist": at(lambda xs, i: xs.count(xs[i])),
    "hist_bos": at(hist_bos),
    "double_hist": at(lambda xs, i: sum(xs.count(x) == xs.count(xs[i]) for x in set(xs))),
    "frac_prevs": up_to(lambda xs: share(xs, "x")),
    "fraction": everywhere(lambda xs: share(xs, "a")),
    "count": everywhere(lambda xs: xs.count("a")),
    "count_less_freq": everywhere(lambda xs: sum(n for n in Counter(xs).values() if n <= 2)),
    "count_distinct": everywhere(lambda xs: len(set(xs))),
    "distinct_so_far": up_to(lambda xs: len(set(xs))),
    "running_count": up_to(lambda xs: xs.count("a")),
    "majority": everywhere(lambda xs: xs.count("a") > len(xs) / 2),
    "majority_vote": everywhere(majority_vote),
    "contains": everywhere(lambda xs: "a" in xs),
    "is_duplicate": at(lambda xs, i: xs[i] in xs[:i] + xs[i + 1 :]),
    "parity": everywhere(lambda xs: xs.count("1") & 1),
    "running_parity": up_to(lambda xs: xs.count("1") & 1),
    "count_others": at(lambda xs, i: (xs[:i] + xs[i + 1 :]).count(xs[i])),
    "sort_unique": sorted,
    "sort": sorted,
    "sort_freq": lambda xs: sorted(xs, key=lambda x: -xs.count(x)),
    "most_frequent": padded(most_frequent),
    "distinct_sorted": padded(lambda xs: sorted(set(xs))),
    "rank": at(lambda xs, i: sorted(xs).index(xs[i])),
    "minimum": everywhere(min),
    "maximum": everywhere(max),
    "argmin": everywhere(lambda xs: xs.index(min(xs))),
    "argmax": everywhere(lambda xs: xs.index(max(xs))),
    "median": everywhere(median_low),
    "is_sorted": everywhere(lambda xs: xs == sorted(xs)),
    "sliding_max": at(lambda xs, i: max(xs[i - 1 : i + 1]) if i else None),
    "inversions": at(lambda xs, i: sum(x < xs[i] for x in xs[i:])),
    "pair_balance": up_to(lambda xs: share(xs, "(") - share(xs, ")")),
    "shuffle_dyck1": shuffled("()"),
    "shuffle_dyck2": shuffled("()", "{}"),
    "shuffle_dyck3": shuffled("()", "{}", "[]"),
    "bracket_depth": up_to(open_brackets),
    "max_depth": everywhere(
        lambda xs: max(0, *(open_brackets(xs[: i + 1]) for i in range(len(xs))))
    ),
    "dyck1_ptf": up_to(verdict),
    "dyck2_ptf": up_to(verdict),
    "balanced": everywhere(lambda xs: verdict(xs) == "T"),
    "identity": list,
    "reverse": lambda xs: xs[::-1],
    "shift_by": at(lambda xs, i: token(xs, i - 2)),
    "previous_token": at(lambda xs, i: token(xs, i - 1)),
    "next_token": at(lambda xs, i: token(xs, i + 1)),
    "first_token": everywhere(lambda xs: xs[0]),
    "last_token": everywhere(lambda xs: xs[-1]),
    "middle_token": everywhere(lambda xs: xs[(len(xs) - 1) // 2]),
    "rotate": lambda xs: xs[-1:] + xs[:-1],
    "swap_pairs": at(swapped),
    "repeat_half": lambda xs: (2 * xs[: (len(xs) + 1) // 2])[: len(xs)],
    "mirror": lambda xs: xs[: (len(xs) + 1) // 2] + xs[: len(xs) // 2][::-1],
    "nary_sequencemap": at(lambda xs, i: 2 * xs[i] - i),
    "position_parity": at(lambda xs, i: i & 1),
    "fizzbuzz": at(fizzbuzz),
    "sum_modulo": everywhere(lambda xs: sum(xs) % 3),
    "running_sum": up_to(sum),
    "difference": at(lambda xs, i: xs[i] - xs[i - 1] if i else None),
    "mean": everywhere(fmean),
    "increment": increment,
    "addition": addition,
    "carries": carries,
    "detect_pattern": ends_with("abcd"),
    "has_earlier": at(lambda xs, i: xs[:i].count(xs[i])),
    "mask_duplicates": at(lambda xs, i: None if xs[i] in xs[:i] else xs[i]),
    "remove_duplicates": padded(lambda xs: list(dict.fromkeys(xs))),
    "induction": at(induction),
    "index_of_first": everywhere(lambda xs: xs.index("b") if "b" in xs else None),
    "palindrome": everywhere(lambda xs: xs == xs[::-1]),
    "alternating": everywhere(lambda xs: all(x != y for x, y in pairwise(xs))),
    "equal_halves": everywhere(lambda xs: xs == 2 * xs[: len(xs) // 2]),
    "run_index": run_index,
    "run_length": run_lengths,
    "longest_run": everywhere(lambda xs: max(run_lengths(xs))),
    "leading_run": up_to(lambda xs: len(set(xs)) == 1),
    "bigram_count": at(
        lambda xs, i: (
            sum(xs[j - 1 : j + 1] == xs[i - 1 : i + 1] for j in range(1, len(xs))) if i else 0
        )
    ),
    "distance_to_last": at(distance_to_last),
    "first_occurrence": at(lambda xs, i: xs.index(xs[i]) == i),
    "last_occurrence": at(lambda xs, i: xs[i] not in xs[i + 1 :]),
    "induction_composite": at(induction),
    "equal_or_near": at(lambda xs, i: sum(x == xs[i] or abs(i - j) <= 1 for j, x in enumerate(xs))),
    "upper_case": each(str.upper),
    "is_vowel": each(lambda x: x in {"a", "e", "i", "o", "u"}),
    "count_vowels": everywhere(lambda xs: xs.count("a") + xs.count("e")),
    "drop_vowels": padded(lambda xs: [x for x in xs if x != "a"]),
    "censor": each(lambda x: {"b": "*"}.get(x, x)),
    "caesar": each(lambda x: chr((ord(x) - ord("a") + 3) % 8 + ord("a"))),
    "vigenere": at(lambda xs, i: "abcd"["abcd".index(xs[i]) - 4 + 1 + i % 2]),
    "count_words": everywhere(lambda xs: len("".join(xs).split())),
    "title_case": title_case,
    "word_index": up_to(lambda xs: xs.count(" ")),
}
