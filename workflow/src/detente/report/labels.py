"""What samples, estimators, covariances and terms are called in exhibits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from detente.base.wording import lower_first
from detente.data.panel import CODINGS, GRID
from detente.report.formats import MINUS, PER
from detente.stats import REGISTRY
from detente.study.config import ClaimsFile
from detente.study.design import DURATION_UNIT_YEARS, break_year

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class EstimatorLabel:
    """What an estimator is called, and what a reader must know of it.

    `short` for a column head, `long` inside a sentence; `sentence` what it compares and whose it is; `unit` of its
    coefficients; `effects` whether dyad and year effects are in the model ("yes", "no", or which); `within` whether it
    compares each dyad with itself.
    """

    short: str
    long: str
    sentence: str
    unit: str = "log-odds"
    effects: str = "no"
    within: bool = False


@dataclass(frozen=True)
class CovarianceLabel:
    """`short` for a column head, `long` before "standard errors", `those` after a comparison with others."""

    short: str
    long: str
    those: str


_COVARIANCES = {
    "dyadic": "dyadic-robust", "dyadic_cr2": "leverage-adjusted dyadic-robust", "jackknife": "jackknifed",
    "dyadic_jackknife": "jackknifed dyadic-robust", "classical": "classical",
}  # fmt: skip
_SIDES = {"side1": "first state", "side2": "second state"}

BASE_RISK = "the risk of the treated observations without treatment, by the model"
"""What `base_risk` of the estimates is, in words."""

PEACE_UNIT = f"units of {DURATION_UNIT_YEARS} years"
"""What the polynomial of peace years counts."""

VERDICTS = ("lowers", "raises", "negligible", "inconclusive")
"""Verdicts on claims, in order of print."""

_POWERS = {"_2": "²", "_3": "³"}


def estimator_label(name: str) -> EstimatorLabel:
    """Return how an estimator is printed, as its own file declares it; an unregistered one goes by its id."""
    if name not in REGISTRY:
        words = name.replace("_", " ")
        return EstimatorLabel(name, words, "", unit=f"coefficients of {words}")
    found, said = REGISTRY[name], REGISTRY[name].label
    unit = f"onsets per {PER:,} dyad-years" if found.link == "identity" else said.unit
    absorbed = "yes" if found.fixed_effects == ("dyad", "year") else " and ".join(found.fixed_effects) or "no"
    effects = {"averages": "dyad means", "groups": "no"}.get(found.uses) or absorbed
    return EstimatorLabel(said.short, said.long, said.sentence, unit, effects, found.compares_within_dyads)


def covariance_label(name: str) -> CovarianceLabel:
    """Return how the covariance called `name` is printed; a name that is no kind is one of clusters."""
    if re.fullmatch(r"hc\d", name):
        return CovarianceLabel(name.upper(), f"heteroskedasticity-robust ({name.upper()})", f"the {name.upper()} ones")
    if name in _COVARIANCES:
        return CovarianceLabel(name, _COVARIANCES[name], f"the {_COVARIANCES[name]} ones")
    by = f"by {listed(_SIDES.get(factor, factor) for factor in name.split('+'))}"
    return CovarianceLabel(by, f"clustered {by}", f"those clustered {by}")


def term_label(term: str, claims: ClaimsFile) -> str:
    """Return the label of a model term: `rivalry_lag2` → Strategic rivalry (t−2)."""
    if mean := re.fullmatch(r"mean\((.+)\)", term):
        return f"{term_label(mean[1], claims)}, mean of the dyad"
    if equation := re.fullmatch(r"(.+)\[(.+)\]", term):
        return f"{term_label(equation[1], claims)}, outcome {equation[2]}"
    first = break_year(term)
    if term == "intercept" or first:
        return f"Since {first}, from when the outcome is coded in another way" if first else "Intercept"
    lagged = re.fullmatch(r"(?P<variable>\w+)_lag(?P<lag>\d+)", term)
    variable, lag = (lagged["variable"], int(lagged["lag"])) if lagged else (term, 0)
    for control in claims.controls.values():
        if control.variable == variable and control.lag == lag:
            return control.label
        if control.variable == variable[:-2] and variable[-2:] in _POWERS:
            return f"{control.label}{_POWERS[variable[-2:]]}"
    return variable.replace("_", " ").capitalize() + (f" (t\u2212{lag})" if lag else "")


def reason_label(reason: str, claims: ClaimsFile) -> str:
    """Why observations were dropped, in words: `rivalry_lag2 missing` → strategic rivalry (t−2) missing."""
    term, _, rest = reason.partition(" ")
    return f"{lower_first(term_label(term, claims))} {rest}" if rest == "missing" else reason


def step_label(reason: str, claims: ClaimsFile, *, first: bool) -> str:
    """A step from rows to observations: what is dropped has a minus before it, the first and what is used none."""
    words = reason_label(reason, claims)
    return words[:1].upper() + words[1:] if first or reason == "used" else f"{MINUS} {words}"


def event_words(outcomes: set[str]) -> dict[str, str]:
    """What begins, in a word and with its article: "a militarised dispute"; "conflict" where outcomes differ in it."""
    codings = {variable: coding for (coding, _), variable in GRID.items()}
    nouns = {c.noun for c in CODINGS if c.name in {codings.get(o) for o in outcomes}}
    event = nouns.pop() if len(nouns) == 1 else "conflict"
    with_article = "a militarised dispute" if event == "dispute" else f"{'an' if event[0] in 'aeiou' else 'a'} {event}"
    return {"event": event, "an_event": with_article}


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    words = list(items)
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def gathered(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    """Values that share a key together, in the order in which keys come."""
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
