"""How a treatment is re-randomised follows from what it is made of, and who shares it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import RoleError
from detente.cli.gathering import standing
from detente.stats.resampling.redraw import KadRedraw
from detente.stats.resampling.schemes import CircularShift, StateLabels
from detente.study.config.claims import Claim
from detente.study.config.project import load_project
from detente.study.multiverse.grid import multiverse_of
from detente.study.robustness.randomising import network, regions, schemes

from support.builders import REPOSITORY

CLAIMS = load_project(REPOSITORY).claims.claims
STATES = pd.DataFrame(
    {"ccode": [2, 20, 200], "name": ["A", "B", "C"], "status": "member", "start": 19000101, "end": 20991231}
)
EXERCISES = pd.DataFrame({"parties": [2], "series": [0], "title": ["x"], "year": [2000]})


def panel(claim: Claim) -> pd.DataFrame:
    frame = pd.DataFrame({"ccode1": [2, 2, 20], "ccode2": [20, 200, 200]}).merge(
        pd.DataFrame({"year": [1999, 2000, 2001]}), how="cross"
    )
    return frame.assign(**{claim.treatment: np.arange(9.0)})


def kinds(name: str) -> list[type]:
    claim = CLAIMS[name]
    return [type(scheme) for scheme in schemes(claim, panel(claim), EXERCISES, STATES, (1999, 2001))]


BY_EXERCISE, IN_TIME, OF_STATES = [KadRedraw, CircularShift], [CircularShift], [StateLabels]
SCHEMES: dict[str, list[type]] = {
    "exercise": BY_EXERCISE,
    "defence_pact": OF_STATES,
    "un_mission": OF_STATES,
    "defence_agreement": IN_TIME,
    "military_ties": OF_STATES,
    "commission": IN_TIME,
    "training": IN_TIME,
    "codeployment": OF_STATES,
    "mediation": IN_TIME,
    "security_forums": OF_STATES,
    "partnership_for_peace": OF_STATES,
    "nearby_exercise_deters": OF_STATES,
    "nearby_exercise_provokes": OF_STATES,
    "alliance_deters": OF_STATES,
    "nuclear_guarantee": OF_STATES,
    "us_troops": OF_STATES,
    "third_party_alarm": OF_STATES,
    "diverging_allies": OF_STATES,
    "exercise_among_allies": BY_EXERCISE,
    "exercise_after_disputes": BY_EXERCISE,
    "exercise_foreign_war": BY_EXERCISE,
    "exercise_interests": BY_EXERCISE,
    "exercise_ideology": BY_EXERCISE,
    "exercise_language": BY_EXERCISE,
    "exercise_rivals": BY_EXERCISE,
    "exercise_asymmetry": BY_EXERCISE,
    "exercise_power_shift": BY_EXERCISE,
    "exercise_great_power_trade": BY_EXERCISE,
    "exercise_interdependence": BY_EXERCISE,
    "exercise_civil_conflict": BY_EXERCISE,
    "exercise_drought": BY_EXERCISE,
    "soft_exercise": [],
    "exercise_dose": [],
    "multilateral_exercise": [],
}


@pytest.mark.parametrize(("claim", "expected"), SCHEMES.items(), ids=list(SCHEMES))
def test_each_treatment_has_the_schemes_that_suit_it(claim: str, expected: list[type]) -> None:
    assert kinds(claim) == expected


def test_every_claim_is_in_that_list() -> None:
    assert set(SCHEMES) == set(CLAIMS)


@pytest.mark.parametrize(
    ("treatment", "counted", "measure"),
    [
        ("exercise_any", [True, True, True, True], "any"),
        ("exercise_bilateral", [True, False, False, False], "any"),
        ("exercise_small", [True, True, False, False], "any"),
        ("exercise_large", [False, False, False, True], "any"),
        ("exercise_weight", [True, True, True, True], "weight"),
        ("exercise_count", [True, True, True, True], "count"),
        ("exercise_peacekeeping", [False, True, False, True], "any"),
        ("exercise_warfighting", [True, False, True, True], "any"),
        ("exercise_humanitarian", [False, False, True, False], "any"),
    ],
)
def test_what_is_made_of_exercises_is_redrawn_over_just_these(
    treatment: str, counted: list[bool], measure: str
) -> None:
    claim = CLAIMS["exercise"].model_copy(update={"treatment": treatment})
    held = pd.DataFrame({"parties": [2, 5, 6, 10], "peacekeeping": [0, 1, 0, 1], "warfighting": [1, 0, 1, 1]})
    held = held.assign(humanitarian=[0, 0, 1, 0], exercise=range(4), year=2000, ccode=2)

    scheme, _ = schemes(claim, panel(claim), held, STATES, (1999, 2001))

    assert isinstance(scheme, KadRedraw)
    assert scheme.measure == measure
    assert scheme.events["event"].tolist() == [i for i, counts in enumerate(counted) if counts]


def test_a_treatment_that_does_not_say_how_it_is_assigned_is_refused_by_name() -> None:
    claim = CLAIMS["exercise"].model_copy(update={"treatment": "rivalry"})
    with pytest.raises(RoleError, match="claims › exercise › treatment: 'rivalry' does not declare how it is assigned"):
        schemes(claim, panel(claim), EXERCISES, STATES, (1999, 2001))


def test_the_network_has_every_known_dyad_lagged_as_the_claim_is() -> None:
    claim = CLAIMS["defence_pact"]
    frame = panel(claim)
    frame.loc[0, claim.treatment] = np.nan
    found = network(frame, claim)
    assert len(found) == 8
    assert found["year"].min() == 1999 + claim.lag
    assert found.loc[found["year"].eq(2000 + claim.lag), "value"].tolist() == [1.0, 4.0, 7.0]
    strata = regions(frame)
    assert strata[2] == strata[20] != strata[200]


def test_only_a_headline_is_registered() -> None:
    multiverse = multiverse_of(load_project(REPOSITORY))
    headline = {name: node.headline for name, node in multiverse.nodes.items()}
    frame = pd.DataFrame([headline, {**headline, "controls": "wide"}, headline])
    frame = frame.assign(claim=["exercise", "exercise", "unknown"])
    status = "frozen after estimation"
    assert standing(frame, multiverse, {"exercise": status}).tolist() == [status, "not registered", ""]
