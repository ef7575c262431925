"""All that is asked of one claim's headline estimate: power, sensitivity, negative controls, influence, draws."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError
from detente.stats import Fit
from detente.stats.effects import risk_without_treatment
from detente.study.design import Specification
from detente.study.estimation import Band, as_risk, designed, estimate
from detente.study.robustness import randomising, sensitivity
from detente.study.robustness.beside import beside
from detente.study.robustness.calibration import DRAWS as NETWORKS
from detente.study.robustness.calibration import calibrate
from detente.study.robustness.contributions import by_dyad
from detente.study.robustness.deciding import deciding
from detente.study.robustness.frames import FAILURES, POWER, Examination
from detente.study.robustness.influence import influence
from detente.study.robustness.kads import kads_beside
from detente.study.robustness.negative_controls import fit_as_headline, placebos
from detente.study.robustness.power import DRAWS as OUTCOMES
from detente.study.robustness.power import power

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Record:
    """What a claim is examined on: its panel, tidy exercises and states for what is made of them, members of k-ads."""

    panel: pd.DataFrame
    exercises: pd.DataFrame
    states: pd.DataFrame
    groups: pd.DataFrame | None = None

    @property
    def names(self) -> Mapping[int, str]:
        """Names of states by code."""
        latest = self.states[self.states["status"] == "member"].drop_duplicates("ccode", keep="last")
        return {int(code): str(name) for code, name in zip(latest["ccode"], latest["name"], strict=True)}


@dataclass(frozen=True)
class Extent:
    """How much of a headline is examined: which parts, all if None, and how many draws those take that draw.

    `shares`: effects planted beside none and the smallest, over base risk; of the whole power curve if None. `ready`:
    frames that were made already.
    """

    parts: Collection[str] | None = None
    shares: Sequence[float] | None = None
    power: int = OUTCOMES
    randomisation: int = randomising.DRAWS
    calibration: int = NETWORKS
    ready: Mapping[str, pd.DataFrame] = field(default_factory=dict)


WHOLE = Extent()


def examine(record: Record, spec: Specification, seed: int, family_seed: int, extent: Extent = WHOLE) -> Examination:
    """Every frame of one claim; a part that does not exist for it is empty, with its reason in `failures`.

    `spec`: the headline: an LPM. `seed`: of the claim, for simulations. `family_seed`: of the claim's family, whose
    members are drawn together, for draws of treatments. A part that `extent` leaves out is empty.
    """
    wanted, found, lost = extent.parts, dict(extent.ready), list[tuple[str, str, str]]()
    design, nothing = designed(record.panel, spec)
    if nothing or wanted is None or "headline" in wanted:
        estimates = nothing or estimate(design, spec)
        found |= {} if estimates.rows.empty else {"headline": estimates.rows}
        lost += [("headline", str(row.error), str(row.message)) for row in estimates.failures.itertuples()]
    if nothing:
        return Examination.of({**found, "failures": FAILURES.frame(lost)})
    try:
        whole = fit_as_headline(design, spec)
    except EstimationError as error:
        lost.append(("fit", type(error).__name__, str(error)))
        return Examination.of({**found, "failures": FAILURES.frame(lost)})
    band, tables = _band(whole, spec.smallest_effect), (record.panel, record.exercises, record.states)
    parts: Mapping[str, Callable[[], Frames]] = {
        "power": lambda: _power(whole, spec, seed, extent),
        "contributions": lambda: {"contributions": by_dyad(whole.design, whole.solution)},
        "deciding": lambda: {"deciding": deciding(whole, spec.smallest_effect)},
        "sensitivity": lambda: _sensitivity(whole),
        "selection": lambda: {"selection": sensitivity.oster(whole)},
        "evalue": lambda: {"evalue": sensitivity.e_values_of(whole)},
        "influence": lambda: {"influence": influence(whole, spec.claim, record.exercises, record.names, band)},
        "randomisation": lambda: _randomisation(record, whole, spec, family_seed, extent.randomisation),
        "calibration": lambda: calibrate(whole, spec.claim, record.panel, seed, extent.calibration),
        "placebos": lambda: {"placebos": placebos(record.panel, spec)},
        "designs": lambda: beside(record.panel, spec, design, seed, randomising.by_events(spec.claim, *tables)),
        "kads": lambda: kads_beside((*tables, record.groups), spec, whole, seed),
    }
    for name, make in parts.items():
        if name in found or (wanted is not None and name not in wanted):
            continue
        try:
            found |= make()
        except EstimationError as error:
            lost.append((name, type(error).__name__, str(error)))
    return Examination.of({**found, "failures": FAILURES.frame(lost)})


def _band(whole: Fit, share: float) -> Band:
    """A share of the headline's base risk: the same for all refits, so that it is not what flips a verdict."""
    base = risk_without_treatment(whole.solution, whole.design.y, whole.design.treatment)
    return Band(share * as_risk(base.value), 1 + share * float(np.abs(base.gradient).max()))


def _sensitivity(whole: Fit) -> Frames:
    treatment = sensitivity.treatment_of(whole)
    found = {"sensitivity": sensitivity.sensitivity(treatment), "bounds": sensitivity.bounds(treatment)}
    return {**found, "contours": sensitivity.contours(treatment), "extremes": sensitivity.extreme(treatment)}


def _power(whole: Fit, spec: Specification, seed: int, extent: Extent) -> Frames:
    sign = 1 if spec.claim.expected == "raises" else -1
    how: dict[str, Any] = {"sign": sign, "shares": extent.shares, "vcov": whole.vcov.kind, "draws": extent.power}
    made = power(whole.design, spec.smallest_effect, seed=seed, **how)
    return {"power": POWER.frame([made.summary]), "power_curve": made.curve}


def _randomisation(record: Record, whole: Fit, spec: Specification, seed: int, draws: int) -> Frames:
    years = record.panel["year"]
    span = (int(years.min()), int(years.max()))
    found = randomising.schemes(spec.claim, record.panel, record.exercises, record.states, span)
    tests, statistics = randomising.tabulated(randomising.tested(whole, spec.claim, found, seed, draws))
    return {"tests": tests, "draws": statistics}
