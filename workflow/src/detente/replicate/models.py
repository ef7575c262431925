"""From a published model and its data to a fit: specification, model frame, estimator, covariance."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import Parameter, signature
from typing import Any, get_args

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from detente.base.errors import EmptySample, UnknownEstimator, UnknownVariable, choices
from detente.base.expressions import Table, column, evaluate, selected
from detente.base.types import Array, Codes
from detente.replicate import estimators, overdispersed
from detente.replicate.levels import Levels, dummies_of, levels
from detente.replicate.omitted import as_software
from detente.replicate.own import OWN, WEIGHTED
from detente.replicate.panel_errors import NAMED, panel_covariance, unit_of
from detente.replicate.schema import DataFile, Model, Publication, named
from detente.replicate.spatial import SPATIAL, degrees, spatial_covariance
from detente.stats import REGISTRY, Fit, ModelFrame, Solution, Specification, fit, get, sandwich_parts
from detente.stats.covariance import KINDS, Covariance, covariance, parse

# How software prints the constant, and terms of one of several equations.
CONSTANTS = ("_cons", "(Intercept)", "Intercept", "Constant", "const")
# What says how a data file is read.
READ = ("separator", "decimal", "thousands", "encoding", "member", "row_names", "header", "missing_values", "labels")
EQUATION = re.compile(r"\[(?P<value>[^\]]+)\](?P<term>.+)")
CUT = re.compile(r"[/_]cut(\d+)")
SHAPES = {"/lnalpha": "ln(alpha)", "/ln_p": "ln_p", "/lnsig2u": "lnsig2u"}


@dataclass(frozen=True)
class Published(Specification):
    """The specification of a published model: of its table (the subject), and called as it is there (the name).

    `partners` are the files that its data are merged with or stacked on, and those that these are.
    """

    table: str
    model: Model
    data: DataFile
    partners: tuple[DataFile, ...] = ()

    @property
    def subject(self) -> str:
        """Id of the table."""
        return self.table

    @property
    def covariance(self) -> str:
        """That of the printed standard errors, with its small-sample correction."""
        return f"{self.model.vcov}, {self.model.ssc}"

    @cached_property
    def fit(self) -> tuple[Any, ...]:
        """What fixes the estimate: the bytes of the data and what is made of them, the equation, the estimator."""
        made, *partners = map(_digested, (self.data, *self.partners))
        equation = {
            "outcome",
            "terms",
            "endogenous",
            "instruments",
            "sample",
            "weights",
            "fixed_effects",
            "estimator",
            "options",
            "bread",
            "recipe",
        }
        return made, *partners, self.model.model_dump(mode="json", include=equation)

    @property
    def clusters(self) -> tuple[str, ...]:
        """Columns that the covariance goes by."""
        if self.model.vcov in KINDS or elsewhere(self.model.vcov):
            return unit_of(self.model.vcov)
        own = ("dyad", "side1", "side2") if self.data.sides else ()
        return tuple(name for name in self.model.vcov.split("+") if name not in own)


def _digested(data: DataFile) -> dict[str, Any]:
    """What fixes a file's rows: its bytes, how it is written, what is made of it."""
    columns = {*data.checksums, *READ, "sides", "panel", "steps", "merge", "missing", "derive"}
    return data.model_dump(mode="json", include=columns)


def specification(publication: Publication, name: str) -> Published:
    """The specification of one model of a table."""
    model = publication.models[name]
    file = publication.file_of(model)
    return Published(publication.id, model, publication.data[file], _partners(publication, file), name=name)


def _partners(publication: Publication, file: str) -> tuple[DataFile, ...]:
    """Files that a file is merged with or stacked on, and those that these are, each once."""
    found = [file]
    # It grows while it is walked.
    for name in found:
        joined = (step.merge or step.append for _, step in publication.data[name].made)
        for other in dict.fromkeys(each.data for each in joined if each):
            found += [other] if other in publication.data and other not in found else []
    return tuple(publication.data[name] for name in found[1:])


@dataclass(frozen=True)
class Fitted:
    """A published model estimated: its rows, solution and covariance; `table` is what expressions speak of.

    `fit` is what `detente.fit` gave, None of estimators that only published tables use.
    """

    spec: Published
    design: ModelFrame
    solution: Solution
    vcov: Covariance
    table: Table
    fit: Fit | None = None

    @property
    def model(self) -> Model:
        """What the file says of it."""
        return self.spec.model

    @property
    def estimate(self) -> Array:
        """Coefficients (k,)."""
        return self.solution.estimate

    def place(self, printed: str) -> int:
        """Place of a term by its printed name; raises UnknownVariable if the estimator gives no such term."""
        terms = self.solution.terms
        name = self.model.names.get(printed, printed)
        for candidate in (name, translated(name)):
            if candidate in terms:
                return terms.index(candidate)
        why = next((why for why, _ in self.design.attrition if why.startswith(f"{name} ") and "omitted" in why), "")
        raise UnknownVariable(f"the estimate has no term {name!r}; {why or choices(name, terms)}")

    @property
    def slopes(self) -> list[int]:
        """Places of the regressors: no constant, cut or variance."""
        names = set(self.design.terms)
        return [i for i, t in enumerate(self.solution.terms) if t in names or re.sub(r"\[[^\]]*\]$", "", t) in names]


