"""Reading files of published tables, with every check of what they say."""

from pathlib import Path

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.replicate.checks import problems
from detente.replicate.schema import Publication


def read_publication(path: Path) -> Publication:
    """Read and check one file; its id is its name.

    Raises
    ------
    ConfigError
        With all problems of the file, each as `file:line › key: what is wrong`.
    """
    read = strict.read(path, Publication).model_copy(update={"id": path.stem})
    found = [f"{' › '.join([strict.located(path, keys), *map(str, keys)])}: {what}" for keys, what in problems(read)]
    if found:
        raise ConfigError("\n".join(found))
    return read


def read_publications(paths: list[Path], only: list[str] | None = None) -> list[Publication]:
    """All files, in the order of their names; `only` these ids.

    Raises
    ------
    ConfigError
        With the problems of all files together, or if there is no file of an id.
    """
    found, wrong = [], []
    known = sorted({path.stem for path in paths})
    for name in only or ():
        if name not in known:
            raise ConfigError(f"no replication is called {name!r}; {choices(name, known)}")
    for path in sorted(paths, key=lambda p: p.stem):
        try:
            found.append(read_publication(path))
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return [each for each in found if not only or each.id in only]
