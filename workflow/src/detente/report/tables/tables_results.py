"""Tables of estimates: the regressions on the headline sample, and the headline quantity in every sample."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from detente.base.numerics import EQUIVALENCE_LEVEL, LEVEL, MDE_FACTOR
from detente.report.evidence import FEW_SWITCHERS, Cell, Evidence, cell, cells, lost_terms, model_rows
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, coefficient, count, decimal, p_value, per_thousand, percent, ratio
from detente.report.labels import (
    BASE_RISK,
    PEACE_UNIT,
    covariance_label,
    estimator_label,
    listed,
    lower_first,
    term_label,
)
from detente.report.tables.recipes import merged, recipe_notes
from detente.report.tables.table import Column, Row, Table
from detente.stats.registry import get

NOT_ESTIMABLE = "n.e."
INTERVAL = f"{percent(LEVEL)} interval"
MDE = f"MDE: minimum detectable effect, {decimal(MDE_FACTOR, 1)}"

_EFFECT: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    ("Average marginal effect", lambda c: per_thousand(c.effect)),
    (f"{INTERVAL}, lower end", lambda c: per_thousand(c.low)),
    (f"{INTERVAL}, upper end", lambda c: per_thousand(c.high)),
    ("Base risk", lambda c: per_thousand(c.base_risk)),
    ("Raw risk of treated rows", lambda c: per_thousand(c.treated_risk)),
    ("Risk ratio", lambda c: ratio(c.ratio)),
    (f"{INTERVAL}, lower end", lambda c: ratio(c.ratio_low)),
    (f"{INTERVAL}, upper end", lambda c: ratio(c.ratio_high)),
    ("Detectable effect (MDE)", lambda c: per_thousand(c.mde)),
    ("MDE as a share of base risk", lambda c: percent(c.mde_share)),
    ("Verdict", lambda c: c.verdict),
)
_SIZE: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    ("Dyad-years", lambda c: count(c.nobs)),
    ("Dyad-years under treatment", lambda c: count(c.treated)),
    ("Dyads", lambda c: count(c.dyads)),
    ("Dyads under treatment", lambda c: count(c.treated_dyads)),
    ("Dyads that switch", lambda c: count(c.switching_dyads)),
    ("States", lambda c: count(c.states)),
    ("States in dyads that switch", lambda c: count(c.switching_states)),
    ("Onsets", lambda c: count(c.events)),
    ("Dyad and year effects", lambda c: estimator_label(c.estimator).effects),
)


@exhibit(
    kind="table",
    name="main",
    caption="Regressions of each claim on the headline sample, by estimator, with the standard errors of two "
    "covariances.",
    needs=("estimates", "failures"),
    place="results",
    order=3,
)
def main(evidence: Evidence) -> Table:
    """Regressions: claims × estimators on the headline sample, with the standard errors of two covariances."""
    study = evidence.study
    claims = evidence.project.claims_of(study)
    models = [cell(evidence, c.id, study.headline, e) for c in claims for e in study.estimators]
    columns = tuple(Column(estimator_label(e).short, c.label, "center") for c in claims for e in study.estimators)
    linear = listed(estimator_label(e).short for e in study.estimators if get(e).link == "identity")
    rows = [
        Row(f"Coefficients ({linear}: × {PER:,})" if linear else "Coefficients"),
        *_treatment_rows(evidence, models),
        *_control_rows(evidence, models),
        Row(f"Effect on the risk of onset, per {PER:,} dyad-years"),
        *(Row(label, tuple(_effect(m, show(m)) for m in models)) for label, show in _EFFECT),
        Row("Rows of the model"),
        *(Row(label, tuple(show(m) if m.fitted else "" for m in models)) for label, show in _SIZE),
    ]
    title = f"Onset of a dispute on each treatment: {lower_first(evidence.samples[study.headline])}"
    return Table("main", title, "", columns, tuple(rows), _main_notes(evidence, models), evidence.simulated, dense=True)


def _effect(model: Cell, shown: str) -> str:
    """A number of the effect on risk; a model without one still has the risks of its rows."""
    return shown if model.estimated or (model.fitted and shown not in (MISSING, "")) else NOT_ESTIMABLE


def _treatment_rows(evidence: Evidence, models: list[Cell]) -> list[Row]:
    """The treatment's coefficient, its standard errors (parentheses, brackets) and its p-value."""
    found = {m: _coefficients(evidence, m, evidence.vcov, treatment=True) for m in models}
    estimates, errors, ps = [], [], []
    for frame in found.values():
        row = frame.iloc[0] if len(frame) else None
        estimates.append(NOT_ESTIMABLE if row is None else _shown(row, "estimate"))
        errors.append("" if row is None else f"({_shown(row, 'std_error')})")
        ps.append("" if row is None else p_value(float(row["p_value"])))
    rows = [Row("Treatment", tuple(estimates)), Row("", tuple(errors))]
    if evidence.beside:
        beside = (_coefficients(evidence, m, evidence.beside, treatment=True) for m in models)
        shown = zip(found.values(), beside, strict=True)
        cells = (f"[{_shown(f.iloc[0], 'std_error')}]" if len(ours) and len(f) else "" for ours, f in shown)
        rows.append(Row("", tuple(cells)))
    return [*rows, Row("p-value", tuple(ps))]


