"""The regressions of every claim on the headline sample, with the standard errors of two covariances."""

from collections.abc import Callable

import pandas as pd

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import PER, coefficient, count, p_value
from detente.report.labels import PEACE_UNIT, estimator_label, gathered, listed, term_label
from detente.report.models import Cell, cell, lost_terms
from detente.report.tables import notes
from detente.report.tables.notes import NOT_ESTIMABLE, column_of
from detente.report.tables.table import Column, Row, Table
from detente.stats import get

OF_MEANS = "Coefficients of the means of the dyad stand in estimates.csv. "
# Numbers that repeat others where the unit is the state.
_OF_PAIRS = ("States", "States in dyads that switch")
_SIZE: tuple[tuple[str, Callable[[Cell], str]], ...] = (
    ("Dyad-years", lambda c: count(c.nobs)),
    ("Dyad-years under treatment", lambda c: count(c.treated)),
    ("Dyads", lambda c: count(c.dyads)),
    ("Dyads under treatment", lambda c: count(c.treated_dyads)),
    ("Dyads that switch", lambda c: count(c.switching_dyads)),
    ("States", lambda c: count(c.states)),
    ("States in dyads that switch", lambda c: count(c.switching_states)),
    ("Onsets", lambda c: count(c.events)),
    ("Dyad and year fixed effects", lambda c: estimator_label(c.estimator).effects),
)


@exhibit(kind="table", name="main", place="results", order=3, needs=("estimates", "failures"))
def main(evidence: Evidence) -> Table:
    """Regressions of each claim on the headline sample, by estimator. Standard errors by two covariance estimators."""
    study, claims = evidence.study, evidence.claims
    models = [cell(evidence, c.id, study.headline, e) for c in claims for e in study.estimators]
    columns = tuple(Column(estimator_label(e).short, c.label, "decimal") for c in claims for e in study.estimators)
    linear = listed(estimator_label(e).short for e in study.estimators if get(e).link == "identity")
    rows = [
        Row(f"Coefficients ({linear}: × {PER:,})" if linear else "Coefficients"),
        *_treatment_rows(evidence, models),
        *_control_rows(evidence, models),
        Row("Observations of the model"),
        *_size_rows(evidence, models),
    ]
    title = f"Regressions of onset on each treatment: {lower_first(evidence.samples[study.headline])}"
    return Table("main", title, "", columns, tuple(rows), _main_notes(evidence, models), evidence.simulated, dense=True)


def _size_rows(evidence: Evidence, models: list[Cell]) -> list[Row]:
    counted = ((label, show) for label, show in _SIZE if evidence.pairs or label not in _OF_PAIRS)
    return [Row(evidence.said(n), tuple(show(m) if m.fitted else "" for m in models)) for n, show in counted]


def _treatment_rows(evidence: Evidence, models: list[Cell]) -> list[Row]:
    """The treatment's coefficient, its standard errors (parentheses, brackets) and its p-value."""
    found, beside = ([_coefficients(evidence, m, c, True) for m in models] for c in (evidence.vcov, evidence.beside))
    brackets = (_first(f, "[{}]", "std_error") if len(ours) else "" for ours, f in zip(found, beside, strict=True))
    return [
        Row("Treatment", tuple(_first(f, "{}", "estimate") or NOT_ESTIMABLE for f in found)),
        Row("", tuple(_first(f, "({})", "std_error") for f in found)),
        *([Row("", tuple(brackets))] if evidence.beside else []),
        Row("p-value", tuple(p_value(float(f["p_value"].iloc[0])) if len(f) else "" for f in found)),
    ]


