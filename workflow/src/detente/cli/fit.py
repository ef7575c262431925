"""Fit a model to a table of dyads, and print it with how its standard errors were made."""

import ast
import inspect
import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from detente.base.errors import ConfigError, EmptySample, FormulaError, UnknownVariable, choices
from detente.base.expressions import Table, parse_condition, selected
from detente.base.files import write_csv, write_json
from detente.base.tables import FORMATS, read_table, readable, suspected
from detente.cli.command import Home, Option, Output, command
from detente.cli.readings import ReadAs, written_as
from detente.cli.shape import sample_expression
from detente.data import project_root
from detente.data.sources import KEYS
from detente.stats import REGISTRY, Fit, get
from detente.stats import fit as fitted_by
from detente.stats.covariance import CONVENTIONS

WRITTEN = (".csv", ".json")
SIDES, TIME = (KEYS["dyad-year"][0], KEYS["dyad-year"][1]), KEYS["dyad-year"][2]
"""Columns of the two sides and of time in a panel."""
COVARIANCES = "covariance estimators, one printed table each: dyadic, dyad, dyad+year, hc1, … (default: dyadic)"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table, and which of its rows are kept."""

    data: Annotated[Path, f"table to read: {', '.join(FORMATS)}"]
    read_as: ReadAs = ()
    where: Annotated[str | None, Option("rows to keep, e.g. 'contiguous == 1 and year >= 1980'", "CONDITION")] = None
    sample: Annotated[str | None, Option("a sample of config/samples.yaml to keep", "NAME")] = None
    root: Home = None
    sides: Annotated[
        tuple[str, str] | None,
        Option("columns of the two sides of a dyad (default: ccode1 ccode2, where the table has them)", ("A", "B")),
    ] = None
    time: Annotated[
        str | None, Option("column of time (default: year, where the table has it and dyads)", "COLUMN")
    ] = None

    def read(self) -> pd.DataFrame:
        """The rows that are kept."""
        if not readable(self.data):
            raise ConfigError(f"--data: {self.data.name!r} must end in one of {', '.join(FORMATS)}")
        if not self.data.is_file():
            raise ConfigError(f"--data: there is no file {self.data}")
        read = read_table(self.data, written_as(self.read_as))
        for note in read.notes:
            print(f"{self.data}: {note}", file=sys.stderr)
        frame = read.frame
        if self.where:
            frame = _kept(frame, "--where", self.where)
        if self.sample and (expression := sample_expression(self.sample, self.root)):
            frame = _kept(frame, "--sample", expression)
        return frame

    def keys(self, frame: pd.DataFrame) -> tuple[tuple[str, str] | None, str | None]:
        """Columns of the two sides and of time: those named, else those of panels, where the table has them.

        Raises UnknownVariable, naming the sides of panels, if the table lacks a column that is named.
        """
        are_there = set(SIDES) <= set(frame.columns)
        for option, names in {"--sides": self.sides or (), "--time": (self.time,) if self.time else ()}.items():
            for name in names:
                if name not in frame.columns:
                    ours = f" (in a panel of detente, sides are {' and '.join(SIDES)})" if are_there else ""
                    known = choices(name, map(str, frame.columns))
                    raise UnknownVariable(f"{option}: the table has no column {name!r}; {known}{ours}")
        sides = self.sides or (SIDES if are_there else None)
        return sides, self.time or (TIME if sides and TIME in frame.columns else None)


@command("models", '"onset_gml ~ lag(defence_pact) | dyad + year" --data panel.parquet')
def fit(
    formula: Annotated[str, "e.g. 'onset ~ exercise + alliance | dyad + year'; the part after | is absorbed"],
    /,
    rows: Rows,
    estimator: Annotated[str, f"default: lpm; {', '.join(sorted(REGISTRY))}"] = "lpm",
    option: Annotated[Sequence[str], Option("options of the estimator, e.g. bias=analytical", "NAME=VALUE")] = (),
    vcov: Annotated[Sequence[str], Option(COVARIANCES, "NAME")] = ("dyadic",),
    ssc: Annotated[str, f"small-sample correction: {', '.join(CONVENTIONS)}"] = "detente",
    out: Annotated[Path | None, Output("table of coefficients to write", endings=WRITTEN)] = None,
) -> None:
    """Fit a model to a table of dyads, by any estimator, under any covariance."""
    data = rows.read()
    for warning in suspected(data, [name for name in data.columns if name in _names(formula)]):
        print(f"{rows.data}: {warning} (--read-as missing=…)", file=sys.stderr)
    for warning in _same_year(formula, data):
        print(f"{rows.data}: {warning}", file=sys.stderr)
    sides, time = rows.keys(data)
    fitted = fitted_by(
        formula,
        data,
        estimator=estimator,
        vcov=vcov[0],
        ssc=ssc,
        sides=sides,
        time=time,
        **dict(_option(word, estimator) for word in option),
    )
    fits = [fitted, *(fitted.with_vcov(name) for name in vcov[1:])]
    print("\n\n".join(map(str, fits)))
    if out and out.suffix == ".json":
        write_json(_content(formula, fits), out)
    elif out:
        write_csv(_rows(fits), out)


def _same_year(formula: str, data: pd.DataFrame) -> Iterator[str]:
    """Warnings of treatments that are measured in the year of the outcome, if these are columns of a panel."""
    if not set(SIDES) <= set(data.columns):
        return
    from detente.cli.panel import UnitOptions, offered

    outcome, _, others = re.sub(r"lag\([^()]*\)", "", formula.partition("|")[0]).partition("~")
    entries = offered(("all",), UnitOptions().read(), (), project_root()).entries
    role = {name: entry.variable.role for name, entry in entries.items() if name in data.columns}
    if "outcome" not in {role.get(name) for name in _names(outcome)}:
        return
    for name in _names(others):
        if role.get(name) == "treatment":
            yield (
                f"{name} is of the same year as {outcome.strip()} and may come after the onset; "
                f"lag({name}) in the formula, or `detente panel --lag {name}`, gives the year before"
            )


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[\w.]+", text)))


def _kept(data: pd.DataFrame, option: str, condition: str) -> pd.DataFrame:
    """Rows that meet a condition on columns, at least one; a condition that is missing is not met."""
    try:
        parse_condition(condition)
        kept = selected(condition, Table(data, missing="drop"))
    except (FormulaError, UnknownVariable) as error:
        raise type(error)(f"{option}: {error}") from error
    if not kept.any():
        raise EmptySample(f"{option}: no row meets {condition!r}")
    return data[kept]


def _option(word: str, estimator: str) -> tuple[str, Any]:
    """Name and value of "name=value": text where the option's default is text, else a number, True, False or None."""
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise ConfigError(f"--option: {word!r} must read name=value")
    known = inspect.signature(get(estimator).fit).parameters.get(name)
    if known is None or isinstance(known.default, str):
        return name, value
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError) as error:
        raise ConfigError(f"--option: {name!r} must be a number, True, False or None; found {value!r}") from error


