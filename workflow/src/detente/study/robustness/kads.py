"""A claim about events of several states with each event as one observation, beside its dyadic headline (Poast 2010).

K-ads of the year before are compared with groups of the same year, size and regions, drawn as the sample of the
headline has it: linked by politically relevant pairs where that is of such pairs. Weights balance each stratum, so that
effects are absorbed of year and size class alone: a stratum has a handful of k-ads, and residuals beside its own mean
would show little of the errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, PanelError
from detente.base.lags import lagged
from detente.base.numerics import CONSTANT
from detente.base.types import Array, Codes
from detente.data.kads import KINDS, RELEVANT, Asked, KadPanel, Sampling, kad_panel, rule_of
from detente.data.panel import catalogue
from detente.data.sources import REGISTRY
from detente.stats import Fit
from detente.stats.kadic import KadFit, KadRows, Sharing, kad_logit, kad_lpm
from detente.study.design import Specification, duration_terms
from detente.study.robustness.kad_frame import KADS, LABELS

# First sizes of classes of k-ads beyond two states.
SIZES = (3, 4, 6, 10)
# The row whose risk of any onset is that of a logit.
ANY_BY_LOGIT = "logit"
_NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True)
class _Sample:
    """K-ads (G) at risk whose controls are known, in strata with both observed and drawn ones; `left_out` others."""

    frame: pd.DataFrame
    controls: Mapping[str, Array]
    sharing: Sharing
    left_out: int

    @property
    def event(self) -> Array:
        """Whether each is an observed one, (G,)."""
        return self.frame["event"].to_numpy(dtype=np.float64)

    @property
    def at_risk(self) -> Array:
        """Pairs at risk, (G,)."""
        return self.frame["pairs_at_risk"].to_numpy(dtype=np.float64)

    @property
    def weights(self) -> Array:
        """1 of an observed k-ad; those drawn in a stratum weigh as much together, (G,)."""
        codes = np.unique(self.frame["stratum"], return_inverse=True)[1]
        observed, drawn = np.bincount(codes, self.event), np.bincount(codes, 1 - self.event)
        return np.where(self.event == 1, 1.0, (observed / drawn)[codes])

    @property
    def classes(self) -> Codes:
        """Code of year and size class, (G,)."""
        years, size = (self.frame[name].to_numpy(dtype=np.int64) for name in ("year", "size"))
        return np.asarray(years * (len(SIZES) + 1) + np.digitize(size, SIZES), dtype=np.int64)


def kads_beside(
    record: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame | None],
    spec: Specification,
    whole: Fit,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """The frame `kads`: a claim by its k-ads, beside its headline `whole`; empty where the claim names no kind.

    `record`: all dyad-years, tidy exercises, the tidy list of states, and the tidy table of the members of other k-ads,
    None where the study has none. `seed` of the draws. A number that does not exist is a row with its
    reason.
    """
    if spec.claim.kads is None:
        return {}
    if spec.claim.directed or spec.claim.moderator is not None:
        raise EstimationError("what happens among the members of a k-ad has neither a direction nor a moderator")
    kind = KINDS[spec.claim.kads]
    panel, exercises, states, groups = record
    tidy = exercises if REGISTRY[kind.source].key == "event" else groups
    if tidy is None:
        raise EstimationError(f"the study has no table of {kind.noun}s by member: join {kind.source!r}")
    try:
        sample = _sample(_drawn(panel, kind.rows(tidy), states, spec, seed), spec)
    except PanelError as error:
        raise EstimationError(str(error)) from error
    counts = _counts(sample)
    rows = [
        {"model": model, "scale": scale, "label": label, **counts, **_found(model, scale, sample, whole)}
        for (model, scale), label in LABELS.items()
    ]
    return {"kads": KADS.frame(rows)}


def _drawn(panel: pd.DataFrame, events: pd.DataFrame, states: pd.DataFrame, spec: Specification, seed: int) -> KadPanel:
    """Observed k-ads and those to compare them with, in the years of the headline that have events."""
    claim, (low, high) = spec.claim, KINDS[str(spec.claim.kads)].years
    first, last = max(spec.window[0], low + claim.lag), min(spec.window[1], high + claim.lag)
    if first > last:
        raise EstimationError(f"{claim.kads}s are coded for {low}–{high}, and the window is {spec.window}")
    sampling = Sampling(relevant=RELEVANT in spec.sample.variables, seed=seed)
    controls = [f"{c.variable}:{c.lag}" if c.lag else c.variable for c in spec.controls]
    asked = Asked((first, last), claim.outcome, controls, claim.lag, sampling)
    entries = catalogue(list(REGISTRY.values()), "dyad-year")
    return kad_panel(panel, entries, events, states, asked)


def _sample(made: KadPanel, spec: Specification) -> _Sample:
    """K-ads that can be compared, with the claim's controls by their rules; years at peace as in the headline."""
    entries, controls = catalogue(list(REGISTRY.values()), "dyad-year"), dict[str, Array]()
    for control in spec.controls:
        rule = rule_of(entries[control.variable].variable)
        name = lagged(f"{control.variable}_{rule}", control.lag)
        duration = control.role == "duration"
        values = made.frame[name].to_numpy(dtype=np.float64)
        controls |= duration_terms(name, values, spec.duration) if duration else {name: values}
    controls["log_size"] = np.log(made.frame["size"].to_numpy())
    table = pd.DataFrame(controls, index=made.frame.index)
    kept = (made.frame["pairs_at_risk"] > 0) & table.notna().all(axis=1)
    frame = made.frame
    arms = frame[kept].groupby("stratum")["event"].agg(["min", "max"])
    both = frame["stratum"].map(arms["min"] != arms["max"]).fillna(value=False).astype(bool)
    rows = (kept & both).to_numpy()
    if not rows.any():
        raise EstimationError("no k-ad at risk has another to be compared with")
    sharing = Sharing.of(made.members["kad"].to_numpy(), made.members["ccode"].to_numpy()).of_rows(rows)
    columns = {name: table[name].to_numpy(dtype=np.float64)[rows] for name in controls}
    lost = int(frame["event"].sum() - frame["event"][rows].sum())
    return _Sample(frame[rows].reset_index(drop=True), columns, sharing, lost)


