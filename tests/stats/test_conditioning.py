"""Regressors far from zero or close to one another: NIST's data, exact rational least squares, shifted columns."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from detente import dyadic, fit
from detente.base.errors import RankDeficient
from detente.stats.covariance import number_dyads
from detente.stats.linear.group import Choice, Group
from detente.stats.linear.many import linear_models
from detente.stats.registry import REGISTRY, get

from support.worlds import dyadic_design, studied

pytestmark = pytest.mark.fault("fits")

NINE = 1e-9


def exact(y: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Least squares with a constant in rational numbers: normal equations of the doubles, solved exactly."""
    x = [[Fraction(1)] * len(y), *([Fraction(float(v)) for v in column] for column in columns)]
    target = [Fraction(float(v)) for v in y]
    table = [[sum(p * q for p, q in zip(a, b, strict=True)) for b in (*x, target)] for a in x]
    for i, row in enumerate(table):
        for other in table[i + 1 :]:
            share = other[i] / row[i]
            for j in range(i, len(row)):
                other[j] -= share * row[j]
    found: list[Fraction] = [Fraction(0)] * len(x)
    for i in reversed(range(len(x))):
        known = sum(table[i][j] * found[j] for j in range(i + 1, len(x)))
        found[i] = (table[i][-1] - known) / table[i][i]
    return np.array([float(v) for v in found])


# NIST's Statistical Reference Datasets for linear regression, with their certified values


def test_longley_has_nine_digits() -> None:
    """NIST StRD Longley (1967): certified estimates and standard deviations; the data as statsmodels ships them."""
    from statsmodels.datasets import longley

    data = longley.load_pandas().data.astype(float)
    found = fit("TOTEMP ~ GNPDEFL + GNP + UNEMP + ARMED + POP + YEAR", data, vcov="classical")
    estimates = [
        -3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683,
        -1.03322686717359, -0.0511041056535807, 1829.15146461355,
    ]  # fmt: skip
    deviations = [
        890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699,
        0.214274163161675, 0.226073200069370, 455.478499142212,
    ]  # fmt: skip
    assert_allclose(found.estimate, estimates, rtol=NINE)
    assert_allclose(found.std_errors, deviations, rtol=NINE)


def test_pontius_has_nine_digits() -> None:
    """NIST StRD Pontius: deflection of a load cell under 20 loads, twice; certified values."""
    deflection = (
        ".11019 .21956 .32949 .43899 .54803 .65694 .76562 .87487 .98292 1.09146 1.20001 1.30822 1.41599 1.52399 "
        "1.63194 1.73947 1.84646 1.95392 2.06128 2.16844 .11052 .22018 .32939 .43886 .54798 .65739 .76596 .87474 "
        ".98300 1.09150 1.20004 1.30818 1.41613 1.52408 1.63159 1.73965 1.84696 1.95445 2.06177 2.16829"
    )
    data = pd.DataFrame({"y": [float(v) for v in deflection.split()], "x": np.tile(150_000.0 * np.arange(1, 21), 2)})
    found = fit("y ~ x + I(x**2)", data, vcov="classical")
    assert_allclose(found.estimate, [0.673565789473684e-3, 0.732059160401003e-6, -0.316081871345029e-14], rtol=NINE)
    expected = [0.107938612033077e-3, 0.157817399981659e-9, 0.486652849992036e-16]
    assert_allclose(found.std_errors, expected, rtol=NINE)


@pytest.mark.parametrize("share", ["1", "0.1"])
def test_wampler_has_nine_digits(share: str) -> None:
    """NIST StRD Wampler1 and Wampler2: polynomials of degree 5 in 0 … 20 without error, coefficients 1 and 10^(−i)."""
    x = np.arange(21)
    y = [float(sum((Fraction(share) * int(v)) ** i for i in range(6))) for v in x]
    data = pd.DataFrame({"y": y, "x": x.astype(float)})
    found = fit("y ~ x + " + " + ".join(f"I(x**{i})" for i in range(2, 6)), data, vcov="classical")
    assert_allclose(found.estimate, [float(share) ** i for i in range(6)], rtol=NINE)


