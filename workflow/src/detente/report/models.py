"""The headline quantity of each model of a study."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from detente.base.errors import EstimationError, choices
from detente.report.evidence import Evidence
from detente.stats import get

FEW_SWITCHERS = 30
"""A model with dyad effects that is identified from fewer dyads than this carries a warning."""

FEW_DF = 4.0
"""Below this many effective degrees of freedom a t distribution no longer describes an estimate (Tipton 2015)."""


@dataclass(frozen=True)
class Cell:
    """The average marginal effect of one claim × sample × estimator (probabilities), or why there is none.

    `failure` is the class of an error and `message` its words; both are "" where nothing failed. A model that was
    estimated may still lack its risk ratio, and then says why; one without the headline covariance was not estimated;
    one that was fitted may have coefficients and no effect on risk. `std_error`, `low`, `high`, `df`, `p_value` and
    `mde` come from the headline covariance, `beside_std_error` from the one beside it. `treated_risk` is the mean
    outcome of treated rows, `switching_dyads` how many dyads' treatment varies in the model's rows, `switching_states`
    how many states are in these.
    """

    claim: str
    sample: str
    estimator: str
    failure: str = ""
    message: str = ""
    effect: float = math.nan
    std_error: float = math.nan
    beside_std_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    ratio: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
    mean_risk: float = math.nan
    base_risk: float = math.nan
    treated_risk: float = math.nan
    mde: float = math.nan
    mde_share: float = math.nan
    smallest_effect: float = math.nan
    nobs: int = 0
    dyads: int = 0
    states: int = 0
    events: int = 0
    treated: int = 0
    treated_dyads: int = 0
    switching_dyads: int = 0
    switching_states: int = 0
    verdict: str = ""
    sample_label: str = ""

    @property
    def model(self) -> tuple[str, str, str]:
        """Claim, sample and estimator."""
        return self.claim, self.sample, self.estimator

    @property
    def estimated(self) -> bool:
        """Whether the number exists."""
        return math.isfinite(self.effect)

    @property
    def fitted(self) -> bool:
        """Whether there are coefficients, and so rows of the model."""
        return self.nobs > 0

    @property
    def inflation(self) -> float:
        """Headline standard error ÷ the one beside it."""
        return self.std_error / self.beside_std_error

    @property
    def few_switchers(self) -> bool:
        """Whether so few dyads change their treatment that one of them can decide a comparison within dyads."""
        return self.fitted and self.switching_dyads < FEW_SWITCHERS

    @property
    def thin(self) -> bool:
        """Whether it is learnt from so little that no summary should quote it."""
        within = get(self.estimator).compares_within_dyads
        return (within and self.few_switchers) or self.df < FEW_DF


# A failure that concerns one control alone begins with the control's term.
_TERM = re.compile(r"(?P<term>\S+): (?P<why>the (?P<covariance>\S+) covariance .*)", re.DOTALL)
_OF_ROWS = (
    *("mean_risk", "base_risk", "treated_risk", "nobs", "dyads", "states", "events"),
    *("treated", "treated_dyads", "switching_dyads", "switching_states"),
)
_AS_THEY_ARE = (*_OF_ROWS, "std_error", "df", "p_value", "mde", "mde_share", "smallest_effect", "verdict")
# Attributes of a cell, by the column of an estimate that they are.
_EFFECT = {"effect": "estimate", "low": "conf_low", "high": "conf_high", **{name: name for name in _AS_THEY_ARE}}
_RATIO = {"ratio": "estimate", "ratio_low": "conf_low", "ratio_high": "conf_high"}


def cells(evidence: Evidence) -> list[Cell]:
    """Every claim × sample × estimator of the study, in its order.

    Raises EstimationError if a model has neither an estimate nor a recorded failure.
    """
    study = evidence.study
    return [cell(evidence, c, s, e) for c in study.claims for s in study.samples for e in study.estimators]


def cell(evidence: Evidence, claim: str, sample: str, estimator: str) -> Cell:
    """Headline quantity of one model; see `cells`."""
    model = (claim, sample, estimator)
    rows = evidence.of_model("estimates", *model)
    effects = rows[rows["quantity"] == "average_marginal_effect"]
    effect, beside = _row(effects, evidence.vcov), _row(effects, evidence.beside)
    ratio = _row(rows[rows["quantity"] == "risk_ratio"], evidence.vcov)
    # Always looked up: which frames an exhibit reads does not depend on what is in them.
    failed = _failure(evidence, *model)
    failure, message = ("", "") if effect and ratio else failed
    found = Cell(*model, failure, message, sample_label=evidence.samples[sample])
    if not effect:
        if not failure:
            raise _unaccounted(evidence, f"{claim}.{estimator}.{sample}")
        fitted = _row(rows[rows["is_treatment"]], evidence.vcov)
        return replace(found, **{name: fitted[name] for name in _OF_ROWS if fitted})
    return replace(
        found,
        beside_std_error=beside.get("std_error", math.nan),
        **{name: effect[column] for name, column in _EFFECT.items()},
        **{name: ratio.get(column, math.nan) for name, column in _RATIO.items()},
    )


def lost_terms(evidence: Evidence, claim: str, sample: str, estimator: str) -> dict[str, str]:
    """Terms of one model that the headline covariance leaves no variance, and in which words."""
    failures = evidence.of_model("failures", claim, sample, estimator)
    found = (_TERM.fullmatch(str(message)) for message in failures["message"])
    return {m["term"]: m["why"] for m in found if m and m["covariance"] == evidence.vcov}


def attrition(evidence: Evidence, claim: str) -> pd.DataFrame:
    """Steps from dyad-years to model rows of one claim, in order; those of the headline estimator.

    Columns of the frame; the first step counts what there is, the last ("used") what remains.
    """
    mine = evidence.of_claim("attrition", claim)
    mine = mine[mine["estimator"] == evidence.preferred]
    return mine.sort_values("order", kind="stable")


def keyed(frame: pd.DataFrame, *columns: str) -> dict[Any, dict[str, Any]]:
    """Rows of a frame by the value of one column, or by the tuple of several."""
    records: list[dict[str, Any]] = [{str(k): v for k, v in r.items()} for r in frame.to_dict("records")]
    return {r[columns[0]] if len(columns) == 1 else tuple(r[c] for c in columns): r for r in records}


def entries(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a frame, their values as attributes."""
    yield from frame.itertuples()


def _row(rows: pd.DataFrame, covariance: str) -> dict[str, Any]:
    return next(iter(keyed(rows[rows["vcov"] == covariance], "vcov").values()), {})


def _failure(evidence: Evidence, claim: str, sample: str, estimator: str) -> tuple[str, str]:
    """Class and words of what a model lacks ("" if nothing), of several that which names the headline covariance."""
    failures = evidence.of_model("failures", claim, sample, estimator)
    whole = failures[~failures["message"].str.fullmatch(_TERM)]
    named = whole["message"].str.contains(rf"(?<![\w+]){re.escape(evidence.vcov)}(?![\w+])")
    found = pd.concat([whole[named], whole[~named]]).head(1)
    return ("", "") if found.empty else (str(found["error"].item()), str(found["message"].item()))


def _unaccounted(evidence: Evidence, wanted: str) -> EstimationError:
    frame = evidence.estimates
    known = frame[frame["vcov"] == evidence.vcov][["claim", "estimator", "sample"]].drop_duplicates()
    return EstimationError(
        f"estimates: {wanted!r} has neither an estimate nor a recorded failure; "
        f"{choices(wanted, sorted(known.agg('.'.join, axis=1)))}. "
        "Estimate it, or take it out of the study's claims, samples or estimators."
    )
