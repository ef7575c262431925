"""What the page of a claim says, from its statement to what would settle it."""

import re
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.formats import (
    INTERVAL,
    MISSING,
    PER,
    between,
    count,
    decimal,
    p_value,
    per_thousand,
    percent,
    plural,
    spelled,
    year,
)
from detente.report.labels import covariance_label, estimator_label
from detente.report.models import Cell, cell, entries
from detente.report.tables.keys import Key, key
from detente.report.tables.table import Column, Row, Table, columns
from detente.study.config import Claim, Described
from detente.study.verdicts import CHECKS

_SAYS = {"lowers": "that it lowers risk", "raises": "that it raises risk", "either": "that it changes risk, either way"}


def verdict_words(row: Any) -> str:
    """Return the verdict of a row of the ledger with its strength."""
    if row["verdict"] in ("lowers", "raises", "negligible"):
        return f"{row['verdict']} · {row['strength']}"
    return str(row["verdict"])


def facts(evidence: Evidence, claim: Any, row: Any) -> list[tuple[str, str]]:
    """Return what defines a claim and its headline, as terms with what they are."""
    known = [("Class of evidence", f"{str(row['class']).replace('case-only', 'cases only').capitalize()}. {claim.why}")]
    if isinstance(claim, Described):
        return [("How it is described", claim.design), ("Years", _years(claim.window)), *known]
    if not isinstance(claim, Claim):
        return known
    sample = evidence.project.headline_sample(evidence.study, claim)
    named = [evidence.project.claims.controls[name].label for name in claim.controls]
    timing = f"{evidence.called(claim.treatment)}, {plural(claim.lag, 'year', spelled)} before the outcome"
    moderated = [("Moderator", claim.moderator.label)] if claim.moderator else []
    return [
        ("Design", claim.design),
        ("Contrast", claim.contrast.said if claim.contrast else "the treatment present, against absent"),
        ("The claim says", _SAYS[claim.expected]),
        ("Outcome", evidence.called(claim.outcome)),
        ("Treatment", timing),
        *moderated,
        ("Sample", f"{sample.label}, {_years(evidence.project.window_of(evidence.study, claim))}"),
        ("Controls", "; ".join(named) or "none"),
        ("Registration", str(row["registration"])),
        *known,
    ]


def headline(evidence: Evidence, row: Any) -> dict[str, str]:
    """Return the headline in words: its estimate, what it rests on, and how its error is made."""
    rows = evidence.frame("headline")
    mine = rows[(rows["quantity"] == "average_marginal_effect") & (rows["vcov"] == evidence.study.vcov[0])]
    return {
        "estimate": per_thousand(row["estimate"]),
        "interval": between(row["conf_low"], row["conf_high"]),
        "share": percent(row["estimate_share"]),
        "base": decimal(PER * row["base_risk"], 1),
        "smallest": percent(row["smallest_effect"] / row["base_risk"]),
        "mde": percent(row["mde_share"]),
        "p": p_value(row["p_value"]),
        "df": decimal(row["df"], 1),
        "nobs": count(row["nobs"]),
        "dyads": count(row["dyads"]),
        "states": count(row["states"]),
        "events": count(row["events"]),
        "treated": count(row["treated"]),
        "recipe": str(mine["ssc"].iloc[0]) if len(mine) else "",
    }


def checks(evidence: Evidence, claim: str) -> list[dict[str, str]]:
    """Return the checks of a claim's verdict, in the order in which they are printed."""
    found = {str(r.check): r for r in entries(evidence.of_claim("checks", claim))}
    return [
        {
            "name": name,
            "words": check.words,
            "rule": _plain(check.rule),
            "outcome": str(found[name].outcome),
            "reason": str(found[name].reason) if found[name].outcome != "pass" else "",
        }
        for name, check in CHECKS.items()
        if name in found
    ]


def _plain(rule: str) -> str:
    """A rule as it is written for docs/verdicts.md, without marks and references to that page."""
    bare = re.sub(r" \(\[[^\]]*\]\([^)]*\)\)", "", rule)
    return re.sub(r"\*(\w+)\*", r"“\1”", bare).replace(" %", "%")


def covariances(evidence: Evidence, claim: str) -> Table:
    """The headline under each covariance."""
    rows = evidence.of_claim("headline", claim)
    rows = rows[rows["quantity"] == "average_marginal_effect"]
    heads = (Column(f"Per {PER:,}"), Column("Std. error"), Column(INTERVAL, align="center"), *columns("df", "p"))
    lines = [
        Row(
            covariance_label(str(r.vcov)).long.capitalize(),
            (
                per_thousand(r.estimate),
                decimal(PER * r.std_error, 2),
                between(r.conf_low, r.conf_high),
                decimal(r.df, 1),
                p_value(r.p_value),
            ),
            (key("headline", r, "claim", "vcov", "quantity", "term"),),
        )
        for r in entries(rows)
    ]
    recipes = "; ".join(dict.fromkeys(f"{covariance_label(str(r.vcov)).short}: {r.ssc}" for r in entries(rows)))
    notes = (f"Change in onsets per {PER:,} dyad-years. {recipes}.",)
    return Table("headline", "The headline under each covariance", "", heads, tuple(lines), notes, evidence.simulated)


def models(evidence: Evidence, claim: str) -> Table | None:
    """The claim in every sample and by every estimator of the study's paper; None if it is not one of its own."""
    study = evidence.study
    if claim not in study.claims:
        return None
    mine = [cell(evidence, claim, sample, estimator) for sample in study.samples for estimator in study.estimators]
    heads = (
        Column("Estimator", align="left"), Column(f"Per {PER:,}"), Column(INTERVAL, align="center"),
        *columns("Of base risk", "p", "Dyad-years", "Onsets"), Column("Verdict", align="left"),
    )  # fmt: skip
    rows = []
    for c in mine:
        name = estimator_label(c.estimator).short
        if not c.estimated:
            rows.append(Row(c.sample_label, (name, MISSING, c.message, *[""] * 5)))
            continue
        share = c.effect / c.base_risk
        numbers = (per_thousand(c.effect), between(c.low, c.high), percent(share), p_value(c.p_value))
        cells = (name, *numbers, count(c.nobs), count(c.events), c.verdict)
        rows.append(Row(c.sample_label, cells, (_estimate(evidence, c),)))
    notes = (f"Average marginal effects, in onsets per {PER:,} dyad-years.",)
    title = "Samples and estimators of the paper"
    return Table("models", title, "", heads, tuple(rows), notes, evidence.simulated, dense=True)


def _estimate(evidence: Evidence, c: Cell) -> Key:
    of = {"vcov": evidence.vcov, "quantity": "average_marginal_effect", "is_treatment": True}
    return Key("estimates", (("sample", c.sample), ("estimator", c.estimator), *of.items()))


def family_words(family: Any) -> str:
    """Return what a family of claims is called, nothing where a claim has none."""
    return "" if pd.isna(family) else str(family).capitalize()


def _years(window: tuple[int, int]) -> str:
    return f"{year(window[0])}–{year(window[1])}"
