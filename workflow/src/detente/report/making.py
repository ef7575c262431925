"""Making exhibits: each from the frames that it declares, each into every format of its kind."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import Exhibit, Kind, Page, exhibits_of
from detente.report.tables.table import Table, render
from detente.study.config import Claim

TEMPLATES = Path(__file__).resolve().parents[3] / "report"
"""Folder of the templates of tables, paper and pages."""


def read_templates(folder: Path = TEMPLATES) -> dict[str, str]:
    """Read every Jinja template of a folder: name → text."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.j2"))}


def made_of(exhibit: Exhibit, evidence: Evidence, claim: Claim | None = None) -> Any:
    """Return the table or figure, or None where a claim has nothing to draw; it sees only the frames that it needs."""
    seen = evidence.only(exhibit.needs)
    return exhibit.make(seen) if claim is None else exhibit.make(seen, claim)


def made_for(evidence: Evidence, kind: Kind, page: Page = "paper") -> Iterator[tuple[Exhibit, Any]]:
    """Make every exhibit of a kind that the study has on a page, apart from those of single claims."""
    for exhibit in exhibits_of(evidence.traits, page):
        if exhibit.kind == kind and exhibit.formats:
            yield exhibit, made_of(exhibit, evidence)


def content_of(made: Any, ending: str, templates: Mapping[str, str]) -> bytes:
    """Return a table or figure as the content of a file in one format."""
    if isinstance(made, Table):
        return render(made, ending, templates).encode("utf-8")
    from detente.report.figures.canvas import image

    return image(made, ending)


def files_of(exhibit: Exhibit, made: Any, templates: Mapping[str, str], name: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of an exhibit that was made; `name` is not its own where a claim has one."""
    for ending in exhibit.formats:
        yield f"{name or exhibit.name}.{ending}", content_of(made, ending, templates)
