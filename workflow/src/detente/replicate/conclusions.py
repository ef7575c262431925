"""Whether a conclusion of a published table changes: a sign, or significance, as printed, by ours, and among dyads."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from detente.base.frames import Column, FrameSchema, text
from detente.base.numerics import two_sided
from detente.replicate.notation import Printed, printed

CHANGES = ("sign", "significance", "significance under the dyadic covariance")
TERM = ["id", "model", "term"]
CONCLUSIONS_CHANGED = FrameSchema(
    "conclusions that change",
    {
        "id": text("table"),
        "model": text("model of the table"),
        "term": text("term"),
        "change": Column("str", "what changes", allowed=CHANGES),
        "printed": text("as printed"),
        "ours": text("by our numbers"),
    },
    key=("id", "model", "term", "change"),
)


def conclusions_changed(numbers: pd.DataFrame, dyadic: pd.DataFrame, significance: float) -> pd.DataFrame:
    """One row per conclusion that changes (`CONCLUSIONS_CHANGED`), of the two frames of a comparison.

    Significance is by the printed p-value if there is one, else by the ratio of estimate and standard error and the
    normal distribution, for print and ours alike.
    """
    rows: list[dict[str, Any]] = []
    for (name, model, term), part in _estimated(numbers).groupby(TERM, sort=False):
        own = {"id": str(name), "model": str(model), "term": str(term)}
        theirs = {str(q): printed(str(text)) for q, text in zip(part["quantity"], part["printed"], strict=True)}
        ours = dict(zip(part["quantity"].astype(str), part["ours"].astype(float), strict=True))
        rows += [own | change for change in _changed(theirs, ours, significance)]
    both = _under_both(dyadic)
    changed = both[(both["printed_p"] < significance) != (both["dyadic_p"] < significance)]
    for row in changed.to_dict("records"):
        shown = {"printed": f"p = {row['printed_p']:.3f}", "ours": f"p = {row['dyadic_p']:.3f}"}
        rows.append({key: row[key] for key in TERM} | {"change": CHANGES[2], **shown})
    return CONCLUSIONS_CHANGED.frame(rows)


def conclusions_compared(numbers: pd.DataFrame, dyadic: pd.DataFrame) -> dict[str, int]:
    """On how many terms a conclusion can be compared: with ours, and under the dyadic-robust covariance."""
    told = _estimated(numbers)
    told = told[told["quantity"].isin(["estimate", "odds_ratio", "p_value"])]
    return {"ours": len(told.drop_duplicates(TERM)), "dyadic": len(_under_both(dyadic))}


def _estimated(numbers: pd.DataFrame) -> pd.DataFrame:
    """Numbers of terms of which there is one of ours."""
    return numbers[numbers["ours"].notna() & (numbers["term"] != "") & (numbers["quantity"] != "stars")]


def _under_both(dyadic: pd.DataFrame) -> pd.DataFrame:
    """Terms that have a p-value by the printed standard error and by the dyadic-robust one."""
    return dyadic[dyadic["printed_p"].notna() & dyadic["dyadic_p"].notna()]


def _changed(theirs: Mapping[str, Printed], ours: Mapping[str, float], level: float) -> Iterator[dict[str, str]]:
    values = {name: float(told.value) for name, told in theirs.items()}
    before_side, after_side = _side(values), _side(ours)
    if before_side * after_side < 0:
        signs = ["+" if side > 0 else "−" for side in (before_side, after_side)]
        yield dict(zip(("change", "printed", "ours"), (CHANGES[0], *signs), strict=True))
    before, after = _significant(theirs, level), _p(ours)
    if before is not None and after is not None and before != (after < level):
        shown = theirs.get("p_value")
        said = f"p {shown.bound or '='} {shown.number}" if shown else f"p = {_p(values):.3f}"
        yield {"change": CHANGES[1], "printed": said, "ours": f"p = {after:.3f}"}


def _side(numbers: Mapping[str, float]) -> float:
    """On which side of no effect an estimate is, by its odds ratio where that alone is printed; 0 if not known."""
    if "estimate" in numbers:
        return numbers["estimate"]
    return math.log(numbers["odds_ratio"]) if numbers.get("odds_ratio", 0.0) > 0 else 0.0


def _significant(theirs: Mapping[str, Printed], level: float) -> bool | None:
    """Whether a printed number is significant; None if a bound, such as "< 0.1" at 0.05, does not say."""
    told = theirs.get("p_value")
    if told is None or not told.bound:
        p = _p({name: float(each.value) for name, each in theirs.items()})
        return None if p is None else p < level
    if told.bound == "<":
        return True if float(told.value) <= level else None
    return False if float(told.value) >= level else None


def _p(numbers: Mapping[str, float]) -> float | None:
    if "p_value" in numbers:
        return numbers["p_value"]
    if numbers.get("std_error", 0) > 0 and "estimate" in numbers:
        return float(two_sided(numbers["estimate"] / numbers["std_error"], float("inf")))
    return None
