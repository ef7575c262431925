from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.cli.command import parsed
from detente.cli.formats import write_raw
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, check_raw
from detente.simulate import PLANTED, SimulatedWorld, simulate_world
from detente.simulate.raw_events import SLOTS, UNKNOWN
from detente.simulate.settings import World
from detente.simulate.world import History, draw_history, naive_difference
from detente.study.config.project import load_project

from support.builders import joined

ROOT = Path(__file__).parents[2]
TINY = load_project(ROOT).study("tiny")
# Risks and effects large enough for one world to show them.
LOUD = World(
    states=40,
    years=(1980, 2010),
    base_risk=0.30,
    dyad_spread=0.20,
    state_shock=0.02,
    threat_on_onset=0.20,
    threat_on_treatment=2.0,
    effects={"exercise": -0.08, "defence_pact": -0.06, "un_mission": -0.10},
)
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def history() -> History:
    assert TINY.simulation is not None
    return draw_history(TINY.simulation, TINY.seed)


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    assert TINY.simulation is not None
    return simulate_world(TINY.simulation, TINY.seed)


@pytest.fixture(scope="module")
def raw(world: SimulatedWorld, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pd.DataFrame]]:
    """Raw tables as the cleaning modules get them: written to disk and read back."""
    folder = tmp_path_factory.mktemp("raw")
    for (slug, file), tables in world.tables.items():
        write_raw(folder / slug / file, tables)
    return {
        source.slug: {
            table.file: read_raw(folder / (table.slug or source.slug) / table.file, table) for table in source.raw
        }
        for source in joined()
    }


