"""Tables of the record: who is at risk, what happens to them, how the variables are distributed."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from detente.report.evidence import Evidence, attrition, keyed
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, percent
from detente.report.labels import listed, reason_label
from detente.report.tables.table import Column, Row, Table

_FLOW: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("dyad_years", "Dyad-years", count),
    ("dyads", "Dyads", count),
    ("onset_gml", "Onsets (GML)", count),
    ("onset_after_dispute", "Onsets (GML) in the year after a dispute year", count),
    ("onset_cow", "Onsets (COW MID)", count),
    ("ongoing_gml", "Dyad-years in dispute (GML)", count),
    ("force_onset", "Onsets with use of force", count),
    ("fatal_onset", "Onsets with a fatality", count),
    ("exercise_any", "Dyad-years with a joint exercise", count),
    ("exercise_any_share", "Share with a joint exercise", lambda share: percent(share, 2)),
    ("exercise_bilateral", "Dyad-years with a bilateral exercise", count),
    ("exercise_bilateral_share", "Share with a bilateral exercise", lambda share: percent(share, 2)),
    ("switches_on", "Exercise switches on", count),
    ("switches_off", "Exercise switches off", count),
)


@exhibit(
    kind="table",
    name="sample_flow",
    caption="Samples: dyad-years and onsets in each, and the observations dropped on the way to the models.",
    needs=("sample_flow", "attrition"),
    place="sample",
    order=1,
)
def sample_flow(evidence: Evidence) -> Table:
    """Size and contents of each sample, and how many dyad-years reach the models."""
    samples = evidence.study.samples
    held = keyed(evidence.frame("sample_flow"), "sample")
    rows = [Row("What the samples hold")]
    told = [item for item in _FLOW if item[0] in evidence.frame("sample_flow")]
    rows += [Row(label, tuple(show(held[s][name]) for s in samples)) for name, label, show in told]
    rows += _attrition(evidence)
    switches = evidence.frame("sample_flow").columns.str.startswith("switches").any()
    notes = (
        "An onset is a year in which a new dispute begins, even where an older one continues; a year in which only an "
        "older dispute continues is not at risk and is dropped from the models."
        + (" A switch is a change of the treatment between neighbouring years of a dyad." if switches else ""),
    )
    columns = tuple(Column(evidence.samples[s]) for s in samples)
    return Table("sample_flow", "Samples", "", columns, tuple(rows), notes, evidence.simulated)


def _attrition(evidence: Evidence) -> list[Row]:
    """Rows dropped and used: one panel for all claims that share them."""
    panels: dict[tuple[Row, ...], list[str]] = {}
    for claim in evidence.project.claims_of(evidence.study):
        panels.setdefault(_steps(evidence, attrition(evidence, claim.id)), []).append(claim.label)
    rows = []
    for steps, labels in panels.items():
        if steps:
            rows += [Row(f"From dyad-years to model rows: {listed(labels)}"), *steps]
    return rows


def _steps(evidence: Evidence, frame: pd.DataFrame) -> tuple[Row, ...]:
    """One row a step: what there is, what is left out for which reason, what is used."""
    counts = {(r["sample"], r["reason"]): r["rows"] for r in frame.to_dict("records")}
    rows = []
    for i, reason in enumerate(sorted(dict.fromkeys(frame["reason"]), key=lambda reason: reason == "used")):
        left_out = i > 0 and reason != "used"
        if left_out and not any(counts.get((s, reason)) for s in evidence.study.samples):
            continue
        words = reason_label(str(reason), evidence.project.claims)
        label = f"\u2212 {words}" if left_out else words[:1].upper() + words[1:]
        rows.append(Row(label, tuple(count(counts.get((s, reason), 0)) for s in evidence.study.samples)))
    return tuple(rows)


@exhibit(
    kind="table",
    name="descriptives",
    caption="Descriptive statistics of all variables in the headline sample, with their means in the others.",
    needs=("descriptives",),
    place="sample",
    order=2,
)
def descriptives(evidence: Evidence) -> Table:
    """Distribution of every variable in the headline sample, and its mean in the others."""
    study = evidence.study
    others = [s for s in study.samples if s != study.headline]
    found = keyed(evidence.frame("descriptives"), "variable", "sample")
    order = list(dict.fromkeys(variable for variable, _ in found))
    headline = evidence.samples[study.headline]
    columns = [Column(name, headline) for name in ("nobs", "Missing", "Mean", "SD", "Min", "Max")]
    columns += [Column(evidence.samples[s].removesuffix(" dyads"), "Mean elsewhere") for s in others]
    rows = []
    for variable in order:
        row = found[variable, study.headline]
        own = [
            count(row["nobs"]),
            count(row["missing"]),
            *(_measure(row[k]) for k in ("mean", "sd", "min", "max")),
        ]
        elsewhere = [_measure(found[variable, s]["mean"]) if (variable, s) in found else MISSING for s in others]
        unit = f" ({row['unit']})" if row["unit"] not in ("", "0/1") else ""
        rows.append(Row(f"{row['label']}{unit}", (*own, *elsewhere)))
    notes = ("Dyad-years; the unit stands in parentheses where a variable is not 0/1.",)
    return Table("descriptives", "Descriptive statistics", "", tuple(columns), tuple(rows), notes, evidence.simulated)


def _measure(value: float) -> str:
    """Return a statistic with digits that suit its size."""
    value = float(value)
    if value.is_integer() and abs(value) < 1e7:
        return count(value)
    return decimal(value, 2 if abs(value) >= 1 else 3 if abs(value) >= 0.01 else 4)