def test_a_polynomial_of_degree_ten_as_in_filip_is_refused_as_r_does() -> None:
    """NIST StRD Filip: x from −8.78 to −3.13 to the tenth power; R's lm calls its last power dependent, too."""
    x = np.linspace(-8.78, -3.13, 82)
    data = pd.DataFrame({"y": np.sin(x), "x": x})
    with pytest.raises(RankDeficient, match="linearly dependent regressors"):
        fit("y ~ x + " + " + ".join(f"I(x**{i})" for i in range(2, 11)), data, vcov="classical")


# Exact rational least squares


@pytest.mark.parametrize("first", [1816, 1980, 2000])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_powers_of_calendar_years_have_nine_digits(first: int, degree: int) -> None:
    years = np.tile(np.arange(first, 2006.0), 3)
    y = np.random.default_rng(first).normal(size=len(years)) + np.sin(years / 7)
    found = fit(
        "y ~ " + " + ".join(f"I(x**{i})" for i in range(1, degree + 1)), pd.DataFrame({"y": y, "x": years}), vcov="hc1"
    )
    assert_allclose(found.estimate, exact(y, *(years**i for i in range(1, degree + 1))), rtol=NINE)


@pytest.mark.parametrize("shift", [1e4, 1e6, 1e8])
def test_columns_far_from_zero_have_nine_digits(shift: float) -> None:
    rng = np.random.default_rng(1)
    x, z = shift + rng.normal(size=60), 1e3 * shift + rng.exponential(size=60) * 1e3
    y = rng.normal(size=60)
    found = fit("y ~ x + z", pd.DataFrame({"y": y, "x": x, "z": z}), vcov="hc1")
    assert_allclose(found.estimate, exact(y, x, z), rtol=NINE)


# A model is the same whatever its columns' origin


def world(shift: float) -> pd.DataFrame:
    """Dyad-years with all kinds of outcomes; x and z in steps of 1/1024, so that a shift is exact."""
    rng = np.random.default_rng(5)
    one, other = np.triu_indices(12, 1)
    data = pd.DataFrame({"one": np.tile(one, 6), "other": np.tile(other, 6), "year": np.repeat(np.arange(6), len(one))})
    state = rng.normal(size=12)
    for name in ("x", "z", "w"):
        value = state[data["one"]] + state[data["other"]] + rng.normal(size=len(data))
        data[name] = np.round(1024 * value) / 1024 + shift
    latent = 0.5 * (data["x"] - shift) - 0.2 * (data["w"] - shift) + rng.logistic(size=len(data))
    data["y"], data["onset"] = latent, (latent > 1).astype(float)
    data["count"] = rng.poisson(rng.gamma(1.0, np.exp(0.3 * latent)))
    data["level"] = np.digitize(latent, [-1, 1])
    return data


MODELS = {
    "lpm": "y ~ x + z", "logit": "onset ~ x + z", "probit": "onset ~ x + z", "cloglog": "onset ~ x + z",
    "poisson": "count ~ x + z", "negbin": "count ~ x + z", "firth": "onset ~ x + z", "king_zeng": "onset ~ x + z",
    "gee": "onset ~ x + z | dyad", "ordered_logit": "level ~ x + z", "multinomial_logit": "level ~ x + z",
    "iv_lpm": "y ~ z | [x ~ w]", "cre_logit": "onset ~ x + z | dyad", "cauchy_logit": "onset ~ x + z",
}  # fmt: skip


