"""All that is asked of one claim's headline estimate: power, sensitivity, negative controls, influence, draws."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, EstimationError, UnknownVariable
from detente.base.types import Array
from detente.data import region
from detente.data.panel import pairs
from detente.stats import Fit, ModelFrame, fit, get, with_fixed_effects
from detente.study.config import Claim
from detente.study.design import ESTIMATOR, Specification, build_design, lagged
from detente.study.estimation import estimate
from detente.study.robustness import influence, schemes
from detente.study.robustness.frames import FAILURES, PLACEBOS, POWER, Examination
from detente.study.robustness.power import power
from detente.study.robustness.selection import e_values_of, oster
from detente.study.robustness.sensitivity import bounds, contours, extreme, sensitivity, treatment_of

# First years of eras: the end of the Cold War, and the attacks of September 2001.
ERAS = (1992, 2002)
# Series of exercises that are left out one at a time: those with most dyad-years.
MOST_SERIES = 40
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Record:
    """What a claim is examined on: its panel, and tidy exercises and states for what is made of them."""

    panel: pd.DataFrame
    exercises: pd.DataFrame
    states: pd.DataFrame

    @property
    def names(self) -> Mapping[int, str]:
        """Names of states by code."""
        latest = self.states[self.states["status"] == "member"].drop_duplicates("ccode", keep="last")
        return {int(code): str(name) for code, name in zip(latest["ccode"], latest["name"], strict=True)}


def examine(record: Record, spec: Specification, seed: int, family_seed: int) -> Examination:
    """Every frame of one claim; a part that does not exist for it is empty, with its reason in `failures`.

    `spec`: the headline: an LPM. `seed`: of the claim: simulations follow from it. `family_seed`: of the claim's
    family, whose members are drawn together: draws of treatments follow from it.
    """
    design = build_design(record.panel, spec)
    estimates = estimate(design, spec)
    found: Frames = {} if estimates.rows.empty else {"headline": estimates.rows}
    lost = [("headline", str(row.error), str(row.message)) for row in estimates.failures.itertuples()]
    try:
        whole = _fitted(design, spec)
    except EstimationError as error:
        lost.append(("fit", type(error).__name__, str(error)))
        return Examination.of({**found, "failures": FAILURES.frame(lost)})
    band = spec.smallest_effect * float(design.y.mean())
    parts: Mapping[str, Callable[[], Frames]] = {
        "power": partial(_power, whole, spec, seed),
        "sensitivity": partial(_sensitivity, whole),
        "selection": lambda: {"selection": oster(whole)},
        "evalue": lambda: {"evalue": e_values_of(whole)},
        "influence": lambda: {"influence": _influence(record, whole, spec, band)},
        "randomisation": partial(_randomisation, record, whole, spec, family_seed),
    }
    for name, make in parts.items():
        try:
            found |= make()
        except EstimationError as error:
            lost.append((name, type(error).__name__, str(error)))
    found["placebos"], without = _placebos(record, spec)
    return Examination.of({**found, "failures": FAILURES.frame([*lost, *without])})


def _fitted(design: ModelFrame, spec: Specification) -> Fit:
    whole = with_fixed_effects(design, get(ESTIMATOR), spec.effects)
    return fit(whole, estimator=ESTIMATOR, vcov=spec.vcov[0])


def _sensitivity(whole: Fit) -> Frames:
    treatment = treatment_of(whole)
    found = {"sensitivity": sensitivity(treatment), "bounds": bounds(treatment)}
    return {**found, "contours": contours(treatment), "extremes": extreme(treatment)}


def _power(whole: Fit, spec: Specification, seed: int) -> Frames:
    sign = 1 if spec.claim.expected == "raises" else -1
    made = power(whole.design, spec.smallest_effect, sign=sign, vcov=whole.vcov.kind, seed=seed)
    return {"power": POWER.frame([made.summary]), "power_curve": made.curve}


def _placebos(record: Record, spec: Specification) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """One row per negative control, the headline with its variable in place of the treatment; and those that fail."""
    rows, lost = [], []
    for placebo in spec.claim.placebos:
        other = spec.claim.model_copy(update={"treatment": placebo.variable, "lag": placebo.lag, "moderator": None})
        try:
            design = build_design(record.panel, replace(spec, claim=other))
            made = _fitted(design, spec)
        except (EstimationError, EmptySample, UnknownVariable) as error:
            lost.append(("placebos", type(error).__name__, f"{placebo.label}: {error}"))
            continue
        row = made.table().set_index("term").loc[lagged(placebo.variable, placebo.lag)]
        counts = (made.nobs, made.events, int((design.treatment > 0).sum()))
        values = (row["estimate"], row["std_error"], made.vcov.df, row["p_value"], row["conf_low"], row["conf_high"])
        rows.append((placebo.variable, placebo.lag, placebo.label, *values, *counts))
    return PLACEBOS.frame(rows), lost


def _influence(record: Record, whole: Fit, spec: Specification, band: float) -> pd.DataFrame:
    design = whole.design
    codes = np.union1d(design.factor("side1"), design.factor("side2"))
    where = region(codes)
    regions = {name: codes[where == name] for name in dict.fromkeys(where)}
    left = [
        influence.leave_out(whole, influence.states(design, record.names), band),
        influence.leave_out(whole, influence.groups(design, influence.REGION, regions), band),
        influence.leave_out(whole, influence.eras(design, ERAS), band),
    ]
    how = schemes.assignment(spec.claim)
    if how.events and not spec.claim.directed and spec.claim.moderator is None:
        held = record.exercises[how.events(record.exercises)]
        left.append(influence.rebuilt(whole, _without_series(held, how.measure, design, spec.claim), band))
    return pd.concat(left, ignore_index=True)


def _without_series(
    events: pd.DataFrame, measure: str, design: ModelFrame, claim: Claim
) -> Iterator[tuple[str, Array]]:
    """The treatment without each of the largest series of exercises."""
    both = pairs(events)
    key = ["ccode1", "ccode2", "year"]
    named = both[both["series"] >= 0].groupby("series").size().sort_values(ascending=False, kind="stable")
    titles = events.drop_duplicates("series").set_index("series")["title"]
    rows = pd.DataFrame({"ccode1": design.side1, "ccode2": design.side2, "year": np.asarray(design.time) - claim.lag})
    for series in named.index[:MOST_SERIES]:
        kept = both[both["series"] != series]
        weight = 1.0 / (kept["parties"] - 1) if measure == "weight" else pd.Series(1.0, index=kept.index)
        sums = weight.groupby([kept[k] for k in key]).sum().rename("value").reset_index()
        value = rows.merge(sums, on=key, how="left", validate="many_to_one")["value"].fillna(0.0).to_numpy()
        yield str(titles[series]), np.minimum(value, 1.0) if measure == "any" else value


def _randomisation(record: Record, whole: Fit, spec: Specification, seed: int) -> Frames:
    years = record.panel["year"]
    span = (int(years.min()), int(years.max()))
    found = schemes.schemes(spec.claim, record.panel, record.exercises, record.states, span)
    tests, draws = schemes.tabulated(schemes.tested(whole, spec.claim, found, seed))
    return {"tests": tests, "draws": draws}
