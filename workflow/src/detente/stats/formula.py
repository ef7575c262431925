"""From a formula and a data frame to a design: `outcome ~ regressors | effects | [endogenous ~ instruments]`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EmptySample, FormulaError, NoVariation, UnknownVariable, choices
from detente.base.types import Codes
from detente.stats.covariance import FACTORS, Vcov, intersect, parse
from detente.stats.frame import ModelFrame

OPEN, CLOSE = "([{", ")]}"
CONSTANT = "Intercept"


@dataclass(frozen=True)
class _Parts:
    """A formula taken apart: sources of outcome, regressors, endogenous regressors and instruments; effect names."""

    outcome: str
    regressors: str
    effects: tuple[str, ...]
    endogenous: str
    instruments: str


def build(
    formula: str, data: pd.DataFrame | None, vcov: str | Vcov, sides: tuple[str, str] | None, time: str | None
) -> tuple[str, ModelFrame, Vcov]:
    """Name of the outcome, the design, and the covariance estimator; `sides` and `time` name columns.

    Rows with something missing are left out and counted by the first column, in the order of the formula, that lacks
    them; then those for which a term, such as log(x), is no number.

    Raises FormulaError if the formula cannot be read, a term is infinite, or it asks for a model without a constant;
    UnknownVariable if a column does not exist, naming the nearest; EmptySample if no row is left.
    """
    if not isinstance(data, pd.DataFrame):
        raise FormulaError("a formula needs a data frame: fit(formula, data)")
    parts = _taken_apart(formula)
    parsed = parse(vcov, (*FACTORS, *map(str, data.columns)))
    sides = parsed.sides or sides
    if sides and sides[0] == sides[1]:
        raise FormulaError(f"sides={tuple(sides)!r}: the two states of a dyad stand in two columns")
    kept, attrition = _complete(data, _columns(parts, data, sides, time, parsed.factors))
    terms, matrices = _evaluated(parts, kept, attrition)
    rows = terms.index
    codes = _Codes(data, np.asarray(rows, dtype=np.int64), sides)
    a, b = codes.sides()
    design = ModelFrame(
        y=matrices["outcome"],
        x=terms.to_numpy(),
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
    return parts.outcome, design, parsed


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
    parts: _Parts, data: pd.DataFrame, sides: tuple[str, str] | None, time: str | None, factors: Sequence[str]
) -> list[str]:
    """Columns that the model needs, in the order of the formula."""
    sources = (parts.outcome, parts.regressors, parts.endogenous, parts.instruments)
    wanted = [name for source in sources if source for name in _variables(source)]
    for name in [part for factor in (*parts.effects, *factors) for part in factor.split(":")]:
        if name not in data.columns and name == "dyad" and sides is None:
            raise UnknownVariable(
                "'dyad' is no column, and the two sides have no name: dyadic(side1, side2) or sides=(side1, side2)"
            )
        is_side = name not in data.columns and name in ("dyad", "side1", "side2")
        wanted += sides if sides and is_side else (name,)
    wanted += [*(sides or ()), *((time,) if time else ())]
    for name in wanted:
        if name not in data.columns:
            raise UnknownVariable(f"the data have no column {name!r}; {choices(name, map(str, data.columns))}")
    return list(dict.fromkeys(wanted))


def _variables(source: str) -> list[str]:
    """Variables of a formula's part, in their order."""
    from formulaic import Formula

    with _named(source):
        names = [str(name) for name in Formula(source).required_variables]
    return sorted(names, key=lambda name: (source.find(name), name))


@contextmanager
def _named(source: str) -> Iterator[None]:
    """What formulaic finds wrong with a formula's part, under its own name."""
    from formulaic.errors import FormulaicError

    try:
        yield
    except FormulaicError as error:
        raise FormulaError(f"{source!r}: {str(error).splitlines()[0]}") from error


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
    plain = {
        name: kept[name].astype("float64")
        for name in columns
        if pd.api.types.is_bool_dtype(kept[name])
        or (pd.api.types.is_extension_array_dtype(kept[name].dtype) and pd.api.types.is_numeric_dtype(kept[name]))
    }
    return kept.assign(**plain), attrition


