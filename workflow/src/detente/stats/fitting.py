"""The one interface: a model frame or a formula, an estimator and a covariance → a fit, which prints itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import FormulaError
from detente.base.numerics import LEVEL, interval, two_sided
from detente.base.types import Array
from detente.stats.contract import Estimated, Estimator, Solution
from detente.stats.covariance import Covariance, Vcov, covariance
from detente.stats.frame import ModelFrame
from detente.stats.parts import REFITTED, jackknife, read, sandwich_parts, used_pairs
from detente.stats.profile import said
from detente.stats.registry import get
from detente.stats.written import Written

LABELS: Mapping[str, str] = {
    "log_likelihood": "Log-likelihood",
    "null_log_likelihood": "Log-likelihood of constants alone",
    "penalised_lr_chi2": "Penalised likelihood-ratio χ²",
}
# Entries of the attrition that say how many there are, not how many were left out.
SIZES = ("rows of the data", "used", "dyad-years of the sample in the window")


def number(value: float) -> str:
    """A number to four significant digits or four places; "none" if it does not exist."""
    if math.isnan(value):
        return "none"
    return f"{value:.4g}" if value and (abs(value) < 0.01 or abs(value) >= 1e5) else f"{value:.4f}"


def plain(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Title, table and notes in plain text."""
    return "\n".join([title, _shown(table).to_string(index=False), *notes])


class Printed:
    """A result that prints, and is shown in notebooks, as a title, a table and notes."""

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        raise NotImplementedError

    def __str__(self) -> str:
        """Title, table and notes in plain text."""
        return plain(*self._printed())

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        title, table, notes = self._printed()
        return f"<p>{escape(title)}</p>{_shown(table).to_html(index=False)}<p>{'<br>'.join(map(escape, notes))}</p>"


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    written = {"f": number, "i": "{:,}".format, "u": "{:,}".format}
    columns = {str(c): table[c].map(written[table[c].dtype.kind]) for c in table if table[c].dtype.kind in written}
    return table.assign(**columns)


