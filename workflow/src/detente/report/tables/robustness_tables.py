"""Tables of what was asked of headlines: power, confounders, negative controls, influence; and of deviations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence, entries
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, PER, count, decimal, multiple, p_value, per_thousand, percent
from detente.report.labels import term_label
from detente.report.tables.table import Column, Row, Table
from detente.study.verdicts.registration import compare, registered

# Parts of the record that are left out one at a time, as the head of a column calls them.
_KINDS: Mapping[str, str] = {"state": "State", "region": "Region", "era": "Era", "series": "Series of exercises"}

_CONFOUNDER_COLUMNS = (
    Column("Of the estimate", "Robustness value"),
    Column("Of the interval", "Robustness value"),
    Column("Strongest control", "Beside a confounder as strong", "left"),
    Column(f"{percent(LEVEL)} interval, per {PER:,}", "Beside a confounder as strong", "center"),
    Column("Oster's δ"),
    Column("Estimate", "E-value"),
    Column("Limit", "E-value"),
)
_CONFOUNDER_NOTES = (
    "Robustness value: share of what is left of treatment and outcome that a confounder must explain to bring the "
    "estimate, or the nearer end of its dyadic interval, to zero; 0% where the interval holds zero already.",
    "Oster's δ: selection on what is not observed, as a multiple of that on controls, that would bring the "
    "estimate to zero, with an R² 1.3 times as large; negative where controls move it away from zero.",
    "E-value: risk ratio that a confounder must have with both to explain the risk ratio of the claim, or the "
    "limit of its interval, which is symmetric in logs.",
)


def power_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """What the headline of each claim could have found, from effects planted on its real rows.

    Parameters
    ----------
    frame
        One row a claim: `claim`, `base_risk`, `power_at_smallest`, `power_by_error`, `type_m_at_smallest`,
        `type_s_at_smallest`, `size`, `mde_share`, `mde_simulated_share`, `std_error`, `spread`, `draws`.
    claims
        Claim id → label, in order of print.
    """
    rows = [
        Row(
            claims[r.claim],
            (
                decimal(PER * r.base_risk, 1),
                percent(r.mde_share),
                _or_missing(r.mde_simulated_share, percent),
                percent(r.power_by_error),
                percent(r.power_at_smallest),
                _or_missing(r.type_m_at_smallest, multiple),
                _or_missing(r.type_s_at_smallest, percent),
                percent(r.size, 1),
                decimal(r.std_error / r.spread, 1),
            ),
        )
        for r in _in_order(frame, claims)
    ]
    columns = (
        Column(f"Base risk per {PER:,}"),
        Column("2.8 SE", "Detectable effect, of base risk"),
        Column("Planted", "Detectable effect, of base risk"),
        Column("Power by SE", "At the smallest effect of interest"),
        Column("Planted", "At the smallest effect of interest"),
        Column("Exaggeration", "At the smallest effect of interest"),
        Column("Wrong sign", "At the smallest effect of interest"),
        Column("Rejections under no effect"),
        Column("Observed SE by planted spread"),
    )
    draws = int(frame["draws"].max()) if len(frame) else 0
    notes = (
        f"Effects are planted on the real rows and looked for by the headline model at 5%, {count(draws)} draws each. "
        "Exaggeration and wrong sign: of estimates that are significant (types M and S). Rejections under no effect: "
        "the size of the test, 5% if its intervals are right.",
        "Where the last column is above one, the record has more dependence than was planted. The verdict takes the "
        "smaller power of the two.",
    )
    return Table("power", "What the headline could have found", "", columns, tuple(rows), notes, simulated, dense=True)


def confounder_table(
    ledger: pd.DataFrame,
    selection: pd.DataFrame,
    evalues: pd.DataFrame,
    label: Callable[[str], str],
    *,
    simulated: bool,
) -> Table:
    """How strong a confounder would have to be, claim by claim.

    Parameters
    ----------
    ledger
        Rows with an estimate: `claim`, `label`, `robustness_value`, `robustness_value_alpha`, `strongest_benchmark`,
        `benchmark_low`, `benchmark_high`.
    selection
        Oster's δ by `claim` and `r_max_rule`; the first row of a claim is printed.
    evalues
        `claim`, `e_value`, `e_value_limit`.
    label
        What a control is called.
    """
    delta = selection.drop_duplicates("claim").set_index("claim")["delta"]
    ratio = evalues.drop_duplicates("claim").set_index("claim")
    rows = [
        Row(
            str(r.label),
            (
                _or_missing(r.robustness_value, _in_percent),
                _or_missing(r.robustness_value_alpha, _in_percent),
                label(r.strongest_benchmark) if r.strongest_benchmark else MISSING,
                _between(r.benchmark_low, r.benchmark_high),
                _or_missing(delta.get(r.claim), lambda v: decimal(v, 1)),
                _or_missing(ratio["e_value"].get(r.claim), lambda v: decimal(v, 1)),
                _or_missing(ratio["e_value_limit"].get(r.claim), lambda v: decimal(v, 1)),
            ),
        )
        for r in entries(ledger)
    ]
    title = "How strong a confounder would have to be"
    return Table("confounders", title, "", _CONFOUNDER_COLUMNS, tuple(rows), _CONFOUNDER_NOTES, simulated, dense=True)


def influence_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """Of each kind of part, the one without which the estimate moves most, and how many give another verdict.

    Parameters
    ----------
    frame
        One row a part left out: `claim`, `kind`, `left_out`, `change_se` (shift in standard errors), `flips`.
    claims
        Claim id → label, in order of print.
    """
    kinds = [k for k in _KINDS if (frame["kind"] == k).any()]
    rows = []
    for claim, label in claims.items():
        mine = frame[frame["claim"] == claim]
        if len(mine):
            cells = [_most(mine[mine["kind"] == k]) for k in kinds]
            rows.append(Row(label, (*cells, f"{count(int(mine['flips'].sum()))} of {count(len(mine))}")))
    columns = (*(Column(_KINDS[k], "Moves the estimate most", "left") for k in kinds), Column("Another verdict"))
    notes = (
        "The headline, fitted again without one state, region, era or series of exercises; in brackets the shift of "
        "the estimate in its standard errors. Another verdict: of all that were left out, how many change it.",
    )
    return Table("influence", "Whom estimates rest on", "", columns, tuple(rows), notes, simulated, dense=True)


def _most(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset=["change_se"])
    if known.empty:
        return MISSING
    row = known.iloc[int(known["change_se"].abs().to_numpy().argmax())]
    return f"{row['left_out']} ({decimal(row['change_se'], 1)})"


def _in_order(frame: pd.DataFrame, claims: Mapping[str, str]) -> list[Any]:
    known = {r.claim: r for r in entries(frame)}
    return [known[c] for c in claims if c in known]


def _or_missing(value: Any, printed: Callable[[float], str]) -> str:
    return MISSING if value is None or pd.isna(value) else printed(float(value))


def _in_percent(value: float) -> str:
    return percent(value, 1)


def _between(low: float, high: float) -> str:
    return MISSING if pd.isna(low) or pd.isna(high) else f"{per_thousand(low)} to {per_thousand(high)}"


def placebo_table(frame: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """Negative controls of each claim: what the headline finds where there can be no effect.

    Parameters
    ----------
    frame
        `claim`, `label`, `lag`, `estimate`, `conf_low`, `conf_high`, `p`, `n`, `treated`.
    claims
        Claim id → label, in order of print.
    """
    rows: list[Row] = []
    for claim, label in claims.items():
        mine = frame[frame["claim"] == claim]
        rows += [Row(label)] if len(mine) else []
        rows += [
            Row(
                str(r.label),
                (
                    per_thousand(r.estimate),
                    f"{per_thousand(r.conf_low)} to {per_thousand(r.conf_high)}",
                    p_value(r.p_value),
                    count(r.nobs),
                    count(r.treated),
                ),
            )
            for r in entries(mine)
        ]
    columns = (
        Column(f"Per {PER:,}"),
        Column(f"{percent(LEVEL)} interval", align="center"),
        Column("p"),
        Column("Dyad-years"),
        Column("Treated"),
    )
    notes = (
        "The headline model with a variable that cannot work in place of the treatment: what it finds is bias, or the "
        "outcome's effect on the treatment, or, in the lead of a lasting treatment, the treatment itself.",
    )
    return Table("placebos", "Negative controls", "", columns, tuple(rows), notes, simulated)


def deviation_table(changes: pd.DataFrame, claims: Mapping[str, str], *, simulated: bool) -> Table:
    """What is tested otherwise than it was registered: `claim`, `field`, `registered`, `now`."""
    rows = [Row(claims.get(r.claim, str(r.claim)), (r.field, r.registered, r.now)) for r in entries(changes)]
    columns = tuple(Column(name, align="left") for name in ("Field", "Registered", "Now"))
    return Table("deviations", "Deviations from the registration", "", columns, tuple(rows), (), simulated)


def _with_interval(evidence: Evidence) -> pd.DataFrame:
    ledger = evidence.frame("ledger")
    return ledger[ledger["estimate"].notna()]


def _labels(evidence: Evidence) -> dict[str, str]:
    """Claims with an estimate: id → label."""
    found = _with_interval(evidence)
    return dict(zip(found["claim"], found["label"], strict=True))


@exhibit(
    kind="table",
    name="power",
    caption="Power: what the headline of each claim could have found, from effects planted in its own data.",
    needs=("ledger", "power"),
    page="robustness",
    place="power",
    order=1,
)
def power_of(evidence: Evidence) -> Table:
    """Power of the claims that have an estimate."""
    return power_table(evidence.frame("power"), _labels(evidence), simulated=evidence.simulated)


@exhibit(
    kind="table",
    name="confounders",
    caption="Sensitivity: how strong a confounder would have to be, claim by claim.",
    needs=("ledger", "selection", "evalue"),
    page="robustness",
    place="confounders",
    order=1,
)
def confounders_of(evidence: Evidence) -> Table:
    """Sensitivity of the claims that have an estimate."""

    def label(term: str) -> str:
        return term_label(term, evidence.project.claims)

    found, selection, evalues = _with_interval(evidence), evidence.frame("selection"), evidence.frame("evalue")
    return confounder_table(found, selection, evalues, label, simulated=evidence.simulated)


@exhibit(
    kind="table",
    name="placebos",
    caption="Negative controls: what the headline model finds where there can be no effect.",
    needs=("placebos",),
    page="robustness",
    place="placebos",
)
def placebos_of(evidence: Evidence) -> Table:
    """Negative controls of every claim that has them."""
    return placebo_table(evidence.frame("placebos"), evidence.examined, simulated=evidence.simulated)


@exhibit(
    kind="table",
    name="influence",
    caption="Influence: the state, region, era or series of exercises without which each estimate moves most.",
    needs=("ledger", "influence"),
    page="robustness",
    place="influence",
    order=1,
)
def influence_of(evidence: Evidence) -> Table:
    """Leave-one-out influence on the claims that have an estimate."""
    return influence_table(evidence.frame("influence"), _labels(evidence), simulated=evidence.simulated)


@exhibit(
    kind="table",
    name="deviations",
    caption="Deviations from the registration.",
    needs=(),
    page="robustness",
    place="registration",
)
def deviations_of(evidence: Evidence) -> Table:
    """What is tested otherwise than it was registered."""
    now, frozen = evidence.project.claims, registered(evidence.project.root)
    changes = compare(now, frozen.claims if frozen else now).changes
    return deviation_table(changes, evidence.examined, simulated=evidence.simulated)
