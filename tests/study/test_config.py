"""Values that `config/` may not have are refused before any work: file, line, key, legal values, nearest match."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.study.config.claims import Claim, ClaimsFile
from detente.study.config.project import load_project
from detente.study.project import load

from support.builders import change, line
from support.configured import CLAIMS_FILE, DEMO, PAPER, SOURCES_FILE, STUDY, TINY, own, refusal

WORLD = "base_risk, dyad_spread, effects, state_shock, states, threat_on_onset, threat_on_treatment, years"
CLAIM = ", ".join(sorted(set(Claim.model_fields) - {"id"}))
CLAIMS_KEYS = ", ".join(sorted(ClaimsFile.model_fields))
IDENTIFIER = "must be lower-case letters, digits and underscores, a letter first"


def test_the_shipped_configuration_is_valid(copied: Path):
    assert list(load(copied).studies) == ["demo", "paper", "claims", "tiny"]


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("file", "old", "new", "where", "fault"),
    [
        # Keys
        (TINY, "seed:", "sead:", "sead", f"unknown key; legal values: {STUDY}; nearest: 'seed'"),
        (TINY, "seed:", "zzz:", "zzz", f"unknown key; legal values: {STUDY}"),
        (
            TINY,
            "  states: 12",
            "  state: 12",
            "simulation › state",
            f"unknown key; legal values: {WORLD}; nearest: 'states'",
        ),
        (
            CLAIMS_FILE,
            "    lag: 1\n    outcome",
            "    lagg: 1\n    outcome",
            "claims › exercise › lagg",
            f"unknown key; legal values: {CLAIM}; nearest: 'lag'",
        ),
        (
            CLAIMS_FILE,
            "smallest_effect: 0.20",
            "smallest_effect: 0.20\nsmalest_effect: 0.20",
            "smalest_effect",
            f"unknown key; legal values: {CLAIMS_KEYS}; nearest: 'smallest_effect'",
        ),
        (
            CLAIMS_FILE,
            "    why: Rivals",
            "    whye: it is\n    why: Rivals",
            "controls › rivalry › whye",
            "unknown key; legal values: label, lag, role, variable, why; nearest: 'why'",
        ),
        (
            SOURCES_FILE,
            "        bytes: 10602",
            "        bytes: 10602\n        byte: 10602",
            "sources › cow-state-system › files › 0 › byte",
            "unknown key; legal values: address, blob, bytes, file, rows, sha256; nearest: 'bytes'",
        ),
        (
            SOURCES_FILE,
            "    years: [1816, 2016]",
            "    years: [1816, 2016]\n    year: 1816",
            "sources › cow-state-system › year",
            "unknown key; legal values: citation, files, folder, kind, note, references, rows, terms, theme, title, "
            "version, whittle, years; nearest: 'years'",
        ),
        # Values that are one of a list
        (
            CLAIMS_FILE,
            "role: mediator",
            "role: mediatr",
            "controls › exercise › role",
            "'mediatr' is not known; legal values: confounder, duration, geography, mediator, moderator; "
            "nearest: 'mediator'",
        ),
        # Lags
        (
            CLAIMS_FILE,
            "    lag: 1\n    outcome",
            "    lag: 0\n    outcome",
            "claims › exercise › lag",
            "must be greater than or equal to 1 (found 0)",
        ),
        (
            CLAIMS_FILE,
            "    lag: 1\n    outcome",
            "    lag: 11\n    outcome",
            "claims › exercise › lag",
            "must be less than or equal to 10 (found 11)",
        ),
        (
            CLAIMS_FILE,
            "    lag: 2",
            "    lag: -1",
            "controls › rivalry › lag",
            "must be greater than or equal to 0 (found -1)",
        ),
        (
            CLAIMS_FILE,
            "    lag: 2",
            "    lag: 11",
            "controls › rivalry › lag",
            "must be less than or equal to 10 (found 11)",
        ),
        # Windows, samples, worlds
        (PAPER, "[1980, 2010]", "[2010, 1980]", "window", "starts in 2010, after it ends in 1980"),
        (PAPER, "[1980, 2010]", "[1980]", "window › 1", "this entry is missing"),
        (
            PAPER,
            "[1980, 2010]",
            "[1980, 1990, 2010]",
            "window",
            "must have at most 2 entries (found [1980, 1990, 2010])",
        ),
        (PAPER, "[1980, 2010]", "1980", "window", "must be a list (found 1980)"),
        (PAPER, "[all, relevant, contiguous]", "[all, relevant, all]", "samples", "'all' must be listed only once"),
        (PAPER, "estimators: [logit, lpm]", "estimators: []", "estimators", "must have at least 1 entries (found [])"),
        (
            DEMO,
            "years: [1980, 2010]",
            "years: [1980, 1988]",
            "simulation › years",
            "9 years are too few for a world: use at least 10",
        ),
        (
            TINY,
            "window: [1996, 2010]",
            "window: [1990, 2010]",
            "window",
            "[1990, 2010] must lie within the years of the simulated world, [1996, 2010]",
        ),
        (
            DEMO,
            "exercise: -0.03",
            "exercise: .nan",
            "simulation › effects › exercise",
            "must be a finite number (found nan)",
        ),
        (
            PAPER,
            "seed: 19800115",
            "seed: yes",
            "seed",
            "must not be true or false, which YAML reads yes, no, on and off as, too",
        ),
        # Spelling
        (PAPER, "name: paper", "name: My paper", "name", f"{IDENTIFIER} (found 'My paper')"),
        (
            CLAIMS_FILE,
            "  un_mission:\n    code",
            "  UN_mission:\n    code",
            "claims › UN_mission",
            f"{IDENTIFIER} (found 'UN_mission')",
        ),
        (
            PAPER,
            "seed: 19800115",
            "seed: soon",
            "seed",
            "must be a valid integer, unable to parse string as an integer (found 'soon')",
        ),
        # Pins
        (
            SOURCES_FILE,
            "sha256: 21822f",
            "sha256: 21822F",
            "sources › cow-state-system › files › 0 › sha256",
            "must be 64 digits of 0-9 and a-f "
            "(found '21822Fe1ef67aedf2e64ebe9746e2b875c6175c8ce599750bc0e77e4ce393167')",
        ),
        (
            SOURCES_FILE,
            "address: https://",
            "address: ftp://",
            "sources › cow-state-system › files › 0 › address",
            "must begin with http:// or https:// "
            "(found 'ftp://raw.githubusercontent.com/jenna-jordan/correlates-of-war_dbt/135ba3a7f28…)",
        ),
        (
            SOURCES_FILE,
            "bytes: 10602",
            "bytes: 0",
            "sources › cow-state-system › files › 0 › bytes",
            "must be greater than 0 (found 0)",
        ),
        (
            SOURCES_FILE,
            "- file: states2016.csv",
            "- file: ../states2016.csv",
            "sources › cow-state-system › files › 0 › file",
            "'../states2016.csv' must stay below the source's folder: no absolute path, no '..'",
        ),
    ],
)
def test_what_is_not_legal_is_named_with_its_line(copied: Path, file: str, old: str, new: str, where: str, fault: str):
    if file != SOURCES_FILE:
        (copied / SOURCES_FILE).write_text("sources: {}\n", encoding="utf-8")
    at = change(copied / file, old, new)

    assert refusal(copied) == f"ConfigError: {file}:{at} › {where}: {fault}"


@pytest.mark.fault("configuration")
def test_a_missing_key_is_named_with_the_line_of_its_parent(bare: Path):
    at = change(bare / CLAIMS_FILE, "    expected: lowers\n", "")
    rows = (bare / CLAIMS_FILE).read_text(encoding="utf-8").splitlines()
    parent = rows.index("  exercise:", rows.index("claims:")) + 1

    assert refusal(bare) == (f"ConfigError: {CLAIMS_FILE}:{parent} › claims › exercise › expected: this key is missing")
    assert parent < at


@pytest.mark.fault("configuration")
def test_a_headline_sample_must_be_built(bare: Path):
    change(bare / PAPER, "[all, relevant, contiguous]", "[all, contiguous]")

    assert refusal(bare) == (
        f"ConfigError: {PAPER}:{line(bare / PAPER, 'headline')} › headline: "
        "'relevant' is not among the study's samples; legal values: all, contiguous"
    )


@pytest.mark.fault("configuration")
def test_a_misspelt_extends_is_among_all_that_is_wrong(bare: Path):
    at = change(bare / TINY, "extends: demo", "extend: demo")

    lines = refusal(bare).removeprefix("ConfigError: ").splitlines()

    assert f"{TINY}:{at} › extend: unknown key; legal values: {STUDY}; nearest: 'extends'" in lines
    assert f"{TINY}:1 › world: this key is missing" in lines


@pytest.mark.fault("configuration")
def test_all_problems_of_a_file_are_reported_together(bare: Path):
    lag = change(bare / CLAIMS_FILE, "    lag: 1\n    outcome", "    lag: 0\n    outcome")
    role = change(bare / CLAIMS_FILE, "role: mediator", "role: mediation")
    key = change(bare / CLAIMS_FILE, "    why: Rivals", "    reason: Rivals")

    rivalry = line(bare / CLAIMS_FILE, "  rivalry:")
    assert refusal(bare).removeprefix("ConfigError: ").splitlines() == [
        f"{CLAIMS_FILE}:{rivalry} › controls › rivalry › why: this key is missing",
        f"{CLAIMS_FILE}:{key} › controls › rivalry › reason: unknown key; "
        "legal values: label, lag, role, variable, why",
        f"{CLAIMS_FILE}:{role} › controls › exercise › role: 'mediation' is not known; "
        "legal values: confounder, duration, geography, mediator, moderator; nearest: 'mediator'",
        f"{CLAIMS_FILE}:{lag} › claims › exercise › lag: must be greater than or equal to 1 (found 0)",
    ]


@pytest.mark.fault("worlds")
@pytest.mark.parametrize(
    ("effect", "fault"),
    [
        (
            "-5",
            "exercise: -5 would bring the risk of the most dangerous dyad, 0.205, to -4.795; "
            "it must stay between 0.001 and 0.9",
        ),
        ("yes", "must not be true or false, which YAML reads yes, no, on and off as, too"),
    ],
)
def test_an_effect_that_no_risk_can_bear_is_not_planted(bare: Path, effect: str, fault: str):
    path = own(bare, f"extends: demo\nname: mine\nsimulation:\n  effects:\n    exercise: {effect}\n")

    assert refusal(bare, path) == f"ConfigError: mine.yaml:4 › simulation › effects: {fault}"


@pytest.mark.fault("configuration")
def test_a_simulated_world_needs_its_block(bare: Path):
    override = own(bare, "extends: paper\nname: mine\nworld: simulated\n")

    assert refusal(bare, override) == ("ConfigError: mine.yaml:1 › simulation: a simulated world needs this block")


@pytest.mark.fault("configuration")
def test_an_observed_world_has_no_such_block(bare: Path):
    override = own(bare, "extends: demo\nname: mine\nworld: observed\nsimulation:\n  states: 20\n")

    assert refusal(bare, override) == (
        "ConfigError: mine.yaml:4 › simulation: an observed world must not have this block"
    )


def test_an_observed_study_may_extend_a_simulated_one(bare: Path):
    override = own(bare, "extends: demo\nname: mine\nworld: observed\nsimulation: null\n")

    assert load_project(bare, override).study("mine").simulation is None