def _control_rows(evidence: Evidence, models: list[Cell]) -> list[Row]:
    """Controls in the order of the models, each with its standard error below; blank where a model has none.

    Means of the dyad, which correlated random effects add for each of them, stay in the estimates.
    """
    frames = [_coefficients(evidence, m, evidence.vcov, False) for m in models]
    lost = [lost_terms(evidence, *m.model) for m in models]
    terms = dict.fromkeys(str(term) for each in ([f["term"] for f in frames], lost) for some in each for term in some)
    shown = (term for term in terms if not term.startswith("mean("))
    rows = []
    for term in sorted(shown, key=lambda term: term == "intercept"):
        found = [frame[frame["term"] == term] for frame in frames]
        absent = (NOT_ESTIMABLE if term in gone else "" for gone in lost)
        estimates = (_first(f, "{}", "estimate") or a for f, a in zip(found, absent, strict=True))
        errors = (_first(f, "({})", "std_error") for f in found)
        rows += [Row(term_label(term, evidence.project.claims), tuple(estimates)), Row("", tuple(errors))]
    return rows


def _coefficients(evidence: Evidence, model: Cell, covariance: str, treatment: bool) -> pd.DataFrame:
    rows = evidence.of_model("estimates", *model.model)
    wanted = (rows["quantity"] == "coefficient") & (rows["vcov"] == covariance)
    return rows[wanted & (rows["is_treatment"] == treatment)]


def _first(rows: pd.DataFrame, shape: str, name: str) -> str:
    """A number of the first row as it is printed, empty if there is no row."""
    if rows.empty:
        return ""
    scale = PER if get(rows["estimator"].iloc[0]).link == "identity" else 1
    return shape.format(coefficient(scale * float(rows[name].iloc[0])))


def _main_notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    timing = sorted({f"t\u2212{c.lag}" for c in evidence.claims})
    # What coefficients are, by estimator: "log-odds (Logit) and onsets per 1,000 dyad-years (LPM)".
    units = gathered((label.unit, label.short) for label in map(estimator_label, evidence.study.estimators))
    measured = listed(f"{unit} ({listed(names)})" for unit, names in units.items())
    means = evidence.estimates["term"].str.startswith("mean(").any()
    return (
        evidence.said(
            f"The treatment is measured in {listed(timing)}. Coefficients are {measured}. "
            f"{OF_MEANS if means else ''}Peace years in {PEACE_UNIT}. A dyad "
            "switches if its treatment varies among the observations of the model."
        ),
        *notes.error_notes(evidence, [evidence.study.headline], ("Parentheses", "Brackets")),
        "p-values use the errors in parentheses.",
        *_dropped(evidence, models),
        *notes.few_switchers(evidence, models),
        *notes.failure_notes(evidence, models),
        *_lost_terms(evidence, models),
        *_model_notes(evidence),
    )


def _dropped(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Controls that leave a model for want of variation: "Blank: Contiguous (LPM of Joint exercise): …"."""
    found = []
    for model in models:
        rows = evidence.of_model("estimates", *model.model)
        terms = str(rows["dropped"].iloc[0]).split(", ") if len(rows) else []
        found += [(term_label(t, evidence.project.claims), column_of(evidence, model)) for t in terms if t]
    named = ", ".join(f"{term} ({'; '.join(columns)})" for term, columns in gathered(found).items())
    return [f"Blank, as it does not vary within the model's rows and fixed effects: {named}."] if named else []


def _model_notes(evidence: Evidence) -> list[str]:
    """What the headline sample's fits say of themselves, counts of several claims as a range."""
    mine = evidence.estimates[evidence.estimates["sample"] == evidence.study.headline]
    said = {e: mine.loc[mine["estimator"] == e, "notes"].drop_duplicates() for e in evidence.study.estimators}
    found = ((estimator_label(e).short, note) for e, own in said.items() for note in notes.merged(filter(None, own)))
    return [f"{name}: {note}." for name, note in found]


def _lost_terms(evidence: Evidence, models: list[Cell]) -> list[str]:
    lost = ((m, term, why) for m in models for term, why in lost_terms(evidence, *m.model).items())
    known = evidence.project.claims
    where = gathered(((term_label(term, known), why.rstrip(".")), column_of(evidence, m)) for m, term, why in lost)
    return [f"{NOT_ESTIMABLE}: {term} ({'; '.join(columns)}): {why}." for (term, why), columns in where.items()]
