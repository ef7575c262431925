"""The headline of a claim in the years that are its own, and in those that all claims of a study have in common."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from detente.base.errors import EmptySample, NoVariation
from detente.base.frames import Column, FrameSchema, number, text
from detente.study.design import Specification, build_design
from detente.study.estimation.schema import VERDICTS
from detente.study.estimation.tidy import estimate

EFFECT = "average_marginal_effect"
NUMBERS = (
    "estimate", "std_error", "df", "conf_low", "conf_high", "base_risk", "mde", "mde_share",
)  # fmt: skip
SIZES = ("nobs", "events", "switching_dyads")
WINDOWS = FrameSchema(
    "windows",
    {
        "claim": text("the claim"),
        "first_year": Column("int64", "first year of the outcome"),
        "last_year": Column("int64", "last year of the outcome"),
        "own": Column("bool", "whether these years are the claim's own, or those that all claims have in common"),
        **{name: Column("float64", f"{name} of its headline, as in estimates", nullable=True) for name in SIZES},
        **{name: number(f"{name} of its headline, as in estimates") for name in NUMBERS},
        "verdict": Column("str", "the first word of the verdict in these years", allowed=VERDICTS),
        "failure": text("why there is no estimate, empty if there is one"),
    },
    key=("claim", "first_year", "last_year"),
)


def in_windows(panel: pd.DataFrame, specs: Iterable[Specification], common: tuple[int, int]) -> pd.DataFrame:
    """One row of WINDOWS per specification: headlines, each in its years; those of `common` are not a claim's own.

    A headline that does not exist in some years is a row with its reason.
    """
    return WINDOWS.frame([_row(panel, spec, common) for spec in specs])


def _row(panel: pd.DataFrame, spec: Specification, common: tuple[int, int]) -> dict[str, Any]:
    about = {
        "claim": spec.claim.id,
        "first_year": spec.window[0],
        "last_year": spec.window[1],
        "own": spec.window != common,
    }
    return {**about, **dict(_found(panel, spec))}


def _found(panel: pd.DataFrame, spec: Specification) -> Iterator[tuple[str, Any]]:
    try:
        made = estimate(build_design(panel, spec), spec)
    except (EmptySample, NoVariation) as error:
        found, failure = pd.DataFrame(), spec.reason(error)
    else:
        rows = made.rows
        found = rows[(rows["quantity"] == EFFECT) & (rows["vcov"] == spec.covariance)] if len(rows) else rows
        failure = "; ".join(made.failures["message"])
    row = dict[str, Any]() if found.empty else {str(name): value for name, value in found.iloc[0].items()}
    yield from ((name, float(row[name]) if len(found) else float("nan")) for name in (*SIZES, *NUMBERS))
    yield "verdict", row["verdict"] if len(found) else ""
    yield "failure", "" if len(found) else failure or "the headline has no average marginal effect"
