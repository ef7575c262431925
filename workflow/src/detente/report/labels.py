"""What samples, estimators, covariances and terms are called in exhibits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from detente.report.formats import PER
from detente.study.config.claims import ClaimsFile
from detente.study.design.duration import DURATION_UNIT_YEARS


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


ESTIMATORS: Mapping[str, EstimatorLabel] = {
    "logit": EstimatorLabel("Logit", "pooled logit", "A logit of all rows together; it compares different dyads."),
    "lpm": EstimatorLabel(
        "LPM",
        "linear probability model with dyad and year effects",
        "Least squares with dyad and year effects; it compares each dyad with itself, and its risks may leave the unit "
        "interval.",
        f"onsets per {PER:,} dyad-years",
        "yes",
        within=True,
    ),
    "probit": EstimatorLabel(
        "Probit", "pooled probit", "A probit of all rows together; it compares different dyads.", "probits"
    ),
    "cloglog": EstimatorLabel(
        "Cloglog",
        "complementary log-log model",
        "A complementary log-log model of all rows together, the grouped-time form of proportional hazards "
        "(Beck, Katz and Tucker 1998); it compares different dyads.",
        "logs of the hazard",
    ),
    "clogit": EstimatorLabel(
        "Cond. logit",
        "conditional logit",
        "A logit that conditions on how many onsets each dyad has (Chamberlain 1980); it compares each dyad with "
        "itself, learns nothing from dyads without an onset, and has no risks, as dyad effects are never estimated.",
        effects="dyad",
        within=True,
    ),
    "felogit": EstimatorLabel(
        "FE logit",
        "logit with dyad and year effects",
        "A logit with an intercept for each dyad and year; it compares each dyad with itself, learns nothing from "
        "dyads without an onset, and is biased where a dyad has few years (Hahn and Newey 2004).",
        effects="yes",
        within=True,
    ),
    "cre_logit": EstimatorLabel(
        "CRE logit",
        "correlated-random-effects logit",
        "A logit of the regressors beside their means in each dyad (Mundlak 1978), so that coefficients are of change "
        "within dyads and all rows have a risk.",
        effects="dyad means",
        within=True,
    ),
    "firth": EstimatorLabel(
        "Firth logit",
        "penalised logit",
        "A pooled logit whose likelihood is penalised (Firth 1993), so that estimates exist where a treatment predicts "
        "peace perfectly.",
    ),
    "firth_fe": EstimatorLabel(
        "FE Firth logit",
        "penalised logit with dyad effects",
        "A penalised logit with an intercept for each dyad, dyads without an onset among them "
        "(Cook, Hays and Franzese 2020); its risks are too high where onsets are rare.",
        effects="dyad",
        within=True,
    ),
    "cauchy_logit": EstimatorLabel(
        "Cauchy logit",
        "logit with Cauchy priors",
        "A pooled logit with weakly informative priors (Gelman, Jakulin, Pittau and Su 2008), so that estimates exist "
        "where a treatment predicts peace perfectly.",
    ),
    "king_zeng": EstimatorLabel(
        "Rare events",
        "rare-events logit",
        "A pooled logit corrected for the bias that rare events bring (King and Zeng 2001).",
    ),
    "gee": EstimatorLabel(
        "GEE",
        "population-averaged logit",
        "A logit by estimating equations with a working correlation within dyads (Liang and Zeger 1986); it compares "
        "different dyads.",
    ),
    "poisson": EstimatorLabel(
        "Poisson",
        "pooled Poisson regression",
        "A Poisson regression of all rows together, which needs the mean alone to be right "
        "(Gourieroux, Monfort and Trognon 1984); it compares different dyads.",
        "logs of the risk",
    ),
    "fepoisson": EstimatorLabel(
        "FE Poisson",
        "Poisson regression with dyad and year effects",
        "A Poisson regression with dyad and year effects (Correia, Guimarães and Zylkin 2020); it compares each dyad "
        "with itself and learns nothing from dyads without an onset.",
        "logs of the risk",
        "yes",
        within=True,
    ),
    "negbin": EstimatorLabel(
        "Neg. binomial",
        "negative binomial regression",
        "A regression of counts that vary more than a Poisson’s (Cameron and Trivedi 1986); it compares different "
        "dyads.",
        "logs of the count",
    ),
    "ordered_logit": EstimatorLabel(
        "Ordered logit",
        "ordered logit",
        "Proportional odds of the ordered values of the outcome (McCullagh 1980), with an onset a logit; it compares "
        "different dyads.",
    ),
    "multinomial_logit": EstimatorLabel(
        "Multin. logit",
        "multinomial logit",
        "Log-odds of each value of the outcome (McFadden 1974), with an onset a logit; it compares different dyads.",
    ),
    "iv_lpm": EstimatorLabel(
        "IV",
        "linear probability model with instruments",
        "Two-stage least squares with dyad and year effects; it compares each dyad with itself, by what its "
        "instruments move.",
        f"onsets per {PER:,} dyad-years",
        "yes",
        within=True,
    ),
}


@dataclass(frozen=True)
class CovarianceLabel:
    """`short` for a column head, `long` before "standard errors", `those` after a comparison with others."""

    short: str
    long: str
    those: str


_COVARIANCES = {
    "dyadic": ("dyadic", "dyadic-robust"),
    "jackknife": ("jackknife", "jackknifed"),
    "classical": ("classical", "classical"),
}
_SIDES = {"side1": "first state", "side2": "second state"}

UNITS: Mapping[str, str] = {
    "military_ties": "one more tie",
    "security_forums": "one more forum",
    "us_troops_log": "one more unit of log(1 + troops), 2.7 times as many",
    "ideal_point_distance": "one more point of distance",
    "exercise_dose": "twice as many exercises",
}
"""What one more unit of a treatment is that is not there or absent."""

BASE_RISK = "the mean risk of onset in the rows of a model"
"""What `base_risk` of the estimates is, in words."""

PEACE_UNIT = f"units of {DURATION_UNIT_YEARS} years"
"""What the polynomial of peace years counts."""

_POWERS = {"_2": "²", "_3": "³"}


def estimator_label(name: str) -> EstimatorLabel:
    """Return how the estimator called `name` is printed; one that is not named here goes by its id."""
    words = name.replace("_", " ")
    return ESTIMATORS.get(name, EstimatorLabel(name, words, "", unit=f"coefficients of {words}"))


def covariance_label(name: str) -> CovarianceLabel:
    """Return how the covariance called `name` is printed; a name that is no kind is one of clusters."""
    if re.fullmatch(r"hc\d", name):
        return CovarianceLabel(name.upper(), f"heteroskedasticity-robust ({name.upper()})", f"the {name.upper()} ones")
    if name in _COVARIANCES:
        short, long = _COVARIANCES[name]
        return CovarianceLabel(short, long, f"the {long} ones")
    by = f"by {listed(_SIDES.get(factor, factor) for factor in name.split('+'))}"
    return CovarianceLabel(by, f"clustered {by}", f"those clustered {by}")


def term_label(term: str, claims: ClaimsFile) -> str:
    """Return the label of a model term: `rivalry_lag2` → Strategic rivalry (t−2)."""
    if mean := re.fullmatch(r"mean\((.+)\)", term):
        return f"{term_label(mean[1], claims)}, mean of the dyad"
    if equation := re.fullmatch(r"(.+)\[(.+)\]", term):
        return f"{term_label(equation[1], claims)}, outcome {equation[2]}"
    if term == "intercept":
        return "Intercept"
    lagged = re.fullmatch(r"(?P<variable>\w+)_lag(?P<lag>\d+)", term)
    variable, lag = (lagged["variable"], int(lagged["lag"])) if lagged else (term, 0)
    for control in claims.controls.values():
        if control.variable == variable and control.lag == lag:
            return control.label
        if control.variable == variable[:-2] and variable[-2:] in _POWERS:
            return f"{control.label}{_POWERS[variable[-2:]]}"
    return variable.replace("_", " ").capitalize() + (f" (t\u2212{lag})" if lag else "")


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    words = list(items)
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def lower_first(text: str) -> str:
    """Lower the first letter, unless the word is an abbreviation ("UN mission")."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
