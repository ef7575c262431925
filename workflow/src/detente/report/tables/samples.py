"""The headline quantity of every claim in every sample."""

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, decimal, p_value, per_thousand, percent
from detente.report.labels import BASE_RISK, covariance_label, estimator_label
from detente.report.models import Cell, cells
from detente.report.tables.notes import (
    DEGREES,
    MDE,
    NOT_ESTIMABLE,
    error_notes,
    failure_notes,
    few_switchers,
    verdict_rule,
)
from detente.report.tables.table import Column, Row, Table, shown


@exhibit(
    kind="table", name="samples", place="samples", needs=("estimates", "failures"),
    applies=lambda study: len(study.samples) > 1,
    caption="The same claims in every sample. Average marginal effect, interval, standard errors, minimum detectable "
    "effect, verdict.",
)  # fmt: skip
def samples(evidence: Evidence) -> Table:
    """The headline quantity for every claim, sample and estimator, with its power and its verdict."""
    heads = _columns(*(covariance_label(c).short for c in (evidence.vcov, evidence.beside) if c))
    models = cells(evidence)
    rows: list[Row] = []
    for claim in evidence.claims:
        rows.append(Row(claim.label))
        rows += [_row(evidence, m, heads) for m in models if m.claim == claim.id]
    title, notes = "The same claims in every sample", _notes(evidence, models)
    return Table("samples", title, evidence.said("Dyads"), heads, tuple(rows), notes, evidence.simulated, dense=True)


def _columns(errors: str, beside: str = "") -> tuple[Column, ...]:
    group = "Standard error"
    return (
        Column("Model", align="left", show=lambda m: estimator_label(m.estimator).short),
        Column("Mean", "Risk", show=lambda m: per_thousand(m.mean_risk)),
        Column("Base", "Risk", show=lambda m: per_thousand(m.base_risk)),
        Column("Effect", show=lambda m: per_thousand(m.effect)),
        Column("from", INTERVAL, show=lambda m: per_thousand(m.low)),
        Column("to", INTERVAL, show=lambda m: per_thousand(m.high)),
        Column("p", show=lambda m: p_value(m.p_value)),
        Column(errors, group, show=lambda m: per_thousand(m.std_error)),
        *([Column(beside, group, show=lambda m: per_thousand(m.beside_std_error))] if beside else []),
        *([Column("ratio", group, show=lambda m: decimal(m.inflation, 2))] if beside else []),
        Column("df", show=lambda m: decimal(m.df, 1)),
        Column("MDE / base", show=lambda m: percent(m.mde_share)),
        Column("Verdict", align="left", show=lambda m: m.verdict),
    )


def _row(evidence: Evidence, model: Cell, heads: tuple[Column, ...]) -> Row:
    label, name = evidence.short(model.sample), heads[0].show(model)
    if model.estimated:
        return shown(label, heads, model)
    return Row(label, (name, *[MISSING] * (len(heads) - 2), f"{NOT_ESTIMABLE} ({model.failure})"))


def _notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    headline = covariance_label(evidence.vcov)
    beside = covariance_label(evidence.beside) if evidence.beside else None
    ratio_note = f"Ratio: {headline.long} standard errors over {beside.those}. " if beside else ""
    marks = (headline.short, beside.short if beside else "")
    return (
        evidence.said(
            f"Risks, average marginal effect, interval and standard errors in onsets per {PER:,} dyad-years. "
        )
        + f"{ratio_note}Base risk: {BASE_RISK}. df: {DEGREES}. {MDE}",
        verdict_rule(evidence),
        *error_notes(evidence, evidence.study.samples, marks),
        *few_switchers(evidence, models),
        *failure_notes(evidence, models),
    )
