"""Planted beside estimated: what the pipeline finds in a world whose effects are known."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import INTERVAL, MISSING, PER, per_thousand, percent
from detente.report.labels import covariance_label
from detente.report.models import cell
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Table, shown
from detente.study.estimation import not_wrong

# How often intervals hold the planted effect. Measured, not built: docs/coverage.md, from tests/study/test_coverage.py
# over so many worlds of the demo's size.
COVERAGE: Mapping[str, float] = {
    "states": 60, "worlds": 240,
    "dyadic_relevant": 0.930, "dyadic_all": 0.940, "dyad_relevant": 0.938, "dyad_all": 0.952,
}  # fmt: skip
COLUMNS = ("claim", "planted", "estimate", "std_error", "covered", "sign", "verdict", "right")


def yes(value: Any) -> str:
    """Return "yes" or "no", or a dash where neither is known."""
    return MISSING if pd.isna(value) else "yes" if value else "no"


def _risk(label: str, name: str) -> Column:
    return Column(label, show=lambda r: per_thousand(r[name]))


def _answer(label: str, name: str) -> Column:
    return Column(label, align="center", show=lambda r: yes(r[name]))


_EFFECTS = (_risk("Planted", "planted"), _risk("Estimated", "estimate"))
_VERDICT = (Column("Verdict", align="left", show=lambda r: str(r["verdict"]) or MISSING), _answer("Not wrong", "right"))
_COLUMNS = (
    *(*_EFFECTS, _risk("Standard error", "std_error")),
    *(_answer("Same sign", "sign"), _answer(f"{INTERVAL} contains it", "covered"), *_VERDICT),
)
_SCORE_COLUMNS = (
    *(*_EFFECTS, _answer("Sign right", "sign"), _answer("Interval contains it", "covered")),
    *(Column("Equivalent specifications that contain it", show=lambda r: percent(r["share_covering"])), *_VERDICT),
)


def recovery(evidence: Evidence) -> pd.DataFrame:
    """Planted effects and their estimates on the headline sample (probabilities); claims without one are left out.

    Columns `claim`, `planted`, `estimate`, `std_error`, `covered` (whether the interval holds the planted effect),
    `sign` (whether the estimate has the planted one; missing if none was planted), `verdict`, and `right`
    (`not_wrong`); missing if there is no estimate.
    """
    rows = []
    planted = evidence.frame("truth").set_index("claim")["planted"]
    for claim in evidence.study.claims:
        if claim not in planted:
            continue
        found = cell(evidence, claim, evidence.study.headline, evidence.preferred)
        truth = float(planted[claim])
        covered = bool(found.low <= truth <= found.high) if found.estimated else None
        sign = bool(found.effect * truth > 0) if found.estimated and truth else None
        right = not_wrong(found.verdict, truth, found.smallest_effect) if found.estimated else None
        rows.append((claim, truth, found.effect, found.std_error, covered, sign, found.verdict, right))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("covered", "sign", "right"), "boolean"))


@exhibit(
    kind="table", name="recovery", place="recovery", order=1, needs=("estimates", "failures", "truth"),
    applies=lambda study: study.simulated,
)  # fmt: skip
def recovery_table(evidence: Evidence) -> Table:
    """Planted and estimated effects of the simulated world, claim by claim."""
    claims, frame = evidence.project.claims.claims, recovery(evidence)
    rows = tuple(shown(claims[str(r["claim"])].label, _COLUMNS, r) for r in frame.to_dict("records"))
    errors = covariance_label(evidence.vcov).long
    of = {name: percent(share) for name, share in COVERAGE.items()}
    notes = (
        f"Changes in onsets per {PER:,} dyad-years on the headline sample; {errors} standard errors. "
        f"One world is one draw. Dyadic-robust intervals, with effective degrees of freedom, are a little short: over "
        f"{COVERAGE['worlds']} worlds of {COVERAGE['states']} states they contained the effect in "
        f"{of['dyadic_relevant']} of cases ({of['dyadic_all']} among all dyads), intervals clustered by dyad in "
        f"{of['dyad_relevant']} ({of['dyad_all']}). A verdict is wrong if it names the other sign, calls negligible "
        "what is of interest, or finds an effect where none was planted.",
    )
    title = "Planted and estimated effects"
    return Table("recovery", title, "", _COLUMNS, rows, notes, evidence.simulated)


@exhibit(
    kind="table", name="score", page="robustness", place="score", needs=("score",),
    applies=lambda study: study.simulated,
)  # fmt: skip
def score(evidence: Evidence) -> Table:
    """The pipeline against the truth of the simulated world, claim by claim."""
    records = evidence.frame("score").to_dict("records")
    rows = tuple(shown(str(r["label"]), _SCORE_COLUMNS, r, key("score", r, "claim")) for r in records)
    notes = (
        f"Changes in onsets per {PER:,} dyad-years. A verdict is wrong if it names the other sign, calls an effect "
        "negligible that is at least the smallest of interest, or finds one where none was planted.",
    )
    return Table("score", "The pipeline against the truth", "", _SCORE_COLUMNS, rows, notes, evidence.simulated)
