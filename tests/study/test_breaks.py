"""A break in how an outcome is coded is a term of every model whose rows pass it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract
from detente.base.units import UNITS
from detente.data.breaks import BREAKS, breaks_of
from detente.data.panel import CODINGS, GRID, catalogue, codebook
from detente.data.panel.offering import breaks
from detente.data.sources import REGISTRY
from detente.report.labels import term_label
from detente.stats.fitting import fit
from detente.study.config.project import load_project
from detente.study.design import Specification, build_design
from detente.study.design.breaks import break_terms, break_year
from detente.study.estimation.tidy import estimate
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.multiverse import fitted, stand_alone
from detente.study.multiverse.panels import Held

from support.builders import REPOSITORY, dyad_years, panel
from support.designs import CLAIM, PROJECT

YEARS = range(2000, 2015)


def world(seed: int = 5) -> pd.DataFrame:
    """Sixty dyads, 2000–2014, whose disputes are found twice as often from 2011 on, and with them their exercises."""
    random = np.random.default_rng(seed)
    late = np.array([year >= 2011 for year in YEARS])
    dyads = []
    for d in range(60):
        exercises = (random.random(len(YEARS)) < 0.2 + 0.4 * late).astype(float)
        onsets = (random.random(len(YEARS)) < 0.15 + 0.15 * late).astype(float)
        named = {"exercise_any": exercises.tolist(), "onset_cow": onsets.tolist(), "onset_gml": onsets.tolist()}
        dyads.append(dyad_years(2 + d // 6, 100 + d, YEARS, **named))
    return panel(*dyads, start=2000)


def spec(outcome: str = "onset_cow", last: int = 2014, estimator: str = "lpm", **more: object) -> Specification:
    claim = CLAIM.model_copy(update={"outcome": outcome})
    made = Specification(claim, PROJECT.samples["all"], estimator, (), ("dyadic",), (2000, last), 0.2)
    return replace(made, **more)  # type: ignore[arg-type]


def test_breaks_are_those_of_what_an_outcome_is_made_from():
    broken = {coding for (coding, _), name in GRID.items() if breaks_of(name)}
    assert broken == {"cow", "mid5", "mid5d", "mie"}
    assert {breaks_of(name) for (coding, _), name in GRID.items() if coding in broken} == {(2011,)}
    assert breaks_of("data_of_my_own") == ()


def test_breaks_of_every_outcome_are_those_of_its_sources():
    assert set(BREAKS) <= {coding.name for coding in CODINGS}
    outcomes = {
        name: entry
        for unit in UNITS
        for name, entry in catalogue(list(REGISTRY.values()), unit).items()
        if entry.variable.role == "outcome"
    }
    assert len(outcomes) > 100
    assert {name: breaks_of(name) for name in outcomes} == {name: breaks(entry) for name, entry in outcomes.items()}


@pytest.mark.fault("contracts")
@pytest.mark.parametrize("year", [1815, 1816, 2015])
def test_a_break_outside_the_years_coded_is_refused(year: int):
    with pytest.raises(BrokenContract, match=f"mid-5.0: the break at {year} is not within the years"):
        replace(REGISTRY["mid-5.0"], breaks=(year,))


def test_the_codebook_says_where_a_variable_breaks():
    said = codebook(catalogue([REGISTRY["mid-5.0"], REGISTRY["gml-mid"]])).set_index("variable")["breaks"]
    assert said[["onset_cow", "new_cow", "peace_years_cow"]].tolist() == ["2011"] * 3
    assert said[["onset_gml", "new_gml", "peace_years"]].tolist() == [""] * 3


@pytest.mark.parametrize(
    ("outcome", "last", "terms"),
    [("onset_cow", 2014, ["since_2011"]), ("onset_cow", 2010, []), ("onset_gml", 2014, [])],
)
def test_a_window_that_passes_a_break_of_its_outcome_has_a_term(outcome: str, last: int, terms: list[str]):
    frame = world()
    design = build_design(frame, spec(outcome, last))

    assert list(design.terms) == ["exercise_any_lag1", *terms]
    for place, term in enumerate(terms, start=1):
        assert term == f"since_{break_year(term)}"
        assert design.x[:, place].tolist() == (design.time >= 2011).astype(float).tolist()


def test_rows_all_on_one_side_of_a_break_have_no_term():
    assert break_terms("onset_cow", np.array([2011, 2012])) == {}
    assert break_terms("onset_cow", np.array([2009, 2010])) == {}
    assert break_terms("onset_cow", np.array([], dtype=np.int64)) == {}
    assert break_year("exercise_any_lag1") is None


def test_without_effects_of_the_year_the_term_is_estimated():
    """Brute force: least squares of onset on treatment, break and a dummy of each dyad."""
    design = build_design(world(), spec(effects=("dyad",)))
    dyads = pd.get_dummies(design.pairs.dyad, dtype=float).to_numpy()
    by_hand = np.linalg.lstsq(np.column_stack([design.x, dyads]), design.y, rcond=None)[0][:2]

    rows = estimate(design, spec(effects=("dyad",))).rows
    coefficients = rows[rows["quantity"] == "coefficient"].set_index("term")["estimate"]

    np.testing.assert_allclose(coefficients[["exercise_any_lag1", "since_2011"]], by_hand, rtol=1e-9)
    assert by_hand[1] > 0.05
    assert (rows["dropped"] == "").all()


def test_effects_of_the_year_absorb_the_term_and_the_fit_says_so():
    design = build_design(world(), spec())
    rows = estimate(design, spec()).rows
    without = estimate(build_design(world(), spec("onset_gml")), spec("onset_gml")).rows

    assert (rows["dropped"] == "since_2011").all()
    assert "since_2011" not in set(rows["term"])
    effects = (each.loc[each["quantity"] == "average_marginal_effect", "estimate"].iloc[0] for each in (rows, without))
    np.testing.assert_allclose(*effects, rtol=1e-12)


def test_an_estimator_without_effects_has_the_term():
    assert fit(build_design(world(), spec(estimator="logit")), estimator="logit").terms[-1] == "since_2011"


def test_the_multiverse_has_the_term_where_the_stand_alone_fit_has_it():
    frame = world()
    made = [
        spec(outcome, effects=effects)
        for outcome in ("onset_cow", "onset_gml")
        for effects in (("dyad",), ("dyad", "year"))
    ]
    made.append(spec(estimator="logit", effects=()))
    variants = [Variant(each, (str(i),), "headline", equivalent=True) for i, each in enumerate(made)]

    rows = fitted(Held({"dyad-year": frame}), variants, ["outcome"])

    alone = [stand_alone(frame, each)["estimate"] for each in made]
    np.testing.assert_allclose(rows["estimate"], alone, rtol=1e-8)
    assert abs(alone[0] - alone[2]) > 1e-4


def test_tables_say_what_the_term_is():
    said = "Since 2011, from when the outcome is coded in another way"
    assert term_label("since_2011", load_project(REPOSITORY).claims) == said
