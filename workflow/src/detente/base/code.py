"""Which files of the package a module runs, read from its imports."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def modules_used(package: Path, entry: str, registries: Collection[str] = ()) -> list[Path]:
    """Files of the package that `entry` imports, directly or not, itself included, sorted.

    Parameters
    ----------
    package
        Folder of the package (…/detente).
    entry
        Dotted module, e.g. "detente.cli.clean".
    registries
        Packages or modules that only list others: importing from them follows nothing, so that a new dataset
        does not rerun every other one; name the modules that are used as entries of their own.
    """
    seen: set[Path] = set()
    waiting = [entry]
    while waiting:
        for file in _files(package, waiting.pop(), frozenset(registries)):
            if file not in seen:
                seen.add(file)
                waiting += _imports(file)
    return sorted(seen)


@cache
def _files(package: Path, module: str, registries: frozenset[str]) -> tuple[Path, ...]:
    """Files that importing `module` runs: its own and those of the packages around it."""
    parts = module.split(".")
    files = []
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        if name in registries:
            continue
        folder = package.joinpath(*parts[1:depth])
        if folder.is_dir():
            files.append(folder / "__init__.py")
        elif folder.with_suffix(".py").is_file():
            files.append(folder.with_suffix(".py"))
    return tuple(f for f in files if f.is_file())


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Modules of the package that a file imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(n for n in names if n.split(".")[0] == "detente")
