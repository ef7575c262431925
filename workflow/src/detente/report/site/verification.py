"""The page that says whether a second build gave the same report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detente import __version__
from detente.report.tables.table import environment


@dataclass(frozen=True)
class Verification:
    """What the page tells.

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
    template = environment(templates, "html").get_template("verification.html.j2")
    return template.render(
        found=found,
        outcome=_outcome(len(bad), len(close)),
        good=not bad,
        groups=[(title, rows) for title, rows in _groups(bad, close, exact) if rows],
        total=len(found.verdicts),
        time=_time(found.seconds),
        checked=sum(v.numbers for v in found.verdicts),
        version=__version__,
    )


def _outcome(bad: int, close: int) -> str:
    if bad:
        return f"Not the same: {bad} product{'s' if bad > 1 else ''} differ{'' if bad > 1 else 's'}"
    return "The same within tolerance" if close else "The same to the byte"


def _groups(bad: Sequence[Any], close: Sequence[Any], exact: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    shown = [v for v in exact if v.path.startswith("reports/")]
    between = [v for v in exact if not v.path.startswith("reports/")]
    return [
        ("Different, missing or extra", list(bad)),
        ("Within tolerance", list(close)),
        ("Exact: exhibits and numbers", shown),
        ("Exact: what they are made from", between),
    ]


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
