"""Which files of the package each rule runs, so that an edit reruns what it touches and nothing else."""

import os
from collections.abc import Iterable, Iterator
from functools import cache

from detente.base.code import PACKAGE, decorated, modules_used
from detente.data.sources import REGISTRY
from detente.stats import WITH_ENGINE, get

# These only list others: a new command, dataset or estimator changes no result that does not use it.
REGISTRIES = ("detente.cli", "detente.data.sources", "detente.stats.registry")


def command(name: str, *modules: str) -> list[str]:
    """A command, with modules that it finds in a registry; relative, so that a moved checkout reruns nothing."""
    entries = (f"{PACKAGE.name}.cli.{_commands()[name]}.{name}", *modules)
    files = {file for entry in entries for file in modules_used(PACKAGE, entry, REGISTRIES)}
    return sorted(map(os.path.relpath, files))


def cleaning(slug: str) -> list[str]:
    """Cleaning one source."""
    return command("clean", *_cleaners([slug]), "detente.data.sources.schema")


def panel(slugs: Iterable[str]) -> list[str]:
    """Building a panel from sources."""
    return command("panel", *_cleaners(slugs))


def estimating(estimator: str) -> list[str]:
    """Estimating by one estimator."""
    return command("estimate", _module(estimator))


def fitting(name: str) -> list[str]:
    """A command that fits many specifications: the estimators that an engine stands in for belong to it."""
    return command(name, *map(_module, WITH_ENGINE))


def raw_sources(slugs: Iterable[str]) -> list[str]:
    """Sources whose raw files these are cleaned from."""
    return sorted({table.slug or slug for slug in slugs for table in REGISTRY[slug].raw})


def package_file(*parts: str) -> str:
    """A file of the package that is no module."""
    return os.path.relpath(PACKAGE.joinpath(*parts))


@cache
def _commands() -> dict[str, str]:
    """Every command, with the module that its function is in."""
    return {function.name: module for module, function, _ in decorated(PACKAGE / "cli", "command")}


def _cleaners(slugs: Iterable[str]) -> Iterator[str]:
    yield from sorted({REGISTRY[slug].clean.__module__ for slug in slugs})


def _module(estimator: str) -> str:
    return f"{PACKAGE.name}.{get(estimator).module}"
