"""Families pooled: the covariance of headlines is that of their pairs of rows, and what cannot be pooled says why."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from detente.stats import ModelFrame
from detente.study.config.project import load_project
from detente.study.estimation import ESTIMATES
from detente.study.robustness import Examination
from detente.study.robustness.contributions import CONTRIBUTIONS, by_dyad
from detente.study.verdicts.partial_pooling import pooled, working
from detente.study.verdicts.pooled import POOLED, POOLED_CLAIMS, joint_covariance, pooled_families

from support.builders import REPOSITORY
from support.growing import Growing, headline
from support.worlds import dyadic_design

CLAIMS = load_project(REPOSITORY).claims.claims
NAMES = ("exercise", "defence_pact", "un_mission", "defence_agreement")


def overlapping() -> list[ModelFrame]:
    """Three models of one outcome: all rows, those of later years, and those of some states, by another treatment."""
    made = dyadic_design(states=9, years=6, seed=4)
    late, some = np.flatnonzero(made.time > 1991), np.flatnonzero((made.side1 < 8) & (made.side2 < 9))
    other = made.x[:, [2, 1]]

    def part(rows: np.ndarray, x: np.ndarray) -> ModelFrame:
        sides = (made.side1[rows], made.side2[rows])
        return ModelFrame(made.y[rows], x[rows], ("d", "w"), *sides, made.time[rows])

    return [part(np.arange(len(made.y)), made.x[:, :2]), part(late, other), part(some, made.x[:, :2])]


def test_the_joint_covariance_is_the_sum_over_all_pairs_of_rows_that_share_a_state() -> None:
    """Brute force, row by row: what each row adds to an estimate is its scores times the bread."""
    fits = [headline(design) for design in overlapping()]
    rows = []
    for made in fits:
        influence = made.solution.scores.whole @ made.solution.bread[:, 0]
        rows.append(list(zip(made.design.side1, made.design.side2, influence, strict=True)))
    expected = np.zeros((3, 3))
    for k, m in product(range(3), range(3)):
        expected[k, m] = sum(s * t for a, b, s in rows[k] for c, d, t in rows[m] if {a, b} & {c, d})
    found = joint_covariance([by_dyad(made.design, made.solution) for made in fits])
    assert found == pytest.approx(expected, rel=1e-9)
    assert np.diag(found) == pytest.approx([made.vcov.unrepaired[0, 0] for made in fits], rel=1e-9)


def test_contributions_name_dyads_by_their_states_and_directed_ones_once() -> None:
    design = overlapping()[0]
    swapped = np.arange(len(design.y)) % 2 == 0
    one, two = np.where(swapped, design.side2, design.side1), np.where(swapped, design.side1, design.side2)
    plain, turned = (headline(d) for d in (design, replace(design, side1=one, side2=two)))
    frame = CONTRIBUTIONS.validated(by_dyad(plain.design, plain.solution))
    assert (frame["ccode1"] < frame["ccode2"]).all()
    assert frame["information"].sum() == pytest.approx(1)
    pd.testing.assert_frame_equal(frame, by_dyad(turned.design, turned.solution))


def examination(estimate: float, error: float, dyads: pd.DataFrame, base: float = 0.02) -> Examination:
    """A headline and what each dyad adds to it."""
    blank = {n: {"str": "", "bool": False, "int64": 0}.get(c.dtype, np.nan) for n, c in ESTIMATES.columns.items()}
    row = blank | {"quantity": "average_marginal_effect", "vcov": "dyadic", "estimate": estimate, "std_error": error,
                   "df": 9.0, "base_risk": base}  # fmt: skip
    return Examination.of({"headline": ESTIMATES.frame([row]), "contributions": dyads})


def dyads(seed: int) -> pd.DataFrame:
    made = Growing(states=30, years=6).fitted(np.random.default_rng(seed))
    return by_dyad(made.design, made.solution)


def test_a_family_is_pooled_with_the_errors_of_its_headlines_and_the_correlations_of_their_dyads() -> None:
    of = [dyads(seed) for seed in range(4)]
    numbers = ((-0.004, 0.002), (0.001, 0.003), (-0.002, 0.001), (0.003, 0.004))
    parts = {n: examination(*e, d) for n, e, d in zip(NAMES, numbers, of, strict=True)}
    families, claims = pooled_families(CLAIMS, parts, "dyadic")
    POOLED.validated(families), POOLED_CLAIMS.validated(claims)
    joint = joint_covariance(of)
    scale = np.sqrt(np.diag(joint))
    error = np.array([e for _, e in numbers]) / 0.02
    whole = joint / np.outer(scale, scale) * np.outer(error, error)
    shrunk, kept = working(whole, np.full(4, 9.0))
    expected = pooled(np.array([b for b, _ in numbers]) / 0.02, shrunk, whole)
    row = families.iloc[0]
    assert (row["family"], row["estimates"], row["kept"]) == ("instruments", 4, kept)
    assert row["mean"] == pytest.approx(expected.mean)
    assert row["tau"] == pytest.approx(expected.tau)
    assert claims["drawn"].to_numpy() == pytest.approx(expected.drawn)
    assert claims["weight"].sum() == pytest.approx(1)
    assert (claims["reason"] == "").all()


def test_what_is_not_pooled_says_why_and_one_estimate_of_two_claims_enters_once() -> None:
    shared = dyads(0)
    parts = {
        "exercise": examination(-0.004, 0.002, shared),
        "defence_pact": examination(-0.004, 0.002, shared),
        "un_mission": examination(-0.002, 0.001, dyads(1), base=np.nan),
        "defence_agreement": Examination.of({}),
    }
    families, claims = pooled_families(CLAIMS, parts, "dyadic")
    reasons = claims.set_index("claim")["reason"]
    assert families.empty and claims["drawn"].isna().all()
    assert reasons["exercise"] == "of its family 1 can be pooled, and 3 are needed"
    assert reasons["defence_pact"] == "it has the estimate of A2, which enters once"
    assert reasons["un_mission"].startswith("there is no base risk")
    assert reasons["defence_agreement"] == "its headline has no interval"


def test_headlines_of_one_treatment_in_two_samples_go_together() -> None:
    """The estimate of all rows and that of most of them: their correlation is near one, and pooling bears it."""
    fits = [headline(d) for d in (overlapping()[0], overlapping()[2], overlapping()[1])]
    of = [by_dyad(f.design, f.solution) for f in fits]
    joint = joint_covariance(of)
    assert joint[0, 1] / np.sqrt(joint[0, 0] * joint[1, 1]) > 0.6
