"""Packages hold together by their public interfaces: no import cycles, and none reaches into another package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from detente.base.code import PACKAGE, imported

MODULES: dict[str, Path] = {
    ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def test_no_module_imports_itself_in_turn() -> None:
    graph = {module: imported(PACKAGE, module) for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' → '.join(error.args[1])}")


@pytest.mark.parametrize("package", sorted({m.split(".")[1] for m in MODULES if "." in m} - {"base"}))
def test_other_packages_use_the_public_interface_alone(package: str) -> None:
    found = {m: sorted(set(_inside(m, package))) for m in MODULES if m.split(".")[1:2] != [package]}
    assert {m: names for m, names in found.items() if names} == {}


def _inside(module: str, package: str) -> Iterator[str]:
    """Modules of a package that another's module imports from, other than the package and its sub-packages."""
    for name in _named(module):
        parts = name.split(".")
        public = MODULES[name].name == "__init__.py" and len(parts) <= 3 if name in MODULES else True
        if parts[1:2] == [package] and not public:
            yield name


@cache
def _named(module: str) -> frozenset[str]:
    """Modules that stand in the imports of a file, `from package import module` among them."""
    return frozenset(_imported(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            listed = _listed(node.module)
            yield from (
                name if name in MODULES and short not in listed else node.module for short, name in names.items()
            )


@cache
def _listed(package: str) -> frozenset[str]:
    """Names that a package lists as public, modules that serve as name spaces among them."""
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8")) if package in MODULES else ast.Module([], [])
    lists = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "__all__"
        and isinstance(node.value, ast.List)
    )
    return frozenset(str(name.value) for names in lists for name in names.elts if isinstance(name, ast.Constant))
