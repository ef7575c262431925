"""What each treatment does to the risk of onset, by the models of the headline sample."""

from collections.abc import Iterator, Mapping
from typing import Any

from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, bound, count, decimal, p_value, per_thousand, percent, ratio
from detente.report.labels import BASE_RISK, covariance_label, estimator_label, event_words
from detente.report.models import Cell, cell, keyed
from detente.report.tables.notes import DEGREES, MDE, NOT_ESTIMABLE, failure_notes, few_switchers, verdict_rule
from detente.report.tables.table import Column, Row, Table, shown
from detente.stats import get

_RATIO, _RISK, _MDE = "Risk ratio", "Risk", "Detectable effect"
_COLUMNS = (
    Column("Effect", "", "decimal", lambda m: per_thousand(m.effect)),
    Column("from", INTERVAL, "decimal", lambda m: per_thousand(m.low)),
    Column("to", INTERVAL, "decimal", lambda m: per_thousand(m.high)),
    Column("df", "", "decimal", lambda m: decimal(m.df, 1)),
    Column("p", "", "decimal", lambda m: p_value(m.p_value)),
    Column("All", _RISK, "decimal", lambda m: per_thousand(m.mean_risk)),
    Column("Treated", _RISK, "decimal", lambda m: per_thousand(m.treated_risk)),
    Column("Base", _RISK, "decimal", lambda m: per_thousand(m.base_risk)),
    Column("Ratio", _RATIO, "decimal", lambda m: ratio(m.ratio)),
    Column("from", _RATIO, "decimal", lambda m: ratio(m.ratio_low)),
    Column("to", _RATIO, "decimal", lambda m: ratio(m.ratio_high)),
    Column("MDE", _MDE, "decimal", lambda m: per_thousand(m.mde)),
    Column("of base", _MDE, "decimal", lambda m: percent(m.mde_share)),
    Column("Verdict", "", "left", lambda m: m.verdict),
)
_OF_ROWS = ("All", "Treated")


# What of these placebo networks give, and how it is printed.
_CALIBRATED = {
    1: lambda r: bound(r["conf_low"]),
    2: lambda r: bound(r["conf_high"]),
    4: lambda r: p_value(r["p_value"]),
}


@exhibit(
    kind="table", name="effects", place="results", order=0, needs=("estimates", "failures"), beside=("calibration",)
)
def effects(evidence: Evidence) -> Table:
    """Average marginal effect of each treatment on the headline sample, by estimator. With risks, power and verdict."""
    study = evidence.study
    models = [cell(evidence, c.id, study.headline, e) for c in evidence.claims for e in study.estimators]
    calibrated = keyed(evidence.frame("calibration"), "claim") if evidence.appendix else {}
    rows: list[Row] = []
    for claim in evidence.claims:
        rows.append(Row(claim.label))
        for model in models:
            if model.claim == claim.id:
                rows.append(_row(model))
                if get(model.estimator).least_squares and claim.id in calibrated:
                    rows.append(_beside(calibrated[claim.id]))
    event = event_words({c.outcome for c in evidence.claims})["event"]
    title = f"Effect of each treatment on the risk of a new {event}: {lower_first(evidence.samples[study.headline])}"
    return Table("effects", title, "", _COLUMNS, tuple(rows), _notes(evidence, models), evidence.simulated, dense=True)


def _row(model: Cell) -> Row:
    """A model's numbers; of one without an effect, the risks of its observations, where it has any."""
    label = estimator_label(model.estimator).short
    if model.estimated:
        return shown(label, _COLUMNS, model)
    risks = (c.show(model) if model.fitted and c.label in _OF_ROWS else MISSING for c in _COLUMNS[1:-1])
    return Row(label, (NOT_ESTIMABLE, *risks, ""))


def _beside(found: Mapping[str, Any]) -> Row:
    """The interval and p-value of a headline by placebo networks of its treatment."""
    shown = (_CALIBRATED[i](found) if i in _CALIBRATED else "" for i in range(len(_COLUMNS)))
    return Row("by placebo networks", tuple(shown))


def _calibration(evidence: Evidence) -> Iterator[str]:
    """What the rows by placebo networks are, or that a quick build lacks them."""
    if evidence.appendix:
        draws = int(evidence.frame("calibration")["draws"].max())
        yield (
            f"By placebo networks: interval and p-value where the distribution of t is that of {count(draws)} networks "
            "of the treatment given to other states of the same region; a product with a moderator has none."
        )
    elif evidence.study.appendix:
        yield "Intervals and p-values by placebo networks stand here unless robustness is left out, as in this build."


def _notes(evidence: Evidence, models: list[Cell]) -> tuple[str, ...]:
    return (
        evidence.said(f"Average marginal effects and risks in onsets per {PER:,} dyad-years; ")
        + "intervals and p-values by "
        f"{covariance_label(evidence.vcov).long} standard errors. Mean risk of all observations "
        f"and of the treated ones; base: {BASE_RISK}. The risk ratio is that of all observations treated over none, "
        "with a delta-method interval on the log scale. "
        f"df: {DEGREES}. {MDE}",
        *_calibration(evidence),
        verdict_rule(evidence),
        *few_switchers(evidence, models),
        *failure_notes(evidence, models),
    )
