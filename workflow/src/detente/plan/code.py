"""Which files of the package each rule runs, so that an edit reruns what it touches and nothing else."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from detente.base.code import PACKAGE, decorated, modules_used
from detente.data.sources import REGISTRY
from detente.stats import REGISTRY as ESTIMATORS
from detente.stats import WITH_ENGINE, get

# These only list others: a new command, dataset or estimator changes no result that does not use it.
REGISTRIES = ("detente.cli", "detente.data.sources", "detente.stats.registry")
# An estimator that code takes from the registry by name.
BY_NAME = re.compile(r'\b(?:get\(|estimator=)"(\w+)"')


def command(name: str, *modules: str) -> list[str]:
    """A command, `modules` of a registry, and estimators that it names; relative, so that a move reruns nothing."""
    waiting = [f"{PACKAGE.name}.cli.{_commands()[name]}.{name}", *modules]
    files: set[Path] = set()
    while waiting:
        more = set(modules_used(PACKAGE, waiting.pop(), REGISTRIES)) - files
        waiting += [_module(estimator) for file in more for estimator in _estimators(file, BY_NAME)]
        files |= more
    return sorted(map(os.path.relpath, files))


def cleaning(slug: str) -> list[str]:
    """Cleaning one source."""
    return command("clean", *_cleaners([slug]))


def panel(slugs: Iterable[str]) -> list[str]:
    """Building a panel from sources."""
    return command("panel", *_cleaners(slugs))


def estimating(estimator: str) -> list[str]:
    """Estimating by one estimator."""
    return command("estimate", _module(estimator))


def fitting(name: str) -> list[str]:
    """A command that fits many specifications: the estimators that an engine stands in for belong to it."""
    return command(name, *map(_module, WITH_ENGINE))


def replicating(table: Path) -> list[str]:
    """Re-estimating a published table: the estimators that its file names belong to it."""
    return command("replicate", *map(_module, _estimators(table, re.compile(r"\w+"))))


def raw_sources(slugs: Iterable[str]) -> list[str]:
    """Sources whose raw files these are cleaned from."""
    return sorted({table.slug or slug for slug in slugs for table in REGISTRY[slug].raw})


def package_file(*parts: str) -> str:
    """A file of the package that is no module."""
    return os.path.relpath(PACKAGE.joinpath(*parts))


@cache
def _commands() -> dict[str, str]:
    return {function.name: module for module, function, _ in decorated(PACKAGE / "cli", "command")}


def _cleaners(slugs: Iterable[str]) -> Iterator[str]:
    yield from sorted({REGISTRY[slug].clean.__module__ for slug in slugs})


@cache
def _estimators(file: Path, named: re.Pattern[str]) -> list[str]:
    return sorted(ESTIMATORS.keys() & set(named.findall(file.read_text(encoding="utf-8"))))


def _module(estimator: str) -> str:
    return f"{PACKAGE.name}.{get(estimator).module}"
