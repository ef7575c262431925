"""The schema of tidy estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.study.estimation.tidy import COLUMNS
from detente.study.robustness.coverage import JUDGED, ORDER

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

VERDICTS = ("", "lowers", "raises", "negligible", "inconclusive")
# Treatment and state shocks of a simulated world, its shocks as large as can be, and a treatment of whole states.
SCENARIOS = ("own", "strong", "shared")
QUANTITIES = ("coefficient", "average_marginal_effect", "risk_ratio")


def estimates_schema() -> DataFrameSchema:
    """Finite numbers, intervals around their estimates, counts that are possible."""
    import pandera.pandas as pa

    columns = {name: pa.Column(nullable=True) for name in COLUMNS}
    columns |= {
        "quantity": pa.Column(checks=pa.Check.isin(QUANTITIES)),
        "verdict": pa.Column(checks=pa.Check.isin(VERDICTS)),
        "estimate": pa.Column("float64"),
        "std_error": pa.Column("float64", checks=pa.Check.ge(0)),
        "nobs": pa.Column("int64", checks=pa.Check.gt(0)),
        "events": pa.Column("int64", checks=pa.Check.gt(0)),
        "states": pa.Column("int64", checks=pa.Check.gt(1)),
        "converged": pa.Column("bool", checks=pa.Check.eq(True)),
    }
    inside = pa.Check(
        lambda f: (f["conf_low"] <= f["estimate"]) & (f["estimate"] <= f["conf_high"]),
        name="estimate inside its interval",
    )
    return pa.DataFrameSchema(columns, checks=[inside], strict=True, unique=["spec_id", "vcov", "quantity", "term"])


def coverage_schema() -> DataFrameSchema:
    """Shares within 0 and 1; a cell without numbers says why."""
    import pandera.pandas as pa

    columns = {name: pa.Column(nullable=True) for name in JUDGED}
    columns |= {
        "claim": pa.Column(str),
        "scenario": pa.Column(checks=pa.Check.isin(SCENARIOS)),
        "sample": pa.Column(str),
        "state_shock": pa.Column("float64", nullable=True, checks=pa.Check.ge(0)),
        "planted": pa.Column("float64"),
        "rows": pa.Column("int64", checks=pa.Check.ge(0)),
        "dyads": pa.Column("int64", checks=pa.Check.ge(0)),
        "states": pa.Column("int64", checks=pa.Check.ge(0)),
        "failure": pa.Column(str),
        "vcov": pa.Column(checks=pa.Check.isin(ORDER)),
        "covers": pa.Column("float64", nullable=True, checks=pa.Check.in_range(0, 1)),
        "ratio": pa.Column("float64", nullable=True, checks=pa.Check.ge(0)),
    }
    told = pa.Check(lambda f: f["covers"].notna() | (f["failure"] != ""), name="covers, or a reason why not")
    return pa.DataFrameSchema(columns, checks=[told], strict=True, unique=["scenario", "sample", "vcov"])
