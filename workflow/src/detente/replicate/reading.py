"""Reading published tables: their files, with every check that the schema cannot make; and their data.

Data are found, fetched, verified, read, merged, and their variables derived.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from detente.base import expressions, strict
from detente.base.errors import ConfigError, DetenteError, RawFilesUnavailable, UnknownVariable, choices
from detente.base.expressions import Table
from detente.data import SourceRecord
from detente.data.acquire import Patience, acquire
from detente.replicate.estimators import EARLIER
from detente.replicate.levels import dummies_of
from detente.replicate.linked import Link
from detente.replicate.models import Published, options_of, specification, unfit
from detente.replicate.overdispersed import EXPECTED
from detente.replicate.own import OWN, WEIGHTED
from detente.replicate.quantities import MODEL, TERM, read
from detente.replicate.schema import DataFile, Model, Publication, named
from detente.replicate.spatial import SPATIAL, Conley
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
    try:
        read = Publication.of(path, strict.read(path, Publication))
    except ConfigError as error:
        # The path as it was given, not from `config` on.
        begins = re.compile(rf"^{re.escape(strict.shown(path))}(?=:)", re.MULTILINE)
        raise ConfigError(begins.sub(path.as_posix(), str(error))) from error
    if found := [f"{read.located(keys)}: {what}" for keys, what in problems(read)]:
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
        yield from _of_numbers(keys, model)
        if not publication.data:
            continue
        if model.data is not None and model.data not in publication.data:
            yield [*keys, "data"], _no_data(model.data, publication)
        elif model.data is None and len(publication.data) > 1 and not model.infeasible:
            yield keys, f"'data' is missing: the table has several files; {choices('', publication.data)}"
        if not model.infeasible and model.lacking:
            yield keys, f"{model.lacking!r} is missing; a model that cannot be estimated says why: 'infeasible'"
        elif not model.infeasible:
            yield from _of_model(keys, model)
    yield from _of_links(publication)


def _of_links(publication: Publication) -> Iterator[Problem]:
    for claim, links in publication.claims.items():
        for i, link in enumerate(links):
            yield from _of_link(publication, ["claims", claim, i], link)
            if (link.model, link.term) in [(each.model, each.term) for each in links[:i]]:
                yield ["claims", claim, i], f"{link.term!r} of {link.model!r} is there already: one entry each"


def _of_link(publication: Publication, keys: list[Any], link: Link) -> Iterator[Problem]:
    """What is wrong with a number that speaks to a claim, or with its model on a panel."""
    model = publication.models.get(link.model)
    if model is None:
        yield [*keys, "model"], f"{link.model!r} is no model of this table; {choices(link.model, publication.models)}"
    elif link.term not in model.printed:
        yield [*keys, "term"], f"the model prints no {link.term!r}; {choices(link.term, model.printed)}"
    elif "estimate" not in model.printed[link.term]:
        yield [*keys, "term"], f"of {link.term!r} no `estimate` is printed"
    if link.panel is None:
        return
    asked = link.panel
    texts: list[tuple[list[Any], str]] = [(["outcome"], asked.outcome), (["sample"], asked.sample or "1 == 1")]
    texts += [(["terms", i], text) for i, term in enumerate(asked.terms) for text in named(term).values()]
    for place, text in texts:
        if not dummies_of(text):
            yield from _illegal([*keys, "panel", *place], text)
    wrong = list(_refused([*keys, "panel", "estimator"], lambda: options_of(asked.estimator)))
    yield from wrong or _of_options([*keys, "panel"], asked.estimator, asked.options)


def _of_data(publication: Publication, keys: list[Any], data: DataFile) -> Iterator[Problem]:
    for place, step in data.made:
        where = [*keys, *place, *([step.kind] if place[0] == "steps" else [])]
        joined = step.merge or step.append
        if joined and joined.data not in publication.data:
            yield where, _no_data(joined.data, publication)
        if step.keep:
            yield from _illegal(where, step.keep)
        for name, text in (step.derive or {}).items():
            wrong = list(_illegal([*where, name], text))
            yield from wrong
            if not wrong and data.panel is None and expressions.uses_lag(expressions.parse(text)):
                yield [*where, name], "lag and lead need `panel:` with the key of a unit and its time"


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
    for part in ("terms", "instruments"):
        listed = enumerate(getattr(model, part))
        yield from (([part, i], text) for i, term in listed for text in named(term).values())
    yield from (([key], text) for key in ("sample", "weights") if (text := getattr(model, key)) is not None)


def _of_model(keys: list[Any], model: Model) -> Iterator[Problem]:
    for place, text in _expressions(model):
        if not dummies_of(text):
            yield from _illegal([*keys, *place], text)
    wrong = list(_refused([*keys, "estimator"], lambda: options_of(model.estimator)))
    yield from wrong or _of_estimator(keys, model)
    if model.ssc not in CONVENTIONS:
        yield [*keys, "ssc"], f"{model.ssc!r} is not known; {choices(model.ssc, CONVENTIONS)}"


def _of_options(keys: list[Any], name: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    legal = options_of(name)
    for option, value in options.items():
        if option not in legal:
            yield [*keys, "options", option], f"estimator {name!r} has no such option; {choices(option, legal)}"
        elif why := unfit(name, option, value):
            yield [*keys, "options", option], f"{value!r} is no {option!r} of {name!r}: {why}"


def _of_estimator(keys: list[Any], model: Model) -> Iterator[Problem]:
    name = model.estimator
    yield from _of_options(keys, name, model.options)
    known = [each for term in model.terms for each in named(term)]
    for i, term in enumerate(model.endogenous):
        if term not in known:
            yield [*keys, "endogenous", i], f"{term!r} is none of the terms; {choices(term, known)}"
    if model.weights is not None and name not in WEIGHTED:
        yield [*keys, "weights"], f"estimator {name!r} takes no weights; those that do: {', '.join(WEIGHTED)}"
    able = {"final": (name,), "one step earlier": EARLIER, "expected": EXPECTED}[model.bread]
    if name not in able:
        yield [*keys, "bread"], f"estimator {name!r} has none {model.bread!r}; those that do: {', '.join(able)}"
    if model.vcov.startswith("conley("):
        yield from _refused([*keys, "vcov"], lambda: Conley.read(model.vcov))
    if model.vcov == "jackknife" and name in OWN:
        yield [*keys, "vcov"], f"estimator {name!r} has no jackknife"


def _illegal(keys: list[Any], text: str) -> Iterator[Problem]:
    return _refused(keys, lambda: expressions.parse(text))


def _refused(keys: list[Any], attempt: Any) -> Iterator[Problem]:
    try:
        attempt()
    except DetenteError as error:
        yield keys, str(error)


def _spoken_of(spec: Published) -> Iterator[tuple[list[Any], str]]:
    """Columns that a model speaks of, each with the place where it does."""
    for place, text in _expressions(spec.model):
        dummies = dummies_of(text)
        found = [dummies] if dummies else expressions.names(expressions.parse(text))
        yield from ((place, name) for name in found)
    for i, name in enumerate(spec.model.fixed_effects):
        if not (spec.data.sides and name == "dyad"):
            yield ["fixed_effects", i], name
    yield from ((["vcov"], name) for name in spec.clusters)
    if SPATIAL.fullmatch(spec.model.vcov):
        spatial = Conley.read(spec.model.vcov)
        for text in (spatial.latitude, spatial.longitude):
            yield from ((["vcov"], name) for name in expressions.names(expressions.parse(text)))


def check_columns(publication: Publication, tables: Mapping[str, Table]) -> None:
    """Raise UnknownVariable with all columns that models or covariances speak of and the data, once derived, lack."""
    found = []
    for name, model in publication.models.items():
        data = publication.file_of(model)
        if model.infeasible or data not in tables:
            continue
        frame, spec = tables[data].frame, specification(publication, name)
        for place, column in _spoken_of(spec):
            if column not in frame.columns:
                legal = [*map(str, frame.columns), *(KINDS if place == ["vcov"] else ())]
                legal += FACTORS if place[0] != "terms" and spec.data.sides else ()
                where = publication.located(["models", name, *place])
                found.append(f"{where}: the data have no column {column!r}; {choices(column, legal)}")
    if found:
        raise UnknownVariable("\n".join(found))


def obtained(
    publication: Publication, raw: Path, mirror: Sequence[Path], patience: Patience | None = None
) -> dict[str, Path]:
    """Verified paths of the data files of a table by their names: in `raw`/<id>/, else copied, else downloaded.

    Raises RawFilesUnavailable naming what cannot be had, every place looked at, and the ways on; WrongBytes, which is
    one, if other bytes than those of the pin stand in the place of a file.
    """
    record = SourceRecord(
        title=publication.title, version="as published", citation=publication.citation, terms="the authors'",
        years=(1816, 1816), files=tuple(publication.data.values()),
    )  # fmt: skip
    try:
        receipt = acquire({publication.id: record}, raw, mirror, patience=patience, progress=False)[0]
    except RawFilesUnavailable as error:
        found = str(error).partition("\n\nThree ways on:")[0].partition("\n\n")[2]
        raise type(error)(f"{found}\n\n{WAYS.format(raw=raw.as_posix())}") from error
    paths = {each.pin.file: each.path for each in receipt.files}
    return {name: paths[data.file] for name, data in publication.data.items()}
