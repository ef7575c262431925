"""Where the tests find the project, the observed record and the published data that serve as oracles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from builders import project, tiny

ROOT = Path(__file__).resolve().parents[1]


def _folder(variable: str, beside: str) -> Path | None:
    candidates = [Path(os.environ[variable])] if os.environ.get(variable) else []
    candidates.append(ROOT.parent / "shared" / beside)
    return next((c for c in candidates if c.is_dir()), None)


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the project."""
    return ROOT


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of `config/`."""
    return project(tmp_path)


@pytest.fixture(scope="session")
def few_sources() -> str:
    """`config/sources.yaml` with what the shipped studies join, and no more: reading it all takes longest."""
    blocks = yaml.load((ROOT / "config/sources.yaml").read_text("utf-8"), yaml.CSafeLoader)["sources"]
    return yaml.safe_dump({"sources": {slug: blocks[slug] for slug in tiny().sources}})


@pytest.fixture
def bare(copied: Path, few_sources: str) -> Path:
    """The same with few sources, for what is refused before they are looked at."""
    (copied / "config/sources.yaml").write_text(few_sources, encoding="utf-8")
    return copied


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of the observed raw files."""
    folder = _folder("DETENTE_MIRROR", "mirror")
    if folder is None:
        pytest.skip("the observed raw files are not at hand: set DETENTE_MIRROR to a folder with <slug>/<file>")
    return folder


@pytest.fixture(scope="session")
def replication() -> Path:
    """Folder of published data and printed numbers."""
    folder = _folder("DETENTE_REPLICATION", "replication")
    if folder is None:
        pytest.skip("published data are not at hand: set DETENTE_REPLICATION to a folder with <slug>/<file>")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the builds, which take longest, so that the other worker does all the rest meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_workflow.py")
