"""A published table from its data to a row for every printed number, none left out.

A printed number and ours are exact, within tolerance, or different. Beside them stands the same model under the
dyadic-robust covariance: what becomes of every published standard error and conclusion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from detente.base.errors import DetenteError
from detente.base.expressions import Table
from detente.base.frames import Column, FrameSchema, number, share, text
from detente.base.numerics import PRINTED, two_sided
from detente.replicate.models import Fitted, Published, covariance_of, estimate, specification
from detente.replicate.quantities import of_model, of_term
from detente.replicate.schema import Publication, Target, Tolerance, unit
from detente.stats import REGISTRY

Status = Literal[
    "exact", "within tolerance", "different, explained", "different", "no longer differs", "infeasible",
    "data not at hand",
]  # fmt: skip
STATUSES: tuple[Status, ...] = get_args(Status)
# What a reviewer must look at: a number that differs for no stated reason, or a stated reason that no longer holds.
FAILING: tuple[Status, ...] = ("different", "no longer differs")
COMPARISON = FrameSchema(
    "printed numbers",
    {
        "id": text("table"),
        "model": text("model of the table"),
        "term": text("term; empty for a number of the whole model"),
        "quantity": text("which number of the term or model"),
        "printed": text("the number as printed"),
        "ours": number("ours; missing where there is none"),
        "difference": number("ours less the printed number"),
        "status": Column("str", "how the two compare", allowed=STATUSES),
        "reason": text("why they differ, or why ours is missing"),
        "precision": text("unit of the last printed digit"),
        "spec_id": text("digest of the specification"),
    },
    key=("id", "model", "term", "quantity"),
)
CONCLUSIONS = ("stays significant", "stays insignificant", "loses significance", "gains significance", "none")
DYADIC_COMPARISON = FrameSchema(
    "printed coefficients under the dyadic-robust covariance",
    {
        "id": text("table"),
        "model": text("model of the table"),
        "term": text("term; empty where the model has no dyadic-robust covariance"),
        "estimate": number("our estimate"),
        "printed_std_error": number("printed standard error", low=0),
        "dyadic_std_error": number("dyadic-robust standard error", low=0),
        "ratio": number("dyadic-robust standard error over the printed one", low=0),
        "printed_p": share("p-value by the printed standard error"),
        "dyadic_p": share("p-value by the dyadic-robust standard error"),
        "sign": text("sign of the estimate"),
        "conclusion": Column("str", "what becomes of significance at 5 %", allowed=CONCLUSIONS),
        "vcov": text("how the printed standard error was made"),
        "dyadic": text("how the dyadic-robust one was made, or why there is none"),
    },
    key=("id", "model", "term"),
)
LEVEL = 0.05


@dataclass(frozen=True)
class Replication:
    """Rows of the comparison (`COMPARISON`) and of the dyadic covariance beside it (`DYADIC_COMPARISON`)."""

    numbers: pd.DataFrame
    dyadic: pd.DataFrame


@dataclass(frozen=True)
class _Place:
    """Where a printed number stands: term "" for a number of the whole model."""

    term: str
    quantity: str
    target: Target


def replicate(publication: Publication, tables: Mapping[str, Table]) -> Replication:
    """Estimate every model of a table, from `tables` by the names of its data files, and compare every number.

    A model or a number that cannot be estimated has the status "different" and the error as reason; one that the file
    declares infeasible has that status and the declared reason.
    """
    numbers: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    for name, model in publication.models.items():
        spec = specification(publication, name)
        if model.infeasible:
            numbers += [_row(spec, place, "infeasible", model.infeasible) for place in places(spec)]
            continue
        try:
            fitted = estimate(spec, tables[publication.file_of(model)])
        except DetenteError as error:
            numbers += [_row(spec, place, "different", f"not estimated: {error}") for place in places(spec)]
            continue
        numbers += [_compared(fitted, place) for place in places(spec)]
        beside += list(_dyadic(fitted))
    return Replication(COMPARISON.frame(numbers), DYADIC_COMPARISON.frame(beside))


def not_at_hand(publication: Publication, reason: str) -> Replication:
    """The rows of a table whose data cannot be had."""
    rows = []
    for spec in (specification(publication, name) for name in publication.models):
        status, why = "infeasible" if spec.model.infeasible else "data not at hand", spec.model.infeasible or reason
        rows += [_row(spec, place, status, why) for place in places(spec)]
    return Replication(COMPARISON.frame(rows), DYADIC_COMPARISON.empty())


def places(spec: Published) -> Iterator[_Place]:
    """Every printed number of a model: term by term, then those of the whole."""
    for term, numbers in (*spec.model.printed.items(), ("", spec.model.statistics)):
        yield from (_Place(term, quantity, target) for quantity, target in numbers.items())


def _compared(fitted: Fitted, place: _Place) -> dict[str, Any]:
    if place.target.infeasible:
        return _row(fitted.spec, place, "infeasible", place.target.infeasible)
    try:
        found = of_term(fitted, place.term, place.quantity) if place.term else of_model(fitted, place.quantity)
    except DetenteError as error:
        return _row(fitted.spec, place, "different", f"not estimated: {error}")
    return _row(fitted.spec, place, *compare(found, place.target, fitted.model.within), found)


def _row(spec: Published, place: _Place, status: str, reason: str, ours: float | None = None) -> dict[str, Any]:
    printed = place.target.printed
    difference = None if ours is None else _difference(ours, printed)
    said = (printed, ours, difference, status, reason, f"{unit(printed):g}", spec.spec_id)
    return dict(zip(COMPARISON.columns, (spec.subject, spec.name, place.term, place.quantity, *said), strict=True))


def _difference(ours: float, printed: str) -> float:
    """Ours less the printed number, to a thousandth of its last digit: beyond is the rounding of double precision."""
    if not math.isfinite(ours):
        return math.nan
    step = unit(printed) / 1000
    return float((Decimal(repr(ours)) - Decimal(printed)).quantize(step)) + 0.0


def compare(ours: float, target: Target, model: Tolerance | None = None) -> tuple[Status, str]:
    """Status of a number and the reason for it.

    Exact: equal when rounded to the printed digits. Within tolerance: one off in the last printed digit, or within
    what target or model state, for the reason that they state. A number that is declared to differ and is not exact
    is explained; one that is declared to and is exact "no longer differs", which is an error of the file.
    """
    status, reason = _measured(ours, target.printed, target.within or model)
    if not target.differs:
        return status, reason
    return ("no longer differs" if status == "exact" else "different, explained"), target.differs


def _measured(ours: float, printed: str, tolerance: Tolerance | None) -> tuple[Status, str]:
    if not math.isfinite(ours):
        return "different", "ours does not exist"
    steps = abs(Decimal(repr(ours)) - Decimal(printed)) / unit(printed)
    if steps <= Decimal("0.5") + PRINTED:
        return "exact", ""
    if steps <= Decimal("1.5") + PRINTED:
        return "within tolerance", "one off in the last printed digit"
    distance = abs(ours - float(printed))
    if tolerance and distance <= max(tolerance.absolute, tolerance.relative * abs(float(printed))):
        return "within tolerance", tolerance.because
    return "different", ""


def _dyadic(fitted: Fitted) -> Iterator[dict[str, Any]]:
    """One row per printed coefficient with a printed standard error, the constant and cuts left out.

    Of models whose rows are dyads, whose covariance is another, and whose estimator has scores to sum over states.
    `printed_p` is of the distribution that the publication used, `dyadic_p` of t with one degree of freedom less than
    there are states; a conclusion is about zero at 5 %. Standard errors are those before an indefinite covariance is
    repaired, which can only add to them; a coefficient without a positive variance has none, and no conclusion.
    """
    model, words = fitted.model, (n for n, c in DYADIC_COMPARISON.columns.items() if c.dtype == "str")
    own: dict[str, Any] = dict.fromkeys(words, "") | {"id": fitted.spec.subject, "model": fitted.spec.name}
    without = model.estimator in REGISTRY and "dyadic" not in REGISTRY[model.estimator].covariances
    if not model.dyadic or fitted.design.side1 is None or model.vcov == "dyadic" or without:
        return
    try:
        covariance = covariance_of(fitted.design, fitted.solution, "dyadic", "detente")
    except DetenteError as error:
        yield own | {"conclusion": "none", "dyadic": str(error)}
        return
    slopes = set(fitted.slopes)
    for term, numbers in model.printed.items():
        if fnmatchcase(term, model.nuisance) or term in model.derived or not {"std_error", "estimate"} <= set(numbers):
            continue
        at = fitted.place(term)
        if at not in slopes:
            continue
        unit = np.eye(len(fitted.estimate))[at]
        printed = float(numbers["std_error"].printed)
        ours = covariance.std_error_unrepaired(unit) if covariance.exists(unit) else math.nan
        estimate = float(fitted.estimate[at])
        before, after = _p(estimate, printed, fitted.vcov.df(unit)), _p(estimate, ours, covariance.df(unit))
        yield own | {
            "term": term,
            "estimate": estimate,
            "printed_std_error": printed or math.nan,
            "dyadic_std_error": ours,
            "ratio": ours / printed if printed else math.nan,
            "printed_p": before,
            "dyadic_p": after,
            "sign": "+" if estimate > 0 else "−",
            "conclusion": _conclusion(before, after),
            "vcov": fitted.vcov.ssc,
            "dyadic": str(covariance),
        }


def _p(estimate: float, error: float, df: float) -> float:
    return float(two_sided(estimate / error, df)) if error > 0 else math.nan


def _conclusion(before: float, after: float) -> str:
    if math.isnan(before) or math.isnan(after):
        return "none"
    if (before < LEVEL) == (after < LEVEL):
        return "stays significant" if before < LEVEL else "stays insignificant"
    return "loses significance" if before < LEVEL else "gains significance"
