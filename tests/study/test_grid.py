"""The grid is data: what there is to fit, why, and what was removed, before anything is fitted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from detente.cli import main
from detente.data.panel.outcomes import DURATIONS
from detente.data.sources import REGISTRY
from detente.study.config.offer import offered
from detente.study.config.project import load_project
from detente.study.design import REGRESSION, Specification
from detente.study.multiverse.cost import SHARD, cost_of
from detente.study.multiverse.grid import HEADLINE, Grid, Variant, grids_of, multiverse_of, together
from detente.study.multiverse.needs import needed

from support.builders import REPOSITORY, change

LATER = ("icb15", "peacescale", "ucdp251")


@pytest.fixture(scope="module")
def grids() -> dict[str, Grid]:
    project = load_project(REPOSITORY)
    return {grid.claim: grid for grid in grids_of(project, project.study("paper"))}


def of(grid: Grid, **wanted: str) -> list[Variant]:
    """Variants with these options, and the headline's at all other nodes."""
    options = tuple(wanted.get(node, names[0]) for node, names in grid.nodes.items())
    return [v for v in grid.variants if v.options == options]


def specifications_of(grid: Grid) -> list[Specification]:
    return [variant.specification for variant in grid.variants]


def test_the_exercises_claim_has_thousands_of_specifications_and_each_other_hundreds(grids: dict[str, Grid]) -> None:
    assert grids["exercise"].fits >= 2000
    assert min(grid.fits for grid in grids.values()) >= 300


def test_what_was_removed_and_what_is_left_add_up(grids: dict[str, Grid]) -> None:
    for grid in grids.values():
        assert grid.combinations - sum(grid.removed.values()) == len(grid.variants)
        assert all(count > 0 for count in grid.removed.values())


def test_no_specification_is_there_twice(grids: dict[str, Grid]) -> None:
    ids = Counter(u.spec_id for grid in grids.values() for u in grid.variants)
    assert max(ids.values()) == 1
    for grid in grids.values():
        fixed = {(v.specification.fit, v.specification.vcov) for v in grid.variants}
        assert len(fixed) == len(grid.variants)


def test_the_headline_is_the_one_that_the_study_estimates(grids: dict[str, Grid]) -> None:
    from detente.study.design import specification as own

    project = load_project(REPOSITORY)
    study = project.study("paper")
    for name, grid in grids.items():
        (headline,) = of(grid)
        assert headline.equivalent
        assert headline.estimand == HEADLINE
        made = headline.specification
        wanted = own(project, study, project.claims.claims[name])
        assert made.claim == wanted.claim
        assert (made.spec_id, made.name) == (wanted.spec_id, wanted.name) == (wanted.spec_id, HEADLINE)
        assert (made.sample, made.window, made.duration) == (wanted.sample, wanted.window, wanted.duration)
        key = [(c.variable, c.lag, c.role) for c in made.controls]
        assert key == [(c.variable, c.lag, c.role) for c in wanted.controls]


def test_a_departure_is_its_own_estimand_and_comes_alone(grids: dict[str, Grid]) -> None:
    multiverse = multiverse_of(load_project(REPOSITORY))
    grid = grids["exercise"]
    tags = {n: {o: multiverse.nodes[n].options[o].tag for o in names} for n, names in grid.nodes.items()}
    for variant in grid.variants:
        found = [tags[n][o] for n, o in zip(grid.nodes, variant.options, strict=True)]
        # A design of its own is crossed with other decisions one at a time, whatever these are.
        apart = variant.specification.design != REGRESSION
        assert found.count("different") + found.count("uncertain") <= 1 + apart
        assert (variant.estimand == HEADLINE) == ("different" not in found)
        assert variant.equivalent == (set(found) == {"equivalent"})


def test_years_at_peace_count_by_the_coding_of_the_outcome(grids: dict[str, Grid]) -> None:
    for grid in grids.values():
        for spec in specifications_of(grid):
            counts = {c.variable for c in spec.controls if c.role == "duration" and c.variable in DURATIONS.values()}
            assert counts <= {DURATIONS.get(spec.claim.outcome)}


