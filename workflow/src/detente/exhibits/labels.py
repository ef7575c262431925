"""What samples, estimators and terms are called in exhibits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from detente.config import DURATION_UNIT_YEARS, SAMPLE_LABELS, ClaimsFile

SAMPLES = SAMPLE_LABELS


@dataclass(frozen=True)
class EstimatorLabel:
    """`short` for a column head, `long` inside a sentence, `effects` what is absorbed ("no" if nothing)."""

    short: str
    long: str
    effects: str


ESTIMATORS = {
    "logit": EstimatorLabel("Logit", "pooled logit", "no"),
    "lpm": EstimatorLabel("LPM", "linear probability model with dyad and year effects", "yes"),
}
"""A registered estimator that is not named here is called by its id."""

BASE_RISK = "the mean risk of onset in the rows of a model"
"""What `base_risk` of the estimates is, in words."""

PEACE_UNIT = f"units of {DURATION_UNIT_YEARS} years"
"""What the polynomial of peace years counts."""

_POWERS = {"_2": "²", "_3": "³"}


def estimator_label(name: str) -> EstimatorLabel:
    """Return how the estimator called `name` is printed."""
    return ESTIMATORS.get(name, EstimatorLabel(name, name.replace("_", " "), "no"))


def term_label(term: str, claims: ClaimsFile) -> str:
    """Return the label of a model term: `rivalry_lag2` → Strategic rivalry (t−2)."""
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
