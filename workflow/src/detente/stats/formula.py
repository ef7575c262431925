"""From a formula and a data frame to a design: `outcome ~ regressors | effects | [endogenous ~ instruments]`."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, FormulaError, NoVariation, UnknownVariable, choices
from detente.base.numerics import LARGEST, SMALLEST
from detente.stats.codes import ColumnCodes, checked_sides, of_one_type
from detente.stats.columns import Levels, in_levels, is_text, numeric, refuse_dates
from detente.stats.covariance import FACTORS, Vcov, parse
from detente.stats.frame import ModelFrame
from detente.stats.names import CLOSE, CONSTANT, OPEN, Names, functions, lagged, refuse_powers
from detente.stats.written import Written


@dataclass(frozen=True)
class _Parts:
    """A formula taken apart: sources of outcome, regressors, endogenous regressors and instruments; effect names."""

    outcome: str
    regressors: str
    effects: tuple[str, ...]
    endogenous: str
    instruments: str

    @property
    def sources(self) -> tuple[str, ...]:
        """What formulaic reads, the outcome first."""
        return self.outcome, self.regressors, self.endogenous, self.instruments


@dataclass(frozen=True)
class Built:
    """Name of the outcome, the design, the covariance estimator, and the regressors as functions of variables."""

    outcome: str
    design: ModelFrame
    vcov: Vcov
    written: Written


def build(
    formula: str,
    data: pd.DataFrame | None,
    vcov: str | Vcov,
    sides: tuple[str, str] | None = None,
    time: str | None = None,
    levels: Levels = "none",
) -> Built:
    """The design of a formula and what belongs to it; `sides` and `time` name columns.

    `levels`: whether the outcome may have categories. The design has copies: what happens to the data later is nothing
    to it.

    Rows with something missing are left out and counted by the first column, in the order of the formula, that lacks
    them; then those for which a term, such as log(x), is no number.

    Raises FormulaError if the formula cannot be read, a term is infinite, or it asks for a model without a constant;
    UnknownVariable if a column does not exist, naming the nearest; EmptySample if no row is left.
    """
    if not isinstance(data, pd.DataFrame):
        raise FormulaError("a formula needs a data frame: fit(formula, data)")
    parts = _taken_apart(formula)
    data = data.set_axis(list(map(str, data.columns)), axis=1)
    names = Names(list(data.columns))
    parsed = parse(vcov, (*FACTORS, *data.columns))
    sides = checked_sides(parsed.sides or sides)
    parts, variables = _read(parts, names)
    data = _with_lags(data, names, sides, time)
    kept, attrition = _complete(data, _columns(parts, variables, data, sides, time, parsed.factors))
    parts, kept, outcome = _typed(parts, names, variables, kept, levels)
    terms, matrices = _evaluated(parts, names, kept, attrition)
    rows = terms.index
    codes = ColumnCodes(data.copy(deep=False), np.asarray(rows, dtype=np.int64), sides)
    a, b = codes.sides()
    design = ModelFrame(
        y=matrices["outcome"],
        x=terms.to_numpy(copy=True),
        terms=tuple(terms.columns),
        side1=a,
        side2=b,
        time=None if time is None else codes.time(time),
        fixed_effects={name: codes.factor(name) for name in parts.effects},
        clusters=codes,
        endogenous=tuple(matrices["endogenous"]),
        instruments=matrices["instruments"],
        rows=codes.rows,
        attrition=(*attrition, ("used", len(rows))),
    )
    used = kept.loc[rows, variables].rename(columns=names.renamed)
    return Built(outcome, design, parsed, Written((parts.endogenous, parts.regressors), names, used))


def _read(parts: _Parts, names: Names) -> tuple[_Parts, list[str]]:
    """The parts as formulaic reads them, and the columns that they name, in the order of the formula.

    Raises FormulaError if the outcome is among the regressors or instruments; an expression may share a weight.
    """
    for source in parts.sources[1:]:
        refuse_powers(source)
    (outcome, own), *others = [names.read(source) for source in parts.sources]
    regressors, endogenous, instruments = (source for source, _ in others)
    used = [name for _, found in others for name in found]
    if both := [name for name in own if name in used and names.shown(outcome) == name]:
        raise FormulaError(
            f"the outcome's column {both[0]!r} is among the regressors: lag({both[0]}) is the year before"
        )
    made = replace(parts, outcome=outcome, regressors=regressors, endogenous=endogenous, instruments=instruments)
    return made, list(dict.fromkeys([*own, *used]))


def _with_lags(data: pd.DataFrame, names: Names, sides: tuple[str, str] | None, time: str | None) -> pd.DataFrame:
    """The data with the lags that the formula names, made before rows are left out."""
    for name in [name for name, _ in names.lags.values()]:
        _check_there(name, data)
    for name in (*(sides or ()), *((time,) if time else ())) if names.lags else ():
        _check_there(name, data)
        of_one_type(data[name], name)
    made = {lag: lagged(data, name, years, sides, time) for lag, (name, years) in names.lags.items()}
    return data.assign(**made)


def _typed(
    parts: _Parts, names: Names, variables: Sequence[str], data: pd.DataFrame, levels: Levels
) -> tuple[_Parts, pd.DataFrame, str]:
    """Variables as numbers where they are, and the outcome in words; of an outcome in categories, their numbers.

    Raises FormulaError if a column is of mixed type, or the outcome has categories that the model does not take.
    """
    alone = [names.shown(name) for source in parts.sources[1:] for name in _alone(source)]
    outcome = names.shown(parts.outcome)
    refuse_dates(data, [name for name in (outcome, *alone) if name in variables])
    data = data.assign(**numeric(data[list(variables)], alone))
    if outcome in data.columns and (is_text(data[outcome]) or isinstance(data[outcome].dtype, pd.CategoricalDtype)):
        codes, said = in_levels(data[outcome], outcome, levels)
        return parts, data.assign(**{outcome: codes}), said
    return parts, data, outcome


def _alone(source: str) -> list[str]:
    """Variables that a part of a formula holds as they are."""
    from formulaic import Formula

    if not source:
        return []
    with _named(source):
        factors = [factor for term in Formula(source) for factor in term.factors]
    return [str(factor.expr) for factor in factors if factor.eval_method.value == "lookup"]


def _taken_apart(formula: str) -> _Parts:
    """Split at bars and tildes outside brackets."""
    main, *rest = _split(formula, "|")
    sides = _split(main, "~")
    if len(sides) != 2 or not all(sides):
        raise FormulaError(f"{formula!r} must read 'outcome ~ regressors', and may go on '| effects | [d ~ z]'")
    effects: tuple[str, ...] = ()
    endogenous, instruments = "", ""
    for i, part in enumerate(rest):
        if part.startswith("[") and part.endswith("]") and not endogenous and i == len(rest) - 1:
            stage = _split(part[1:-1], "~")
            if len(stage) != 2 or not all(stage):
                raise FormulaError(f"{part!r} must read '[endogenous ~ instruments]'")
            endogenous, instruments = stage
        elif i == 0:
            effects = tuple(_effect(name) for name in _split(part, "+") if name != "0")
        else:
            raise FormulaError(f"{formula!r}: after '|' come effects, and at the end '[endogenous ~ instruments]'")
    return _Parts(sides[0], sides[1], effects, endogenous, instruments)


def _split(text: str, mark: str) -> list[str]:
    """Pieces between marks that stand outside brackets and back-ticks."""
    pieces, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == "`"
        depth += (letter in OPEN) - (letter in CLOSE)
        if letter == mark and not depth and not quoted:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece.strip() for piece in pieces]


def _effect(name: str) -> str:
    """An effect by its plain name: `a:year` for `a ^ year`, no C() and no back-ticks."""
    bare = re.sub(r"^C\((.*)\)$", r"\1", name).replace("^", ":")
    parts = [part.strip().strip("`") for part in bare.split(":")]
    if not all(parts):
        raise FormulaError(f"effect {name!r} names no column")
    return ":".join(parts)


def _columns(
    parts: _Parts,
    variables: Sequence[str],
    data: pd.DataFrame,
    sides: tuple[str, str] | None,
    time: str | None,
    factors: Sequence[str],
) -> list[str]:
    """Columns that the model needs, in the order of the formula."""
    wanted = list(variables)
    for name in [part for factor in (*parts.effects, *factors) for part in factor.split(":")]:
        if name not in data.columns and name == "dyad" and sides is None:
            raise UnknownVariable(
                "'dyad' is no column, and the two sides have no name: dyadic(side1, side2) or sides=(side1, side2)"
            )
        is_side = name not in data.columns and name in ("dyad", "side1", "side2")
        wanted += sides if sides and is_side else (name,)
    wanted += [*(sides or ()), *((time,) if time else ())]
    for name in wanted:
        _check_there(name, data)
    return list(dict.fromkeys(wanted))


def _check_there(name: str, data: pd.DataFrame) -> None:
    if name not in data.columns:
        raise UnknownVariable(f"the data have no column {name!r}; {choices(name, map(str, data.columns))}")
    if (count := int((data.columns == name).sum())) > 1:
        raise FormulaError(f"the data have {count} columns called {name!r}: rename all but one")


# What Python raises of an expression that has no value.
_NO_VALUE = (ArithmeticError, AttributeError, LookupError, NameError, SyntaxError, TypeError, ValueError)
_UNKNOWN = re.compile(r"name '(\w+)' is not defined")


@contextmanager
def _named(source: str) -> Iterator[None]:
    """What formulaic and Python find wrong with a formula's part, under its own name."""
    from formulaic.errors import FormulaicError

    try:
        yield
    except (FormulaicError, *_NO_VALUE) as error:
        if unknown := _UNKNOWN.search(str(error)):
            known = [name for name in functions() if name != "np"]
            raise FormulaError(
                f"{source!r}: there is no function {unknown[1]!r}; {choices(unknown[1], known)}, and numpy's as np.…"
            ) from error
        raise FormulaError(f"{source!r}: {(str(error) or type(error).__name__).splitlines()[0]}") from error