def test_windows_past_2010_have_outcomes_that_are_coded_to_their_end(grids: dict[str, Grid]) -> None:
    late = [spec for grid in grids.values() for spec in specifications_of(grid) if spec.window[1] > 2010]

    # COW MID 5.0 and MIE 1.0 end in 2014, GML 2.2.1 and dyadic MID 4.02 in 2010, ICB 15 in 2019, the peace scale 2020.
    assert {(spec.claim.id, spec.claim.outcome, spec.window) for spec in late} == {
        ("defence_pact", "onset_cow", (1946, 2014)),
        ("un_mission", "onset_cow", (1948, 2014)),
        *((claim, "onset_mie", (1948, 2014)) for claim in ("defence_pact", "un_mission")),
        *((claim, f"onset_{coding}", (1948, 2019)) for claim in ("defence_pact", "un_mission") for coding in LATER),
    }


def test_confounders_come_before_the_treatment_whatever_its_lag(grids: dict[str, Grid]) -> None:
    for grid in grids.values():
        for spec in specifications_of(grid):
            claim = spec.claim
            assert all(c.lag > claim.lag for c in spec.controls if c.role == "confounder")
            assert claim.moderator is None or claim.moderator.lag >= claim.lag


def test_no_logit_has_dyad_effects_and_no_product_is_judged_by_one(grids: dict[str, Grid]) -> None:
    logits = [s for grid in grids.values() for s in specifications_of(grid) if s.estimator == "logit"]
    assert logits
    assert all(s.effects == () and s.claim.moderator is None for s in logits)


def test_geography_enters_whatever_effects_are_absorbed(grids: dict[str, Grid]) -> None:
    specs = specifications_of(grids["exercise"])
    assert {spec.effects for spec in specs} == {("dyad", "year"), ("dyad", "region_year"), ("year",), ()}
    for spec in specs:
        assert [c.variable for c in spec.controls if c.role == "geography"] == ["contiguous", "log_distance"]


def test_another_record_of_alliances_replaces_treatment_and_controls(grids: dict[str, Grid]) -> None:
    (own,) = of(grids["exercise"], alliance="earlier")
    assert "treaty_defence" in {c.variable for c in own.specification.controls}
    assert "defence_pact" not in own.specification.variables
    (pact,) = of(grids["defence_pact"], alliance="earlier")
    assert pact.specification.claim.treatment == "treaty_defence"


def test_a_simulated_world_does_without_the_sources_that_it_does_not_write() -> None:
    project = load_project(REPOSITORY)
    study = project.study("tiny")
    (grid,) = grids_of(project, study)
    left_out = {(node, option): why for node, option, why in grid.lacking}
    assert "onset_dyadic" in left_out["source", "dyadic"]
    assert "jme" not in grid.nodes["treatment"]
    assert set(needed(specifications_of(grid))["dyad-year"]) <= set(offered(project, study)["dyad-year"])


def test_a_claim_that_cannot_have_an_option_goes_without_and_says_the_reason(copied: Path) -> None:
    change(
        copied / "config/multiverse.yaml", "codeployment: maps of deployment begin in 1994", "exercise: no such years"
    )
    project = load_project(copied)
    (grid,) = grids_of(project, project.study("tiny"))
    assert ("window", "cold_war", "no such years") in grid.lacking
    assert "cold_war" not in grid.nodes["window"]


def test_every_window_is_within_the_years_of_its_outcomes_coding() -> None:
    """Of claims of the whole list with years of their own; a directed one, too, has options to 2014."""
    claims = ("alliance_deters", "codeployment", "mediation", "nuclear_guarantee", "us_troops")
    project = load_project(REPOSITORY)
    entries = offered(project, project.study("claims"))
    late: set[tuple[str, str]] = set()
    for grid in grids_of(project, project.study("claims"), claims):
        for spec in specifications_of(grid):
            last = min(REGISTRY[s].covered[1] for s in entries[spec.claim.unit][spec.claim.outcome].sources)
            assert spec.window[1] <= last, (grid.claim, spec.name)
            late |= {(grid.claim, spec.claim.outcome)} if spec.window[1] > 2010 else set()
    directed = {(claim, f"initiation_{coding}") for claim in claims for coding in ("cow", "mie") if claim not in
                ("codeployment", "mediation")}  # fmt: skip
    assert late == directed | {("codeployment", "onset_cow"), ("codeployment", "onset_mie"), ("mediation", "onset_cow")}


