"""The page that says whether a second build gave the same report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente import __version__
from detente.report.formats import duration
from detente.report.tables.table import environment


@dataclass(frozen=True)
class Verification:
    """What the page says.

    `verdicts` have `path`, `status`, `detail`, `numbers` and `largest`; `inputs` are pairs of what the builds did not
    have in common and how; `manifest` is that of the second build, `environment` says where its software came from.
    """

    study: str
    name: str
    simulated: bool
    verdicts: Sequence[Any]
    inputs: Sequence[tuple[str, str]]
    manifest: Mapping[str, Any]
    environment: str
    seconds: float
    tolerance: float


def verification_page(found: Verification, templates: Mapping[str, str]) -> str:
    """Return the page: the outcome, what went in, and one row per product, those that differ first."""
    bad = [v for v in found.verdicts if v.status in ("different", "missing", "extra")]
    close = [v for v in found.verdicts if v.status == "within tolerance"]
    exact = [v for v in found.verdicts if v.status == "exact"]
    groups = {
        "Different, missing or extra": bad,
        "Within tolerance": close,
        "Exact: exhibits and numbers": [v for v in exact if v.path.startswith("reports/")],
        "Exact: what they are made from": [v for v in exact if not v.path.startswith("reports/")],
    }
    template = environment(templates, "html").get_template("verification.html.j2")
    return template.render(
        found=found,
        outcome=_outcome(len(bad), len(close)),
        good=not bad,
        groups=[(title, rows) for title, rows in groups.items() if rows],
        total=len(found.verdicts),
        time=duration(found.seconds),
        checked=sum(v.numbers for v in found.verdicts),
        version=__version__,
    )


def _outcome(bad: int, close: int) -> str:
    if bad:
        return f"Not the same: {bad} product{'s' if bad > 1 else ''} differ{'' if bad > 1 else 's'}"
    return "The same within tolerance" if close else "The same to the byte"
