"""Reading published tables: their files, with every check that the schema cannot make; and their data.

Data are found, fetched, verified, read, merged, and their variables derived.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base import expressions, strict
from detente.base.errors import ConfigError, DetenteError, PanelError, RawFilesUnavailable, UnknownVariable, choices
from detente.base.expressions import Table, evaluate
from detente.base.tables import read_table
from detente.data import SourceRecord
from detente.data.acquire import Patience, acquire
from detente.replicate.estimators import EARLIER
from detente.replicate.models import DUMMIES, OWN, WEIGHTED, Published, options_of, specification
from detente.replicate.quantities import MODEL, TERM, read
from detente.replicate.schema import DataFile, Model, Publication, named
from detente.stats.covariance import CONVENTIONS, FACTORS, KINDS

Problem = tuple[list[Any], str]
WAYS = (
    "Three ways on:\n"
    "  1. put the file into {raw}/<id>/ yourself;\n"
    "  2. name a folder that holds it as <id>/<file> in the environment variable DETENTE_REPLICATION;\n"
    "  3. connect to the network and run again, where the file has an address."
)


def read_publication(path: Path) -> Publication:
    """Read and check one file, whose id is its name; raises ConfigError with all that is wrong and where."""
    read = strict.read(path, Publication).model_copy(update={"id": path.stem})
    found = [f"{' › '.join([strict.located(path, keys), *map(str, keys)])}: {what}" for keys, what in problems(read)]
    if found:
        raise ConfigError("\n".join(found))
    return read


def read_publications(paths: list[Path], only: list[str] | None = None) -> list[Publication]:
    """All files, in the order of their names; `only` these ids.

    Raises ConfigError with the problems of all files together, or if there is no file of an id.
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


def problems(publication: Publication) -> Iterator[Problem]:
    """Keys of every wrong entry and what is wrong with it; columns are checked when the data are read."""
    for name, data in publication.data.items():
        yield from _of_data(publication, ["data", name], data)
    for name, model in publication.models.items():
        keys = ["models", name]
        if model.data is not None and model.data not in publication.data:
            yield [*keys, "data"], _no_data(model.data, publication)
        elif model.data is None and len(publication.data) > 1 and not model.infeasible:
            yield keys, f"'data' is missing: the table has several files; {choices('', publication.data)}"
        yield from _of_numbers(keys, model)
        if not model.infeasible:
            yield from _of_model(keys, model)


def _of_data(publication: Publication, keys: list[Any], data: DataFile) -> Iterator[Problem]:
    for name, text in data.derive.items():
        wrong = list(_illegal([*keys, "derive", name], text))
        yield from wrong
        if not wrong and data.panel is None and expressions.uses_lag(expressions.parse(text)):
            yield [*keys, "derive", name], "lag and lead need `panel:` with the key of a unit and its time"
    for i, merge in enumerate(data.merge):
        if merge.data not in publication.data:
            yield [*keys, "merge", i], _no_data(merge.data, publication)


def _no_data(name: str, publication: Publication) -> str:
    return f"{name!r} is no data file of this table; {choices(name, publication.data)}"


def _of_numbers(keys: list[Any], model: Model) -> Iterator[Problem]:
    for term, numbers in model.printed.items():
        for quantity in numbers:
            yield from _refused([*keys, "printed", term, quantity], lambda q=quantity: read(q, TERM))
    for quantity in model.statistics:
        yield from _refused([*keys, "statistics", quantity], lambda q=quantity: read(q, MODEL))
    for name, derived in model.derived.items():
        yield from _illegal([*keys, "derived", name], derived.expression)


def _expressions(model: Model) -> Iterator[tuple[list[Any], str]]:
    """What a model says in expressions, or as dummies of a column, by key."""
    yield ["outcome"], model.outcome
    yield from ((["terms", i], text) for i, term in enumerate(model.terms) for text in named(term).values())
    yield from (([key], text) for key in ("sample", "weights") if (text := getattr(model, key)) is not None)


def _of_model(keys: list[Any], model: Model) -> Iterator[Problem]:
    for place, text in _expressions(model):
        if not DUMMIES.fullmatch(text):
            yield from _illegal([*keys, *place], text)
    wrong = list(_refused([*keys, "estimator"], lambda: options_of(model.estimator)))
    yield from wrong or _of_estimator(keys, model)
    if model.ssc not in CONVENTIONS:
        yield [*keys, "ssc"], f"{model.ssc!r} is not known; {choices(model.ssc, CONVENTIONS)}"


def _of_estimator(keys: list[Any], model: Model) -> Iterator[Problem]:
    name, legal = model.estimator, options_of(model.estimator)
    for option in model.options:
        if option not in legal:
            yield [*keys, "options", option], f"estimator {name!r} has no such option; {choices(option, legal)}"
    if model.weights is not None and name not in WEIGHTED:
        yield [*keys, "weights"], f"estimator {name!r} takes no weights; those that do: {', '.join(WEIGHTED)}"
    if model.bread != "final" and name not in EARLIER:
        yield [*keys, "bread"], f"estimator {name!r} has but the final one; others: {', '.join(EARLIER)}"
    if model.vcov == "jackknife" and name in OWN:
        yield [*keys, "vcov"], f"estimator {name!r} has no jackknife"