def _complete(data: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Complete rows of the columns, indexed by their place in the data, and how many each column cost."""
    attrition = [("rows of the data", len(data))]
    kept = data[list(columns)].reset_index(drop=True)
    for name in columns:
        if (missing := kept[name].isna()).any():
            attrition.append((f"{name} is missing:", int(missing.sum())))
            kept = kept[~missing]
    if kept.empty:
        raise EmptySample(f"no row is complete: {'; '.join(f'{why} {rows:,}' for why, rows in attrition)}")
    return kept, attrition


def _evaluated(
    parts: _Parts, names: Names, data: pd.DataFrame, attrition: list[tuple[str, int]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Regressors (endogenous first), and outcome, endogenous names and instruments; rows without numbers left out."""
    for _ in range(2):
        outcome, endogenous = _outcome(parts.outcome, names, data), _matrix(parts.endogenous, names, data)
        regressors = pd.concat([endogenous, _matrix(parts.regressors, names, data)], axis=1)
        instruments = _matrix(parts.instruments, names, data)
        everything = pd.concat([outcome, regressors, instruments], axis=1)
        numbers = everything.notna().all(axis=1).to_numpy()
        if numbers.all():
            break
        first = everything.isna().to_numpy().argmax(axis=1)[~numbers]
        lost = np.bincount(first, minlength=everything.shape[1])
        attrition += [(f"{name} is not a number:", int(n)) for name, n in zip(everything, lost, strict=True) if n]
        data = data[numbers]
        if data.empty:
            raise EmptySample(f"no row is left: {'; '.join(f'{why} {rows:,}' for why, rows in attrition)}")
    _refuse(names, parts, everything, regressors)
    used = instruments.to_numpy(copy=True) if parts.instruments else None
    y = outcome.to_numpy(copy=True)
    return regressors, {"outcome": y, "endogenous": list(endogenous.columns), "instruments": used}


def _refuse_sizes(everything: pd.DataFrame) -> None:
    for name, infinite in zip(everything, np.isinf(everything.to_numpy()).sum(axis=0), strict=True):
        if infinite:
            raise FormulaError(f"{name} is infinite in {infinite:,} rows: transform it otherwise, or leave them out")
    for name, size in everything.sub(everything.iloc[0]).abs().max().items():
        if size and not SMALLEST < size < LARGEST:
            raise FormulaError(f"{name} varies by {size:.0e}, and squares of that are no numbers: take another unit")


def _refuse(names: Names, parts: _Parts, everything: pd.DataFrame, regressors: pd.DataFrame) -> None:
    named = names.shown(parts.outcome)
    _refuse_sizes(everything)
    if regressors.empty:
        raise FormulaError(f"'{named} ~ {names.shown(parts.regressors)}' has no regressor")
    if "intercept" in regressors:
        raise FormulaError("a regressor is called 'intercept', as the constant is: rename its column")
    if len(repeated := regressors.columns[regressors.columns.duplicated()]):
        raise FormulaError(f"{repeated[0]!r} is twice among the regressors")
    if np.ptp(outcome := everything.iloc[:, 0].to_numpy()) == 0:
        raise NoVariation(f"the outcome {named!r} is {outcome[0]:g} in all {len(outcome):,} rows")
    for name in regressors:
        if np.array_equal(regressors[name], outcome):
            raise FormulaError(f"the regressor {name!r} is the outcome {named!r} itself, in every row")


def _outcome(source: str, names: Names, data: pd.DataFrame) -> pd.Series:
    found, named = _matrix(source, names, data), names.shown(source)
    if found.shape[1] != 1 or "[T." in str(found.columns[0]):
        raise FormulaError(
            f"the outcome {named!r} is not one column of numbers but {found.shape[1]} of categories: "
            "say which is the event, as in I(x == 'war')"
        )
    return found.iloc[:, 0].rename(named)


def _matrix(source: str, names: Names, data: pd.DataFrame) -> pd.DataFrame:
    """Columns of a formula's part as numbers, without the constant, which estimators add or absorb."""
    from formulaic import Formula

    if not source:
        return pd.DataFrame(index=data.index)
    with _named(names.shown(source)), np.errstate(all="ignore"):  # what is no number or infinite is counted and named
        formula = Formula(source)
        if "1" not in map(str, formula):
            raise FormulaError(f"{source!r} takes the constant out: estimators add one, or absorb effects that hold it")
        found = formula.get_model_matrix(data.rename(columns=names.renamed), na_action="ignore", output="pandas")
        made = pd.DataFrame(found).drop(columns=CONSTANT, errors="ignore").astype("float64")
    for factor in {factor for term in formula for factor in term.factors if factor.eval_method.value == "python"}:
        if not str(factor.expr).startswith(("C(", "hashed(")) and any(
            f"{factor.expr}[T." in str(name) for name in made
        ):
            raise FormulaError(f"{names.shown(str(factor.expr))!r} is text: make it numbers, or C(…) has categories")
    return made.set_axis(data.index, axis=0).rename(columns=lambda name: names.term(str(name)))