@pytest.fixture(scope="module")
def tidy(raw: dict[str, dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    return {slug: REGISTRY[slug].clean(tables).frame for slug, tables in raw.items()}


def pairs(history: History, flags: np.ndarray) -> set[tuple[int, int, int]]:
    """(a, b, year) of the study in which `flags` (dyad × year) holds."""
    stage = history.stage
    codes = stage.states["code"].to_numpy()
    dyad, year = np.nonzero(flags & stage.studied)
    rows = zip(codes[stage.first[dyad]], codes[stage.second[dyad]], stage.years[year], strict=True)
    return {(int(a), int(b), int(t)) for a, b, t in rows}


def recorded(frame: pd.DataFrame, since: int) -> set[tuple[int, int, int]]:
    inside = frame[frame["year"].between(since, TINY.window[1])]
    return {(int(a), int(b), int(t)) for a, b, t in inside[["ccode1", "ccode2", "year"]].to_numpy()}


@pytest.mark.parametrize("slug", [source.slug for source in joined()])
def test_every_source_finds_its_columns_and_codes(slug: str, raw: dict[str, dict[str, pd.DataFrame]]) -> None:
    for table in REGISTRY[slug].raw:
        check_raw(REGISTRY[slug], table, raw[slug][table.file], simulated=True)
        assert len(raw[slug][table.file]) > 0


@pytest.mark.parametrize(
    ("slug", "column", "treatment"),
    [
        ("atop", "defence_pact", "defence_pact"),
        ("unpmm", "un_mission", "un_mission"),
        ("dcad", "defence_agreement", "defence_agreement"),
    ],
)
def test_the_cleaned_record_says_what_happened(
    slug: str, column: str, treatment: str, history: History, tidy: dict[str, pd.DataFrame]
) -> None:
    frame = tidy[slug]
    on = pairs(history, history.treatments[treatment])
    said = recorded(frame[frame[column] == 1], TINY.window[0])
    # Of what is owed in a direction, some is owed in one alone.
    assert {(min(a, b), max(a, b), year) for a, b, year in said} == on != set()
    assert (len(said) == len(on)) == (REGISTRY[slug].key == "dyad-year")


def test_the_cleaned_exercises_expand_to_the_dyads_that_exercised(
    history: History, tidy: dict[str, pd.DataFrame]
) -> None:
    members = tidy["mme"][["exercise", "year", "ccode"]]
    both = members.merge(members, on=["exercise", "year"], suffixes=("_1", "_2"))
    dyads = both[both["ccode_1"] < both["ccode_2"]].rename(columns={"ccode_1": "ccode1", "ccode_2": "ccode2"})
    assert recorded(dyads, TINY.window[0]) == pairs(history, history.treatments["exercise"]) != set()


def test_the_cleaned_rivalries_are_the_threat(history: History, tidy: dict[str, pd.DataFrame]) -> None:
    exists = pairs(history, history.stage.exists)
    known = recorded(tidy["rivalry"], TINY.window[0]) & exists
    assert known == pairs(history, history.threat & history.stage.exists) != set()


def test_the_cleaned_disputes_are_the_onsets(history: History, tidy: dict[str, pd.DataFrame]) -> None:
    frame = tidy["gml-mid"]
    since = TINY.window[0]
    assert recorded(frame[frame["new_gml"] == 1], since) == pairs(history, history.disputes.onset) != set()
    assert recorded(frame, since) == pairs(history, history.disputes.number > 0)


def digest(seed: int, folder: Path) -> dict[str, str]:
    assert TINY.simulation is not None
    for (slug, file), tables in simulate_world(TINY.simulation, seed).tables.items():
        write_raw(folder / slug / file, tables)
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys, json; from pathlib import Path; sys.path[:0] = ['tests', 'tests/simulate'];"
        "from test_simulate import digest; print(json.dumps(digest(7, Path(sys.argv[1]))))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "other")],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "workflow/src", "PYTHONHASHSEED": "12345"},
        text=True,
    )
    assert json.loads(out.stdout) == digest(7, tmp_path / "here")


def test_another_seed_gives_other_bytes_in_every_file(tmp_path: Path) -> None:
    one, other = digest(7, tmp_path / "7"), digest(8, tmp_path / "8")
    assert one.keys() == other.keys()
    assert not [file for file in one if one[file] == other[file]]


@pytest.mark.parametrize(
    ("slug", "file", "prefix"), [("gml-mid", "gml_mid_ddydisps.rda", "gml"), ("mid-5.0", "cow_mid_ddydisps.rda", "cow")]
)
def test_disputes_are_the_same_in_both_orders(
    slug: str, file: str, prefix: str, raw: dict[str, dict[str, pd.DataFrame]]
) -> None:
    frame = raw[slug][file]
    sided = {f"{n}{s}": f"{n}{o}" for n in ("ccode", "sidea", "hostlev", "fatality") for s, o in ("12", "21")}
    key = ["ccode1", "ccode2", "year"]
    mirrored = frame.rename(columns=sided)[frame.columns].sort_values(key, ignore_index=True)
    columns = [c for c in frame if c not in ("hiact1", "hiact2", "fatalpre1", "fatalpre2", "orig1", "orig2")]
    pd.testing.assert_frame_equal(frame[columns].reset_index(drop=True), mirrored[columns])
    assert not frame.duplicated(key).any()
    assert (frame[f"{prefix}midongoing"] == 1).all()


def test_years_that_go_on_are_no_onsets(raw: dict[str, dict[str, pd.DataFrame]]) -> None:
    frame = raw["gml-mid"]["gml_mid_ddydisps.rda"]
    by_dispute = frame[frame["ccode1"] < frame["ccode2"]].groupby("dispnum")
    assert (by_dispute["gmlmidonset"].sum() == 1).all()
    assert (by_dispute["year"].min() == frame[frame["gmlmidonset"] == 1].groupby("dispnum")["year"].min()).all()
    assert by_dispute.size().between(1, 3).all()
    assert by_dispute.size().max() > 1


def test_no_dyad_outside_common_membership(world: SimulatedWorld, tidy: dict[str, pd.DataFrame]) -> None:
    members = tidy["cow-state-system"].query("status == 'member'")
    days = members.merge(members, how="cross", suffixes=("_1", "_2"))
    start, end = days[["start_1", "start_2"]].max(axis=1), days[["end_1", "end_2"]].min(axis=1)
    together = days[(start <= end) & (days["ccode_1"] < days["ccode_2"])].assign(first=start, last=end)
    for slug in ("gml-mid", "mid-5.0", "atop", "unpmm", "dcad", "cow-contiguity-3.2"):
        sides = np.sort(tidy[slug][["ccode1", "ccode2"]], axis=1)
        frame = pd.DataFrame({"ccode_1": sides[:, 0], "ccode_2": sides[:, 1], "year": tidy[slug]["year"]})
        # What has a direction stands in both.
        frame = frame.drop_duplicates()
        spans = frame.merge(together, on=["ccode_1", "ccode_2"], how="left")
        within = spans["year"].between(spans["first"] // 10000, spans["last"] // 10000)
        found = spans[within].drop_duplicates(["ccode_1", "ccode_2", "year"])
        assert len(found) == len(frame), slug
    assert len(together) < len(members) * (len(members) - 1) // 2, "some dyads never coexist"


def test_every_participant_is_a_state_or_declared_unknown(raw: dict[str, dict[str, pd.DataFrame]]) -> None:
    exercises, states = raw["mme"]["mme_v7.csv"], raw["mme"]["states2016.csv"]
    named = {name for slot in SLOTS for name in exercises[slot].unique()} - {""}
    assert named - {UNKNOWN} <= set(states["statenme"])
    assert UNKNOWN in named


def test_exercises_range_from_bilateral_to_ten_and_more(tidy: dict[str, pd.DataFrame]) -> None:
    parties = tidy["mme"].groupby("exercise")["ccode"].nunique()
    assert (parties == 2).sum() > (parties > 2).sum()
    assert (parties == 1).any()
    assert parties.max() >= 10


def test_identifiers_of_exercises_repeat_and_days_are_unknown(raw: dict[str, dict[str, pd.DataFrame]]) -> None:
    frame = raw["mme"]["mme_v7.csv"]
    assert frame["MMEID"].duplicated().sum() == 2
    assert (frame["s.day"] == "xx").any()


def lpm(history: History, claim: str, sample: np.ndarray) -> tuple[float, float]:
    """Coefficient and dyad-clustered standard error of a treatment at t − 1, with dyad and year effects.

    Controls: rivalry and defence pact at t − 2 (the pact not for its own claim).
    """
    stage, disputes = history.stage, history.disputes
    use = disputes.at_risk & sample & (stage.years > stage.study_start)
    use[:, 2:] &= stage.exists[:, 1:-1] & stage.exists[:, :-2]
    dyad, year = np.nonzero(use)
    lagged = [history.treatments[claim][dyad, year - 1], history.threat[dyad, year - 2]]
    if claim != "defence_pact":
        lagged.append(history.treatments["defence_pact"][dyad, year - 2])
    years = (year[:, None] == np.unique(year)[1:]).astype(float)
    columns = np.column_stack([disputes.onset[dyad, year], *lagged, years]).astype(float)
    frame = pd.DataFrame(columns)
    within = (frame - frame.groupby(dyad).transform("mean")).to_numpy()
    y, x = within[:, 0], within[:, 1:]
    bread = np.linalg.pinv(x.T @ x)
    b = bread @ (x.T @ y)
    scores = pd.DataFrame(x * (y - x @ b)[:, None]).groupby(dyad).sum().to_numpy()
    covariance = bread @ (scores.T @ scores) @ bread
    return float(b[0]), float(np.sqrt(covariance[0, 0]))


@pytest.fixture(scope="module")
def loud() -> list[History]:
    return [draw_history(LOUD, seed) for seed in SEEDS]


@pytest.mark.parametrize("sample", ["all", "relevant", "contiguous"])
@pytest.mark.parametrize("claim", PLANTED)
def test_the_linear_model_finds_the_planted_effect(claim: str, sample: str, loud: list[History]) -> None:
    truth = LOUD.effects.get(claim, 0.0)
    found = []
    for history in loud:
        stage = history.stage
        neighbours = np.repeat((stage.contiguity > 0)[:, None], len(stage.years), axis=1)
        samples = {"all": stage.exists, "relevant": stage.relevant_years, "contiguous": neighbours}
        found.append(lpm(history, claim, samples[sample]))
    estimates, errors = np.array(found).T
    assert abs(estimates.mean() - truth) < 3 * np.sqrt((errors**2).sum()) / len(SEEDS)
    if truth and sample == "all":
        assert estimates.mean() < -3 * np.sqrt((errors**2).sum()) / len(SEEDS)


def test_the_naive_comparison_makes_treatments_look_worse_than_they_are(loud: list[History]) -> None:
    for claim in PLANTED:
        naive = np.mean([naive_difference(history, claim) for history in loud])
        assert naive > LOUD.effects.get(claim, 0.0) + 0.02, claim


def test_no_risk_is_clipped_in_the_shipped_worlds() -> None:
    for study in load_project(ROOT).studies.values():
        if study.simulation is not None:
            assert draw_history(study.simulation, study.seed).disputes.clipped_share < 0.001


def test_clipped_risks_are_counted() -> None:
    heavy = LOUD.model_copy(update={"effects": {"exercise": -0.4}})
    assert draw_history(heavy, 1).disputes.clipped_share > 0.01


@pytest.mark.fault("worlds")
def test_an_effect_without_a_treatment_is_refused() -> None:
    strange = LOUD.model_copy(update={"effects": {"exercises": -0.1}})
    with pytest.raises(ConfigError, match=r"'exercises' cannot be planted; .* nearest: 'exercise'"):
        simulate_world(strange, 1)


@pytest.mark.fault("worlds")
def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"table\.sav: no writer for '\.sav'; known: \.csv, \.dta, \.rda"):
        write_raw(tmp_path / "table.sav", {"": pd.DataFrame({"ccode1": [1]})})


def run(study: str, folder: Path, *more: str) -> None:
    places: Mapping[str, Path] = {"out": folder / "sim", "receipts": folder / "raw", "truth": folder / "truth.json"}
    options = [part for name, path in places.items() for part in (f"--{name}", str(path))]
    parsed("simulate", ["--root", str(ROOT), "--study", study, *options, *more])()


def test_the_command_writes_files_receipts_and_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("tiny", Path("t"))
    receipts = [json.loads(path.read_text()) for path in sorted(Path("t/raw").glob("*.json"))]
    assert {receipt["slug"] for receipt in receipts} == set(TINY.sources)
    for file in (file for receipt in receipts for file in receipt["files"]):
        content = Path(file["path"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
        assert not Path(file["path"]).is_absolute()
    truth = json.loads(Path("t/truth.json").read_text())
    assert TINY.simulation is not None
    assert truth["effects"] == TINY.simulation.effects


@pytest.mark.fault("worlds")
def test_a_source_that_the_world_does_not_write_is_refused_before_any_file(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: tiny\nname: mine\nsources: [cow-state-system, vdem]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        run("mine", tmp_path, "--override", str(own))
    assert str(error.value) == "mine.yaml:3 › sources: the simulated world writes no 'vdem'; take it out"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_two_readings_of_one_file_share_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = Path("mine.yaml")
    own.write_text("extends: tiny\nname: mine\nsources: [gml-mid, gml-mid-initiation]\n", encoding="utf-8")
    run("mine", Path("t"), "--override", str(own))
    one, other = (json.loads(path.read_text()) for path in sorted(Path("t/raw").glob("*.json")))
    assert [one["slug"], other["slug"]] == ["gml-mid-initiation", "gml-mid"]
    assert one["files"] == other["files"]


def test_the_observed_world_is_never_simulated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'paper' is set in the observed world"):
        run("paper", tmp_path)
