"""Table of what designs for treatments that switch find in worlds where their assumptions hold, and where they fail."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, count, decimal, percent
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, shown
from detente.study.robustness import DESIGNS, SETTINGS


def _with_error(name: str, times: float, digits: int) -> Column:
    """A number with its Monte Carlo error in parentheses."""

    def show(record: Mapping[str, Any]) -> str:
        value, error = (decimal(times * record[key], digits) for key in (name, f"{name}_error"))
        return f"{value} ({error})"

    return Column("Interval coverage (%)" if name == "covers" else "Estimate − effect", show=show)


_COLUMNS = (
    Column("Effect", show=lambda r: decimal(r["truth"])),
    _with_error("bias", 1, 3),
    Column("SE ÷ spread", show=lambda r: decimal(r["std_error"] / r["spread"])),
    _with_error("covers", 100, 0),
)


@exhibit(
    kind="table", name="design_coverage", page="robustness", place="score", order=2, needs=("design_coverage",),
    applies=lambda study: study.simulated,
)  # fmt: skip
def tried_designs(evidence: Evidence) -> Table:
    """What designs for treatments that switch find where their assumptions hold, and where they fail."""
    frame = evidence.frame("design_coverage")
    rows: list[Row] = []
    for name, setting in SETTINGS.items():
        mine = frame[frame["world"] == name].to_dict("records")
        rows += [Row(setting.label)] if mine else []
        for r in mine:
            own = key("design_coverage", r, "world", "design", "vcov")
            rows.append(shown(DESIGNS[r["design"]].label, _COLUMNS, r, own))
    title = f"Bias of designs for treatments that switch, and how often their {INTERVAL}s hold the effect"
    return Table("design_coverage", title, "", _COLUMNS, tuple(rows), _notes(frame), evidence.simulated)


def _notes(frame: pd.DataFrame) -> tuple[str, ...]:
    draws, dyads, lost = (
        int(value) for value in (frame["draws"].max(), frame["dyads"].max(), frame["undefined"].sum())
    )
    beyond = 1 - (1 - LEVEL) ** (1 / draws)
    none = f" In all {count(lost)} do not exist, as the variance is not positive." if lost else ""
    return (
        f"{count(draws)} draws of {count(dyads)} dyads in each world, with the same luck in every world; about half "
        "of the dyads start a treatment, early or late, which then stays, and states share shocks. These worlds are "
        "apart from that of the study: they show what follows if an assumption is false. Monte Carlo standard errors "
        "in parentheses.",
        "Effect: what the design is to find, on the dyads that it averages over: the mean of five years from the start "
        "on, years alike; by two-way fixed effects that of all treated dyad-years. Interval coverage: share of "
        f"dyadic-robust intervals that hold it.{none} Where all or none do, the Monte Carlo error is 0, and shares of "
        f"up to {percent(beyond)} from there are not excluded at 95 %. SE ÷ spread: mean standard error over the "
        "standard deviation of estimate less effect.",
        "Designs are those that claims are set beside. Matching as it is used here compares with dyads that may start "
        "later on, so that its difference is smaller than the effect where many do. Where SE ÷ spread is above one, "
        "intervals are longer than they need be, and hold more than their level says.",
    )
