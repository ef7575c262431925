"""Claims with years of their own: which they are, what they are refused for, and what they add to the common ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.cli.estimates import _within
from detente.plan import Plan
from detente.report import Evidence, exhibits_of, made_of
from detente.study.config.project import Project, load_project
from detente.study.design import build_design, from_json, specification
from detente.study.estimation import WINDOWS, estimate, in_windows

from support import exhibit_fixtures as made
from support.builders import change, dyad_years, line, panel
from support.configured import CLAIMS_FILE, TINY, own, refusal
from support.designs import moved_borders
from support.designs import specification as by_hand

MINE = "extends: paper\nname: mine\nwindows: own\nclaims: [exercise, defence_pact]\n"


def project_of(root: Path, text: str = MINE) -> Project:
    return load_project(root, own(root, text))


def test_a_claim_is_tested_in_its_own_years_where_the_study_says_so(bare: Path):
    project = project_of(bare)
    for name, windows in {"mine": [(1980, 2010), (1946, 2010)], "demo": [(1980, 2010)] * 2}.items():
        study = project.study(name)
        claims = [project.claims.claims[c] for c in ("exercise", "defence_pact")]

        assert [project.window_of(study, claim) for claim in claims] == windows
        assert [specification(project, study, claim).window for claim in claims] == windows
    assert project.years_of(project.study("mine")) == (1946, 2010)


def test_a_window_in_which_a_treatment_is_not_coded_is_refused(copied: Path):
    old = "    label: Joint exercise\n"
    change(copied / CLAIMS_FILE, old, f"{old}    window: [1946, 2010]\n")

    where = f"{CLAIMS_FILE}:{line(copied / CLAIMS_FILE, '    window: [1946, 2010]')} › claims › exercise › window"
    assert refusal(copied) == (
        f"RoleError: {where}: [1946, 2010] must lie within 1980–2010, in which 'exercise_any' is coded"
    )


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("window: [1990, 2005]\n", (1990, 2005)),
        ("window: [1990, 2005]\nwindows: own\n", (1946, 2010)),
        ("seed: 5\n", (1946, 2010)),
    ],
)
def test_a_window_that_a_study_states_holds_for_every_claim_unless_it_says_otherwise(
    bare: Path, said: str, window: tuple[int, int]
):
    project = project_of(bare, f"extends: paper\nname: mine\nclaims: [defence_pact]\n{said}")
    study = project.study("mine")

    assert project.window_of(study, project.claims.claims["defence_pact"]) == window


def test_a_simulated_world_has_one_window(bare: Path):
    file = bare / TINY
    file.write_text(f"{file.read_text('utf-8')}windows: own\n", encoding="utf-8")

    assert f"{TINY}:{line(file, 'windows: own')} › windows" in refusal(bare)
    assert "a simulated world has one window: say common, or leave it out" in refusal(bare)


def test_the_panel_reaches_from_the_first_year_of_any_claim_to_the_last(copied: Path):
    plan = Plan(copied, own(copied, MINE), ValueError)

    assert "--years 1946-2010 " in plan.studies["mine"].panel_options()
    assert "--years 1980-2010 " in plan.studies["demo"].panel_options()
    assert plan.studies["mine"].windows() == ["data/processed/mine/windows.parquet"]
    assert plan.studies["demo"].windows() == []
    # A claim without years of its own is estimated once.
    headlines = from_json(plan.studies["mine"].headlines())
    assert [(s.claim.id, s.window) for s in headlines] == [
        ("exercise", (1980, 2010)),
        ("defence_pact", (1946, 2010)),
        ("defence_pact", (1980, 2010)),
    ]


def test_each_window_gives_what_its_rows_alone_give():
    frame, spec = moved_borders(0), replace(by_hand(), window=(1982, 2000))
    short = replace(spec, window=(1992, 2000))

    found = in_windows(frame, [spec, short], common=(1992, 2000)).set_index("first_year")

    assert found["own"].to_dict() == {1982: True, 1992: False}
    for each in (spec, short):
        rows = frame[frame["year"].between(each.window[0] - 1, 2000)].reset_index(drop=True)
        alone = estimate(build_design(rows, each), each).rows
        alone = alone[alone["quantity"] == "average_marginal_effect"].iloc[0]
        for name in ("nobs", "events", "estimate", "std_error", "df", "mde", "base_risk"):
            assert found.loc[each.window[0], name] == pytest.approx(alone[name], rel=1e-12), name
    # Forty dyads: nineteen years and nine.
    assert found["nobs"].to_dict() == {1982: 760, 1992: 360}


def test_a_window_without_onsets_is_a_row_with_its_reason():
    quiet = [
        dyad_years(2, b, range(1990, 2001), exercise_any=[0.0, 1] * 5 + [0.0], onset_gml=[0.0] * 11) for b in (3, 4)
    ]
    spec = replace(by_hand(), window=(1991, 2000))

    row = in_windows(panel(*quiet, start=1990), [spec], common=(1980, 2000)).iloc[0]

    assert "no onset" in row["failure"]
    assert pd.isna(row["estimate"])
    assert row["verdict"] == ""


def test_what_is_described_is_the_common_window():
    frame = panel(dyad_years(2, 3, range(1950, 1960), x=[1.0] * 10), start=1952)

    assert _within(frame, (1955, 1957)).query("in_window")["year"].tolist() == [1955, 1956, 1957]
    # Years that the panel holds for lags alone do not come into the window.
    assert _within(frame, (1950, 1953)).query("in_window")["year"].tolist() == [1952, 1953]


def test_the_table_sets_both_windows_side_by_side(bare: Path):
    project = project_of(bare)
    numbers = {
        "nobs": 90_000.0, "events": 1500.0, "switching_dyads": 200.0, "estimate": -0.004, "std_error": 0.002,
        "df": 30.0, "conf_low": -0.008, "conf_high": 0.0, "base_risk": 0.02, "mde": 0.006, "mde_share": 0.3,
    }  # fmt: skip
    common = dict.fromkeys(numbers, float("nan")) | {"verdict": "", "failure": "no row is left"}
    rows = [
        {"claim": "defence_pact", "first_year": 1946, "last_year": 2010, "own": True, **numbers},
        {"claim": "defence_pact", "first_year": 1980, "last_year": 2010, "own": False, **common},
    ]
    rows[0] |= {"verdict": "inconclusive", "failure": ""}
    evidence = Evidence(project, project.study("mine"), {"windows": WINDOWS.frame(rows)})
    (exhibit,) = (e for e in exhibits_of(evidence.traits) if e.name == "windows")

    table = made_of(exhibit, evidence)

    cells = {row.label: row.cells for row in table.rows}
    assert cells["1946–2010"][:7] == ("90,000", "1,500", "200", "−4.00", "−8.00", "0.00", "30.0")
    assert cells["1980–2010, common"] == ("n.e.", *[""] * 9)
    assert table.notes[-1] == "n.e.: Defence pact, 1980–2010, common: no row is left."


def test_a_study_with_one_window_has_no_such_table():
    assert "windows" not in {e.name for e in exhibits_of(made.evidence("demo").traits)}
