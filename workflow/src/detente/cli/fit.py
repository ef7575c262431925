"""Fit a model to a table of dyads, and print it with the recipe of its standard errors."""

import argparse
import ast
import inspect
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.errors import ConfigError, EmptySample, FormulaError, UnknownVariable, choices
from detente.base.expressions import Table, parse_condition, selected
from detente.base.files import write_csv, write_json
from detente.cli.command import Command
from detente.data import project_root
from detente.data.record import read_raw
from detente.data.sources import RawTable
from detente.stats import REGISTRY, Fit, fit, get
from detente.stats.covariance import CONVENTIONS
from detente.study.config import load_samples

COMMAND = Command(
    summary="fit a model to a table of dyads, by any estimator, under any covariance",
    group="models",
    example='detente fit "onset_gml ~ defence_pact | dyad + year" --data panel.parquet --sides ccode1 ccode2 '
    "--time year",
)

READ = (".parquet", ".csv", ".dta", ".rds", ".rda", ".xlsx", ".zip")
WRITTEN = (".csv", ".json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "formula", help="e.g. 'onset ~ exercise + alliance | dyad + year'; the part after | is absorbed"
    )
    parser.add_argument("--data", type=Path, required=True, help=f"table to read: {', '.join(READ)}")
    parser.add_argument("--where", metavar="CONDITION", help="rows to keep, e.g. 'contiguous == 1 and year >= 1980'")
    parser.add_argument("--sample", metavar="NAME", help="a sample of config/samples.yaml to keep")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")
    parser.add_argument("--estimator", default="lpm", help=f"default: lpm; {', '.join(sorted(REGISTRY))}")
    parser.add_argument(
        "--option", nargs="+", default=[], metavar="NAME=VALUE", help="options of the estimator, e.g. bias=analytical"
    )
    parser.add_argument(
        "--vcov",
        nargs="+",
        default=["dyadic"],
        metavar="NAME",
        help="recipes of standard errors, one printed table each: dyadic, dyad, dyad+year, hc1, … (default: dyadic)",
    )
    parser.add_argument("--ssc", default="detente", help=f"convention: {', '.join(CONVENTIONS)}")
    parser.add_argument("--sides", nargs=2, metavar=("A", "B"), help="columns of the two sides of a dyad")
    parser.add_argument("--time", metavar="COLUMN", help="column of time")
    parser.add_argument("--out", type=Path, help=f"table of coefficients to write: {' or '.join(WRITTEN)}")


def run(arguments: argparse.Namespace) -> None:
    """Read, fit, print, write."""
    if arguments.out and arguments.out.suffix not in WRITTEN:
        raise ConfigError(f"--out: {arguments.out.name!r} must end in one of {', '.join(WRITTEN)}")
    data = _table(arguments.data)
    for option, condition in _conditions(arguments):
        data = _kept(data, option, condition)
    fitted = fit(
        arguments.formula,
        data,
        estimator=arguments.estimator,
        vcov=arguments.vcov[0],
        ssc=arguments.ssc,
        sides=tuple(arguments.sides) if arguments.sides else None,
        time=arguments.time,
        **dict(_option(word, arguments.estimator) for word in arguments.option),
    )
    fits = [fitted, *(fitted.with_vcov(name) for name in arguments.vcov[1:])]
    print("\n\n".join(map(str, fits)))
    if arguments.out and arguments.out.suffix == ".csv":
        write_csv(_rows(fits), arguments.out)
    elif arguments.out:
        write_json(_content(arguments.formula, fits), arguments.out)


def _table(path: Path) -> pd.DataFrame:
    if path.suffix not in READ:
        raise ConfigError(f"--data: {path.name!r} must end in one of {', '.join(READ)}")
    if not path.is_file():
        raise ConfigError(f"--data: there is no file {path}")
    return read_raw(path, RawTable(path.name, ()))


def _conditions(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """Conditions on rows, each with the option that makes it."""
    found = [("--where", arguments.where)] if arguments.where else []
    if arguments.sample:
        samples = load_samples(arguments.root or project_root())
        if arguments.sample not in samples:
            raise ConfigError(f"--sample: {arguments.sample!r} is not a sample; {choices(arguments.sample, samples)}")
        if expression := samples[arguments.sample].expression:
            found.append(("--sample", expression))
    return found


def _kept(data: pd.DataFrame, option: str, condition: str) -> pd.DataFrame:
    """Rows that meet a condition on columns; one that is missing is not met.

    Raises
    ------
    FormulaError, UnknownVariable
        If the condition cannot be read, or speaks of a column that is not there.
    EmptySample
        If no row meets it.
    """
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


def _rows(fits: Sequence[Fit]) -> pd.DataFrame:
    """One row per term and covariance."""
    return pd.concat(
        [
            fit.table().assign(
                outcome=fit.outcome,
                estimator=fit.estimator,
                vcov=fit.vcov.kind,
                ssc=fit.vcov.ssc,
                repair=fit.vcov.repair,
                df=fit.vcov.df,
                nobs=fit.nobs,
                dyads=fit.dyads,
                states=fit.states,
            )
            for fit in fits
        ],
        ignore_index=True,
    )


def _content(formula: str, fits: Sequence[Fit]) -> dict[str, object]:
    """All that the printed summaries say."""
    first = fits[0]
    return {
        "formula": formula,
        "outcome": first.outcome,
        "estimator": first.estimator,
        "options": dict(first.options),
        "effects": list(first.design.fixed_effects),
        "nobs": first.nobs,
        "dyads": first.dyads,
        "states": first.states,
        "events": first.events,
        "attrition": [{"reason": reason, "rows": rows} for reason, rows in first.attrition],
        "dropped": list(first.solution.dropped),
        "notes": list(first.flags),
        "covariances": [_covariance(fit) for fit in fits],
    }


def _covariance(fit: Fit) -> dict[str, object]:
    made = fit.vcov
    return {
        "vcov": made.kind,
        "ssc_rule": fit.ssc,
        "ssc": made.ssc,
        "repair": made.repair,
        "df": made.df if math.isfinite(made.df) else None,
        "terms": [{name: _plain(value) for name, value in row.items()} for row in fit.table().to_dict("records")],
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: a number that does not exist is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
