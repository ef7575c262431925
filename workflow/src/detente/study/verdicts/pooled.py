"""The claims of a family pooled: headlines as shares of base risk, with the dyadic covariance that they have together.

Headlines of a family are learnt from overlapping observations, so that they err together. Verdicts do not rest on this.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detente.base.frames import FrameSchema, count, number, share, text
from detente.base.numbering import number_dyads
from detente.base.numerics import interval
from detente.base.types import Array
from detente.study.config.claims import Claim
from detente.study.robustness import Examination
from detente.study.verdicts.partial_pooling import FEWEST_POOLED, pooled, working

SHARE_INTERVAL = {"conf_low": number("95 % interval, lower end"), "conf_high": number("95 % interval, upper end")}
POOLED = FrameSchema(
    "pooled",
    {
        "family": text("the family"),
        "estimates": count("estimates that are pooled"),
        "mean": number("mean change in risk, as a share of base risk"),
        "std_error": number("its standard error", low=0),
        "df": number("degrees of freedom"),
        **SHARE_INTERVAL,
        "tau": number("standard deviation of true effects", low=0),
        "tau_low": number("its 95 % interval, lower end", low=0),
        "tau_high": number("its 95 % interval, upper end", low=0),
        "i2": share("of the variance of estimates that is between true effects"),
        "q": number("sum of squares about the mean under no spread", low=0),
        "q_p": share("its p-value"),
        "correlation": number("mean correlation of estimates"),
        "kept": share("of correlations that estimates are weighed by"),
    },
    key=("family",),
)
POOLED_CLAIMS = FrameSchema(
    "pooled_claims",
    {
        "claim": text("id of the claim"),
        "family": text("its family"),
        "estimate": number("its headline, as a share of base risk"),
        "std_error": number("standard error of that, base risk taken as known", low=0),
        **SHARE_INTERVAL,
        "drawn": number("the same, drawn towards the mean of its family"),
        "drawn_low": number("95 % interval, lower end"),
        "drawn_high": number("95 % interval, upper end"),
        "weight": number("weight of its estimate in the mean"),
        "reason": text("why it is not pooled"),
    },
    key=("claim",),
    checks={"drawn, or a reason why not": lambda f: f["drawn"].notna() | (f["reason"] != "")},
)


@dataclass(frozen=True)
class _Share:
    """A headline as a share of base risk: its estimate, standard error and degrees of freedom, and its dyads."""

    claim: str
    estimate: float
    std_error: float
    df: float
    dyads: pd.DataFrame


def pooled_families(
    claims: Mapping[str, Claim], examined: Mapping[str, Examination], vcov: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per family that is pooled, as `POOLED`, and one per claim that has an examination, as `POOLED_CLAIMS`.

    `vcov`: the headline's covariance. A claim without an interval or base risk is not pooled; claims of one estimate
    enter once. Families of fewer than `FEWEST_POOLED` estimates are not pooled.
    """
    families, rows = [], list[dict[str, Any]]()
    for family in dict.fromkeys(claims[name].family for name in examined):
        mine = [name for name in examined if claims[name].family == family]
        shares, reasons = _shares(claims, {name: examined[name] for name in mine}, vcov)
        row, found = _pooled(family, shares)
        families += row
        rows += [
            {"claim": name, "family": family, "reason": reasons.get(name, "")} | found.get(name, {}) for name in mine
        ]
    return POOLED.frame(families), POOLED_CLAIMS.frame(rows)


def joint_covariance(dyads: Sequence[pd.DataFrame]) -> Array:
    """Dyadic covariance (K, K) of K estimates from what each dyad adds to each, frames as `CONTRIBUTIONS`.

    Σ_i U_i U_iᵀ − Σ_d S_d S_dᵀ with S_d (K,) the influences of dyad d, 0 in an estimate that it is no part of, and U_i
    their sums over the dyads of state i (Aronow, Samii and Assenova 2015, eq. 3, of all estimates at once).
    """
    key = ["ccode1", "ccode2"]
    columns = [frame.set_index(key)["influence"].rename(place) for place, frame in enumerate(dyads)]
    together = pd.concat(columns, axis=1).fillna(0.0)
    by_dyad = together.to_numpy()
    sides = [together.index.get_level_values(side).to_numpy() for side in key]
    pairs = number_dyads(*sides)
    by_state = np.zeros((pairs.states, len(dyads)))
    ordered = np.zeros_like(by_dyad)
    ordered[pairs.dyad] = by_dyad
    two = pairs.two
    np.add.at(by_state, pairs.low, ordered)
    np.add.at(by_state, pairs.high[two], ordered[two])
    return np.asarray(by_state.T @ by_state - ordered[two].T @ ordered[two])


def _shares(
    claims: Mapping[str, Claim], examined: Mapping[str, Examination], vcov: str
) -> tuple[list[_Share], dict[str, str]]:
    """Headlines that can be pooled, and why others cannot."""
    found, reasons = list[_Share](), dict[str, str]()
    for name, part in examined.items():
        rows = part.headline
        rows = rows[(rows["quantity"] == "average_marginal_effect") & (rows["vcov"] == vcov)] if len(rows) else rows
        if rows.empty or part.contributions.empty:
            reasons[name] = "its headline has no interval"
            continue
        row = rows.iloc[0]
        if math.isnan(row["base_risk"]):
            reasons[name] = "there is no base risk that its effect could be a share of"
            continue
        made = _Share(
            name, row["estimate"] / row["base_risk"], row["std_error"] / row["base_risk"], row["df"], part.contributions
        )
        same = [f.claim for f in found if (f.estimate, f.std_error) == (made.estimate, made.std_error)]
        if same:
            reasons[name] = f"it has the estimate of {claims[same[0]].code or same[0]}, which enters once"
        elif joint_covariance([made.dyads])[0, 0] <= 0:
            reasons[name] = "its dyadic double sum is not positive"
        else:
            found.append(made)
    if len(found) < FEWEST_POOLED:
        few = f"of its family {len(found)} can be pooled, and {FEWEST_POOLED} are needed"
        reasons |= {f.claim: few for f in found}
        found = []
    return found, reasons


def _pooled(family: str, shares: Sequence[_Share]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The row of a family, none where nothing can be pooled, and the numbers of its claims."""
    if not shares:
        return [], {}
    error, estimate, df = (np.array([getattr(s, name) for s in shares]) for name in ("std_error", "estimate", "df"))
    joint = joint_covariance([s.dyads for s in shares])
    scale = np.sqrt(np.diag(joint))
    correlation = joint / np.outer(scale, scale)
    whole = correlation * np.outer(error, error)
    covariance, kept = working(whole, df)
    made = pooled(estimate, covariance, whole)
    apart = correlation[np.triu_indices(len(error), 1)]
    names = ("mean", "std_error", "df", "conf_low", "conf_high", "tau", "tau_low", "tau_high", "i2", "q", "q_p")
    row = {"family": family, "estimates": len(shares), "correlation": float(apart.mean()), "kept": kept}
    row |= {name: getattr(made, name) for name in names}
    own, drawn = interval(estimate, error, df), made.drawn_interval()
    columns = {
        "estimate": estimate, "std_error": error, "conf_low": own[0], "conf_high": own[1], "drawn": made.drawn,
        "drawn_low": drawn[0], "drawn_high": drawn[1], "weight": made.weights,
    }  # fmt: skip
    return [row], {s.claim: {n: float(v[i]) for n, v in columns.items()} for i, s in enumerate(shares)}