def _evaluated(
    parts: _Parts, data: pd.DataFrame, attrition: list[tuple[str, int]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Regressors (endogenous first), and outcome, endogenous names and instruments; rows without numbers left out."""
    for _ in range(2):
        outcome, endogenous = _outcome(parts.outcome, data), _matrix(parts.endogenous, data)
        regressors = pd.concat([endogenous, _matrix(parts.regressors, data)], axis=1)
        instruments = _matrix(parts.instruments, data)
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
    _refuse(parts, everything, regressors)
    used = instruments.to_numpy() if parts.instruments else None
    return regressors, {"outcome": outcome.to_numpy(), "endogenous": list(endogenous.columns), "instruments": used}


def _refuse(parts: _Parts, everything: pd.DataFrame, regressors: pd.DataFrame) -> None:
    for name, infinite in zip(everything, np.isinf(everything.to_numpy()).sum(axis=0), strict=True):
        if infinite:
            raise FormulaError(f"{name} is infinite in {infinite:,} rows: transform it otherwise, or leave them out")
    if regressors.empty:
        raise FormulaError(f"'{parts.outcome} ~ {parts.regressors}' has no regressor")
    if len(repeated := regressors.columns[regressors.columns.duplicated()]):
        raise FormulaError(f"{repeated[0]!r} is twice among the regressors")
    if np.ptp(outcome := everything.iloc[:, 0].to_numpy()) == 0:
        raise NoVariation(f"the outcome {parts.outcome!r} is {outcome[0]:g} in all {len(outcome):,} rows")


def _outcome(source: str, data: pd.DataFrame) -> pd.Series:
    found = _matrix(source, data)
    if found.shape[1] != 1:
        raise FormulaError(f"the outcome {source!r} is not one numeric column but {found.shape[1]}")
    return found.iloc[:, 0].rename(source)


def _matrix(source: str, data: pd.DataFrame) -> pd.DataFrame:
    """Columns of a formula's part as numbers, without the constant, which estimators add or absorb."""
    from formulaic import Formula

    if not source:
        return pd.DataFrame(index=data.index)
    with _named(source), np.errstate(all="ignore"):  # what is no number or infinite is counted and named
        formula = Formula(source)
        if "1" not in map(str, formula):
            raise FormulaError(f"{source!r} takes the constant out: estimators add one, or absorb effects that hold it")
        found = formula.get_model_matrix(data, na_action="ignore", output="pandas")
    return pd.DataFrame(found).drop(columns=CONSTANT, errors="ignore").astype("float64").set_axis(data.index, axis=0)


@dataclass(frozen=True)
class _Codes(Mapping[str, Codes]):
    """Codes of the columns in the rows used, made when asked for; `pair` the columns of the two sides.

    Every column of the data is a factor that a covariance may go by, after the fit too.
    """

    data: pd.DataFrame
    rows: Codes
    pair: tuple[str, str] | None

    def __getitem__(self, name: str) -> Codes:
        if name not in self.data.columns:
            raise KeyError(name)
        return self.factor(name)

    def __contains__(self, name: object) -> bool:
        return name in self.data.columns

    def __iter__(self) -> Iterator[str]:
        return map(str, self.data.columns)

    def __len__(self) -> int:
        return len(self.data.columns)

    def sides(self) -> tuple[Codes | None, Codes | None]:
        """The two sides in common codes: as they are if integers, else numbered together."""
        if self.pair is None:
            return None, None
        first, second = (self._column(name) for name in self.pair)
        if pd.api.types.is_integer_dtype(first) and pd.api.types.is_integer_dtype(second):
            return first.to_numpy(dtype=np.int64), second.to_numpy(dtype=np.int64)
        both, _ = pd.factorize(np.concatenate([first.to_numpy(dtype=object), second.to_numpy(dtype=object)]))
        return both[: len(first)].astype(np.int64), both[len(first) :].astype(np.int64)

    def time(self, name: str) -> Codes:
        """Time: as it is if whole numbers, else numbered in its order."""
        column = self._column(name)
        if pd.api.types.is_numeric_dtype(column) and np.array_equal(column, np.round(column)):
            return column.to_numpy(dtype=np.int64)
        return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.int64)

    def factor(self, name: str) -> Codes:
        """Codes of a column, of an interaction of columns, of a side or of the pair."""
        codes, *others = [self._part(part) for part in ([name] if name in self.data.columns else name.split(":"))]
        for other in others:
            codes = intersect(codes, other)
        return codes

    def _part(self, name: str) -> Codes:
        if name not in self.data.columns:
            a, b = self.sides()
            assert a is not None
            assert b is not None
            if name in ("side1", "side2"):
                return a if name == "side1" else b
            return intersect(np.minimum(a, b), np.maximum(a, b))
        column = self._column(name)
        if pd.api.types.is_integer_dtype(column):
            return column.to_numpy(dtype=np.int64)
        return np.asarray(pd.factorize(column)[0], dtype=np.int64)

    def _column(self, name: str) -> pd.Series:
        """A column in the rows used: only those that the fit asked for are known to be complete."""
        column = self.data[name].iloc[self.rows]
        if missing := int(column.isna().sum()):
            raise FormulaError(f"{name!r} is missing in {missing:,} rows of the fit: name it in `vcov` of the fit")
        return column
