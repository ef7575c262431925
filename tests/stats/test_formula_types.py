"""Columns of a formula that are of small integers, text, dates or objects: computed as numbers, or refused by name."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import FormulaError, UnknownOption
from detente.stats import fit

SIDES = ("one", "other")


def rows() -> pd.DataFrame:
    """Dyads of seven states in four years."""
    rng = np.random.default_rng(5)
    one, other = (np.tile(side, 4) for side in np.triu_indices(7, 1))
    data = pd.DataFrame({"one": one, "other": other, "year": np.repeat(np.arange(1990, 1994), 21)})
    data["x"], data["n"] = rng.normal(size=84), rng.integers(0, 120, 84)
    return data.assign(y=data["x"] + rng.normal(size=84), word=rng.choice(["a", "b"], 84))


# Powers of integers as Stata's byte and int hold them.


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32", "int64", "Int16", "float16"])
def test_no_power_of_a_column_overflows(kind: str) -> None:
    data = rows()
    for term in ("I(n**2)", "I(n * n * n)", "{n**7}", "I(n + n)"):
        expected = fit(f"y ~ {term}", data.assign(n=data["n"].astype(float)), sides=SIDES)
        found = fit(f"y ~ {term}", data.assign(n=data["n"].astype(kind)), sides=SIDES)
        assert_allclose(found.estimate, expected.estimate, rtol=1e-12)


def test_squares_of_calendar_years_in_two_bytes_are_those_of_the_years() -> None:
    data = rows()
    moved = {"year": data["year"].astype("int16")}
    found = fit("y ~ year + I(year**2)", data.assign(**moved), sides=SIDES)
    t, y = data["year"].to_numpy() - 1991.5, data["y"].to_numpy()
    square = np.linalg.lstsq(np.column_stack([np.ones(84), t, t**2]), y, rcond=None)[0][2]
    assert_allclose(found.estimate[2], square, rtol=1e-9)


def test_levels_of_whole_numbers_are_called_by_them() -> None:
    data = rows()
    assert fit("y ~ C(year)", data, sides=SIDES).terms[1:] == ("C(year)[T.1991]", "C(year)[T.1992]", "C(year)[T.1993]")
    base = fit("y ~ C(year, contr.treatment(base=1992)) + I(n**2)", data, sides=SIDES)
    assert base.terms[1] == "C(year, contr.treatment(base=1992))[T.1990]"
    half = fit("y ~ C(h)", data.assign(h=data["year"] / 2), sides=SIDES)
    assert half.terms[1:] == ("C(h)[T.995.5]", "C(h)[T.996]", "C(h)[T.996.5]")


# What is no number

HELD = {
    "a word among numbers": (["n.d.", *map(str, range(83))], "'q' holds numbers and text, such as 'n.d.': make it one "
                             "or the other, or C(q) of texts alone"),
    "numbers": ([str(i) for i in range(84)], "'q' holds numbers written as text: pd.to_numeric reads them, C(q) has "
                "categories"),
    "spaces of thousands": ([f"{i} 234" for i in range(84)], "'q' holds numbers written as text, '0 234' the first: "
                            "make it numbers, or C(q) of texts"),
    "points of thousands": ([f"{i}.234.567" for i in range(84)], "'q' holds numbers written as text, '0.234.567' the "
                            "first: make it numbers, or C(q) of texts"),
    "shares": ([f"{i}%" for i in range(84)], "'q' holds numbers written as text, '0%' the first: make it numbers, or "
               "C(q) of texts"),
    "complex": (1j * np.arange(84), "'q' holds complex numbers: take their real part or their size"),
    "lists": ([[i] for i in range(84)], "'q' holds lists, such as [0]: make it numbers or text"),
    "days": ([date(2001, 9, 1 + i % 28) for i in range(84)], "'q' holds dates, such as 2001-09-01: make it numbers or "
             "text"),
    "dates": (pd.date_range("2001", periods=84), "'q' holds dates or spans of time: make it a number, as I(q.dt.year) "
              "does"),
    "spans": (pd.to_timedelta(np.arange(84), unit="D"), "'q' holds dates or spans of time: make it a number, as "
              "I(q.dt.year) does"),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_what_is_no_number_is_no_regressor(case: str) -> None:
    held, message = HELD[case]
    with pytest.raises(FormulaError) as refused:
        fit("y ~ q", rows().assign(q=held), sides=SIDES)
    assert str(refused.value) == message


def test_dates_are_no_outcome_but_their_years_are() -> None:
    data = rows().assign(day=lambda d: pd.to_datetime(d["year"].astype(str)))
    with pytest.raises(
        FormulaError, match=r"'day' holds dates or spans of time: make it a number, as I\(day.dt.year\)"
    ):
        fit("day ~ x", data, sides=SIDES)
    expected = fit("y ~ year", data, sides=SIDES)
    assert_allclose(fit("y ~ I(day.dt.year)", data, sides=SIDES).estimate, expected.estimate, rtol=1e-9)


def test_text_that_an_expression_makes_is_no_regressor_but_its_categories_are() -> None:
    data = rows().assign(q=lambda d: d["n"].astype(str))
    with pytest.raises(FormulaError, match=r"^'I\(q \* 2\)' is text: make it numbers, or C\(…\) has categories$"):
        fit("y ~ I(q * 2)", data, sides=SIDES)
    assert fit("y ~ C(word.str.upper())", data, sides=SIDES).terms[1] == "C(word.str.upper())[T.B]"
    assert_allclose(
        fit("y ~ word", data.convert_dtypes(dtype_backend="pyarrow"), sides=SIDES).estimate,
        fit("y ~ word", data, sides=SIDES).estimate,
    )


EXPRESSIONS = {
    "y ~ foo(x)": "'foo(x)': there is no function 'foo'; legal values: ",
    "y ~ log1p(x)": "; nearest: 'log10', and numpy's as np.…",
    "y ~ np.foo(x)": "'np.foo(x)': Unable to evaluate factor `np.foo(x)`. [AttributeError: module 'numpy' has no attr",
    "y ~ I(1//0)": "'I(1//0)': Unable to evaluate factor `I(1 // 0)`. [ZeroDivisionError: ",
    'y ~ x + f("a").b()': "'x + f(\"a\").b()': invalid syntax",
    "y ~ I(d)": "'I(d)': ufunc 'multiply' cannot use operands with types",
}


@pytest.mark.parametrize("formula", EXPRESSIONS)
def test_an_expression_without_a_value_is_refused_by_name(formula: str) -> None:
    data = rows().assign(d=pd.Timestamp("2001-01-01"))
    with pytest.raises(FormulaError) as refused:
        fit(formula, data, sides=SIDES)
    assert EXPRESSIONS[formula] in str(refused.value)


def test_a_method_of_a_column_and_a_column_called_as_the_constant_are_read() -> None:
    data = rows().assign(size=lambda d: d["x"].abs())
    expected = fit("y ~ size + x", data, sides=SIDES)
    assert_allclose(fit("y ~ I(x.abs()) + x", data, sides=SIDES).estimate, expected.estimate, rtol=1e-12)
    found = fit("y ~ Intercept + x", data.rename(columns={"size": "Intercept"}), sides=SIDES)
    assert found.terms == ("intercept", "Intercept", "x")
    assert_allclose(found.estimate, expected.estimate, rtol=1e-12)


# Sides, names and levels


def test_a_side_of_numbers_and_text_is_refused_and_blanks_make_no_state() -> None:
    data = rows()
    mixed = {side: [str(v) if i % 3 else v for i, v in enumerate(data[side])] for side in SIDES}
    for given in (mixed, {"one": mixed["one"]}):
        for formula in ("y ~ x", "y ~ lag(x)"):
            with pytest.raises(FormulaError, match=r"^'one' holds numbers and text, such as '\d': make it one or the"):
                fit(formula, data.assign(**given), sides=SIDES, time="year")
    with pytest.raises(FormulaError, match=r"^'k' holds numbers and text, such as '\d': make it one or the other$"):
        fit("y ~ x | k", data.assign(k=mixed["one"]), sides=SIDES)
    with pytest.raises(FormulaError, match=r"^'k' holds lists: make it numbers or text$"):
        fit("y ~ x | k", data.assign(k=[[1]] * len(data)), sides=SIDES)
    padded = data.assign(one=data["one"].map("s{}".format), other=data["other"].map(" s{} ".format))
    assert fit("y ~ x", padded, sides=SIDES).states == 7
    assert_allclose(fit("y ~ x", padded, sides=SIDES).std_errors, fit("y ~ x", data, sides=SIDES).std_errors)


@pytest.mark.parametrize("sides", ["ab", ("one",), ("one", "other", "year"), 3])
def test_sides_are_two_names(sides: object) -> None:
    with pytest.raises(FormulaError, match=r"name the columns of the two states, such as sides=\('ccode1', 'ccode2'\)"):
        fit("y ~ x", rows(), sides=sides)  # type: ignore[arg-type]


@pytest.mark.parametrize("power", ["x**2", "x ^ 2", "`x`**3", "word + x**2"])
def test_a_power_outside_of_brackets_is_refused(power: str) -> None:
    with pytest.raises(FormulaError, match=r"crossed with itself, `?x`?: I\(`?x`?.*\d\) is the power$"):
        fit(f"y ~ {power}", rows(), sides=SIDES)
    assert fit("y ~ (x + n)**2", rows(), sides=SIDES).terms == ("intercept", "x", "n", "x:n")


def test_columns_may_be_called_by_numbers_but_not_as_the_constant_is() -> None:
    data = rows()
    expected = fit("y ~ x", data, sides=SIDES).estimate
    assert_allclose(fit("y ~ `5`", data.rename(columns={"x": 5}), sides=SIDES).estimate, expected)
    with pytest.raises(FormulaError, match="a regressor is called 'intercept', as the constant is: rename its column"):
        fit("y ~ intercept", data.rename(columns={"x": "intercept"}), sides=SIDES)


@pytest.mark.parametrize(("level", "said"), [("95", "'95'"), (None, "None"), ([0.9], "[0.9]"), (95, "95"), (1, "1")])
def test_a_level_is_a_number_below_one(level: object, said: str) -> None:
    with pytest.raises(UnknownOption) as refused:
        fit("y ~ x", rows(), sides=SIDES).conf_int(level)  # type: ignore[arg-type]
    assert str(refused.value) == f"level {said} is not between 0 and 1: that of a 95 % interval is 0.95"


@pytest.mark.parametrize(("unit", "said"), [(1e200, "6e+200"), (1e-200, "6e-200"), (1e-315, "6e-315")])
def test_a_unit_whose_squares_are_no_numbers_is_refused(unit: float, said: str) -> None:
    data = rows()
    data["x"] = np.where(data.index == 3, 6.0, 0.0)
    for formula, name in (("y ~ x", "x"), ("x ~ n", "x"), ("y ~ n + I(x * 1)", "I(x * 1)")):
        with pytest.raises(FormulaError) as refused:
            fit(formula, data.assign(x=data["x"] * unit), sides=SIDES)
        assert str(refused.value) == f"{name} varies by {said}, and squares of that are no numbers: take another unit"


@pytest.mark.parametrize("unit", [2.0**190, 2.0**-190])
@pytest.mark.parametrize("estimator", ["lpm", "logit"])
def test_a_unit_that_is_not_refused_changes_nothing_but_the_unit(unit: float, estimator: str) -> None:
    data = rows().assign(onset=lambda d: d["y"] > 0)
    expected = fit("onset ~ x", data, estimator=estimator, sides=SIDES)
    found = fit("onset ~ x", data.assign(x=data["x"] * unit), estimator=estimator, sides=SIDES)
    assert_allclose(found.estimate[1] * unit, expected.estimate[1], rtol=1e-9)
    assert_allclose(found.std_errors[1] * unit, expected.std_errors[1], rtol=1e-9)


OPTIONS = {
    "tau 'x'": ("king_zeng", {"tau": "x"}, "tau 'x' is no number"),
    "tau nan": ("king_zeng", {"tau": float("nan")}, "tau nan is no number"),
    "tau True": ("king_zeng", {"tau": True}, "tau True is no number"),
    "scale None": ("cauchy_logit", {"scale": None}, "scale None is no number"),
    "unbias 'yes'": ("king_zeng", {"unbias": "yes"}, "unbias 'yes' is neither True nor False"),
    "base 'a'": ("multinomial_logit", {"base": "a"}, "base 'a' is no number"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_is_of_its_kind(case: str) -> None:
    estimator, options, message = OPTIONS[case]
    with pytest.raises(UnknownOption) as refused:
        fit("onset ~ x", rows().assign(onset=lambda d: d["y"] > 0), estimator=estimator, sides=SIDES, **options)
    assert str(refused.value) == message
