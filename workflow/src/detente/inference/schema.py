"""The schema of tidy estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.inference.tidy import COLUMNS

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

VERDICTS = ("", "lowers", "raises", "negligible", "inconclusive")
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
        "n": pa.Column("int64", checks=pa.Check.gt(0)),
        "events": pa.Column("int64", checks=pa.Check.gt(0)),
        "states": pa.Column("int64", checks=pa.Check.gt(1)),
        "converged": pa.Column("bool", checks=pa.Check.eq(True)),
    }
    inside = pa.Check(
        lambda f: (f["ci_low"] <= f["estimate"]) & (f["estimate"] <= f["ci_high"]),
        name="estimate inside its interval",
    )
    return pa.DataFrameSchema(
        columns, checks=[inside], strict=True, unique=["spec_id", "covariance", "quantity", "term"]
    )
