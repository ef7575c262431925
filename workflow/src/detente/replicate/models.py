"""From a model in YAML and its data to a fit: outcome, terms, factors, sample, estimator, covariance."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, UnknownEstimator, UnknownVariable, choices
from detente.base.expressions import Table, column, evaluate, selected
from detente.base.types import Array, Codes
from detente.replicate import linear, random_probit
from detente.replicate.schema import Model, named
from detente.replicate.search import earlier_bread
from detente.stats import REGISTRY, ModelFrame, Solution, fit, get, sandwich_parts
from detente.stats.covariance import KINDS, Covariance, covariance, parse

# Estimators that published tables use and no study here does; those of `WEIGHTED` take analytic weights.
WEIGHTED: Mapping[str, Callable[..., Solution]] = {
    "wls": linear.wls,
    "within": linear.within,
    "between": linear.between,
    "random_effects": linear.random_effects,
}
OWN: Mapping[str, Callable[..., Solution]] = {**WEIGHTED, "probit_re": random_probit.probit_re}
CONSTANT = "intercept"
# How software prints the constant, and terms of one of several equations.
CONSTANTS = ("_cons", "(Intercept)", "Intercept", "Constant", "const")
EQUATION = re.compile(r"\[(?P<value>[^\]]+)\](?P<term>.+)")
CUT = re.compile(r"_cut(\d+)")
DUMMIES = re.compile(r"dummies\((?P<column>[^()]+)\)")


@dataclass(frozen=True)
class Fitted:
    """A published model estimated: its rows, solution and covariance.

    `table` what expressions speak of, `rows` (N,) places in it of the design's rows.
    """

    model: Model
    design: ModelFrame
    solution: Solution
    vcov: Covariance
    table: Table
    rows: Codes

    @property
    def estimate(self) -> Array:
        """Coefficients (k,)."""
        return self.solution.estimate

    def place(self, printed: str) -> int:
        """Place of a term by its printed name.

        Raises
        ------
        UnknownVariable
            If the estimator gives no such term, naming the nearest.
        """
        terms = self.solution.terms
        name = self.model.names.get(printed, printed)
        for candidate in (name, translated(name)):
            if candidate in terms:
                return terms.index(candidate)
        raise UnknownVariable(f"the estimate has no term {name!r}; {choices(name, terms)}")

    def covariance_of(self, recipe: str, convention: str) -> Covariance:
        """Another covariance of the same coefficients."""
        return covariance(parse(recipe, _factors(self.design)), sandwich_parts(self.design, self.solution), convention)

    @property
    def slopes(self) -> list[int]:
        """Places of the regressors: no constant, cut or variance."""
        names = set(self.design.terms)
        return [i for i, term in enumerate(self.solution.terms) if term in names or re.sub(r"\[[^\]]*\]$", "", term)
                in names]  # fmt: skip


def translated(name: str) -> str:
    """The estimator's name of a term from the printed one: `[2]_cons` → `intercept[2]`, `_cut1` → `cut1`."""
    equation = EQUATION.fullmatch(name)
    if equation:
        return f"{translated(equation['term'])}[{equation['value']}]"
    return CONSTANT if name in CONSTANTS else CUT.sub(r"cut\1", name)


def estimate(model: Model, table: Table, sides: tuple[str, str] | None) -> Fitted:
    """Estimate a model.

    Raises
    ------
    UnknownVariable, FormulaError, PanelError
        If an expression cannot be evaluated.
    EmptySample
        If no row is left.
    UnknownEstimator, UnknownOption, UnsupportedCovariance, EstimationError
        As `detente.fit`.
    """
    design, weights, rows = built(model, table, sides)
    if model.estimator in OWN:
        given = {"weights": weights} if model.estimator in WEIGHTED else {}
        solution = OWN[model.estimator](design, **given, **model.options)
        recipe = parse(model.vcov, _factors(design))
        made = covariance(recipe, sandwich_parts(design, solution), model.ssc)
    else:
        found = fit(design, estimator=model.estimator, vcov=model.vcov, ssc=model.ssc,
                    **model.options)  # fmt: skip
        solution, made = found.solution, found.vcov
        if model.bread == "one step earlier":
            shrink = found.solution.dispersion
            solution = replace(solution, bread=earlier_bread(found.design, solution, model.estimator) * shrink)
            made = covariance(parse(model.vcov, _factors(design)), sandwich_parts(design, solution), model.ssc)
    return Fitted(model, design, solution, made, table, rows)