def _made_by(fit: Fit) -> dict[str, Any]:
    """What the covariance says of itself."""
    return {"vcov": fit.vcov.kind, "ssc": fit.vcov.ssc, "repair": fit.vcov.repair}


def _rows(fits: Sequence[Fit]) -> pd.DataFrame:
    """One row per term and covariance."""
    tables = [fit.table().assign(outcome=fit.outcome, estimator=fit.estimator, **_made_by(fit)) for fit in fits]
    return pd.concat(tables, ignore_index=True).assign(nobs=fits[0].nobs, dyads=fits[0].dyads, states=fits[0].states)


def _content(formula: str, fits: Sequence[Fit]) -> dict[str, object]:
    """All that the printed summaries say."""
    first = fits[0]
    return {
        "formula": formula,
        "outcome": first.outcome,
        "estimator": first.estimator,
        "options": dict(first.options),
        "effects": list(first.design.fixed_effects),
        **{count: getattr(first, count) for count in ("nobs", "dyads", "states", "events")},
        "attrition": [{"reason": reason, "rows": rows} for reason, rows in first.attrition],
        "dropped": list(first.solution.dropped),
        "notes": list(first.flags),
        "covariances": [_covariance(fit) for fit in fits],
    }


def _covariance(fit: Fit) -> dict[str, object]:
    # A number that does not exist is null in JSON.
    table = fit.table().replace([math.inf, -math.inf], math.nan).astype(object)
    terms = table.where(table.notna(), None).to_dict("records")
    return _made_by(fit) | {"ssc_rule": fit.ssc, "terms": terms}
