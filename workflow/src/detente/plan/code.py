"""Which files of the package each rule runs, so that an edit reruns what it touches and nothing else."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from detente.base.code import PACKAGE, decorated, modules_used
from detente.data.sources import REGISTRY
from detente.provenance import remembered, version_of
from detente.stats import REGISTRY as ESTIMATORS
from detente.stats import WITH_ENGINE, get
from detente.study.described import methods
from detente.study.design import ESTIMATOR

# These only list others: a new command, dataset or estimator changes no result that does not use it.
REGISTRIES = ("detente.cli", "detente.data.sources", "detente.stats.registry", "detente.study.described.registry")
# An estimator that code takes from the registry by name.
BY_NAME = re.compile(r'\b(?:get\(|estimator=)"(\w+)"')


def command(name: str, *modules: str) -> list[str]:
    """A command, `modules` of a registry, and estimators that it names; relative, so that a move reruns nothing."""
    return remembered((name, *modules), lambda: _found(name, *modules))


def _found(name: str, *modules: str) -> list[str]:
    waiting = [f"{PACKAGE.name}.cli.{_commands()[name]}.{name}", *modules]
    files: set[Path] = set()
    while waiting:
        more = set(modules_used(PACKAGE, waiting.pop(), REGISTRIES)) - files
        waiting += [_module(estimator) for file in more for estimator in _estimators(file, BY_NAME)]
        files |= more
    return sorted(map(os.path.relpath, files))


def ran(files: Sequence[str] | Callable[..., object]) -> str | Callable[[Mapping[str, str]], str]:
    """The parameter of a rule that stands for files of the package, or for those that a function of wildcards names."""
    if not callable(files):
        return version_of(files)

    def asked(wildcards: Mapping[str, str]) -> str:
        return version_of(cast("Sequence[str]", files(wildcards)))

    return asked


def cleaning(slug: str) -> list[str]:
    """Cleaning one source."""
    return command("clean", *_cleaners([slug]))


def panel(slugs: Iterable[str]) -> list[str]:
    """Building a panel from sources."""
    return command("panel", *_cleaners(slugs))


def estimating(estimator: str) -> list[str]:
    """Estimating by one estimator."""
    return command("estimate", _module(estimator))


def in_windows() -> list[str]:
    """Estimating headlines in several windows."""
    return command("windows", _module(ESTIMATOR))


def describing(method: str) -> list[str]:
    """Describing a claim by one method."""
    return command("described", methods()[method].make.__module__)


def fitting(name: str) -> list[str]:
    """A command that fits many specifications: the estimators that an engine stands in for belong to it."""
    return command(name, *map(_module, WITH_ENGINE))


def replicating(table: Path) -> list[str]:
    """Re-estimating a published table: the estimators that its file names belong to it."""
    return command("replicate", *map(_module, _estimators(table, re.compile(r"\w+"))))


def publishing(tables: Iterable[Path]) -> list[str]:
    """Setting published findings beside a panel: the estimators that their files name belong to it."""
    named = {estimator for table in tables for estimator in _estimators(table, re.compile(r"\w+"))}
    return command("published", *map(_module, sorted(named)))


def raw_sources(slugs: Iterable[str]) -> list[str]:
    """Sources whose raw files these are cleaned from; a user's own table is that of its own name."""
    named = ((slug, REGISTRY[slug].raw if slug in REGISTRY else ()) for slug in slugs)
    return sorted({name for slug, raw in named for name in ([t.slug or slug for t in raw] or [slug])})


def package_file(*parts: str) -> str:
    """A file of the package that is no module."""
    return os.path.relpath(PACKAGE.joinpath(*parts))


@cache
def _commands() -> dict[str, str]:
    return {function.name: module for module, function, _ in decorated(PACKAGE / "cli", "command")}


def _cleaners(slugs: Iterable[str]) -> Iterator[str]:
    yield from sorted({REGISTRY[slug].clean.__module__ for slug in slugs if slug in REGISTRY})


@cache
def _estimators(file: Path, named: re.Pattern[str]) -> list[str]:
    return sorted(ESTIMATORS.keys() & set(named.findall(file.read_text(encoding="utf-8"))))


def _module(estimator: str) -> str:
    return f"{PACKAGE.name}.{get(estimator).module}"
