"""A small language over columns for samples and derived variables: parsed by Python's `ast`, never evaluated by it.

Numbers and truth values are float64, missing is NaN, true 1 and false 0. Arithmetic with a missing value is missing,
as are `min` and `max` of it. What a comparison with one is has to be said, as software disagrees: `missing: largest`
(Stata: a missing value is larger than any number), `drop` (missing, and such a row is in no sample), or `refuse`
(missing, and an error where a sample depends on it). A missing text is the same, but that Stata's is "".
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import FormulaError, PanelError, UnknownVariable, choices
from detente.base.quoting import as_column, as_words, as_written, column_name, way_out

Values = npt.NDArray[np.float64]
Missing = Literal["refuse", "drop", "largest"]
DEEPEST = 60
LONGEST = 2_000

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Values, Values], Values]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_OF_ONE: Mapping[str, Callable[[Values], Values]] = {
    name: getattr(np, name) for name in ("log", "exp", "sqrt", "abs", "round")
}
Within = Literal["mean", "sum", "count"]
_WITHIN: tuple[Within, ...] = get_args(Within)
# How many arguments each function takes, from and to.
FUNCTIONS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(_OF_ONE, (1, 1)),
    **dict.fromkeys(("min", "max"), (2, LONGEST)),
    **dict.fromkeys(_WITHIN, (1, LONGEST)),
    **dict.fromkeys(("lag", "lead"), (2, 2)),
    "missing": (1, 1),
    "standardise": (1, 2),
    "where": (3, 3),
    "isin": (2, LONGEST),
}


@dataclass(frozen=True)
class Table:
    """Columns that expressions speak of; `key` and `time` are what lags go by, `missing` what comparisons are."""

    frame: pd.DataFrame
    key: tuple[str, ...] = ()
    time: str = ""
    missing: Missing = "refuse"


def parse(text: str) -> ast.expr:
    """The expression, if it is made of nothing but what this language has; raises FormulaError naming anything else.

    A column whose name is no word of Python's stands in back-ticks: `` `gdp.pc` > 0 ``.
    """
    if len(text) > LONGEST:
        raise FormulaError(f"an expression of {len(text):,} characters; at most {LONGEST:,} are read")
    try:
        tree = ast.parse(as_words(text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"{text!r} cannot be read as an expression{way_out(text)}") from error
    _check(tree, text, 0)
    return tree


def parse_condition(text: str) -> ast.expr:
    """The same of an expression that is true or false of a row."""
    tree = parse(text)
    negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    asks = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in ("missing", "isin")
    if not (negated or asks or isinstance(tree, ast.Compare | ast.BoolOp)):
        raise FormulaError(f"{text!r} is no condition, such as 'year >= 1980'")
    return tree


def names(tree: ast.expr) -> tuple[str, ...]:
    """Columns that an expression speaks of, each once."""
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions]
    return tuple(dict.fromkeys(column_name(n.id) for n in found))


def _said(node: ast.expr) -> str:
    """A part of an expression, as it was written."""
    return as_written(ast.unparse(node))


def uses_lag(tree: ast.expr) -> bool:
    """Whether it looks at another time."""
    return not {"lag", "lead"}.isdisjoint(_calls(tree))


def uses_other_rows(tree: ast.expr) -> str | None:
    """The first function that looks at rows other than its own, if there is one."""
    return next((name for name in _calls(tree) if name in (*_WITHIN, "lag", "lead", "standardise")), None)


def _calls(tree: ast.expr) -> list[str]:
    return [n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]


def _check(node: ast.AST, text: str, depth: int) -> None:
    if depth > DEEPEST:
        raise FormulaError(f"{text[:60]!r}…: brackets within brackets, more than {DEEPEST} deep")
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
            raise FormulaError(f"{text!r}: {_said(node)} is neither a number nor a text")
    elif not isinstance(node, ast.Name):
        for part in _parts(node, text):
            _check(part, text, depth + 1)


def _parts(node: ast.AST, text: str) -> list[ast.expr]:
    """What a legal node is made of."""
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd | ast.Not):
        return [node.operand]
    if isinstance(node, ast.BoolOp):
        return list(node.values)
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id not in FUNCTIONS:
            legal = choices(node.func.id, FUNCTIONS)
            way = as_column(re.split(r"(?<=\))", text)[0]) if text.startswith(f"{node.func.id} (") else ""
            raise FormulaError(f"{text!r}: there is no function {node.func.id!r}; {legal}{way}")
        if node.keywords:
            raise FormulaError(f"{text!r}: functions take no names of arguments")
        return node.args
    said = _said(node) if isinstance(node, ast.expr) else type(node).__name__
    way = as_column(said) if isinstance(node, ast.Attribute) else ""
    raise FormulaError(f"{text!r}: {said!r} is not allowed{way}; an expression has columns, numbers, texts, "
                       f"+ - * / ** %, comparisons, and, or, not, and functions: {', '.join(FUNCTIONS)}")  # fmt: skip


def evaluate(text: str, table: Table) -> Values:
    """Values (N,) of an expression.

    Raises FormulaError if it is not legal, or a function is given what it cannot take; UnknownVariable, naming the
    nearest, for a column that does not exist; PanelError for a lag where there is no panel, or a key is not unique.
    """
    with np.errstate(all="ignore"):
        value = _Evaluation(table, text).of(parse(text))
    if _is_text(value):
        raise FormulaError(f"{text!r} is text, not numbers")
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (len(table.frame),)).copy()


def selected(text: str, table: Table) -> npt.NDArray[np.bool_]:
    """Rows (N,) of which a condition is true; raises as `evaluate`, or FormulaError where it is missing unsaid."""
    value = evaluate(text, table)
    unknown = int(np.isnan(value).sum())
    if unknown and table.missing == "refuse":
        raise FormulaError(
            f"{text!r} is missing in {unknown:,} rows: say `missing: largest` (as Stata compares), `missing: drop` "
            "(leave them out), or test with missing(x)"
        )
    return np.asarray(np.nan_to_num(value) != 0)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype == object)


def _truth(value: Values) -> Values:
    """1 where true, 0 where false, missing where missing."""
    return np.where(np.isnan(value), np.nan, np.asarray(value != 0, dtype=np.float64))


class _Evaluation:
    """One walk over a tree; texts and their columns are objects, all else float64."""

    def __init__(self, table: Table, text: str) -> None:
        self.table, self.text = table, text

    def of(self, node: ast.expr) -> Any:  # noqa: PLR0911
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else np.float64(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return column(self.table.frame, column_name(node.id))
        if isinstance(node, ast.BinOp):
            return _ARITHMETIC[type(node.op)](self.numbers(node.left), self.numbers(node.right))
        if isinstance(node, ast.UnaryOp):
            return self.unary(node)
        if isinstance(node, ast.BoolOp):
            return self.boolean(node)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        assert isinstance(node, ast.Call)
        return self.call(node)

    def numbers(self, node: ast.expr) -> Values:
        value = self.of(node)
        if _is_text(value):
            raise FormulaError(f"{self.text!r}: {_said(node)!r} is text, not numbers")
        return np.asarray(value, dtype=np.float64)

    def unary(self, node: ast.UnaryOp) -> Values:
        value = self.numbers(node.operand)
        if isinstance(node.op, ast.Not):
            return 1.0 - _truth(value)
        return -value if isinstance(node.op, ast.USub) else value

    def boolean(self, node: ast.BoolOp) -> Values:
        """Kleene's and, or: false and missing is false, true or missing is true."""
        truth = [_truth(self.numbers(v)) for v in node.values]  # noqa: PD011
        decisive = 0.0 if isinstance(node.op, ast.And) else 1.0
        decided = np.logical_or.reduce(np.broadcast_arrays(*(t == decisive for t in truth)))
        unknown = np.logical_or.reduce(np.broadcast_arrays(*map(np.isnan, truth)))
        return np.where(decided, decisive, np.where(unknown, np.nan, 1.0 - decisive))

    def comparison(self, node: ast.Compare) -> Values:
        values = [self.of(v) for v in (node.left, *node.comparators)]
        return reduce(np.multiply, map(self.compared, node.ops, values, values[1:]))

    def compared(self, operator: ast.cmpop, left: Any, right: Any) -> Values:
        texts = [_is_text(v) for v in (left, right)]
        if any(texts):
            if not all(texts) or not isinstance(operator, ast.Eq | ast.NotEq):
                mixed = "" if all(texts) else ", and here one of the two is numbers: a file's value labels are `labels`"
                raise FormulaError(f"{self.text!r}: text is only == or != to text{mixed}")
            return self.compared_texts(operator, left, right)
        a, b = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
        unknown = np.isnan(a) | np.isnan(b)
        if self.table.missing == "largest":
            a, b = (np.where(np.isnan(v), np.inf, v) for v in (a, b))
            unknown = np.zeros_like(unknown)
        value = np.asarray(_COMPARISONS[type(operator)](a, b), dtype=np.float64)
        return np.where(unknown, np.nan, value)

    def compared_texts(self, operator: ast.cmpop, left: Any, right: Any) -> Values:
        a, b = np.asarray(left, dtype=object), np.asarray(right, dtype=object)
        unknown = pd.isna(a) | pd.isna(b)
        if self.table.missing == "largest":
            a, b = (np.where(pd.isna(v), "", v) for v in (a, b))
            unknown = np.zeros_like(unknown)
        return np.where(unknown, np.nan, np.asarray(_COMPARISONS[type(operator)](a, b), dtype=np.float64))

    def call(self, node: ast.Call) -> Any:  # noqa: PLR0911
        assert isinstance(node.func, ast.Name)
        name, args, (least, most) = node.func.id, node.args, FUNCTIONS[node.func.id]
        if not least <= len(args) <= most:
            wanted = f"{least}" if least == most else f"at least {least}" if most == LONGEST else f"{least} to {most}"
            raise FormulaError(f"{self.text!r}: {name} takes {wanted} arguments, not {len(args)}")
        if name in _OF_ONE:
            return _OF_ONE[name](self.numbers(args[0]))
        if name == "missing":
            return np.asarray(pd.isna(self.of(args[0])), dtype=np.float64)
        if name in ("min", "max"):
            pick = np.minimum if name == "min" else np.maximum
            return pick.reduce(np.broadcast_arrays(*map(self.numbers, args)))
        if name in _WITHIN:
            return _within(self.rows(args[0]), [self.of(a) for a in args[1:]], name)
        if name in ("lag", "lead"):
            return _lagged(self.rows(args[0]), self.whole(args[1]) * (1 if name == "lag" else -1), self.table)
        if name == "standardise":
            value, sds = self.rows(args[0]), self.whole(args[1]) if len(args) > 1 else 1
            return (value - np.nanmean(value)) / (sds * np.nanstd(value, ddof=1))
        if name == "where":
            condition, yes, no = map(self.numbers, args)
            return np.where(np.isnan(condition), np.nan, np.where(condition != 0, yes, no))
        tests = [self.compared(ast.Eq(), self.of(args[0]), self.of(a)) for a in args[1:]]
        return np.max(np.broadcast_arrays(*tests), axis=0)

    def rows(self, node: ast.expr) -> Values:
        return np.broadcast_to(self.numbers(node), (len(self.table.frame),)).astype(np.float64)

    def whole(self, node: ast.expr) -> int:
        value = self.numbers(node)
        if value.ndim or value != np.round(value) or value < 0:
            raise FormulaError(f"{self.text!r}: {_said(node)!r} must be a whole number")
        return int(value)


