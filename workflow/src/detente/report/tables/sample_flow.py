"""What samples contain, and which observations are dropped on the way to the models."""

from collections.abc import Callable

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import count, percent
from detente.report.labels import gathered, listed, step_label
from detente.report.models import attrition, keyed
from detente.report.tables.table import Row, Table, columns

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


@exhibit(kind="table", name="sample_flow", place="sample", order=1, needs=("sample_flow", "attrition"))
def sample_flow(evidence: Evidence) -> Table:
    """Samples: dyad-years and onsets in each, and the observations dropped on the way to the models."""
    samples, flow = evidence.study.samples, evidence.frame("sample_flow")
    held = keyed(flow, "sample")
    # What the panel has no variable for is missing in every sample.
    known = [item for item in _FLOW if flow[item[0]].notna().any()]
    rows = [Row("What the samples contain")]
    rows += [Row(evidence.said(label), tuple(show(held[s][name]) for s in samples)) for name, label, show in known]
    rows += _attrition(evidence)
    switches = flow["switches_on"].notna().any()
    older = "; a year in which only an older dispute continues is not at risk and is dropped from the models"
    notes = (
        "An onset is a year in which a new dispute begins, even where an older one continues"
        f"{older if evidence.pairs else ''}."
        + (" A switch is a change of the treatment between neighbouring years of a dyad." if switches else ""),
    )
    heads = columns(*(evidence.samples[s] for s in samples))
    return Table("sample_flow", "Samples", "", heads, tuple(rows), notes, evidence.simulated)


def _attrition(evidence: Evidence) -> list[Row]:
    """Rows dropped and used: one panel for all claims that share them."""
    panels = gathered((_steps(evidence, attrition(evidence, c.id)), c.label) for c in evidence.claims)
    heads = {
        steps: Row(f"{evidence.said('From dyad-years')} to observations of models: {listed(c)}")
        for steps, c in panels.items()
    }
    return [row for steps, head in heads.items() if steps for row in (head, *steps)]


def _steps(evidence: Evidence, frame: pd.DataFrame) -> tuple[Row, ...]:
    counts = {(r["sample"], r["reason"]): r["rows"] for r in frame.to_dict("records")}
    rows = []
    for i, reason in enumerate(sorted(dict.fromkeys(frame["reason"]), key=lambda reason: reason == "used")):
        left_out = i > 0 and reason != "used"
        if left_out and not any(counts.get((s, reason)) for s in evidence.study.samples):
            continue
        label = step_label(str(reason), evidence.project.claims, first=i == 0)
        rows.append(Row(label, tuple(count(counts.get((s, reason), 0)) for s in evidence.study.samples)))
    return tuple(rows)
