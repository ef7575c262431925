"""Parts of a study in their order: each imports those before it, and others reach them by what they offer."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "workflow" / "src" / "detente"
ORDER = ("config", "design", "estimation", "robustness", "multiverse", "described", "verdicts")


def imported(path: Path) -> list[list[str]]:
    """Dotted parts of the modules of a study that a file imports from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return [name.split(".")[2:] for name in names if name.startswith("detente.study.")]


@pytest.mark.parametrize("part", ORDER)
def test_a_part_imports_only_those_before_it(part: str) -> None:
    for path in (PACKAGE / "study" / part).glob("*.py"):
        for other in imported(path):
            assert ORDER.index(other[0]) <= ORDER.index(part), f"{path.name} imports {'.'.join(other)}"


@pytest.mark.parametrize("part", ORDER)
def test_a_part_says_what_it_offers(part: str) -> None:
    module = import_module(f"detente.study.{part}")
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def test_other_packages_import_what_parts_offer_and_no_module_of_theirs() -> None:
    guilty = [
        f"{path.relative_to(PACKAGE)}: {'.'.join(names)}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] != "study"
        for names in imported(path)
        if len(names) > 1
    ]
    assert guilty == []