def _counts(sample: _Sample) -> dict[str, int]:
    """Of observed k-ads and those drawn: how many, pairs at risk, onsets; and states of all."""
    frame, observed = sample.frame, sample.event == 1
    every = np.ones(len(frame), dtype=bool)
    return {
        "kads": int(observed.sum()),
        "compared": int((~observed).sum()),
        "left_out": sample.left_out,
        "pairs": int(frame["pairs_at_risk"][observed].sum()),
        "onsets": int(frame["onsets"][observed].sum()),
        "states": sample.sharing.states_of(every),
    }


def _found(model: str, scale: str, sample: _Sample, whole: Fit) -> dict[str, Any]:
    """The estimate of a row, or why there is none."""
    try:
        if model == "dyads":
            return _of_dyads(whole, 1.0 if scale == "pairs" else float(sample.at_risk[sample.event == 1].mean()))
        return _of_kads(model, scale, sample)
    except EstimationError as error:
        return {"vcov": "", "failure": str(error), "notes": ""}


def _of_dyads(whole: Fit, times: float) -> dict[str, Any]:
    """The headline's effect, for so many pairs."""
    row = whole.table().iloc[whole.solution.treatment]
    scaled = {name: float(row[name]) * (1.0 if name in ("df", "p_value") else times) for name in _NUMBERS}
    kind = whole.vcov.kind
    failure = "" if np.isfinite(scaled["p_value"]) else f"the {kind} covariance leaves no variance"
    return scaled | {"vcov": kind, "failure": failure, "notes": ""}


def _of_kads(model: str, scale: str, sample: _Sample) -> dict[str, Any]:
    """The effect on k-ads: on a share, by k-ad or by pair; on the number of onsets; on whether there is any."""
    frame, at_risk, weights = sample.frame, sample.at_risk, sample.weights
    outcome = {"pairs": "onset_share", "kads": "onsets"}[scale] if model in ("kads", "expanded") else "onset_any"
    y = frame[outcome].to_numpy(dtype=np.float64)
    exposure = {"onset_share": -1, "onsets": 1, "onset_any": 0}[outcome]
    if model == "expanded":
        weights = weights * at_risk
    kept = _varying(sample, weights)
    named = {"event": sample.event, **{n: v for n, v in sample.controls.items() if n in kept}}
    rows = KadRows(y, named, sample.sharing, weights, sample.classes, at_risk, exposure)
    fit: KadFit
    if model == ANY_BY_LOGIT:
        named |= {"log_pairs_at_risk": np.log(at_risk), **_years(frame)}
        fit = kad_logit(replace(rows, regressors=named, strata=None))
    else:
        fit = kad_lpm(rows)
    effect = fit.effect("event")
    lost = [name for name in sample.controls if name not in kept]
    notes = "; ".join(filter(None, (str(fit.covariance), f"without {', '.join(lost)}, constant" if lost else "")))
    failure = "" if np.isfinite(effect["p_value"]) else "its double sum over k-ads that share a state is negative"
    return {name: effect[name] for name in _NUMBERS} | {"vcov": fit.covariance.kind, "failure": failure, "notes": notes}


def _varying(sample: _Sample, weights: Array) -> list[str]:
    """Controls that vary within year and size class."""
    codes = np.unique(sample.classes, return_inverse=True)[1]
    weight = np.bincount(codes, weights)
    kept = []
    for name, values in sample.controls.items():
        inside = values - (np.bincount(codes, weights * values) / weight)[codes]
        if weights @ inside**2 > CONSTANT * (weights @ values**2):
            kept.append(name)
    return kept


def _years(frame: pd.DataFrame) -> dict[str, Array]:
    """A dummy for each year but the first."""
    years = frame["year"].to_numpy(dtype=np.int64)
    return {f"year_{year}": (years == year).astype(np.float64) for year in np.unique(years)[1:].tolist()}
