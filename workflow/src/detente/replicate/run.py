"""A published table from its data to a row for every printed number, none left out.

Every model is estimated and every number made before the first is compared: what cannot be made as the file asks is an
error of the file. Beside the numbers stands the same model under the dyadic-robust covariance: what becomes of every
published standard error and conclusion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import (
    ConfigError,
    DetenteError,
    EmptySample,
    FormulaError,
    NoDyads,
    PanelError,
    UnknownEstimator,
    UnknownOption,
    UnknownVariable,
    UnsuitableOutcome,
    UnsupportedCovariance,
    UnsupportedEffects,
    UnsupportedEstimator,
    UnsupportedInstruments,
)
from detente.base.expressions import Table
from detente.base.frames import Column, FrameSchema, number, share, text
from detente.base.numerics import SIGNIFICANT, two_sided
from detente.replicate.models import Fitted, Published, covariance_of, estimate, specification
from detente.replicate.quantities import number_of
from detente.replicate.schema import Publication
from detente.replicate.stepped import Tell
from detente.replicate.targets import STARS, Place
from detente.replicate.verdicts import FAILING, STATUSES, Status, compare, compare_stars, difference
from detente.stats import REGISTRY

COMPARISON = FrameSchema(
    "printed numbers",
    {
        "id": text("table"),
        "model": text("model of the table"),
        "term": text("term; empty for a number of the whole model"),
        "quantity": text("which number of the term or model"),
        "printed": text("the number as printed"),
        "ours": number("ours; missing where there is none; of stars our p-value"),
        "difference": number("ours less the printed number"),
        "status": Column("str", "how the two compare", allowed=STATUSES),
        "reason": text("why they differ, or why ours is missing"),
        "precision": text("unit of the last printed digit; empty for stars"),
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
# What the file is at fault for; other errors are of numbers that do not exist.
FAULTS = (
    ConfigError, FormulaError, PanelError, UnknownVariable, EmptySample, UnknownEstimator, UnknownOption,
    UnsupportedCovariance, UnsupportedEstimator, UnsupportedEffects, UnsupportedInstruments, UnsuitableOutcome, NoDyads,
)  # fmt: skip


@dataclass(frozen=True)
class Replication:
    """Rows of the comparison (`COMPARISON`) and of the dyadic covariance beside it (`DYADIC_COMPARISON`)."""

    numbers: pd.DataFrame
    dyadic: pd.DataFrame


@dataclass(frozen=True)
class _Made:
    """Our number at a place, or why there is none."""

    place: Place
    found: float | DetenteError | None


def replicate(publication: Publication, tables: Mapping[str, Table], tell: Tell = lambda _: None) -> Replication:
    """Estimate every model of a table, from `tables` by the names of its data files, and compare every number.

    `tell` is told what the recipe of a model omits.

    A model or a number that does not exist, such as an estimate under separation, has the status "different" and the
    error as reason; one that the file declares infeasible has that status and the declared reason.

    Raises ConfigError with all that the file asks for and that cannot be made, before any number is compared:
    a term or option that the estimator lacks, a statistic or covariance that it does not have, a sample without rows.
    """
    specs = [specification(publication, name) for name in publication.models]
    fits = {spec.name: _estimated(spec, tables[publication.file_of(spec.model)]) for spec in specs if _feasible(spec)}
    for spec in specs:
        if isinstance(found := fits.get(spec.name), Fitted):
            for why, rows in found.design.attrition:
                tell(f"{spec.subject} › {spec.name}: {why}{f', {rows:,}' if rows else ''}")
    made = {spec.name: [_made(fits.get(spec.name), place) for place in spec.model.places()] for spec in specs}
    if faults := [fault for spec in specs for fault in _faults(publication, spec, fits, made)]:
        raise ConfigError("\n".join(faults))
    numbers = [_compared(spec, each) for spec in specs for each in made[spec.name]]
    beside = [row for found in fits.values() if isinstance(found, Fitted) for row in _dyadic(found)]
    return Replication(COMPARISON.frame(numbers), DYADIC_COMPARISON.frame(beside))


def _feasible(spec: Published) -> bool:
    return not spec.model.infeasible


def _estimated(spec: Published, table: Table) -> Fitted | DetenteError:
    try:
        return estimate(spec, table)
    except DetenteError as error:
        return error


def _made(fitted: Fitted | DetenteError | None, place: Place) -> _Made:
    if place.target.infeasible or not isinstance(fitted, Fitted):
        return _Made(place, fitted if isinstance(fitted, DetenteError) else None)
    try:
        return _Made(place, number_of(fitted, place.term, "p_value" if place.quantity == STARS else place.quantity))
    except DetenteError as error:
        return _Made(place, error)


def _faults(
    publication: Publication,
    spec: Published,
    fits: Mapping[str, Fitted | DetenteError],
    made: Mapping[str, list[_Made]],
) -> Iterator[str]:
    """What the file asks for and cannot be made, each with path, line and keys."""
    found = fits.get(spec.name)
    if isinstance(found, FAULTS):
        yield f"{publication.located(['models', spec.name])}: {found}"
    elif isinstance(found, Fitted):
        wrong = (each for each in made[spec.name] if isinstance(each.found, FAULTS))
        yield from (f"{publication.located(each.place.keys(spec.name))}: {each.found}" for each in wrong)


def unmade(publication: Publication, status: Status, reason: str) -> Replication:
    """The rows of a table whose data cannot be had, or are not those of the pin."""
    rows = []
    for spec in (specification(publication, name) for name in publication.models):
        infeasible: tuple[Status, str] = ("infeasible", spec.model.infeasible)
        said = (status, reason) if _feasible(spec) or status in FAILING else infeasible
        rows += [_row(spec, place, *said) for place in spec.model.places()]
    return Replication(COMPARISON.frame(rows), DYADIC_COMPARISON.empty())


def of_now(publication: Publication, numbers: pd.DataFrame) -> bool:
    """Whether the rows of a comparison are of the models and printed numbers that the file has now."""
    columns = ["model", "term", "quantity", "printed", "spec_id"]
    now = unmade(publication, "data not at hand", "").numbers
    frames = (frame[columns].sort_values(columns, ignore_index=True).astype(str) for frame in (now, numbers))
    return pd.DataFrame(next(frames)).equals(next(frames))


def _compared(spec: Published, made: _Made) -> dict[str, Any]:
    place, found = made.place, made.found
    if reason := spec.model.infeasible or place.target.infeasible:
        return _row(spec, place, "infeasible", reason)
    if not isinstance(found, float):
        return _row(spec, place, "different", f"not estimated: {found}")
    if place.quantity == STARS:
        return _row(spec, place, *compare_stars(found, place.target, spec.model), found)
    return _row(spec, place, *compare(found, place.target, spec.model.within), found)


def _row(spec: Published, place: Place, status: Status, reason: str, ours: float | None = None) -> dict[str, Any]:
    told, starred = place.target.told, place.quantity == STARS
    away = None if ours is None or starred else difference(ours, told)
    text = told.stars or "no stars" if starred else place.target.printed
    said = (text, ours, away, status, reason, "" if starred else f"{told.unit:g}", spec.spec_id)
    return dict(zip(COMPARISON.columns, (spec.subject, spec.name, place.term, place.quantity, *said), strict=True))


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
        printed = float(numbers["std_error"].told.value)
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
    if (before < SIGNIFICANT) == (after < SIGNIFICANT):
        return "stays significant" if before < SIGNIFICANT else "stays insignificant"
    return "loses significance" if before < SIGNIFICANT else "gains significance"