def options_of(estimator: str) -> list[str]:
    """Options that an estimator takes.

    Raises
    ------
    UnknownEstimator
        If there is none of the name.
    """
    if estimator not in OWN and estimator not in REGISTRY:
        raise UnknownEstimator(
            f"estimator {estimator!r} is not known; {choices(estimator, {*OWN, *REGISTRY} - {'iv_lpm'})}"
        )
    function = OWN[estimator] if estimator in OWN else get(estimator).fit
    return [name for name in list(inspect.signature(function).parameters)[1:] if name != "weights"]


def built(model: Model, table: Table, sides: tuple[str, str] | None) -> tuple[ModelFrame, Array | None, Codes]:
    """ModelFrame, weights and places of the rows used: those of the sample in which nothing is missing."""
    outcome = evaluate(model.outcome, table)
    terms = columns_of(model, table)
    weights = evaluate(model.weights, table) if model.weights else None
    factors = {name: factor(name, table, sides) for name in (*model.fixed_effects, *clusters_of(model, sides))}
    keep = selected(model.sample, table) if model.sample else np.ones(len(outcome), dtype=bool)
    wanted = int(keep.sum())
    for values in (outcome, *terms.values(), *([weights] if weights is not None else [])):
        keep &= np.isfinite(values)
    for codes in factors.values():
        keep &= codes >= 0
    a, b = codes_of(sides, table) if sides else (None, None)
    if a is not None and b is not None:
        keep &= (a >= 0) & (b >= 0)
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise EmptySample(f"no row is left: the sample has {wanted:,} rows, of which none is complete")
    year = _time(table, rows)
    design = ModelFrame(
        y=outcome[rows],
        x=np.column_stack([v[rows] for v in terms.values()]),
        terms=tuple(terms),
        side1=None if a is None else a[rows],
        side2=None if b is None else b[rows],
        time=year,
        fixed_effects={name: factors[name][rows] for name in model.fixed_effects},
        clusters={name: codes[rows] for name, codes in factors.items() if name not in model.fixed_effects},
        rows=rows,
    )
    return design, None if weights is None else weights[rows], rows


def columns_of(model: Model, table: Table) -> dict[str, Array]:
    """Regressors (N,) by printed name; `dummies(x)` stands for one column a level but the lowest."""
    found: dict[str, Array] = {}
    for term in model.terms:
        for name, text in named(term).items():
            dummies = DUMMIES.fullmatch(text)
            if dummies:
                values = column(table.frame, dummies["column"])
                for level in sorted(set(values[~pd.isna(values)]))[1:]:
                    shown = f"{level:g}" if isinstance(level, float) else level
                    found[f"{name}[{shown}]"] = np.asarray(values == level, dtype=np.float64)
            else:
                found[name] = evaluate(text, table)
    return found


def clusters_of(model: Model, sides: tuple[str, str] | None) -> tuple[str, ...]:
    """Columns that the covariance goes by."""
    if model.vcov in KINDS:
        return ()
    return tuple(name for name in model.vcov.split("+") if not (sides and name in ("dyad", "side1", "side2")))


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


def _time(table: Table, rows: Codes) -> Codes | None:
    if not table.time:
        return None
    values = column(table.frame, table.time)[rows]
    return np.asarray(values, dtype=np.int64) if np.isfinite(values).all() else None


def _factors(design: ModelFrame) -> tuple[str, ...]:
    return (*design.fixed_effects, *design.clusters, *(() if design.side1 is None else ("dyad", "side1", "side2")))