def _illegal(keys: list[Any], text: str) -> Iterator[Problem]:
    return _refused(keys, lambda: expressions.parse(text))


def _refused(keys: list[Any], attempt: Any) -> Iterator[Problem]:
    try:
        attempt()
    except DetenteError as error:
        yield keys, str(error)


def _spoken_of(spec: Published) -> Iterator[tuple[str, str]]:
    for place, text in _expressions(spec.model):
        dummies = DUMMIES.fullmatch(text)
        found = [dummies["column"]] if dummies else expressions.names(expressions.parse(text))
        yield from ((place[0], name) for name in found)
    yield from (
        ("fixed_effects", name) for name in spec.model.fixed_effects if not (spec.data.sides and name == "dyad")
    )
    yield from (("vcov", name) for name in spec.clusters)


def check_columns(publication: Publication, tables: Mapping[str, Table], where: str) -> None:
    """Raise UnknownVariable with all columns that models or covariances speak of and the data, once derived, lack."""
    found = []
    for name, model in publication.models.items():
        data = publication.file_of(model)
        if model.infeasible or data not in tables:
            continue
        frame, spec = tables[data].frame, specification(publication, name)
        for part, column in _spoken_of(spec):
            if column not in frame.columns:
                legal = [*map(str, frame.columns), *(KINDS if part == "vcov" else ())]
                legal += FACTORS if part != "terms" and spec.data.sides else ()
                place = f"{where} › models › {name} › {part}"
                found.append(f"{place}: the data have no column {column!r}; {choices(column, legal)}")
    if found:
        raise UnknownVariable("\n".join(found))


def obtained(
    publication: Publication, raw: Path, mirror: Sequence[Path], patience: Patience | None = None
) -> dict[str, Path]:
    """Verified paths of the data files of a table by their names: in `raw`/<id>/, else copied, else downloaded.

    Raises RawFilesUnavailable naming what cannot be had, every place looked at, and the ways on.
    """
    record = SourceRecord(
        title=publication.title, version="as published", citation=publication.citation, terms="the authors'",
        years=(1816, 1816), files=tuple(publication.data.values()),
    )  # fmt: skip
    try:
        receipt = acquire({publication.id: record}, raw, mirror, patience=patience, progress=False)[0]
    except RawFilesUnavailable as error:
        found = str(error).partition("\n\nThree ways on:")[0].partition("\n\n")[2]
        raise RawFilesUnavailable(f"{found}\n\n{WAYS.format(raw=raw.as_posix())}") from error
    paths = {each.pin.file: each.path for each in receipt.files}
    return {name: paths[data.file] for name, data in publication.data.items()}


def tables(publication: Publication, paths: Mapping[str, Path]) -> dict[str, Table]:
    """Tables of all data files, with merged and derived columns.

    Raises UnknownVariable, FormulaError, PanelError if a derived variable or a merge cannot be made; the message says
    which; SourceSchemaError if a file cannot be read.
    """
    raw = {name: read_table(paths[name], data.form).frame for name, data in publication.data.items()}
    found = {}
    for name, data in publication.data.items():
        where = f"{publication.id} › data › {name}"
        found[name] = _derived(where, data, _merged(where, data, raw[name], raw))
    return found


def _merged(where: str, data: DataFile, frame: pd.DataFrame, raw: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    for merge in data.merge:
        other = raw[merge.data]
        for side, columns in ((frame, merge.on), (other, (*merge.on, *merge.take))):
            for column in columns:
                if column not in side.columns:
                    legal = choices(column, map(str, side.columns))
                    raise UnknownVariable(f"{where} › merge: the data have no column {column!r}; {legal}")
        taken = other[[*merge.on, *merge.take]]
        twice = taken.duplicated(list(merge.on))
        if twice.any():
            raise PanelError(f"{where} › merge: {int(twice.sum()):,} rows of {merge.data!r} repeat the key of another")
        frame = frame.merge(taken, on=list(merge.on), how="left", validate="many_to_one")
    return frame


def _derived(where: str, data: DataFile, frame: pd.DataFrame) -> Table:
    """The table of a file; variables are derived in their order, so that one may use those before it."""
    key, time = (data.panel.key, data.panel.time) if data.panel else ((), "")
    for part, names in (("panel", (*key, *([time] if time else ()))), ("sides", data.sides or ())):
        for name in names:
            if name not in frame.columns:
                legal = choices(name, map(str, frame.columns))
                raise UnknownVariable(f"{where} › {part}: the data have no column {name!r}; {legal}")
    frame = frame.copy(deep=False)
    for name, text in data.derive.items():
        try:
            made = evaluate(text, Table(frame, key, time, data.missing))
        except DetenteError as error:
            raise type(error)(f"{where} › derive › {name}: {error}") from error
        frame = pd.concat([frame.drop(columns=name, errors="ignore"), pd.Series(made, frame.index, name=name)], axis=1)
    return Table(frame, key, time, data.missing)