def translated(name: str) -> str:
    """The estimator's name of a term from the printed one: `[2]_cons` → `intercept[2]`, `_cut1`, `/cut1` → `cut1`."""
    equation = EQUATION.fullmatch(name)
    if equation:
        return f"{translated(equation['term'])}[{equation['value']}]"
    return estimators.CONSTANT if name in CONSTANTS else SHAPES.get(name) or CUT.sub(r"cut\1", name)


def estimate(spec: Published, table: Table) -> Fitted:
    """Estimate a published model.

    Raises UnknownVariable, FormulaError, PanelError if an expression cannot be evaluated; EmptySample if no row is
    left; UnknownEstimator, UnknownOption, UnsupportedCovariance, EstimationError as `detente.fit`.
    """
    model, design = spec.model, build_design(table, spec)
    if model.estimator in OWN:
        weights = evaluate(model.weights, table)[design.rows] if model.weights else None
        given = {"weights": weights} if model.estimator in WEIGHTED else {}
        solution = OWN[model.estimator].fit(design, **given, **model.options)
        if model.bread == "expected":
            solution = replace(solution, bread=overdispersed.expected_bread(design, solution, model.options))
        return Fitted(spec, design, solution, _covariance(design, solution, model, table), table)
    apart = elsewhere(model.vcov)
    vcov, ssc = ("hc0", "none") if apart else (model.vcov, model.ssc)
    found = fit(design, estimator=model.estimator, vcov=vcov, ssc=ssc, **model.options)
    if model.bread == "final" and not apart:
        return Fitted(spec, design, found.solution, found.vcov, table, found)
    solution = found.solution
    if model.bread == "expected":
        bread = overdispersed.expected_bread(design, solution, model.options)
        solution = replace(solution, bread=bread, turned=None)
    elif model.bread == "one step earlier":
        bread = estimators.earlier_bread(found.design, solution, model.estimator) * solution.dispersion
        solution = replace(solution, bread=bread, turned=None)
    return Fitted(spec, design, solution, _covariance(design, solution, model, table), table, found)


def elsewhere(vcov: str) -> bool:
    """Whether a covariance is one that only published tables use."""
    return bool(NAMED.fullmatch(vcov) or SPATIAL.fullmatch(vcov))


def _covariance(design: ModelFrame, solution: Solution, model: Model, table: Table) -> Covariance:
    """That of the printed standard errors."""
    if SPATIAL.fullmatch(model.vcov):
        assert design.rows is not None
        latitude, longitude = (values[design.rows] for values in degrees(model.vcov, table))
        return spatial_covariance(design, solution, (latitude, longitude), model.vcov, model.ssc)
    return covariance_of(design, solution, model.vcov, model.ssc)


def options_of(estimator: str) -> list[str]:
    """Options that an estimator takes; raises UnknownEstimator if there is none of the name."""
    if estimator not in OWN and estimator not in REGISTRY:
        legal = choices(estimator, {*OWN, *REGISTRY})
        raise UnknownEstimator(f"estimator {estimator!r} is not known; {legal}")
    function = OWN[estimator].fit if estimator in OWN else get(estimator).fit
    return [name for name in list(signature(function).parameters)[1:] if name != "weights"]


def unfit(estimator: str, option: str, value: object) -> str:
    """Why an option of an estimator that only published tables use cannot have a value, "" if it can."""
    if estimator not in OWN:
        return ""
    kind = signature(OWN[estimator].fit).parameters[option].annotation
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        return "; ".join(dict.fromkeys(each["msg"] for each in error.errors()))
    return ""


def documented_options() -> str:
    """Options of every estimator that has some, as a Markdown table, which stands in `docs/replicate-a-table.md`."""
    lines = ["| estimator | `options` |", "|---|---|"]
    for name in sorted({*OWN, *REGISTRY}):
        function = OWN[name].fit if name in OWN else get(name).fit
        found = {option: signature(function).parameters[option] for option in options_of(name)}
        said = [f"`{option}`: {_legal(parameter)}" for option, parameter in found.items()]
        lines += [f"| `{name}` | {'; '.join(said)} |"] if said else []
    return "\n".join(lines)


