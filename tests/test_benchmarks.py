"""The benchmark runs, compares the same numbers, and does without a peer that is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from detente.base.frames import validated
from detente.base.units import Unit
from detente.data.panel import catalogue
from detente.data.sources import KEYS, tidy_schema
from detente.study import completed
from detente.study.config import load_project
from detente.study.multiverse import outlines_of

from benchmarks import commands, estimators, growth, million, report, switches
from benchmarks.data import JOINED, joined, variables
from benchmarks.dyads import KEYS as DYADS
from benchmarks.dyads import dyads, load_dyads, write_dyads
from benchmarks.made import made_world
from benchmarks.measure import gap, measured
from benchmarks.panels import (
    TidySources,
    build,
    count_peace,
    from_polars,
    load_disputes,
    merge,
    merge_in_polars,
    merge_peace,
)
from benchmarks.tasks import AGREEMENT, BY_NAME, OURS

ROOT = Path(__file__).resolve().parents[1]
PAIRS: tuple[Unit, ...] = ("dyad-year", "directed-dyad-year")
ROW = {"task", "rows", "ours_s", "ours_mb", "peer", "peer_s", "peer_mb", "ratio"}
MEASURED = {"seconds": 0.5, "repeats": 3, "mb": 100.0, "mb_loaded": 90.0, "load_s": 0.1, "rows": 10, "version": "1.0"}


@pytest.fixture(scope="module")
def world() -> TidySources:
    """Sixteen states over years that all sources of the panels code in part."""
    window = (1968, 2013)
    return TidySources(dict(made_world(joined(), 16, window)), window)


def bench(out: Path, *words: str, hide: Path | None = None) -> list[dict[str, Any]]:
    """Rows of a quick run; modules below `hide` come before those installed."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(hide or ""), os.environ.get("PYTHONPATH")])),
    }
    call = [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out), *words]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SIMULATED WORLD" in done.stdout
    rows: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return rows