def _control_rows(evidence: Evidence, models: list[Cell]) -> list[Row]:
    """Controls in the order of the models, each with its standard error below; blank where a model has none.

    Means of the dyad, which correlated random effects add for each of them, stay in the estimates.
    """
    frames = [_coefficients(evidence, m, evidence.vcov, treatment=False) for m in models]
    lost = [lost_terms(evidence, m.claim, m.sample, m.estimator) for m in models]
    terms = [str(term) for frame in frames for term in frame["term"]] + [term for gone in lost for term in gone]
    rows = []
    shown = (term for term in dict.fromkeys(terms) if not term.startswith("mean("))
    for term in sorted(shown, key=lambda term: term == "intercept"):
        found = [frame[frame["term"] == term] for frame in frames]
        absent = [NOT_ESTIMABLE if term in gone else "" for gone in lost]
        estimates = (_shown(f.iloc[0], "estimate") if len(f) else a for f, a in zip(found, absent, strict=True))
        errors = (f"({_shown(f.iloc[0], 'std_error')})" if len(f) else "" for f in found)
        rows += [Row(term_label(term, evidence.project.claims), tuple(estimates)), Row("", tuple(errors))]
    return rows


def _coefficients(evidence: Evidence, model: Cell, covariance: str, *, treatment: bool) -> pd.DataFrame:
    rows = model_rows(evidence, model.claim, model.sample, model.estimator)
    wanted = (rows["quantity"] == "coefficient") & (rows["vcov"] == covariance)
    return rows[wanted & (rows["is_treatment"] == treatment)]


def _shown(row: pd.Series, name: str) -> str:
    scale = PER if get(row["estimator"]).link == "identity" else 1
    return coefficient(scale * float(row[name]))


def _main_notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    study = evidence.study
    timing = {f"t\u2212{c.lag}" for c in evidence.project.claims_of(study)}
    treatments = listed(sorted(timing))
    return (
        f"The treatment, named above the columns, is measured in {treatments}. "
        f"Coefficients are {_units(evidence)}. Controls that dyad or year effects absorb are blank."
        f"{_means(evidence)}",
        *recipe_notes(evidence, [study.headline], ("Parentheses", "Brackets")),
        "Intervals and p-values use the errors in parentheses. The risk ratio's interval is a delta-method "
        "interval on the log scale. "
        f"{MDE} standard errors. Base risk: {BASE_RISK}; the risk ratio sets the effect against it. "
        "A dyad switches if its treatment varies in the rows of the model; dyad effects learn from no other. "
        f"Peace years in {PEACE_UNIT}.",
        *_few_switchers(evidence, models),
        *_failures(evidence, models),
        *_lost_terms(evidence, models),
        *_model_notes(evidence),
    )


def _means(evidence: Evidence) -> str:
    """Say where the coefficients of dyad means are, if a model has them."""
    if not evidence.estimates["term"].str.startswith("mean(").any():
        return ""
    return " Coefficients of the means of the dyad stand in estimates.csv."


def _units(evidence: Evidence) -> str:
    """What coefficients are, by estimator: "log-odds (Logit) and onsets per 1,000 dyad-years (LPM)"."""
    units: dict[str, list[str]] = {}
    for name in evidence.study.estimators:
        units.setdefault(estimator_label(name).unit, []).append(estimator_label(name).short)
    return listed(f"{unit} ({listed(names)})" for unit, names in units.items())


def _model_notes(evidence: Evidence) -> list[str]:
    """What the headline sample's fits say of themselves, counts of several claims as a range."""
    frame = evidence.estimates
    if "notes" not in frame:
        return []
    mine = frame[frame["sample"] == evidence.study.headline]
    told = []
    for name in evidence.study.estimators:
        notes = mine.loc[mine["estimator"] == name, "notes"].drop_duplicates()
        told += [f"{estimator_label(name).short}: {note}." for note in merged(n for n in notes if n)]
    return told