def _legal(parameter: Parameter) -> str:
    """Legal values of an option, the default first."""
    values = [each for each in get_args(parameter.annotation) if isinstance(each, str)]
    first = "none" if parameter.default in (None, "", ()) else f"{parameter.default}"
    return ", ".join([first, *(value for value in values if value != first)])


def build_design(table: Table, spec: Published) -> ModelFrame:
    """The model frame of `spec`: rows of its sample in which nothing is missing; `rows` are their places in the table.

    Raises EmptySample if there is none.
    """
    model, sides = spec.model, spec.data.sides
    outcome, terms = evaluate(model.outcome, table), columns_of(model, table)
    factors = {name: factor(name, table, sides) for name in (*model.fixed_effects, *spec.clusters)}
    ends = codes_of(sides, table) if sides else ()
    keep = selected(model.sample, table) if model.sample else np.ones(len(outcome), dtype=bool)
    wanted = int(keep.sum())
    weights = [evaluate(model.weights, table)] if model.weights else []
    instruments = [evaluate(text, table) for term in model.instruments for text in named(term).values()]
    spatial = degrees(model.vcov, table) if SPATIAL.fullmatch(model.vcov) else ()
    coded = [each.codes for each in terms.values() if isinstance(each, Levels)]
    numbers = [each for each in terms.values() if not isinstance(each, Levels)]
    for values in (outcome, *numbers, *weights, *instruments, *spatial):
        keep &= np.isfinite(values)
    for codes in (*coded, *factors.values(), *ends):
        keep &= codes >= 0
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise EmptySample(f"{spec}: no row is left: the sample has {wanted:,} rows, of which none is complete")
    regressors = _regressors(terms, rows)
    side1, side2 = (codes[rows] for codes in ends) if ends else (None, None)
    time = column(table.frame, table.time)[rows] if table.time else None
    design = ModelFrame(
        y=outcome[rows],
        x=np.column_stack([*regressors.values()]) if regressors else np.empty((len(rows), 0)),
        terms=tuple(regressors),
        side1=side1,
        side2=side2,
        time=None if time is None or not np.isfinite(time).all() else np.asarray(time, dtype=np.int64),
        fixed_effects={name: factors[name][rows] for name in model.fixed_effects},
        clusters={name: codes[rows] for name, codes in factors.items() if name not in model.fixed_effects},
        endogenous=model.endogenous,
        instruments=np.column_stack([v[rows] for v in instruments]) if instruments else None,
        rows=rows,
    )
    return as_software(design, model)


def columns_of(model: Model, table: Table) -> dict[str, Array | Levels]:
    """Regressors (N,) by printed name, and levels of those of which there are dummies."""
    terms = [item for term in model.terms for item in named(term).items()]
    return {name: levels(text, table) if dummies_of(text) else evaluate(text, table) for name, text in terms}


def _regressors(terms: Mapping[str, Array | Levels], rows: Codes) -> dict[str, Array]:
    """Columns (n,) of the model's rows by printed name, those of a level as "name[level]"."""
    found: dict[str, Array] = {}
    for name, values in terms.items():
        if isinstance(values, Levels):
            found |= {f"{name}[{level}]": dummy for level, dummy in values.columns(rows).items()}
        else:
            found[name] = values[rows]
    return found


def factor(name: str, table: Table, sides: tuple[str, str] | None) -> Codes:
    """Codes (N,) of a column, −1 where it is missing; "dyad" the pair of the two sides."""
    if name == "dyad" and sides and name not in table.frame.columns:
        a, b = codes_of(sides, table)
        low, high = np.minimum(a, b), np.maximum(a, b)
        return np.where(low < 0, -1, low * (int(high.max()) + 1) + high)
    return np.asarray(pd.factorize(column(table.frame, name))[0], dtype=np.int64)


def codes_of(sides: tuple[str, str], table: Table) -> tuple[Codes, Codes]:
    """The two sides (N,) in common codes, −1 where missing."""
    first, second = (column(table.frame, name) for name in sides)
    both = np.asarray(pd.factorize(np.concatenate([first, second]))[0], dtype=np.int64)
    return both[: len(first)], both[len(first) :]


def covariance_of(design: ModelFrame, solution: Solution, vcov: str, ssc: str) -> Covariance:
    """A covariance of the coefficients of a solution."""
    if NAMED.fullmatch(vcov):
        return panel_covariance(design, solution, vcov, ssc)
    factors = (*design.fixed_effects, *design.clusters, *(() if design.side1 is None else ("dyad", "side1", "side2")))
    return covariance(parse(vcov, factors), sandwich_parts(design, solution), ssc)
