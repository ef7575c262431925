"""Files that start from another with `extends: name`: mappings merge, lists replace."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detente.base import strict
from detente.base.errors import ConfigError, choices


def chain(path: Path, shipped: Mapping[str, Path]) -> tuple[Path, ...]:
    """A valid file and those that it extends, nearest first."""
    base = strict.content(path).get("extends")
    return (path, *chain(shipped[base], shipped)) if base else (path,)


def extended(path: Path, shipped: Mapping[str, Path], before: tuple[Path, ...] = ()) -> Any:
    """Content of a file with that of all it extends, which are among the `shipped` ones.

    Raises
    ------
    ConfigError
        If it extends what is not there, or what extends it in turn, or has no name of its own.
    """
    raw = strict.content(path)
    if not isinstance(raw, dict) or "extends" not in raw:
        return raw
    base = raw.pop("extends")
    where = f"{strict.located(path, ['extends'])} › extends"
    if not isinstance(base, str) or base not in shipped:
        raise ConfigError(f"{where}: no study is called {base!r}; {choices(str(base), shipped)}")
    if shipped[base] in (*before, path):
        raise ConfigError(f"{where}: {base!r} extends this study in turn")
    if "name" not in raw:
        raise ConfigError(f"{strict.located(path, [])}: a study that extends another needs a `name` of its own")
    return _merged(extended(shipped[base], shipped, (*before, path)), raw)


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: _merged(base.get(k), v) for k, v in over.items()}}
    return over
