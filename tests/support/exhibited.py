"""Exhibits and prose of a study whose frames are made up."""

from __future__ import annotations

from typing import Any

from detente.report import Evidence, exhibits_of, made_of
from detente.report.paper import References, Shown, compose, numbers
from detente.report.paper.document import Block
from detente.report.site import provenance_words

from support.pages import PROVENANCE, TEMPLATES, WORKS


def made_all(evidence: Evidence, kind: str) -> dict[str, Any]:
    """Every table or figure of the paper of a study, by name."""
    return {e.name: made_of(e, evidence) for e in exhibits_of(evidence.traits) if e.kind == kind}


def built(name: str, evidence: Evidence, kind: str = "table") -> Any:
    """One exhibit of the paper."""
    return made_of(next(e for e in exhibits_of(evidence.traits) if (e.kind, e.name) == (kind, name)), evidence)


def composed(evidence: Evidence, references: References | None = None) -> list[Block]:
    """Blocks of the paper of a study."""
    values = numbers(evidence)
    words, shown = provenance_words(PROVENANCE), [Shown(e) for e in exhibits_of(evidence.traits)]
    return compose(TEMPLATES["paper.md.j2"], values, words, references or References(WORKS, values["sources"]), shown)


def prose(evidence: Evidence) -> str:
    """The text of the paper of a study."""
    return "\n\n".join(block.text for block in composed(evidence))
