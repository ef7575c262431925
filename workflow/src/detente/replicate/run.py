"""A published table from its data to a row for every printed number, none left out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from detente.base.errors import DetenteError
from detente.base.expressions import Table
from detente.replicate import dyadic
from detente.replicate.compare import compare, unit
from detente.replicate.models import Fitted, estimate
from detente.replicate.quantities import of_model, of_term
from detente.replicate.schema import Model, Publication, Target

COLUMNS = ("id", "model", "term", "quantity", "printed", "ours", "difference", "status", "reason", "precision")


@dataclass(frozen=True)
class Replication:
    """Rows of the comparison (`COLUMNS`) and of the dyadic covariance beside it (`dyadic.COLUMNS`)."""

    numbers: pd.DataFrame
    dyadic: pd.DataFrame


@dataclass(frozen=True)
class _Place:
    """Where a printed number stands: term "" for a number of the whole model."""

    term: str
    quantity: str
    target: Target


def replicate(publication: Publication, tables: Mapping[str, Table]) -> Replication:
    """Estimate every model of a table and compare every number.

    A model or a number that cannot be estimated has the status "different" and the error as reason; one that the file
    declares infeasible has that status and the declared reason.

    Parameters
    ----------
    tables
        Tables by the names of the data files.
    """
    numbers: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    for name, model in publication.models.items():
        if model.infeasible:
            numbers += list(_all(publication.id, name, model, "infeasible", model.infeasible))
            continue
        data = publication.file_of(model)
        try:
            fitted = estimate(model, tables[data], publication.data[data].sides)
        except DetenteError as error:
            numbers += list(_all(publication.id, name, model, "different", f"not estimated: {error}"))
            continue
        numbers += [_compared(publication.id, name, fitted, place) for place in places(model)]
        beside += list(dyadic.beside(publication, name, fitted))
    return Replication(pd.DataFrame(numbers, columns=COLUMNS), pd.DataFrame(beside, columns=dyadic.COLUMNS))


def not_at_hand(publication: Publication, reason: str) -> Replication:
    """The rows of a table whose data cannot be had."""
    rows: list[dict[str, Any]] = []
    for name, model in publication.models.items():
        status = "infeasible" if model.infeasible else "data not at hand"
        rows += list(_all(publication.id, name, model, status, model.infeasible or reason))
    return Replication(pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(columns=dyadic.COLUMNS))


def places(model: Model) -> Iterator[_Place]:
    """Every printed number of a model: term by term, then those of the whole."""
    for term, numbers in model.printed.items():
        yield from (_Place(term, quantity, target) for quantity, target in numbers.items())
    yield from (_Place("", quantity, target) for quantity, target in model.statistics.items())


def _all(name: str, model_name: str, model: Model, status: str, reason: str) -> Iterator[dict[str, Any]]:
    for place in places(model):
        yield _row(name, model_name, place, None, status, reason)


def _compared(name: str, model_name: str, fitted: Fitted, place: _Place) -> dict[str, Any]:
    target = place.target
    if target.infeasible:
        return _row(name, model_name, place, None, "infeasible", target.infeasible)
    try:
        found = of_term(fitted, place.term, place.quantity) if place.term else of_model(fitted, place.quantity)
    except DetenteError as error:
        return _row(name, model_name, place, None, "different", f"not estimated: {error}")
    status, reason = compare(found, target, fitted.model.within)
    return _row(name, model_name, place, found, status, reason)


def _row(name: str, model: str, place: _Place, ours: float | None, status: str, reason: str) -> dict[str, Any]:
    printed = place.target.printed
    return {
        "id": name,
        "model": model,
        "term": place.term,
        "quantity": place.quantity,
        "printed": printed,
        "ours": ours,
        "difference": None if ours is None else _difference(ours, printed),
        "status": status,
        "reason": reason,
        "precision": f"{unit(printed):g}",
    }


def _difference(ours: float, printed: str) -> float:
    """Ours less the printed number, to a thousandth of its last digit: beyond is the rounding of double precision."""
    if not math.isfinite(ours):
        return math.nan
    step = unit(printed) / 1000
    return float((Decimal(repr(ours)) - Decimal(printed)).quantize(step)) + 0.0
