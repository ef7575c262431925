"""What each treatment does to the risk of onset, by the models of the headline sample."""

from detente.base.numerics import EQUIVALENCE_LEVEL
from detente.report.evidence import Cell, Evidence, cell
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, decimal, p_value, per_thousand, percent, ratio
from detente.report.labels import BASE_RISK, covariance_label, estimator_label, lower_first
from detente.report.tables.notes import DEGREES, MDE, NOT_ESTIMABLE, failure_notes, few_switchers
from detente.report.tables.table import Column, Row, Table, shown

_RATIO, _RISK, _MDE = "Risk ratio", "Raw risk", "Detectable effect"
_COLUMNS = (
    Column("Effect", "", "decimal", lambda m: per_thousand(m.effect)),
    Column("from", INTERVAL, "decimal", lambda m: per_thousand(m.low)),
    Column("to", INTERVAL, "decimal", lambda m: per_thousand(m.high)),
    Column("df", "", "decimal", lambda m: decimal(m.df, 1)),
    Column("p", "", "decimal", lambda m: p_value(m.p_value)),
    Column("Base", _RISK, "decimal", lambda m: per_thousand(m.base_risk)),
    Column("Treated", _RISK, "decimal", lambda m: per_thousand(m.treated_risk)),
    Column("Ratio", _RATIO, "decimal", lambda m: ratio(m.ratio)),
    Column("from", _RATIO, "decimal", lambda m: ratio(m.ratio_low)),
    Column("to", _RATIO, "decimal", lambda m: ratio(m.ratio_high)),
    Column("MDE", _MDE, "decimal", lambda m: per_thousand(m.mde)),
    Column("of base", _MDE, "decimal", lambda m: percent(m.mde_share)),
    Column("Verdict", "", "left", lambda m: m.verdict),
)
_OF_ROWS = ("Base", "Treated")


@exhibit(kind="table", name="effects", place="results", order=0, needs=("estimates", "failures"))
def effects(evidence: Evidence) -> Table:
    """Average marginal effect of each treatment on the headline sample, by estimator. With risks, power and verdict."""
    study = evidence.study
    models = [cell(evidence, c.id, study.headline, e) for c in evidence.claims for e in study.estimators]
    rows: list[Row] = []
    for claim in evidence.claims:
        rows += [Row(claim.label), *(_row(m) for m in models if m.claim == claim.id)]
    title = f"Effect of each treatment on the risk of a dispute: {lower_first(evidence.samples[study.headline])}"
    return Table("effects", title, "", _COLUMNS, tuple(rows), _notes(evidence, models), evidence.simulated, dense=True)


def _row(model: Cell) -> Row:
    """A model's numbers; of one without an effect, the risks of its observations, where it has any."""
    label = estimator_label(model.estimator).short
    if model.estimated:
        return shown(label, _COLUMNS, model)
    risks = (c.show(model) if model.fitted and c.label in _OF_ROWS else MISSING for c in _COLUMNS[1:-1])
    return Row(label, (NOT_ESTIMABLE, *risks, ""))


def _notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    share = percent(evidence.project.claims.smallest_effect)
    return (
        f"Average marginal effects and risks in onsets per {PER:,} dyad-years; intervals and p-values by "
        f"{covariance_label(evidence.vcov).long} standard errors. Base: {BASE_RISK}; treated: of those treated. "
        "The risk ratio sets the effect against base risk, with a delta-method interval on the log scale. "
        f"df: {DEGREES}. {MDE}",
        f"Verdict: negligible if the {percent(EQUIVALENCE_LEVEL)} interval lies within {share} of base risk on either "
        f"side of zero; else lowers or raises if the {INTERVAL} excludes zero; else inconclusive.",
        *few_switchers(evidence, models),
        *failure_notes(evidence, models),
    )
