"""The headline quantity of every claim in every sample."""

from detente.base.numerics import EQUIVALENCE_LEVEL
from detente.report.evidence import Cell, Evidence, cells
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, decimal, p_value, per_thousand, percent
from detente.report.labels import BASE_RISK, covariance_label, estimator_label
from detente.report.tables.notes import MDE, NOT_ESTIMABLE, failure_notes, few_switchers, recipe_notes
from detente.report.tables.table import Column, Row, Table, columns


@exhibit(
    kind="table", name="samples", place="samples", needs=("estimates", "failures"),
    applies=lambda study: len(study.samples) > 1,
    caption="The same claims in every sample. Average marginal effect, interval, standard errors, minimum detectable "
    "effect, verdict.",
)  # fmt: skip
def samples(evidence: Evidence) -> Table:
    """The headline quantity for every claim, sample and estimator, with its power and its verdict."""
    pair = [covariance_label(c).short for c in (evidence.vcov, evidence.beside) if c]
    heads = (
        Column("Model", align="left"),
        *columns("Base risk", "Effect"),
        Column(INTERVAL, align="center"),
        Column("p"),
        *columns(*pair, *(["ratio"] if evidence.beside else []), group="Standard error"),
        Column("MDE / base"),
        Column("Verdict", align="left"),
    )
    models = cells(evidence)
    rows: list[Row] = []
    for claim in evidence.claims:
        rows.append(Row(claim.label))
        rows += [_row(m, len(heads), beside=bool(evidence.beside)) for m in models if m.claim == claim.id]
    title, notes = "The same claims in every sample", _notes(evidence, models)
    return Table("samples", title, "Dyads", heads, tuple(rows), notes, evidence.simulated, dense=True)


def _row(model: Cell, width: int, *, beside: bool) -> Row:
    label, name = model.sample_label.removesuffix(" dyads"), estimator_label(model.estimator).short
    if not model.estimated:
        return Row(label, (name, *[MISSING] * (width - 2), f"{NOT_ESTIMABLE} ({model.failure})"))
    shown = (
        name,
        *(per_thousand(value) for value in (model.base_risk, model.effect)),
        f"[{per_thousand(model.low)}, {per_thousand(model.high)}]",
        p_value(model.p_value),
        per_thousand(model.std_error),
        *([per_thousand(model.beside_std_error), decimal(model.inflation, 2)] if beside else []),
        percent(model.mde_share),
        model.verdict,
    )
    return Row(label, shown)


def _notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
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
        *few_switchers(evidence, models),
        *failure_notes(evidence, models),
    )
