"""What the file of a study says, with all that it extends and the names of what it defines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.base import strict
from detente.study.config.own import choices_of, own_of

OF_THE_PAPER = ("authors", "date", "keywords")
"""Keys of a study that one which extends it does not inherit: another paper has authors of its own."""


def said_by(path: Path, shipped: Mapping[str, Path]) -> Any:
    """What a study's file says; raises ConfigError for a definition that is none before the list that it stands in."""
    said = _own(path, _with_windows(path, shipped))
    own_of(path)
    if not isinstance(said, dict):
        return said
    said = choices_of(said)
    if "data" in said:
        tables = list(dict.fromkeys(slug for file in strict.chain(path, shipped) for slug in own_of(file).data))
        sources = said.get("sources")
        joined = [*sources, *(t for t in tables if t not in sources)] if isinstance(sources, list) else sources
        said |= {"data": tables, "sources": joined}
    return said


def _with_windows(path: Path, shipped: Mapping[str, Path]) -> Any:
    """What a study file says with all that it extends; a window that it states holds for every claim, if not `own`."""
    extended = strict.extended(path, shipped)
    if not isinstance(extended, dict):
        return extended
    said = (strict.content(file) for file in strict.chain(path, shipped))
    stated = [set(keys) & {"window", "windows"} for keys in said]
    nearest = next(filter(None, stated), set())
    return extended | ({"windows": "common"} if "window" in nearest and "windows" not in nearest else {})


def _own(path: Path, extended: Any) -> Any:
    """What a study file says with all that it extends, but for what would credit its paper to others."""
    said = strict.content(path)
    if not isinstance(extended, dict) or not isinstance(said, dict):
        return extended
    return {key: value for key, value in extended.items() if key not in OF_THE_PAPER or key in said}
