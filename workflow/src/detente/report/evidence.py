"""What exhibits are made of: the frames of a study, and the headline quantity of each of its models."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import pandas as pd

from detente.base.errors import EstimationError, UndeclaredFrame, choices
from detente.data.panel import EXERCISES, Entry, Unit
from detente.report.units import SAID, of_unit
from detente.stats import get
from detente.study import either, offered
from detente.study.config import Claim, Described, Multiverse, Project, Study, load_multiverse
from detente.study.verdicts import FEWEST_POOLED

FEW_SWITCHERS = 30
"""A model with dyad effects that is identified from fewer dyads than this carries a warning."""

FEW_DF = 4.0
"""Below this many effective degrees of freedom a t distribution no longer describes an estimate (Tipton 2015)."""


@dataclass(frozen=True)
class Traits:
    """What decides which exhibits and sentences a study has.

    `exercises`: whether it joins the dataset of joint exercises, and its panel has dyads; `unit`: what a row of the
    panel is; `windows`: whether any has years of its own; `described`: whether it describes claims by methods of their
    own; `families`: those of which it pools claims; `appendix`: whether its paper has one, on robustness.
    """

    simulated: bool
    exercises: bool
    unit: Unit
    samples: tuple[str, ...]
    estimators: tuple[str, ...]
    claims: tuple[str, ...]
    sources: frozenset[str]
    windows: bool = False
    described: bool = False
    families: tuple[str, ...] = ()
    appendix: bool = False


def traits_of(project: Project, study: Study, *, appendix: bool = False) -> Traits:
    """Return the traits of a study, whose paper is built with an `appendix` or without."""
    return Traits(
        simulated=study.world == "simulated",
        exercises=EXERCISES in study.sources and project.unit_of(study) != "state-year",
        unit=project.unit_of(study),
        samples=study.samples,
        estimators=study.estimators,
        claims=study.claims,
        sources=frozenset(study.sources),
        windows=any(project.window_of(study, claim) != study.window for claim in project.claims_of(study)),
        described=bool(project.described_by(study)),
        families=tuple(f for f, n in Counter(c.family for c in project.examined(study)).items() if n >= FEWEST_POOLED),
        appendix=appendix,
    )


@dataclass(frozen=True)
class Evidence:
    """All frames of one study, by the names of `FRAMES`; `appendix`: whether its paper has one on robustness."""

    project: Project
    study: Study
    frames: Mapping[str, pd.DataFrame]
    appendix: bool = False

    def frame(self, name: str) -> pd.DataFrame:
        """Return a frame; raises UndeclaredFrame if the exhibit that is being made does not say that it needs it."""
        if name not in self.frames:
            raise UndeclaredFrame(f"frame {name!r} is not among `needs=`; {choices(name, self.frames)}")
        return self.frames[name]

    def of_claim(self, name: str, claim: str) -> pd.DataFrame:
        """Return the rows of a frame that belong to one claim."""
        frame = self.frame(name)
        return frame[frame["claim"] == claim].reset_index(drop=True)

    def of_model(self, name: str, claim: str, sample: str, estimator: str) -> pd.DataFrame:
        """Return the rows of a frame that belong to one model."""
        if name not in self._by_model:
            self._by_model[name] = dict(iter(self.frame(name).groupby(["claim", "sample", "estimator"], sort=False)))
        return self._by_model[name].get((claim, sample, estimator), self.frame(name).iloc[:0])

    @cached_property
    def _by_model(self) -> dict[str, dict[Any, pd.DataFrame]]:
        return {}

    def only(self, needs: Iterable[str]) -> Self:
        """Return the same study with the frames of these names and no others, each read and checked."""
        return replace(self, frames={name: self.frame(name) for name in needs})

    def with_frames(self, **frames: pd.DataFrame) -> Self:
        """Return the same study with other frames of these names."""
        return replace(self, frames={**self.frames, **frames})

    @property
    def estimates(self) -> pd.DataFrame:
        """Estimates of every model: covariances × quantities × terms."""
        return self.frame("estimates")

    @property
    def failures(self) -> pd.DataFrame:
        """What could not be estimated, and why."""
        return self.frame("failures")

    @property
    def estimated(self) -> pd.DataFrame:
        """Rows of the claims ledger that have an estimate."""
        ledger = self.frame("ledger")
        return ledger[ledger["estimate"].notna()]

    @cached_property
    def decisions(self) -> Multiverse:
        """Robustness decisions with their options, in order of print."""
        return load_multiverse(self.project.root, self.project)

    @property
    def headline_options(self) -> dict[str, str]:
        """The headline's option of every decision."""
        return {name: node.headline for name, node in self.decisions.nodes.items()}

    @property
    def simulated(self) -> bool:
        """Whether the world is made up, which every exhibit must say."""
        return self.study.world == "simulated"

    @cached_property
    def variables(self) -> Mapping[str, Entry]:
        """Variables of panels, by name; of a study of states, as its panel has them."""
        known = offered(self.project)
        return either(known) if self.pairs else {**either(known), **known[self.traits.unit]}

    @cached_property
    def samples(self) -> Mapping[str, str]:
        """What samples are called, by name: those that are shipped as the study's unit has it."""
        shipped = self.project.shipped.samples
        return {n: self.said(s.label) if n in shipped else s.label for n, s in self.project.samples.items()}

    def short(self, sample: str) -> str:
        """What a sample is called beside others: without the word for its unit."""
        return self.samples[sample].removesuffix(self.said(" dyads"))

    def said(self, text: str) -> str:
        """A text about dyads, of the unit of the study's panel."""
        return of_unit(text, self.traits.unit)

    @property
    def pairs(self) -> bool:
        """Whether rows of the panel are of two states."""
        return self.traits.unit not in SAID

    @property
    def traits(self) -> Traits:
        """What decides which exhibits and sentences the study has."""
        return traits_of(self.project, self.study, appendix=self.appendix)

    @property
    def claims(self) -> list[Claim]:
        """The study's own claims, in its order."""
        return self.project.claims_of(self.study)

    @property
    def examined(self) -> dict[str, str]:
        """Claims whose robustness the study examines: id → label, in order of print."""
        return {claim.id: claim.label for claim in self.project.examined(self.study)}

    @property
    def described(self) -> list[Described]:
        """Claims that the study describes, each by a method of its own."""
        return self.project.described_by(self.study)

    @property
    def vcov(self) -> str:
        """The covariance that headline intervals use: the dyadic one, if the study has it."""
        return "dyadic" if "dyadic" in self.study.vcov else self.study.vcov[0]

    @property
    def beside(self) -> str:
        """The covariance that tables set beside it: the study's next; "" if there is none."""
        return next((c for c in self.study.vcov if c != self.vcov), "")

    @property
    def preferred(self) -> str:
        """The estimator that headline sentences quote: the one with effects, if the study has it."""
        return next((e for e in self.study.estimators if get(e).least_squares), self.study.estimators[0])


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

    Columns `sample`, `reason`, `rows`; the first step counts what there is, the last ("used") what remains.
    """
    mine = evidence.of_claim("attrition", claim)
    mine = mine[mine["estimator"] == evidence.preferred]
    return mine.sort_values("order", kind="stable")[["sample", "reason", "rows"]]


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
