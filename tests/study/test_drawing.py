"""How a treatment is drawn anew follows from what it is made of, and who shares it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.cli.gather import _standing
from detente.stats.resampling.redraw import KadRedraw
from detente.stats.resampling.schemes import CircularShift, StateLabels
from detente.study.config.claims import Claim
from detente.study.config.project import load_project
from detente.study.multiverse.grids import multiverse_of
from detente.study.robustness.drawing import AMONG_EXERCISERS, BILATERAL, network, regions, schemes

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


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("exercise", [KadRedraw, CircularShift]),
        ("defence_agreement", [CircularShift]),
        ("defence_pact", [StateLabels]),
        ("us_troops", [StateLabels]),
        ("nearby_exercise_deters", [StateLabels]),
        ("soft_exercise", []),
    ],
)
def test_each_treatment_has_the_schemes_that_suit_it(claim: str, expected: list[type]) -> None:
    assert kinds(claim) == expected


def test_every_treatment_that_is_named_is_one_of_a_claim() -> None:
    assert {c.treatment for c in CLAIMS.values()} >= BILATERAL | AMONG_EXERCISERS


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
    assert _standing(frame, multiverse, {"exercise": "registered"}).tolist() == ["registered", "not registered", ""]
