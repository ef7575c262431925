"""A multiverse in a simulated world, end to end: every specification equals its stand-alone fit, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import EmptySample, NotReproduced
from detente.base.numerics import detectable
from detente.cli.multiverse import progress
from detente.data.panel import build_panel
from detente.data.sources import REGISTRY
from detente.simulate import simulate_world
from detente.stats.contract import with_fixed_effects
from detente.stats.fitting import fit
from detente.stats.registry import get
from detente.stats.resampling.randomisation import randomisation_test
from detente.stats.resampling.schemes import circular_shift
from detente.stats.specification import HEADLINE
from detente.study.config.project import Study, load_project
from detente.study.design import REGRESSION, Specification, build_design
from detente.study.estimation.tidy import estimate
from detente.study.multiverse import curve
from detente.study.multiverse.grid import Grid, Variant, grids_of, together
from detente.study.multiverse.multiverse import fitted, recheck, stand_alone
from detente.study.multiverse.needs import variables_of, years_of
from detente.study.multiverse.panels import Held
from detente.study.multiverse.schema import multiverse_schema

from support.builders import REPOSITORY, joined, simulated_raw
from support.designs import control, moved_borders, specification


@pytest.fixture(scope="module")
def grid() -> Grid:
    project = load_project(REPOSITORY)
    (made,) = grids_of(project, project.study("tiny"))
    return made


@pytest.fixture(scope="module")
def panels(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> Held:
    project = load_project(REPOSITORY)
    study = project.study("tiny")
    tidy = {s: REGISTRY[s].clean(t).frame for s, t in simulated_raw(tmp_path_factory.mktemp("raw")).items()}
    first, last, lead = years_of(study, [grid])
    known = variables_of(project, study, [grid])["dyad-year"]
    return Held({"dyad-year": build_panel(tidy, joined(), (first, last), lead_in=lead, variables=known).frame})


@pytest.fixture(scope="module")
def specs(grid: Grid) -> list[Specification]:
    return [variant.specification for variant in grid.variants]


@pytest.fixture(scope="module")
def frame(panels: Held, grid: Grid) -> pd.DataFrame:
    return fitted(panels, grid.variants, list(grid.nodes))


def test_rows_are_the_same_bit_by_bit_in_shards_that_divide_none_that_may_share_rows(panels: Held, grid: Grid) -> None:
    """A simulated world loses no row, so that codings share them all: the case in which shards could be felt."""
    runs: dict[object, list[Variant]] = {}
    for variant in grid.variants:
        runs.setdefault(together(variant.specification)[:4], []).append(variant)
    shards, nodes = grid.shards(2 * max(map(grid.cost, runs.values()))), list(grid.nodes)
    (whole,) = grid.shards(grid.cost(grid.variants))
    assert len(shards) > 1
    parts = pd.concat([fitted(panels, shard, nodes) for shard in shards], ignore_index=True)
    pd.testing.assert_frame_equal(parts, fitted(panels, whole, nodes), check_exact=True)


@pytest.mark.slow
def test_every_specification_equals_its_stand_alone_fit(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    for spec, row in zip(specs, frame.to_dict("records"), strict=True):
        if spec.design != REGRESSION:
            continue
        try:
            alone = estimate(build_design(panels["dyad-year"], spec), spec)
        except EmptySample:
            assert row["error"] == "EmptySample"
            continue
        if alone.rows.empty:
            assert row["error"] == alone.failures["error"].iloc[0]
            continue
        wanted = alone.rows[alone.rows["quantity"] == "average_marginal_effect"].iloc[0]
        assert row["error"] == ""
        error = wanted["std_error"]
        for name in ("estimate", "std_error", "std_error_unrepaired", "conf_low", "conf_high", "mde"):
            assert row[name] == pytest.approx(wanted[name], abs=1e-8 * error), (row["spec_id"], name)
        for name in ("nobs", "dyads", "states", "events", "treated", "verdict"):
            assert row[name] == wanted[name], (row["spec_id"], name)
        assert row["p_value"] == pytest.approx(wanted["p_value"], abs=1e-8)


def test_no_specification_is_lost(frame: pd.DataFrame, grid: Grid) -> None:
    assert list(frame["spec_id"]) == [v.spec_id for v in grid.variants]
    assert tuple(frame.columns) == tuple(multiverse_schema(list(grid.nodes)).columns)
    multiverse_schema(list(grid.nodes)).validated(frame)
    lost = frame[frame["error"] != ""]
    assert len(lost), "a world of twelve states has specifications without an estimate"
    assert (lost["message"] != "").all()
    assert lost[["std_error", "p_value"]].isna().all().all()


def test_a_specification_with_a_standard_error_of_the_dyad_is_the_same_fit(frame: pd.DataFrame, grid: Grid) -> None:
    rest = [n for n in grid.nodes if n != "vcov"]
    both = frame[frame["error"] == ""].pivot_table(index=rest, columns="vcov", values="estimate").dropna()
    assert len(both)
    np.testing.assert_allclose(both["dyad"], both["dyadic"], rtol=1e-12)
    alone = frame[(frame["vcov"] == "dyad") & (frame["error"] == "")]
    np.testing.assert_array_equal(alone["std_error"], alone["dyad_std_error"])


def test_powered_says_that_the_smallest_effect_of_interest_would_be_found(frame: pd.DataFrame) -> None:
    smallest = load_project(REPOSITORY).claims.smallest_effect
    there = frame[frame["error"] == ""]
    np.testing.assert_array_equal(
        there["powered"], there["df"].map(detectable) * there["std_error"] / there["base_risk"] <= smallest
    )


def test_a_fit_that_differs_by_itself_stops_the_part(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    regressions = sum(spec.design == REGRESSION for spec in specs)
    assert recheck(panels, specs, frame, 1) == int(np.ceil(0.05 * regressions))
    for name, by in (("estimate", 1e-6), ("std_error", 1e-6), ("nobs", 1)):
        spoilt = frame.assign(**{name: frame[name] + by})
        with pytest.raises(NotReproduced, match=r"exercise\.[0-9a-f]{12}"):
            recheck(panels, specs, spoilt, 1, share=1.0)
    hidden = frame.assign(error=np.where(frame["error"] == "", "", "Separation"))
    with pytest.raises(NotReproduced, match="Separation"):
        recheck(panels, specs, hidden, 1, share=1.0)


def equivalent(specs: list[Specification], frame: pd.DataFrame) -> tuple[list[Specification], pd.DataFrame]:
    mine = np.flatnonzero(frame["equivalent"])
    return [specs[i] for i in mine], frame.iloc[mine].reset_index(drop=True)


def test_drawn_treatments_give_what_a_randomisation_test_gives(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    mine, _ = equivalent(specs, frame)
    draws = curve.drawn(panels, mine, circular_shift(), 20, seed=5)
    for i, spec in list(enumerate(mine))[::5]:
        design = with_fixed_effects(build_design(panels["dyad-year"], spec), get("lpm"), spec.effects)
        alone = randomisation_test(fit(design, estimator="lpm", vcov="dyadic"), circular_shift(), draws=20, seed=5)
        np.testing.assert_allclose(draws[:, i], alone.draws, atol=1e-9)


def test_the_influence_of_dyads_makes_the_estimates_and_their_clustered_errors(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    mine, rows = equivalent(specs, frame)
    found = curve.curve(panels, mine)
    curve.agree(found.estimate, rows)
    np.testing.assert_allclose(found.influence.sum(axis=0), 0, atol=1e-10)
    # The dyadic t, before negative eigenvalues of the covariance of all coefficients are clipped.
    dyadic = (rows["vcov"] == "dyadic").to_numpy()
    expected = (rows["estimate"] / rows["std_error_unrepaired"])[dyadic]
    np.testing.assert_allclose(found.statistic[dyadic], expected, rtol=1e-8)
    # Without its small-sample factor, the variance clustered by dyad is the sum of squares of influences.
    ratio = np.sqrt(np.square(found.influence).sum(axis=0)) / rows["dyad_std_error"]
    assert ratio.between(0.85, 1.0).all()
    with pytest.raises(NotReproduced):
        curve.agree(found.estimate + 0.01 * rows["std_error"].to_numpy(), rows)


def test_leaving_out_a_state_moves_the_estimate_as_its_influence_says(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    mine, rows = equivalent(specs, frame)
    first = curve.curve(panels, mine).without_states()[:, 0]
    design = with_fixed_effects(build_design(panels["dyad-year"], mine[0]), get("lpm"), mine[0].effects)
    states = np.unique([design.side1, design.side2])
    exact = []
    for state in states:
        keep = (design.side1 != state) & (design.side2 != state)
        parts = {name: getattr(design, name)[keep] for name in ("y", "x", "side1", "side2", "time")}
        less = replace(design, **parts, fixed_effects={n: c[keep] for n, c in design.fixed_effects.items()})
        exact.append(fit(less, estimator="lpm", vcov="dyad").table()["estimate"].iloc[0])
    moved, approximate = np.array(exact) - rows["estimate"][0], first - rows["estimate"][0]
    assert np.corrcoef(moved, approximate)[0, 1] > 0.9


def test_dyads_are_the_same_in_specifications_whose_samples_hold_other_states(
    panels: Held, specs: list[Specification], frame: pd.DataFrame
) -> None:
    whole = equivalent(specs, frame)[0][0]
    above = f"ccode1 > {panels['dyad-year']['ccode1'].min()}"
    fewer = replace(whole, sample=whole.sample.model_copy(update={"name": "fewer", "expression": above}))
    together = curve.curve(panels, [whole, fewer])
    assert set(together.low) | set(together.high) <= set(panels["dyad-year"]["ccode1"]) | set(
        panels["dyad-year"]["ccode2"]
    )
    for i, spec in enumerate((whole, fewer)):
        alone = curve.curve(panels, [spec])
        joint = pd.Series(together.influence[:, i], index=[together.low, together.high])
        assert (joint[joint != 0].index.isin(pd.MultiIndex.from_arrays([alone.low, alone.high]))).all()
        np.testing.assert_allclose(joint.loc[list(zip(alone.low, alone.high, strict=True))], alone.influence[:, 0])
    assert (pd.Series(together.influence[:, 1])[together.low == min(together.low)] == 0).all()


def test_the_time_left_is_told_from_what_this_run_has_finished(tmp_path: Path) -> None:
    import os

    # Bar and time go by what parts cost, however many specifications they have.
    plan = {"a.0": [100, 10], "a.1": [50, 10], "b.0": [250, 20], "b.1": [600, 60]}
    assert progress(plan, tmp_path, 0.0, 1000.0) == f"multiverse {'░' * 20} 0 of 4 parts, 0 of 1,000 specifications"
    for name, end in (("a.0", 10.0), ("a.1", 900.0), ("b.0", 960.0)):
        (tmp_path / f"{name}.parquet").touch()
        os.utime(tmp_path / f"{name}.parquet", (end, end))
    # a.0 is of an earlier run; b.0 took the minute since a.1, so that b.1, which costs three times that, takes three.
    said = f"multiverse {'█' * 8}{'░' * 12} 3 of 4 parts, 400 of 1,000 specifications, about 3 min left"
    assert progress(plan, tmp_path, 0.0, 960.0) == said
    # What it was made from has changed after a.0, which is fitted again.
    said = f"multiverse {'█' * 6}{'░' * 14} 2 of 4 parts, 300 of 1,000 specifications, about 4 min left"
    assert progress(plan, tmp_path, 500.0, 960.0) == said


@pytest.mark.parametrize("moved", [1, 0])
def test_the_engine_keeps_a_control_that_moves_in_one_dyad_and_drops_one_that_moves_in_none(moved: int) -> None:
    frame = moved_borders(moved)
    # The distance of a capital in millimetres: what it varies by within dyads is rounding.
    noise = np.random.default_rng(1).normal(0, 1e-4, len(frame))
    frame = frame.assign(log_distance=1e9 * (1 + frame["ccode2"]) + noise)
    both = (control("contiguous", "geography", 0), control("log_distance", "geography", 0))
    specs = [replace(specification(*held), effects=("dyad", "year")) for held in ((), both[:1], both)]
    variants = [Variant(spec, (str(i),), HEADLINE, equivalent=True) for i, spec in enumerate(specs)]

    rows = fitted(Held({"dyad-year": frame}), variants, ["controls"])

    alone = [stand_alone(frame, spec)["estimate"] for spec in specs]
    np.testing.assert_allclose(rows["estimate"], alone, rtol=1e-9)
    np.testing.assert_allclose(curve.curve(Held({"dyad-year": frame}), specs).estimate, alone, rtol=1e-9)
    design = build_design(frame, specs[1])
    dummies = [pd.get_dummies(of, dtype=float).to_numpy() for of in (design.pairs.dyad, design.time)]
    bare, held = (
        np.linalg.lstsq(np.column_stack([design.x[:, :k], *dummies]), design.y, rcond=None)[0][0] for k in (1, 2)
    )
    np.testing.assert_allclose(alone, [bare, held, held], rtol=1e-9)
    assert (abs(held - bare) > 1e-4) == bool(moved)


@pytest.mark.nightly
def test_every_specification_of_the_demo_equals_its_stand_alone_fit() -> None:
    project = load_project(REPOSITORY)
    study = project.study("demo")
    frames = _world(study)
    for grid in grids_of(project, study):
        first, last, lead = years_of(study, [grid])
        known = variables_of(project, study, [grid])["dyad-year"]
        panels = Held({"dyad-year": build_panel(frames, joined(), (first, last), lead_in=lead, variables=known).frame})
        frame = fitted(panels, grid.variants, list(grid.nodes))
        specs = [variant.specification for variant in grid.variants]
        assert recheck(panels, specs, frame, 0, share=1.0) == sum(spec.design == REGRESSION for spec in specs)


def _world(study: Study) -> dict[str, pd.DataFrame]:
    """Tidy frames of a simulated study."""
    import tempfile

    from detente.cli.formats import write_raw
    from detente.data.record.rawread import read_raw

    assert study.simulation is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for (slug, file), tables in simulate_world(study.simulation, study.seed).tables.items():
            write_raw(folder / slug / file, tables)
        return {
            s.slug: s.clean({t.file: read_raw(folder / (t.slug or s.slug) / t.file, t) for t in s.raw}).frame
            for s in joined()
        }


def test_directed_specifications_equal_their_stand_alone_fits_under_every_covariance(panels: Held, grid: Grid) -> None:
    from dataclasses import replace

    one = panels["dyad-year"]
    other = one.rename(columns={"ccode1": "ccode2", "ccode2": "ccode1"})
    both = pd.concat([one, other[list(one)]]).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)
    began = np.random.default_rng(3).random(len(both)) < 0.6
    directed = Held({"directed-dyad-year": both.assign(initiation_gml=both["onset_gml"] * began)})
    mine = [(v, v.specification) for v in grid.variants if v.specification.claim.outcome == "onset_gml"]
    mine = [(v, s) for v, s in mine if s.sample.name == "relevant"][:60]
    specs = [
        replace(s, claim=s.claim.model_copy(update={"directed": True, "outcome": "initiation_gml"})) for _, s in mine
    ]
    assert {s.vcov for s in specs} == {("dyadic",), ("dyad",), ("dyadic_cr2",)}
    chosen = [Variant(s, v.options, v.estimand, v.equivalent) for (v, _), s in zip(mine, specs, strict=True)]
    frame = fitted(directed, chosen, list(grid.nodes))
    assert (frame["error"] == "").sum() > 20
    assert recheck(directed, specs, frame, 0, share=1.0) == len(specs)
