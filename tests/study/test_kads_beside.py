"""A claim by its k-ads beside its headline: what is compared with what, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, EstimationError
from detente.data.kads import KINDS, Asked, Sampling, kad_panel
from detente.data.sources import REGISTRY
from detente.study.config import load_project
from detente.study.config.claims import KadKind
from detente.study.design import Specification, specification
from detente.study.robustness import Examination, Extent, Record, examine
from detente.study.robustness.kad_frame import KADS, LABELS
from detente.study.robustness.kads import SIZES, kads_beside

from support.builders import REPOSITORY
from support.kad_worlds import entries, spells

CODES = (*range(2, 12), *range(200, 214), *range(710, 720))
YEARS = range(1984, 2000)
CONTROLS = ("rivalry", "contiguity", "distance", "peace_years")


def record(seed: int = 1) -> Record:
    """Exercises of two to eight states, and dyad-years whose onsets hang on them, rivalry and shocks to states."""
    rng = np.random.default_rng(seed)
    held = [(y, rng.choice(CODES, k, replace=False)) for y in YEARS for k in (2, 2, 2, 2, 3, 3, 4, 5, 8)]
    rows = [(event, y, int(code), len(group)) for event, (y, group) in enumerate(held) for code in group]
    exercises = pd.DataFrame(rows, columns=["exercise", "year", "ccode", "parties"])
    together = {(*sorted(map(int, pair)), y) for y, group in held for pair in combinations(group, 2)}
    keys = [(a, b, y) for a, b in combinations(CODES, 2) for y in YEARS]
    panel = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"]).assign(in_window=True)
    size = len(panel)
    panel["exercise_any"] = [float(key in together) for key in keys]
    panel["rivalry"] = (rng.random(size) < 0.1).astype("float64")
    panel["contiguous"] = (rng.random(size) < 0.2).astype("float64")
    panel["log_distance"] = rng.normal(7, 1, size)
    panel["peace_years"] = rng.integers(0, 30, size).astype("float64")
    before = panel.groupby(["ccode1", "ccode2"])["exercise_any"].shift(1).fillna(0)
    risk = 0.12 + 0.1 * panel["rivalry"] - 0.05 * before
    panel["onset_gml"] = np.where(rng.random(size) < 0.05, np.nan, rng.random(size) < risk)
    return Record(panel, exercises, spells(CODES, 1984, 1999))


def spec(claim: str = "exercise", **changes: object) -> Specification:
    project = load_project(REPOSITORY)
    study = project.study("paper")
    made = specification(project, study, project.claims.claims[claim], sample="all")
    kept = tuple(project.claims.controls[name] for name in CONTROLS)
    return replace(made, window=(1986, 1999), controls=kept, claim=made.claim.model_copy(update=changes))


def examined(rows: Record, of: Specification, seed: int = 3) -> Examination:
    return examine(rows, of, seed, 4, Extent(parts=("kads",)))


def test_a_claim_has_its_k_ads_beside_its_headline_on_both_scales() -> None:
    rows = record()
    made = examined(rows, spec())
    assert made.failures.empty
    frame = KADS.validated(made.kads)
    assert list(zip(frame["model"], frame["scale"], strict=True)) == list(LABELS)
    found = frame.set_index(["model", "scale"])
    dyads = found.loc[("dyads", "pairs")]
    mean = dyads["pairs"] / dyads["kads"]
    assert found.loc[("dyads", "kads"), "estimate"] == pytest.approx(dyads["estimate"] * mean)
    assert found.loc[("dyads", "kads"), "p_value"] == dyads["p_value"]
    assert (frame["kads"] + frame["left_out"]).eq(9 * 14 - _folded(rows)).all()
    assert (frame["states"] == len(CODES)).all()


def _folded(rows: Record) -> int:
    """Exercises of 1985–1998 of states that held another that year."""
    groups = rows.exercises.query("1985 <= year <= 1998").groupby(["year", "exercise"])["ccode"].agg(frozenset)
    return len(groups) - len(groups.reset_index()[["year", "ccode"]].drop_duplicates())


@pytest.mark.parametrize(
    ("model", "scale"), [("kads", "pairs"), ("expanded", "pairs"), ("kads", "kads"), ("any", "kads")]
)
def test_its_estimates_are_weighted_least_squares_of_the_panel_of_k_ads(model: str, scale: str) -> None:
    """By dense dummies of year and size class, from the panel that the same seed draws."""
    rows = record()
    estimate = examined(rows, spec()).kads.set_index(["model", "scale"]).loc[(model, scale), "estimate"]
    events = KINDS["exercise"].rows(rows.exercises)
    controls = ("rivalry:2", "contiguous", "log_distance", "peace_years")
    asked = Asked((1986, 1999), "onset_gml", controls, 1, Sampling(seed=3))
    frame = kad_panel(rows.panel, entries(), events, rows.states, asked).frame
    frame = frame[frame["pairs_at_risk"] > 0].dropna()
    arms = frame.groupby("stratum")["event"].transform("nunique")
    frame = frame[arms == 2]
    drawn = frame.groupby("stratum")["event"].transform("mean")
    weight = np.where(frame["event"] == 1, 1.0, drawn / (1 - drawn))
    weight = weight * (frame["pairs_at_risk"] if model == "expanded" else 1)
    peace = frame["peace_years_min"] / 10
    columns = [frame["event"], frame["rivalry_any_lag2"], frame["contiguous_share"], frame["log_distance_mean"], peace,
               peace**2, peace**3, np.log(frame["size"])]  # fmt: skip
    classes = frame["year"] * 100 + np.digitize(frame["size"], SIZES)
    x = np.column_stack([*columns, *(classes == c for c in classes.unique())]).astype("float64")
    y = frame[{("any", "kads"): "onset_any", ("kads", "kads"): "onsets"}.get((model, scale), "onset_share")]
    root = np.sqrt(np.asarray(weight, dtype=np.float64))
    by_hand = np.linalg.lstsq(x * root[:, None], y.to_numpy(dtype=np.float64) * root, rcond=None)[0][0]
    assert estimate == pytest.approx(by_hand, rel=1e-6)


def test_the_same_seed_gives_the_same_frame() -> None:
    rows, of = record(), spec()
    pd.testing.assert_frame_equal(examined(rows, of).kads, examined(rows, of).kads)
    assert not examined(rows, of, seed=9).kads.equals(examined(rows, of).kads)


def test_a_claim_that_names_no_kind_has_none_and_no_reason() -> None:
    made = examined(record(), spec(kads=None))
    assert made.kads.empty and made.failures.empty


def test_a_kind_whose_members_the_study_does_not_join_has_its_reason() -> None:
    made = examined(record(), spec(kads="alliance"))
    assert made.kads.empty
    assert made.failures["message"].tolist() == [
        "the study has no table of alliances by member: join 'atop-5.1-members'"
    ]


def test_years_without_events_have_their_reason() -> None:
    rows = record()
    none = replace(rows, exercises=rows.exercises.iloc[:0])
    assert "there are no k-ads" in examined(none, spec()).failures["message"].iloc[0]


def test_treaties_count_where_any_member_owes_defence() -> None:
    tidy = pd.DataFrame({"event": [1, 1, 2, 2, 1, 1], "year": [1990] * 4 + [1991] * 2, "ccode": [2, 20, 2, 70, 2, 20],
                         "defence": [0, 1, 0, 0, 0, 0]})  # fmt: skip
    assert KINDS["alliance"].rows(tidy).to_numpy().tolist() == [[1, 1990, 2], [1, 1990, 20]]


def test_the_kinds_that_a_claim_may_name_are_those_that_there_are() -> None:
    assert set(get_args(KadKind)) == set(KINDS)
    assert {REGISTRY[kind.source].key for kind in KINDS.values()} == {"event", "group"}


def test_a_directed_claim_has_none_and_says_why() -> None:
    made = spec()
    directed = replace(made, claim=made.claim.model_copy(update={"directed": True}))
    rows = record()
    with pytest.raises(EstimationError, match="neither a direction nor a moderator"):
        kads_beside((rows.panel, rows.exercises, rows.states, None), directed, None, 3)  # type: ignore[arg-type]


def test_a_kind_that_is_not_known_is_refused(copied: Path) -> None:
    path = copied / "config/claims.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("\n    kads: exercise\n", "\n    kads: exercises\n", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"claims › exercise › kads: .*nearest: 'exercise'"):
        load_project(copied)
