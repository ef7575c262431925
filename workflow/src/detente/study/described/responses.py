"""Whether crises turn violent less often where a state answers them by a show of force than without military acts."""

from __future__ import annotations

import pandas as pd

from detente.base.strict import Strict
from detente.stats import fit
from detente.study.described.contract import Finding, Form, Found, Line, Task
from detente.study.described.registry import method

ACTORS = "icb-15-actors"
# Codes of responses, of violence and of triggers.
SHOWN, OTHER, VIOLENT, NONE = (6, 7), (2, 3, 4, 5), (8, 9), 1
SERIOUS_CLASHES, WAR = 3, 4
TRIGGERED_MILITARY, TRIGGERED_VIOLENT = (7,), (8, 9)
NAMES = {1: "shown force", 0: "other act without violence"}


class Options(Strict):
    """There are none."""


@method("responses", Options, lambda _: (ACTORS,))
def responses(task: Task[Options]) -> Found:
    """Difference in the probability of serious clashes or war, and of war, between responses without violence.

    Linear probability model of crisis actors whose major response was a military act without violence, or none that was
    military; indicators of the gravest threat and of a military and a violent trigger; clustered by crisis.
    """
    every = crisis_actors(task.tidy[ACTORS], task.claim.window)
    rows = every[every["response"].isin([*SHOWN, *OTHER])]
    violent, none = int(every["response"].isin(VIOLENT).sum()), int((every["response"] == NONE).sum())
    note = (
        f"linear probability model, clustered by {rows['crisis'].nunique():,} crises; {int(rows['shown'].sum()):,} "
        f"shows of force; left out: {violent:,} violent responses, {none:,} without a response"
    )
    return Found(
        [
            _difference("Serious clashes or war, show of force less other acts", "serious", rows, note, judged=True),
            _difference("Full-scale war, show of force less other acts", "war", rows, note),
        ],
        _series(rows),
    )


def crisis_actors(tidy: pd.DataFrame, window: tuple[int, int]) -> pd.DataFrame:
    """One row per state and crisis that began in the window, whichever targets it had; columns as models have them."""
    within = tidy[tidy["year"].between(*window)].sort_values(["ccode1", "year", "ccode2"])
    once = within.drop_duplicates(["ccode1", "crisis_number_icb15"]).reset_index(drop=True)
    response, trigger = once["crisis_response_icb15"], once["crisis_trigger_icb15"]
    return pd.DataFrame(
        {
            "crisis": once["crisis_number_icb15"].astype("int64"),
            "response": response,
            "shown": response.isin(SHOWN).astype("float64"),
            "serious": (once["crisis_violence_icb15"] >= SERIOUS_CLASHES).astype("float64"),
            "war": (once["crisis_violence_icb15"] == WAR).astype("float64"),
            "threat": once["crisis_threat_icb15"].astype("int64"),
            "military": trigger.isin(TRIGGERED_MILITARY).astype("float64"),
            "violent": trigger.isin(TRIGGERED_VIOLENT).astype("float64"),
        }
    )


def _difference(quantity: str, outcome: str, rows: pd.DataFrame, note: str, *, judged: bool = False) -> Finding:
    made = fit(f"{outcome} ~ shown + military + violent + C(threat)", rows, estimator="lpm", vcov="crisis")
    row = made.table().to_dict("records")[made.terms.index("shown")]
    estimate, low, high, error = (float(100 * row[n]) for n in ("estimate", "conf_low", "conf_high", "std_error"))
    return Finding(
        quantity, "percentage points", estimate, low, high, made.nobs, "states in crises", float(row["p_value"]), error,
        judged=judged, note=note,
    )  # fmt: skip


def _series(rows: pd.DataFrame) -> list[Line]:
    """Share of crises that turned violent, and how many there are, by the gravest threat and the response."""
    cells = rows.groupby(["shown", "threat"])["serious"].agg(["mean", "size"])
    panels = {
        "Serious clashes or war by the gravest threat (ICB code), %": ("mean", 100),
        "States in crises, by the same": ("size", 1),
    }
    lines = []
    for panel, (column, factor) in panels.items():
        for level, name in NAMES.items():
            one = cells[cells.index.get_level_values("shown") == level]
            form: Form = "points" if column == "mean" else "bars"
            values = [float(factor * value) for value in one[column]]
            lines.append(Line(panel, name, form, list(one.index.get_level_values("threat")), values))
    return lines
