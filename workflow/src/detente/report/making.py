"""Making exhibits: each from the frames that it declares, each into every format of its kind."""

from collections.abc import Iterable, Iterator, Mapping
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
    exhibits = [e for e in exhibits_of(evidence.traits, page) if e.kind == kind and e.formats]
    ready = read_for(exhibits, evidence)
    for exhibit in exhibits:
        yield exhibit, made_of(exhibit, ready)


def read_for(exhibits: Iterable[Exhibit], evidence: Evidence) -> Evidence:
    """Read every frame that these exhibits need, so that one that breaks its schema is refused before work starts."""
    return evidence.only(dict.fromkeys(name for exhibit in exhibits for name in exhibit.needs))


def files_of(exhibit: Exhibit, made: Any, templates: Mapping[str, str], name: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of an exhibit that was made; `name` is not its own where a claim has one."""
    # Loaded here, as are the figures themselves.
    from detente.report.figures.canvas import image

    for ending in exhibit.formats:
        content = render(made, ending, templates).encode("utf-8") if isinstance(made, Table) else image(made, ending)
        yield f"{name or exhibit.name}.{ending}", content