def test_parts_hold_everything_once_in_order_and_keep_together_what_shares_rows(grids: dict[str, Grid]) -> None:
    for grid in (grids["exercise"], grids["un_mission"]):
        parts = grid.shards(8_000_000)
        assert [u.spec_id for part in parts for u in part] == [u.spec_id for part in grid.shards() for u in part]
        assert sorted(u.spec_id for part in parts for u in part) == sorted(u.spec_id for u in grid.variants)
        homes: dict[object, set[int]] = {}
        for i, part in enumerate(parts):
            for variant in part:
                if variant.specification.design == REGRESSION:
                    homes.setdefault(together(variant.specification), set()).add(i)
        assert all(len(found) == 1 for found in homes.values())
        assert all(parts)


def test_what_may_share_rows_by_any_coding_stays_together_unless_it_is_half_a_shard(grids: dict[str, Grid]) -> None:
    grid = grids["exercise"]
    homes: dict[object, set[int]] = {}
    runs: dict[object, list[Variant]] = {}
    for i, part in enumerate(grid.shards()):
        for variant in part:
            if variant.specification.design == REGRESSION:
                homes.setdefault(together(variant.specification)[:4], set()).add(i)
                runs.setdefault(together(variant.specification)[:4], []).append(variant)
    divided = {key for key, found in homes.items() if len(found) > 1}
    assert divided
    assert all(2 * grid.cost(runs[key]) > SHARD for key in divided)


def test_shards_cost_about_the_same_however_many_specifications_they_have(grids: dict[str, Grid]) -> None:
    grid = grids["exercise"]
    parts = grid.shards()
    costs = [grid.cost(part) for part in parts]
    whole = {key: cost_of(run, grid.pairs) for key, run in by_key(specifications_of(grid)).items()}
    even = sum(whole.values()) / len(parts)
    # No run is divided: a part is off by no more than the half of one at either end.
    assert max(costs) <= even + max(whole.values())
    assert max(costs) < 3 * min(costs)
    assert max(map(len, parts)) > 2 * min(map(len, parts))


def by_key(specs: list[Specification]) -> dict[object, list[Specification]]:
    found: dict[object, list[Specification]] = {}
    for spec in specs:
        found.setdefault(together(spec), []).append(spec)
    return found


def test_an_id_hangs_on_what_is_estimated_and_not_on_what_an_option_is_called(copied: Path) -> None:
    def ids() -> set[str]:
        project = load_project(copied)
        (grid,) = grids_of(project, project.study("tiny"))
        return {u.spec_id for u in grid.variants}

    before = ids()
    change(copied / "config/multiverse.yaml", "      spline:\n", "      splines:\n")
    assert ids() == before
    change(copied / "config/multiverse.yaml", "set: {duration: log}", "set: {duration: none}")
    assert not before <= ids()


def test_the_grid_is_printed_without_any_data(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["grid", "--root", str(REPOSITORY), "--claim", "exercise", "--csv", str(tmp_path / "grid.csv")]) == 0
    shown = capsys.readouterr().out
    table = pd.read_csv(tmp_path / "grid.csv")
    assert f"{len(table):,}  specifications" in shown
    assert "combinations of options" in shown
    assert "McGrath 2015" in shown
    assert table["spec_id"].is_unique


def test_a_claim_that_is_not_examined_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grid", "--root", str(REPOSITORY), "--study", "tiny", "--claim", "exercises"]) == 1
    assert "nearest: 'exercise'" in capsys.readouterr().err