def column(frame: pd.DataFrame, name: str) -> Any:
    """A column as float64, or as objects if it is text; raises UnknownVariable if there is none of the name."""
    if name not in frame.columns:
        raise UnknownVariable(f"the data have no column {name!r}; {choices(name, map(str, frame.columns))}")
    values = frame[name]
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return values.to_numpy(dtype=object)


def _within(values: Values, groups: list[Any], name: Within) -> Values:
    """Mean, sum or count of the values (N,) that are not missing, in all rows or in the group of each row."""
    keys = [np.broadcast_to(g, values.shape) for g in groups] or [np.zeros(len(values))]
    return np.asarray(pd.Series(values).groupby(keys).transform(name), dtype=np.float64)


def _lagged(values: Values, periods: int, table: Table) -> Values:
    """Values (N,) of the same key `periods` earlier, or missing; raises PanelError if the table has no unique key."""
    if not table.key:
        raise PanelError("lag and lead need `panel:` with the key of a unit and its time")
    every = [pd.Series(column(table.frame, name)) for name in (*table.key, table.time)]
    # A row without its key is no other's, and has no other.
    known = np.logical_and.reduce([part.notna() for part in every])
    parts = [part[known] for part in every]
    place = pd.MultiIndex.from_arrays(parts)
    if place.has_duplicates:
        named = zip((*table.key, table.time), place[place.duplicated()][0], strict=True)
        keys = (f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in named)
        raise PanelError(f"lag and lead need each key once a time; twice: {', '.join(keys)}")
    found = place.get_indexer(pd.MultiIndex.from_arrays([*parts[:-1], parts[-1] - periods]))
    lagged = np.full(len(values), np.nan)
    lagged[known] = np.where(found >= 0, values[known][np.maximum(found, 0)], np.nan)
    return lagged