@pytest.mark.slow
def test_quick_run_without_pyfixest_and_polars(tmp_path: Path) -> None:
    absent, hidden = tmp_path / "absent", ("polars", "pyfixest")
    absent.mkdir()
    for name in hidden:
        (absent / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n", encoding="utf-8")
    rows = bench(tmp_path / "bench.json", "--only", "panel", "lpm-relevant", hide=absent)
    assert [(r["task"], r["peer"]) for r in rows] == [
        ("panel", "pandas"),
        ("panel", "polars"),
        ("lpm-relevant", "linearmodels"),
        ("lpm-relevant", "pyfixest"),
    ]
    for row in rows:
        assert row.keys() >= ROW
        assert row["world"] == "SIMULATED WORLD"
        assert row["rows"] > 100
        assert row["ours_s"] > 0
        assert row["ours_mb"] >= row["ours_mb_loaded"] > 10
        if row["peer"] in hidden:
            assert row["status"] == "not installed"
            assert row["ratio"] is row["peer_s"] is row["peer_mb"] is None
        else:
            assert row["status"] == "same numbers"
            assert row["gap"] <= 1e-6
            assert row["ratio"] == pytest.approx(row["peer_s"] / row["ours_s"])
            assert row["peer_mb"] > 10


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pyfixest") is None, reason="pyfixest is installed for benchmarks alone")
def test_quick_run_with_every_peer(tmp_path: Path) -> None:
    rows = bench(tmp_path / "bench.json")
    assert {r["task"] for r in rows} == set(BY_NAME)
    assert {r["status"] for r in rows} == {"same numbers", "no peer"}


@pytest.mark.slow
def test_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    out, chart = tmp_path / "growth.json", tmp_path / "growth.svg"
    call = [sys.executable, "-m", "benchmarks.growth", "--quick", "--out", str(out), "--chart", str(chart)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row for row in json.loads(out.read_text(encoding="utf-8")) if row["library"] == OURS]
    assert [row["rows"] for row in rows] == sorted({row["rows"] for row in rows})
    assert len(rows) == len(growth.QUICK_STATES)
    assert {row["status"] for row in rows} == {"same numbers"}
    assert chart.read_text(encoding="utf-8").count("<path") > 10


@pytest.mark.slow
def test_commands_are_measured_with_their_processes() -> None:
    rows = {row["command"]: row for row in commands.small(1)}
    assert set(rows) == {"detente --help", "detente check", "first fit of a process"}
    for name in ("detente --help", "detente check"):
        assert rows[name]["processor"] > 0
        assert rows[name]["seconds"] > 0
    assert "first fit of a process" in commands.table(list(rows.values()))


@pytest.mark.slow
def test_a_study_is_measured_by_the_account_of_its_steps() -> None:
    (cold, second), kinds = commands.built("tiny")
    assert {"simulate", "clean", "panel", "estimate", "figures"} <= set(kinds)
    assert cold["steps"] == pytest.approx(sum(kinds.values()))
    # Steps are processes of the command, forked or not: their time is part of its own.
    assert 0 < cold["steps"] < cold["processor"]
    assert second["processor"] < cold["processor"]


@pytest.mark.parametrize("unit", PAIRS)
def test_merges_give_the_panel_cell_by_cell(world: TidySources, unit: Unit) -> None:
    ours, theirs = build(unit, world), merge(unit, world)
    assert set(ours) == set(theirs) == {*KEYS[unit], "in_window", *variables(unit)}
    assert ours.dtypes[theirs.columns].equals(theirs.dtypes)
    assert gap(theirs, ours, whole=True) == 0
    missing = ours[variables(unit)].isna().mean()
    assert (missing < 1).all()
    assert (missing > 0).sum() > len(missing) / 2, "the rule of coverage is put to the test"


@pytest.mark.parametrize("unit", PAIRS)
def test_merges_in_polars_give_the_panel_cell_by_cell(world: TidySources, unit: Unit) -> None:
    polars = pytest.importorskip("polars", reason="polars is installed for benchmarks alone")
    frames = {slug: polars.from_pandas(frame) for slug, frame in world.frames.items()}
    theirs = from_polars(merge_in_polars(unit, TidySources(frames, world.window)))
    # A logarithm of either library may differ in its last bit.
    distance = gap(theirs, build(unit, world), whole=True)
    assert distance is not None
    assert distance < 1e-12


def test_merges_count_the_years_at_peace(world: TidySources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.panels.load_tidy_sources", lambda _: world)
    disputes = load_disputes(Path())
    ours = count_peace(disputes)
    assert gap(merge_peace(disputes), ours, whole=True) == 0
    assert ours["peace_years"].max() > 5


def test_panels_join_every_kind_of_key() -> None:
    assert len(JOINED) >= 15
    assert {source.key for source in joined()} >= {*KEYS, "event", "spell"} - {"state"}
    for unit in PAIRS:
        names = variables(unit)
        assert len(set(names)) == len(names)
        assert set(names) <= set(catalogue(joined(), unit))


def test_a_made_world_keeps_the_schemas_and_is_the_same_every_time(world: TidySources) -> None:
    again = made_world(joined(), 16, world.window)
    for source in joined():
        frame = world.frames[source.slug]
        validated(frame, tidy_schema(source), source.slug)
        assert frame.equals(again[source.slug])
        assert len(frame) > 0


def test_dyads_are_the_same_every_time_and_each_covariate_varies_in_them(tmp_path: Path) -> None:
    frame = dyads(30, 1950, 0.03)
    assert frame.equals(dyads(30, 1950, 0.03))
    assert not frame.duplicated(["a", "b", "year"]).any()
    assert frame["y"].mean() == pytest.approx(0.03, rel=0.2)
    terms = [c for c in frame.columns if c not in DYADS]
    assert len(terms) == 15
    for factor in ("dyad", "year"):
        assert (frame.groupby(factor)[terms].transform("nunique") > 1).any().all()
    write_dyads(tmp_path, quick=True)
    assert 1_000 < len(load_dyads(tmp_path)) < 10_000


@pytest.mark.parametrize(
    ("task", "peer"), [("dyadic-meat", "numpy"), ("logit", "statsmodels"), ("effects", "statsmodels")]
)
def test_peers_find_what_our_estimators_find(tmp_path: Path, task: str, peer: str) -> None:
    write_dyads(tmp_path, quick=True)
    found = estimators.contenders(task)
    assert set(found) == {OURS, *BY_NAME[task].peers}
    ours, theirs = (measured(found[library], tmp_path, 1).result for library in (OURS, peer))
    distance = gap(theirs, ours)
    assert distance is not None
    assert distance < 1e-9


@pytest.mark.parametrize("task", switches.DESIGNS)
def test_peers_find_what_our_designs_find(tmp_path: Path, task: str) -> None:
    switches.write_switches(tmp_path, quick=True)
    found = switches.contenders(task)
    assert set(found) == {OURS, *BY_NAME[task].peers}
    ours = measured(found[OURS], tmp_path, 1).result
    assert (ours["dyadic_std_error"] > 0).all()
    for peer in BY_NAME[task].peers:
        if peer == "diff_diff" and find_spec(peer) is None:
            continue
        distance = gap(measured(found[peer], tmp_path, 1).result, ours)
        assert distance is not None
        assert distance < AGREEMENT


def test_switches_come_and_go_or_stay_in_every_dyad_and_year() -> None:
    frame = switches.switches(12, 10)
    assert frame.equals(switches.switches(12, 10))
    assert len(frame) == 12 * 11 // 2 * 10
    change = frame.groupby("dyad")[["exercise", "agreement"]].diff()
    assert (change.min() == [-1, 0]).all()
    assert (change.max() == 1).all()
    assert ((frame["year"] >= frame["first"]) & (frame["first"] > 0)).eq(frame["agreement"] == 1).all()


def test_a_part_is_whole_dyads_and_ours_is_found_on_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dyads(tmp_path, quick=True)
    monkeypatch.setattr(estimators, "SMALL", 10)
    monkeypatch.setitem(estimators.EVERY, "effects", 2)
    everything = load_dyads(tmp_path)
    part = estimators.rows_of("effects", everything, part=True)
    kept = everything[everything["dyad"].isin(part["dyad"])]
    assert len(kept) == len(part)
    assert part["dyad"].nunique() == (everything["dyad"].nunique() + 1) // 2
    peer = estimators.contenders("effects")["statsmodels"]
    assert peer.reference is not None
    distance = gap(measured(peer, tmp_path, 1).result, peer.reference(tmp_path))
    assert distance is not None
    assert distance < 1e-9


def test_a_ratio_on_a_part_of_the_rows_is_scaled_and_says_so() -> None:
    theirs = {**MEASURED, "rows": 2, "gap": 0.0}
    row = report.row(BY_NAME["effects"], "observed record", MEASURED, "statsmodels", theirs)
    assert row["ratio"] == pytest.approx(5)
    assert row["world"] == report.SIMULATED
    assert "statsmodels get_margeff, 2 rows, ratio scaled" in report.table([row], {"effects": "effects"})


@pytest.mark.parametrize("distance", [1e-5, None])
def test_other_numbers_have_no_ratio(distance: float | None) -> None:
    row = report.row(BY_NAME["panel"], "SIMULATED WORLD", MEASURED, "pandas", {**MEASURED, "gap": distance})
    assert row["ratio"] is None
    assert report.failed([row])
    assert "FAILED" in report.table([row], {"panel": "panel"})


def test_gap_is_the_largest_relative_difference() -> None:
    ours = pd.DataFrame({"term": ["x", "y"], "estimate": [1.0, 1e-6], "std_error": [0.0, float("nan")]})
    assert gap(ours, ours) == 0
    assert gap(ours.assign(estimate=[1.0, 1.1e-6]), ours) == pytest.approx(0.1 / 1.1)
    assert gap(ours[["term", "estimate"]], ours) == 0
    assert gap(ours[["term", "estimate"]], ours, whole=True) is None


@pytest.mark.parametrize(
    "theirs",
    [
        pd.DataFrame({"term": ["x"], "estimate": [1.0]}),
        pd.DataFrame({"term": ["x", "z"], "estimate": [1.0, 2.0]}),
        pd.DataFrame({"term": ["x", "y"], "estimate": [1.0, float("nan")]}),
        pd.DataFrame({"term": ["x", "y"], "other": [1.0, 2.0]}),
    ],
    ids=["fewer rows", "another term", "missing", "another column"],
)
def test_tables_of_another_shape_have_no_gap(theirs: pd.DataFrame) -> None:
    assert gap(theirs, pd.DataFrame({"term": ["x", "y"], "estimate": [1.0, 2.0]})) is None


@pytest.mark.slow
def test_the_study_of_a_million_specifications_is_legal_and_has_as_many(tmp_path: Path) -> None:
    """Spans of years are crossed with all else: what each of five more adds, all add."""
    counts = []
    for cut in (2, 3):
        (tmp_path / "million.yaml").write_text(million.study(cut), encoding="utf-8")
        project = completed(load_project(ROOT, tmp_path / "million.yaml"))
        counts.append(sum(each.specifications for each in outlines_of(project, project.study("million"))))
    assert counts[0] + (counts[1] - counts[0]) / 5 * (million.CUT**2 - 4) >= 1_000_000
