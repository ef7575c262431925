"""Copies of `config/` to spoil, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import DetenteError
from detente.study.project import load

TINY, PAPER, DEMO = "config/study/tiny.yaml", "config/study/paper.yaml", "config/study/demo.yaml"
CLAIMS_FILE, SOURCES_FILE = "config/claims.yaml", "config/sources.yaml"
STUDY = (
    "abstract, appendix, authors, claims, controls, data, date, described, "
    "estimators, examined, extends, headline, keywords, mirror, multiverse, name, "
    "samples, seed, simulation, sources, title, unit, variables, vcov, window, windows, world"
)


def refusal(root: Path, override: Path | None = None) -> str:
    """Kind and text of what loading a project raises."""
    with pytest.raises(DetenteError) as caught:
        load(root, override)
    return f"{type(caught.value).__name__}: {caught.value}"


def own(root: Path, text: str) -> Path:
    """A user's study file, called mine.yaml."""
    path = root / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path
