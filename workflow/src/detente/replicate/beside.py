"""Published findings on claims, and what their models give on the panel of a study and under the dyadic covariance."""

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import DetenteError, UnknownVariable, choices
from detente.base.expressions import Table, names, parse
from detente.base.numerics import interval, two_sided
from detente.data.sources import KEYS
from detente.replicate.claim_frame import PUBLISHED
from detente.replicate.levels import dummies_of
from detente.replicate.linked import Link, OnPanel
from detente.replicate.models import Fitted, Published, covariance_of, estimate
from detente.replicate.prepared import table_of
from detente.replicate.schema import DataFile, Model, Panel, Publication, named

FIRST, SECOND, TIME = KEYS["dyad-year"]
IN_WINDOW = "in_window"
KEY = (FIRST, SECOND, TIME, IN_WINDOW)
"""Columns of a panel that say which row it is."""


def panel_file(path: Path, size: int, sha256: str) -> DataFile:
    """The panel of a study as a data file: its name, bytes and checksum; a comparison with what is missing drops."""
    sides = FIRST, SECOND
    key = Panel(key=sides, time=TIME)
    return DataFile(file=path.name, address=None, bytes=size, sha256=sha256, sides=sides, panel=key, missing="drop")


def variables_asked(publications: Sequence[Publication], claims: Collection[str]) -> set[str]:
    """Variables of a panel that models speak of, those of links to these claims."""
    asked = (link.panel for _, _, link in _links(publications, claims) if link.panel)
    return {name for panel in asked for name in _names(panel)}


def findings(
    publications: Sequence[Publication], claims: Collection[str], frame: pd.DataFrame, file: DataFile
) -> list[dict[str, Any]]:
    """One row (`PUBLISHED`) per number that speaks to one of `claims`, in their order and that of the tables.

    `frame` is what the panel of `file` holds, with the key columns `KEY` and those of `variables_asked` that there are.
    A model that cannot be estimated on it has its reason under `failure`, and no number.
    """
    order, panel = list(claims), table_of(frame, file)
    found = sorted(_links(publications, claims), key=lambda each: order.index(each[1]))
    return [_printed(p, claim, link) | _on_panel(p, link, panel, file) for p, claim, link in found]


def _links(publications: Sequence[Publication], claims: Collection[str]) -> Iterator[tuple[Publication, str, Link]]:
    for publication in publications:
        for claim, links in publication.claims.items():
            if claim in claims:
                yield from ((publication, claim, link) for link in links)


def _names(panel: OnPanel) -> Iterator[str]:
    """Columns that its expressions and factors speak of."""
    texts = [panel.outcome, *(text for term in panel.terms for text in named(term).values())]
    for text in [*texts, *([panel.sample] if panel.sample else [])]:
        dummies = dummies_of(text)
        yield from [dummies] if dummies else names(parse(text))
    yield from (name for name in panel.fixed_effects if name != "dyad")


def _printed(publication: Publication, claim: str, link: Link) -> dict[str, Any]:
    """What a number is as printed."""
    model = publication.models[link.model]
    numbers = {name: target.told for name, target in model.printed[link.term].items()}
    shown = {name: target.printed for name, target in model.printed[link.term].items()}
    values = {name: float(told.value) for name, told in numbers.items()}
    p = values.get("p_value", math.nan)
    if math.isnan(p) and values.get("std_error", 0.0) > 0 and "estimate" in values:
        p = float(two_sided(values["estimate"] / values["std_error"], math.inf))
    empty = {name: "" for name, column in PUBLISHED.columns.items() if column.dtype == "str"}
    return empty | {
        "claim": claim,
        "id": publication.id,
        "model": link.model,
        "term": link.term,
        "citation": publication.citation,
        "read_in": model.read_in,
        "estimator": model.estimator,
        "printed_estimate": shown["estimate"],
        "printed_std_error": shown.get("std_error", ""),
        "printed_p": p,
    }


def _on_panel(publication: Publication, link: Link, panel: Table, file: DataFile) -> dict[str, Any]:
    """The nearest equivalent of a model, estimated, or why it is not."""
    asked = link.panel
    if asked is None:
        return {"failure": link.infeasible}
    said = {
        "panel_outcome": asked.outcome,
        "panel_term": next(text for term in asked.terms for name, text in named(term).items() if name == asked.term),
        "panel_estimator": asked.estimator,
        "panel_vcov": asked.vcov,
        "departs": "; ".join(asked.departs),
    }
    try:
        for name in _names(asked):
            if name not in panel.frame.columns:
                legal = choices(name, [c for c in panel.frame.columns if c not in KEY])
                raise UnknownVariable(f"the panel of this study has no variable {name!r}; {legal}")
        spec = _specification(publication, link, asked, file)
        fitted = estimate(spec, panel)
        return said | {"spec_id": spec.spec_id} | _numbers(fitted, asked.term, panel)
    except DetenteError as error:
        return said | {"failure": str(error)}


def _specification(publication: Publication, link: Link, asked: OnPanel, file: DataFile) -> Published:
    conditions = [IN_WINDOW]
    if asked.years:
        conditions += [f"{TIME} >= {asked.years[0]}", f"{TIME} <= {asked.years[1]}"]
    if asked.sample:
        conditions.append(f"({asked.sample})")
    model = Model.model_validate(
        asked.model_dump(include={"outcome", "terms", "estimator", "options", "fixed_effects", "vcov"})
        | {"read_in": "the panel", "sample": " and ".join(conditions), "statistics": {"nobs": 1}}
    )
    return Published(publication.id, model, file, name=f"{link.model}, on the panel")


def _numbers(fitted: Fitted, term: str, panel: Table) -> dict[str, Any]:
    """Numbers of the term by the nearest covariance and the dyadic one; raises DetenteError if it has no error."""
    at = fitted.place(term)
    unit = np.eye(len(fitted.estimate))[at]
    dyadic = covariance_of(fitted.design, fitted.solution, "dyadic", "detente")
    value, own, robust = float(fitted.estimate[at]), fitted.vcov.std_error(unit), dyadic.std_error(unit)
    df = float(dyadic.df(unit))
    low, high = interval(value, robust, df)
    rows = fitted.design.rows
    assert rows is not None
    used = slice(None) if fitted.solution.rows is None else fitted.solution.rows
    years = panel.frame[TIME].to_numpy()[rows[used]]
    return {
        "estimate": value,
        "std_error": own,
        "p_value": float(two_sided(value / own, fitted.vcov.df(unit))),
        "dyadic_std_error": robust,
        "dyadic_p": float(two_sided(value / robust, df)),
        "dyadic_df": df,
        "conf_low": low,
        "conf_high": high,
        "nobs": len(fitted.solution.scores),
        "events": float(fitted.design.y[used].sum()),
        "first": int(years.min()),
        "last": int(years.max()),
    }
