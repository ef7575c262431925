"""Whether a conclusion of a published table changes: a sign, or significance, as printed, by ours, and among dyads."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from detente.base.frames import Column, FrameSchema, text
from detente.base.numerics import two_sided
from detente.replicate.notation import printed

CHANGES = ("sign", "significance", "significance under the dyadic covariance")
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
    estimated = numbers[numbers["ours"].notna() & (numbers["term"] != "") & (numbers["quantity"] != "stars")]
    for (name, model, term), part in estimated.groupby(["id", "model", "term"], sort=False):
        own = {"id": str(name), "model": str(model), "term": str(term)}
        theirs = {
            str(q): float(printed(str(text)).value) for q, text in zip(part["quantity"], part["printed"], strict=True)
        }
        ours = dict(zip(part["quantity"].astype(str), part["ours"].astype(float), strict=True))
        rows += [own | change for change in _changed(theirs, ours, significance)]
    changed = dyadic[dyadic["conclusion"].isin(["loses significance", "gains significance"])]
    for row in changed.to_dict("records"):
        shown = {"printed": f"p = {row['printed_p']:.3f}", "ours": f"p = {row['dyadic_p']:.3f}"}
        rows.append({key: row[key] for key in ("id", "model", "term")} | {"change": CHANGES[2], **shown})
    return CONCLUSIONS_CHANGED.frame(rows)


def _changed(theirs: Mapping[str, float], ours: Mapping[str, float], level: float) -> Iterator[dict[str, str]]:
    if "estimate" in theirs and theirs["estimate"] * ours["estimate"] < 0:
        signs = ["+" if value > 0 else "−" for value in (theirs["estimate"], ours["estimate"])]
        yield dict(zip(("change", "printed", "ours"), (CHANGES[0], *signs), strict=True))
    before, after = _p(theirs), _p(ours)
    if before is not None and after is not None and (before < level) != (after < level):
        yield {"change": CHANGES[1], "printed": f"p = {before:.3f}", "ours": f"p = {after:.3f}"}


def _p(numbers: Mapping[str, float]) -> float | None:
    if "p_value" in numbers:
        return numbers["p_value"]
    if numbers.get("std_error", 0) > 0 and "estimate" in numbers:
        return float(two_sided(numbers["estimate"] / numbers["std_error"], float("inf")))
    return None