def _few_switchers(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Warn of models with dyad effects that learn from very few dyads, claim by claim."""
    told: dict[str, list[int]] = {}
    for m in models:
        if m.few_switchers and estimator_label(m.estimator).within:
            name = f"{evidence.project.claims.claims[m.claim].label}, {estimator_label(m.estimator).short}"
            told.setdefault(name, []).append(m.switching_dyads)
    found = [f"{name} ({listed(str(n) for n in dict.fromkeys(counts))})" for name, counts in told.items()]
    warning = f"Fewer than {FEW_SWITCHERS} dyads switch, so that one of them can decide the estimate"
    return [f"{warning}: {'; '.join(found)}."] if found else []


def _lost_terms(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Say which coefficients of controls have no standard error, one sentence a reason."""
    where: dict[tuple[str, str], list[str]] = {}
    for m in models:
        column = f"{evidence.project.claims.claims[m.claim].label}, {estimator_label(m.estimator).short}"
        for term, why in lost_terms(evidence, m.claim, m.sample, m.estimator).items():
            where.setdefault((term_label(term, evidence.project.claims), why.rstrip(".")), []).append(column)
    return [f"{NOT_ESTIMABLE}: {term} ({'; '.join(columns)}): {why}." for (term, why), columns in where.items()]


def _failures(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Say which numbers do not exist, and why; models that share the reason together."""
    told: dict[tuple[str, str], list[str]] = {}
    for m in models:
        if m.failure:
            lost = "No risk ratio" if m.estimated else "No effect on risk" if m.fitted else "not estimable"
            claim = evidence.project.claims.claims[m.claim].label
            where = f"{claim}, {lower_first(m.sample_label)}, {estimator_label(m.estimator).short}"
            told.setdefault((lost, m.message.rstrip(".")), []).append(where)
    marks = {"not estimable": f"{NOT_ESTIMABLE}, ", "No effect on risk": f"{NOT_ESTIMABLE}: "}
    return [f"{marks.get(lost, '')}{lost}: {'; '.join(where)}: {why}." for (lost, why), where in told.items()]


@exhibit(
    kind="table",
    name="samples",
    caption="The same claims in every sample: average marginal effect, interval, standard errors, minimum detectable "
    "effect, verdict.",
    needs=("estimates", "failures"),
    applies=lambda study: len(study.samples) > 1,
    place="samples",
)
def samples(evidence: Evidence) -> Table:
    """The headline quantity for every claim, sample and estimator, with its power and its verdict."""
    pair = (evidence.vcov, evidence.beside)
    columns = (
        Column("Model", align="left"),
        Column("Base risk"),
        Column("Effect"),
        Column(INTERVAL, align="center"),
        Column("p"),
        *(Column(covariance_label(c).short, "Standard error") for c in filter(None, pair)),
        *([Column("ratio", "Standard error")] if evidence.beside else []),
        Column("MDE / base"),
        Column("Verdict", align="left"),
    )
    models = cells(evidence)
    rows: list[Row] = []
    for claim in evidence.project.claims_of(evidence.study):
        rows.append(Row(claim.label))
        rows += [_sample_row(m, len(columns), beside=bool(evidence.beside)) for m in models if m.claim == claim.id]
    return Table(
        "samples",
        "The same claims in every sample",
        "Dyads",
        columns,
        tuple(rows),
        _samples_notes(evidence, models),
        evidence.simulated,
        dense=True,
    )


def _sample_row(model: Cell, width: int, *, beside: bool) -> Row:
    label = model.sample_label.removesuffix(" dyads")
    name = estimator_label(model.estimator).short
    if not model.estimated:
        return Row(label, (name, *[MISSING] * (width - 2), f"{NOT_ESTIMABLE} ({model.failure})"))
    return Row(
        label,
        (
            name,
            per_thousand(model.base_risk),
            per_thousand(model.effect),
            f"[{per_thousand(model.low)}, {per_thousand(model.high)}]",
            p_value(model.p_value),
            per_thousand(model.std_error),
            *([per_thousand(model.beside_std_error), decimal(model.inflation, 2)] if beside else []),
            percent(model.mde_share),
            model.verdict,
        ),
    )


def _samples_notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    share = percent(evidence.project.claims.smallest_effect)
    headline = covariance_label(evidence.vcov)
    beside = covariance_label(evidence.beside) if evidence.beside else None
    ratio_note = f"Ratio: {headline.long} standard errors over {beside.those}. " if beside else ""
    marks = (headline.short, beside.short if beside else "")
    errors = f"{headline.short} standard errors" if beside else "standard errors"
    return (
        f"Base risk, average marginal effect, interval and standard errors in onsets per {PER:,} dyad-years. "
        f"{ratio_note}Base risk: {BASE_RISK}. {MDE} {errors}.",
        f"Verdict: negligible if the {percent(EQUIVALENCE_LEVEL)} interval lies within {share} of base risk on either "
        f"side of zero; else lowers or raises if the {INTERVAL} excludes zero; else inconclusive.",
        *recipe_notes(evidence, evidence.study.samples, marks),
        *_few_switchers(evidence, models),
        *_failures(evidence, models),
    )