@dataclass(frozen=True)
class Fit:
    """One fitted model.

    terms k names; estimate (k,); `vcov` their covariance and how it was made; `nobs` observations, of `dyads`
    and `states` (None if rows are not dyads), `events` the sum of an outcome that counts (None otherwise); `attrition`
    (reason, rows) excluded, in order; `flags` what a reader must know. `solution`, `design` and `options` are what it
    was made from; `written` the regressors as functions of variables, where it was made from a formula.
    """

    terms: tuple[str, ...]
    estimate: Array
    vcov: Covariance
    estimator: str
    ssc: str
    nobs: int
    dyads: int | None
    states: int | None
    events: int | None
    attrition: tuple[tuple[str, int], ...]
    converged: bool
    flags: tuple[str, ...]
    solution: Solution = field(repr=False)
    design: ModelFrame = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    outcome: str = "outcome"
    written: Written | None = field(default=None, repr=False)

    @property
    def std_errors(self) -> Array:
        """Standard errors (k,); NaN where the covariance leaves a coefficient no variance."""
        unit = np.eye(len(self.terms))
        return np.array([self.vcov.std_error(u) if self.vcov.exists(u) else math.nan for u in unit])

    @property
    def statistic(self) -> Array:
        """Estimates over standard errors, (k,)."""
        return self.estimate / self.std_errors

    @property
    def df(self) -> Array:
        """Degrees of freedom of the statistics, (k,); infinite for the normal distribution."""
        return self.vcov.dfs

    @property
    def p_value(self) -> Array:
        """Two-sided p-values (k,), by the distribution that the covariance names."""
        made: Array = np.asarray(two_sided(self.statistic, self.df))
        for term in self.profiled:
            made[self.terms.index(term)] = get(self.estimator).profile.p_value(self.design, term)
        return made

    @cached_property
    def _separated(self) -> tuple[str, ...]:
        return () if self.solution.turned else get(self.estimator).profile.separated(self.design)

    @property
    def profiled(self) -> tuple[str, ...]:
        """Under the classical covariance, separated terms: intervals and p-values are of the likelihood's profile."""
        return self._separated if self.vcov.kind == "classical" else ()

    def conf_int(self, level: float = LEVEL) -> pd.DataFrame:
        """Intervals: `conf_low` and `conf_high` by term; Wald's, or of the profile for terms `profiled`."""
        low, high = interval(self.estimate, self.std_errors, self.df, level)
        made = pd.DataFrame({"conf_low": low, "conf_high": high}, index=pd.Index(self.terms, name="term"))
        for term in self.profiled:
            made.loc[term] = get(self.estimator).profile.interval(self.design, term, level)
        return made

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """One row per term: term, estimate, std_error, statistic, df, p_value, conf_low, conf_high."""
        numbers = {
            "estimate": self.estimate, "std_error": self.std_errors,
            "statistic": self.statistic, "df": self.df, "p_value": self.p_value,
        }  # fmt: skip
        return self.conf_int(level).assign(**numbers).reset_index()[["term", *numbers, "conf_low", "conf_high"]]

    def with_vcov(self, vcov: str | Vcov, ssc: str | None = None) -> Fit:
        """The same fit under another covariance; nothing is refitted, except by a jackknife.

        Raises UnsupportedCovariance, NoDyads, TooFewStates, TooFewClusters, UnknownVariable as `fit`.
        """
        ssc = self.ssc if ssc is None else ssc
        made = made_covariance(vcov, self.design, self.solution, self.estimator, ssc, self.options)
        return replace(self, vcov=made, ssc=ssc)

    def __str__(self) -> str:
        """Table and notes in plain text, how standard errors were made among them."""
        title, rows, notes = self._printed()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]
        rule = "─" * len(lines[0])
        return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, *notes])

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        title, (header, *rows), notes = self._printed()
        head = "".join(f"<th>{escape(c)}</th>" for c in header)
        body = "".join(
            f"<tr><th>{escape(row[0])}</th>{''.join(f'<td>{escape(c)}</td>' for c in row[1:])}</tr>" for row in rows
        )
        return (
            f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{'<br>'.join(map(escape, notes))}</p>"
        )

    def _printed(self) -> tuple[str, list[list[str]], list[str]]:
        """Title, rows of the table with its header, notes."""
        effects = f", fixed effects of {' and '.join(self.design.fixed_effects)}" if self.design.fixed_effects else ""
        normal = bool(np.isinf(self.df).all())
        head = ["z"] if normal else ["t", "df"]
        rows = [["", "Estimate", "Std. error", *head, "p", f"{100 * LEVEL:.0f} % interval"]]
        for term, estimate, error, t, df, p, low, high in self.table().itertuples(index=False):
            tested = [f"{t:.2f}"] if normal else [f"{t:.2f}", f"{df:.1f}" if df % 1 else f"{df:.0f}"]
            shown = [number(error), *tested, f"{p:.3f}", f"{number(low)} to {number(high)}"]
            rows.append([term, number(estimate), *(["none"] + [""] * (len(shown) - 1) if math.isnan(error) else shown)])
        return f"{self.estimator}: {self.outcome}{effects}", rows, self._notes()

    def _notes(self) -> list[str]:
        counted = {"rows": self.nobs, "dyads": self.dyads, "states": self.states, "events": self.events}
        counts = [f"{count:,} {what}" for what, count in counted.items() if count is not None]
        notes = [", ".join(counts), f"Standard errors: {self.vcov}"]
        if excluded := [f"{reason} {rows:,}" for reason, rows in self.attrition if rows and reason not in SIZES]:
            notes.append(f"Rows left out: {'; '.join(excluded)}")
        if self.solution.dropped:
            notes.append(f"Dropped for want of variation: {', '.join(self.solution.dropped)}")
        if none := [t for t, e in zip(self.terms, self.std_errors, strict=True) if math.isnan(e)]:
            kind = self.vcov.kind
            notes.append(
                f"No standard error, as the double sum of the {kind} covariance is negative: {', '.join(none)}"
            )
        return [*notes, *said(self._separated, used=bool(self.profiled)), *self.flags]

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients as maketables (and through it great_tables) reads them."""
        names = {
            "estimate": "b", "std_error": "se", "statistic": "t", "df": "df", "p_value": "p",
            "conf_low": "ci95l", "conf_high": "ci95u",
        }  # fmt: skip
        return self.table(0.95).rename(columns=names).set_index("term").rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> int | float | str | None:
        """A statistic of the model for maketables, of those its estimator declares too; None if there is none."""
        for name, made in get(self.estimator).statistics.items():
            if name == key:
                return made(Estimated(self.design, self.solution, self.options))
        return {
            "N": self.nobs,
            "dyads": self.dyads,
            "states": self.states,
            "events": self.events,
            "se_type": str(self.vcov),
            "estimator": self.estimator,
        }.get(key)

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    @property
    def __maketables_fixef_string__(self) -> str | None:
        return "+".join(self.design.fixed_effects) or None

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return {"dyads": "Dyads", "states": "States", "events": "Events", "estimator": "Estimator", **LABELS}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        counts = [key for key in ("N", "dyads", "states", "events") if self.__maketables_stat__(key) is not None]
        return [*counts, *get(self.estimator).statistics, "estimator", "se_type"]

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        return {"vcov_type": self.vcov.kind, "clustervar": None}


def made_covariance(
    name: str | Vcov, design: ModelFrame, solution: Solution, estimator: str, ssc: str, options: Mapping[str, Any]
) -> Covariance:
    """The covariance of a solution by the name of a covariance estimator."""
    registered = get(estimator)
    vcov = read(name, design, registered)
    if vcov.kind in REFITTED:
        return jackknife(design, lambda part: registered.fit(part, **options), solution, vcov, ssc)
    return covariance(vcov, sandwich_parts(design, solution), ssc)


def fit(
    model: ModelFrame | str,
    data: pd.DataFrame | None = None,
    *,
    estimator: str = "lpm",
    vcov: str | Vcov = "dyadic",
    ssc: str = "detente",
    sides: tuple[str, str] | None = None,
    time: str | None = None,
    **options: Any,
) -> Fit:
    """Fit a model and make its covariance.

    Parameters
    ----------
    model
        A model frame; or a formula for `data`, `outcome ~ regressors | fixed effects | [endogenous ~ instruments]`, of
        which the last two parts may be left out. The first regressor is the treatment. Fixed effects are columns,
        interactions such as `ccode1:year`, or `dyad`, the pair of the two sides. What formulaic reads is legal:
        `C(x)`, `x*z`, `log(x)`, `poly(x, 3)`; `` `a name` `` is a column that is no word of Python, and
        `lag(x, k)` the same dyad's value k years before (`sides` and `time` say which).
    estimator
        A name in `detente.stats.registry.REGISTRY`; `options` are its own.
    vcov
        A covariance estimator, such as `dyadic("ccode1", "ccode2")` or `cluster("dyad", "year")`, or its name,
        "dyadic" or "dyad+year".
    ssc
        Small-sample correction, factors and degrees of freedom as software has them: "detente", "none", "stata",
        "r-sandwich", "statsmodels" or "linearmodels".
    sides, time
        With a formula: columns of the two sides of a dyad (`dyadic` may name them instead), and of time.

    Raises
    ------
    UnknownEstimator, UnknownOption, UnsupportedEffects, UnsupportedInstruments, UnsupportedCovariance
        If what is asked for does not exist; the message names the nearest that does.
    FormulaError, UnknownVariable, EmptySample
        If the formula cannot be read, names no column, or leaves no row.
    EstimationError
        If the number does not exist: separation, dependent regressors, no variation, too few states.
    """
    registered = get(estimator)
    registered.check_options(options)
    if isinstance(model, str):
        from detente.stats.formula import build

        built = build(model, data, vcov, sides, time, registered.levels)
        made = fit(built.design, estimator=estimator, vcov=built.vcov, ssc=ssc, **options)
        return replace(made, outcome=built.outcome, written=built.written)
    if not isinstance(model, ModelFrame):
        raise FormulaError(
            f"a model is a formula, 'y ~ x', or a model frame, not {type(model).__name__}: fit(formula, data)"
        )
    registered.check(model)
    return _fitted(registered, model, read(vcov, model, registered), ssc, options)


def _fitted(estimator: Estimator, model: ModelFrame, vcov: Vcov, ssc: str, options: dict[str, Any]) -> Fit:
    solution = estimator.fit(model, **options)
    pairs = None if model.side1 is None else used_pairs(model, solution)
    y = model.y if solution.rows is None else model.y[solution.rows]
    unused = len(model.y) - len(solution.scores)
    own = 0 if pairs is None else int((~pairs.two[pairs.dyad]).sum())
    paired = [f"{own:,} rows pair a state with itself: each is of one state"] if own else []
    if mirrored := model.both_ways if "dyad" in model.fixed_effects else 0:
        paired.append(
            f"{mirrored:,} dyads have rows in both directions of one time: effects of dyad are of the two states, "
            "side1:side2 is an effect of each direction"
        )
    return Fit(
        terms=solution.terms,
        estimate=solution.estimate,
        vcov=made_covariance(vcov, model, solution, estimator.name, ssc, options),
        estimator=estimator.name,
        ssc=ssc,
        nobs=len(solution.scores),
        dyads=None if pairs is None else len(pairs.low),
        states=None if pairs is None else pairs.states,
        events=int(y.sum()) if len(y) and y.min() >= 0 and np.array_equal(y, np.round(y)) else None,
        attrition=(*model.attrition, *([(f"of no use to {estimator.name}", unused)] if unused else [])),
        converged=solution.converged,
        flags=(*solution.flags, *paired),
        solution=solution,
        design=model,
        options=options,
    )