@pytest.mark.parametrize("shift", [2.0**13, 2.0**26])
@pytest.mark.parametrize("estimator", MODELS)
def test_a_shift_of_regressors_moves_constants_alone(estimator: str, shift: float) -> None:
    given = {"estimator": estimator, "sides": ("one", "other")}
    here, there = (fit(MODELS[estimator], world(by), **given) for by in (0.0, shift))  # type: ignore[arg-type]
    slopes = [i for i, term in enumerate(here.terms) if term[0] in "xz" or term == "ln(alpha)"]
    assert there.terms == here.terms
    assert there.solution.turned is not None
    assert_allclose(there.estimate[slopes], here.estimate[slopes], rtol=1e-8)
    assert_allclose(there.solution.predictor, here.solution.predictor, atol=1e-6)
    for kind in ("dyadic", "classical" if estimator != "gee" else "dyad"):
        # Before repair, which depends on the coefficients that it is made for.
        variances = (np.diag(one.with_vcov(kind).vcov.unrepaired)[slopes] for one in (here, there))
        assert_allclose(*variances, rtol=1e-7, err_msg=kind)
    assert_allclose(there.df[slopes], here.df[slopes], rtol=1e-7)
    # The constant is that of the same plane: its slopes times the shift further down.
    first = here.terms[:3] if here.terms[0] == "intercept" else ()
    if first:
        moved = [i for i, term in enumerate(there.terms) if {"x", "z"} & set(term)]
        assert_allclose(there.estimate[0] + shift * there.estimate[moved].sum(), here.estimate[0], atol=1e-6)


@pytest.mark.parametrize("shift", [2.0**17, 2.0**26])
@pytest.mark.parametrize("name", sorted(name for name, e in REGISTRY.items() if e.gap and not e.needs_instruments))
def test_other_software_is_compared_where_it_loses_no_digits(name: str, shift: float) -> None:
    design = dyadic_design(effect=0.1)
    design = studied(name, replace(design, x=np.round(1024 * design.x) / 1024 + shift))
    assert get(name).compared(design, get(name).fit(design)).gap < 1e-9


def test_many_models_of_columns_far_from_zero_are_those_of_columns_near_it() -> None:
    made = []
    for shift in (0.0, 2.0**26):
        data = world(shift)
        pairs = number_dyads(data["one"].to_numpy(), data["other"].to_numpy())
        group = Group(data[["y"]].to_numpy(), data[["x", "z"]].to_numpy(), ("y",), ("x", "z"), pairs)
        (found,) = linear_models(group, [Choice("y", "x", ("z",))], ["dyadic", "hc1"]).found
        assert not isinstance(found, Exception)
        made.append([found.effect.value, *(found.under(kind)["std_error_unrepaired"] for kind in ("dyadic", "hc1"))])
    assert_allclose(made[1], made[0], rtol=1e-8)


def test_columns_that_depend_on_one_another_are_still_refused() -> None:
    far = world(2.0**26).assign(copy=lambda d: d["x"] + d["z"])
    near = world(0.0).assign(copy=lambda d: (np.pi * d["x"]).astype("float32").astype(float), z=1.0)
    for data in (far, near):
        with pytest.raises(RankDeficient, match="linearly dependent regressors: x"):
            fit("y ~ x + z + copy", data, vcov=dyadic("one", "other"))


def test_squares_of_calendar_years_within_dyads_have_nine_digits() -> None:
    """The coefficient of the square is that of years from the middle of the window, whose square is no line."""
    years = np.tile(np.arange(1990.0, 2021.0), 20)
    dyad = np.repeat(np.arange(20), 31)
    y = np.random.default_rng(3).normal(size=len(years)) + dyad
    data = pd.DataFrame({"y": y, "year": years, "near": years - 2005, "dyad": dyad})
    found, expected = (fit(f"y ~ I({t}**2) + {t} | dyad", data, vcov="hc1") for t in ("year", "near"))
    assert_allclose(found.estimate[0], expected.estimate[0], rtol=NINE)
    with pytest.raises(RankDeficient, match=r"linearly dependent regressors: .*; drop one of them"):
        fit("y ~ I(year**3) + I(year**2) + year | dyad", data, vcov="hc1")
