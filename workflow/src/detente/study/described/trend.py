"""Whether exercises are ever more often multilateral: a linear trend over the years in which they were held."""

import numpy as np
import pandas as pd
from pydantic import Field

from detente.base.strict import Strict
from detente.base.types import Array
from detente.data.panel import EXERCISES
from detente.study.described.contract import Finding, Found, Line, Task
from detente.study.described.registry import method

DECADE = 10.0


class Options(Strict):
    """From how many parties on an exercise is multilateral."""

    least: int = Field(default=3, ge=3, description="Parties, states or not.")


@method("trend", Options, lambda _: (EXERCISES,))
def trend(task: Task[Options]) -> Found:
    """Share of multilateral exercises, their parties and their number, by year and per decade.

    Least squares over single exercises, standard errors clustered by year, t with one degree of freedom less than there
    are years; of numbers, a quasi-Poisson log-linear trend over years.
    """
    first, last = task.claim.window
    held = task.tidy[EXERCISES].groupby("exercise").agg(year=("year", "min"), parties=("parties", "max"))
    held = held[held["year"].between(first, last)]
    year, many = (np.asarray(x, dtype=np.float64) for x in (held["year"], held["parties"] >= task.options.least))
    parties = np.asarray(held["parties"], dtype=np.float64)
    share, mean = f"Exercises of {task.options.least} parties or more", "Parties to an exercise"
    by_year = held.assign(many=100 * many).groupby("year").agg(many=("many", "mean"), parties=("parties", "mean"))
    by_year["number"] = held.groupby("year").size()
    clustered = "least squares over exercises, standard errors clustered by year"
    return Found(
        [
            _slope(share, "percentage points per decade", 100 * many, year, clustered, judged=True),
            _slope(mean, "parties per decade", parties, year, clustered),
            _growth(by_year["number"]),
        ],
        [
            Line(share, "share of the year's exercises, %", "line", list(by_year.index), list(by_year["many"])),
            Line(mean, "mean of the year", "line", list(by_year.index), list(by_year["parties"])),
            Line("Exercises", "exercises begun in the year", "bars", list(by_year.index), list(by_year["number"])),
        ],
    )


def _slope(quantity: str, unit: str, y: Array, year: Array, note: str, *, judged: bool = False) -> Finding:
    """Change of `y` (N,) per decade."""
    from statsmodels.regression.linear_model import OLS

    x = np.column_stack([np.ones(len(y)), (year - year.mean()) / DECADE])
    fit = OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": year.astype(np.int64)})
    df = len(np.unique(year)) - 1
    return Finding.of_estimate(
        quantity, unit, float(fit.params[1]), float(fit.bse[1]), df,
        nobs=len(y), of="exercises", judged=judged, note=note,
    )  # fmt: skip


def _growth(number: pd.Series) -> Finding:
    """Growth of a number per decade, in per cent of what it was."""
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    years = number.index.to_numpy(dtype=np.float64)
    x = np.column_stack([np.ones(len(years)), (years - years.mean()) / DECADE])
    fit = GLM(number.to_numpy(dtype=np.float64), x, family=Poisson()).fit(scale="X2")
    log = Finding.of_estimate(
        "", "", float(fit.params[1]), float(fit.bse[1]), len(years) - 2, nobs=len(years), of="years"
    )
    estimate, low, high = (100 * float(np.expm1(value)) for value in (log.estimate, log.conf_low, log.conf_high))
    return Finding(
        "Number of exercises", "per cent per decade", estimate, low, high, len(years), "years", log.p_value,
        note="quasi-Poisson; a record that grows more complete grows, too",
    )  # fmt: skip
