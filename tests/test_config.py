"""What `config/` may not say is refused before any work: file, line, key, legal values, nearest match."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from detente.cli.project import load
from detente.config import SourceFile, load_project
from detente.errors import ConfigError, DetenteError, choices
from detente.panel import catalogue

from builders import REPOSITORY, change, line, project

STUDY = (
    "abstract, claims, covariances, estimators, extends, headline, mirror, name, samples, seed, simulation, "
    "title, window, world"
)
WORLD = "base_risk, dyad_spread, effects, state_shock, states, threat_on_onset, threat_on_treatment, years"
CLAIM = "controls, design, evidence, expected, instrument, label, lag, outcome, statement, treatment"
CLAIMS = "defence_agreement, defence_pact, exercise, un_mission"
CLAIMS_IN_ORDER = ("exercise", "defence_pact", "un_mission", "defence_agreement")
CONTROLS = (
    "capability_ratio, contiguity, defence_pact, democracy, distance, exercise, major_power, peace_years, rivalry"
)
TINY, PAPER, DEMO = "config/study/tiny.yaml", "config/study/paper.yaml", "config/study/demo.yaml"
CLAIMS_FILE, SOURCES_FILE = "config/claims.yaml", "config/sources.yaml"
IDENTIFIER = "must be lower-case letters, digits and underscores, a letter first"
MAPPING = "must be a mapping of keys to values"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture
def bare(root: Path) -> Path:
    """The same without sources, for what is refused before they are looked at: reading them takes longest."""
    (root / SOURCES_FILE).write_text("sources: {}\n", encoding="utf-8")
    return root


def refusal(root: Path, override: Path | None = None) -> str:
    with pytest.raises(DetenteError) as caught:
        load(root, override)
    return f"{type(caught.value).__name__}: {caught.value}"


def own(root: Path, text: str) -> Path:
    """A study file of one's own, called mine.yaml."""
    path = root / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_configuration_is_valid(root: Path):
    assert list(load(root).studies) == ["demo", "paper", "tiny"]


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "fault"),
    [
        # Keys
        (TINY, "window:", "windov:", "windov", f"unknown key; legal values: {STUDY}; nearest: 'window'"),
        (TINY, "window:", "zzz:", "zzz", f"unknown key; legal values: {STUDY}"),
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
            "unknown key; legal values: claims, controls, smallest_effect; nearest: 'smallest_effect'",
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
            "unknown key; legal values: address, bytes, file, sha256; nearest: 'bytes'",
        ),
        (
            SOURCES_FILE,
            "    years: [1816, 2016]",
            "    years: [1816, 2016]\n    year: 1816",
            "sources › cow-state-system › year",
            "unknown key; legal values: citation, files, folder, terms, title, version, years; nearest: 'years'",
        ),
        # Values that are one of a list
        (
            PAPER,
            "covariances: [dyadic, dyad]",
            "covariances: [dyadic, dyads]",
            "covariances › 1",
            "'dyads' is not known; legal values: dyad, dyadic; nearest: 'dyad'",
        ),
        (
            PAPER,
            "samples: [all, relevant, contiguous]",
            "samples: [all, relevant, contigous]",
            "samples › 2",
            "'contigous' is not known; legal values: all, contiguous, relevant; nearest: 'contiguous'",
        ),
        (
            PAPER,
            "headline: relevant",
            "headline: 7",
            "headline",
            "7 is not known; legal values: all, contiguous, relevant",
        ),
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
        (
            PAPER,
            "[all, relevant, contiguous]",
            "[all, relevant, all]",
            "samples",
            "'all' must be listed only once",
        ),
        (
            PAPER,
            "estimators: [logit, lpm]",
            "estimators: []",
            "estimators",
            "must have at least 1 entries (found [])",
        ),
        (
            DEMO,
            "years: [1980, 2010]",
            "years: [1980, 1988]",
            "simulation › years",
            "9 years are too few for a world: use at least 10",
        ),
        # Spelling
        (PAPER, "name: paper", "name: My paper", "name", f"{IDENTIFIER} (found 'My paper')"),
        (
            CLAIMS_FILE,
            "  un_mission:\n    label",
            "  UN_mission:\n    label",
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
def test_what_is_not_legal_is_named_with_its_line(root: Path, file: str, old: str, new: str, where: str, fault: str):
    if file != SOURCES_FILE:
        (root / SOURCES_FILE).write_text("sources: {}\n", encoding="utf-8")
    at = change(root / file, old, new)

    assert refusal(root) == f"ConfigError: {file}:{at} › {where}: {fault}"


def test_a_missing_key_is_named_with_the_line_of_its_parent(bare: Path):
    at = change(bare / CLAIMS_FILE, "    expected: lowers\n", "")
    rows = (bare / CLAIMS_FILE).read_text(encoding="utf-8").splitlines()
    parent = rows.index("  exercise:", rows.index("claims:")) + 1

    assert refusal(bare) == (f"ConfigError: {CLAIMS_FILE}:{parent} › claims › exercise › expected: this key is missing")
    assert parent < at


def test_a_headline_sample_must_be_built(bare: Path):
    change(bare / PAPER, "[all, relevant, contiguous]", "[all, contiguous]")

    assert refusal(bare) == (
        f"ConfigError: {PAPER}:{line(bare / PAPER, 'headline')} › headline: "
        "'relevant' is not among the study's samples; legal values: all, contiguous"
    )


def test_a_misspelt_extends_is_among_all_that_is_wrong(bare: Path):
    at = change(bare / TINY, "extends: demo", "extend: demo")

    lines = refusal(bare).removeprefix("ConfigError: ").splitlines()

    assert f"{TINY}:{at} › extend: unknown key; legal values: {STUDY}; nearest: 'extends'" in lines
    assert f"{TINY}:1 › world: this key is missing" in lines


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


def test_a_simulated_world_needs_its_block(bare: Path):
    override = own(bare, "extends: paper\nname: mine\nworld: simulated\n")

    assert refusal(bare, override) == ("ConfigError: mine.yaml:1 › simulation: a simulated world needs this block")


def test_an_observed_world_has_no_such_block(bare: Path):
    override = own(bare, "extends: demo\nname: mine\nworld: observed\nsimulation:\n  states: 20\n")

    assert refusal(bare, override) == (
        "ConfigError: mine.yaml:4 › simulation: an observed world must not have this block"
    )


def test_an_observed_study_may_extend_a_simulated_one(bare: Path):
    override = own(bare, "extends: demo\nname: mine\nworld: observed\nsimulation: null\n")

    assert load_project(bare, override).study("mine").simulation is None


# Files


@pytest.mark.parametrize("name", ["../x.csv", "a/../../x.csv", "/etc/x.csv", "..\\x.csv", "C:\\x.csv", "C:x.csv", ""])
def test_a_raw_file_cannot_lie_outside_its_folder(name: str):
    with pytest.raises(ValueError, match=r"must stay below the source's folder: no absolute path, no '\.\.'"):
        SourceFile(file=name, address="https://x", sha256="0" * 64, bytes=1)


@pytest.mark.parametrize("name", ["x.csv", "deep/er/x.csv", "..x.csv", "x..csv"])
def test_a_raw_file_may_lie_anywhere_below_its_folder(name: str):
    assert SourceFile(file=name, address="https://x", sha256="0" * 64, bytes=1).file == name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: [mine", ":1: cannot be read as YAML (expected ',' or ']', but got '<stream end>')"),
        ("name: a\n\tb: c", ":2: cannot be read as YAML (found character '\\t' that cannot start any token)"),
        ("name: mine\nseed: 1\nname: ours\n", ":3: cannot be read as YAML ('name' is given twice)"),
        ("", f":1: {MAPPING} (found None)"),
        ("- a\n- b\n", f":1: {MAPPING} (found ['a', 'b'])"),
        (
            "extends: demoo",
            ":1 › extends: no study is called 'demoo'; legal values: demo, paper, tiny; nearest: 'demo'",
        ),
        (
            "extends: [demo]",
            ":1 › extends: no study is called ['demo']; legal values: demo, paper, tiny; nearest: 'demo'",
        ),
    ],
)
def test_a_file_that_is_no_study_is_refused(bare: Path, content: str, message: str):
    path = own(bare, content)
    if "stream end" in message or "token" in message:
        message = message.replace(":1:", f":{content.count(chr(10)) + 1}:")

    assert refusal(bare, path) == f"ConfigError: mine.yaml{message}"


def test_a_file_that_is_not_text_is_refused(bare: Path):
    (bare / "mine.yaml").write_bytes(b"name: \xff")

    assert refusal(bare, bare / "mine.yaml") == "ConfigError: mine.yaml: is not UTF-8 text (byte 6)"


def test_a_file_that_is_not_there_is_refused(root: Path):
    (root / SOURCES_FILE).unlink()

    assert refusal(root) == f"ConfigError: {SOURCES_FILE}: cannot be read (No such file or directory)"


# Studies


def test_extending_merges_mappings_and_replaces_lists(bare: Path):
    text = "extends: demo\nname: mine\nestimators: [lpm]\n"
    text += "simulation:\n  states: 9\n  effects:\n    exercise: 0.5\n"
    demo, mine = load_project(bare).study("demo"), load_project(bare, own(bare, text)).study("mine")

    assert mine.estimators == ("lpm",)
    assert demo.simulation is not None
    effects = {**demo.simulation.effects, "exercise": 0.5}
    assert mine.simulation == demo.simulation.model_copy(update={"states": 9, "effects": effects})
    assert mine.model_dump(include={"window", "seed", "claims"}) == demo.model_dump(
        include={"window", "seed", "claims"}
    )


def test_a_study_may_extend_one_that_extends_another(bare: Path):
    mine = load_project(bare, own(bare, "extends: tiny\nname: mine\nseed: 7\n")).study("mine")

    tiny = load_project(bare).study("tiny")
    assert mine == tiny.model_copy(update={"name": "mine", "seed": 7})


def test_studies_that_extend_each_other_are_refused(bare: Path):
    change(bare / DEMO, "name: demo", "extends: tiny\nname: demo")

    at = line(bare / TINY, "extends")
    assert refusal(bare) == f"ConfigError: {TINY}:{at} › extends: 'demo' extends this study in turn"


def test_a_shipped_study_is_called_like_its_file(bare: Path):
    at = change(bare / PAPER, "name: paper", "name: article")

    assert refusal(bare) == f"ConfigError: {PAPER}:{at} › name: 'article' must be the file's name, 'paper'"


def test_a_study_of_ones_own_joins_the_shipped_ones(bare: Path):
    joined = load_project(bare, own(bare, "extends: tiny\nname: mine\n"))

    assert list(joined.studies) == ["demo", "paper", "tiny", "mine"]
    assert [p.relative_to(bare).as_posix() for p in joined.files_of(joined.study("mine"))] == [
        CLAIMS_FILE,
        SOURCES_FILE,
        "mine.yaml",
        TINY,
        DEMO,
    ]


@pytest.mark.parametrize("name", ["demo", "paper", "tiny"])
def test_a_study_of_ones_own_cannot_be_called_like_a_shipped_one(bare: Path, name: str):
    override = own(bare, f"extends: paper\nseed: 7\nname: {name}\n")

    assert refusal(bare, override) == (
        f"ConfigError: mine.yaml:3 › name: {name!r} is the shipped study of config/study/{name}.yaml; "
        "choose another name"
    )


def test_a_shipped_study_may_be_named_by_its_file(bare: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(bare)

    assert list(load_project(bare, Path(PAPER)).studies) == ["demo", "paper", "tiny"]


def test_a_study_that_is_unknown_is_refused(bare: Path):
    with pytest.raises(ConfigError) as caught:
        load_project(bare).study("papr")

    assert str(caught.value) == (
        "config/study: no study is called 'papr'; legal values: demo, paper, tiny; nearest: 'paper'"
    )


# Names across files


def test_claims_effects_and_controls_that_are_not_defined_are_reported_together(bare: Path):
    control = change(bare / CLAIMS_FILE, "controls: [rivalry, democracy", "controls: [rivalri, democracy")
    effect = change(bare / DEMO, "    exercise: -0.03", "    exercize: -0.03")
    claim = change(bare / PAPER, "claims: [exercise, defence_pact", "claims: [exercise, defense_pact")

    demo = f"simulation › effects: 'exercize' is not a claim; legal values: {CLAIMS}; nearest: 'exercise'"
    assert refusal(bare).removeprefix("ConfigError: ").splitlines() == [
        f"{CLAIMS_FILE}:{control} › claims › exercise › controls: 'rivalri' is not defined under `controls`; "
        f"legal values: {CONTROLS}; nearest: 'rivalry'",
        f"{DEMO}:{effect} › {demo}",
        f"{PAPER}:{claim} › claims: 'defense_pact' is not a claim of config/claims.yaml; "
        f"legal values: {CLAIMS}; nearest: 'defence_pact'",
        f"{TINY}:{line(bare / TINY, 'simulation')} › {demo}",
    ]


@pytest.mark.parametrize(
    ("old", "new", "where", "name", "nearest"),
    [
        (
            "    treatment: exercise_any",
            "    treatment: exercise_anny",
            "claims › exercise › treatment",
            "exercise_anny",
            "exercise_any",
        ),
        (
            "    outcome: onset_gml",
            "    outcome: onset_gmi",
            "claims › exercise › outcome",
            "onset_gmi",
            "onset_gml",
        ),
        (
            "    variable: democracy_low",
            "    variable: democracy_lo",
            "controls › democracy › variable",
            "democracy_lo",
            "democracy_low",
        ),
    ],
)
def test_a_variable_that_the_panel_lacks_is_refused(
    root: Path, old: str, new: str, where: str, name: str, nearest: str
):
    at = change(root / CLAIMS_FILE, old, new)

    legal = ", ".join(sorted(catalogue()))
    assert refusal(root) == (
        f"UnknownVariable: {CLAIMS_FILE}:{at} › {where}: {name!r} is not a variable of the panel; "
        f"legal values: {legal}; nearest: {nearest!r}"
    )


@pytest.mark.parametrize(
    ("old", "new", "name", "fault"),
    [
        (
            "    lag: 2\n    label: Strategic",
            "    lag: 1\n    label: Strategic",
            "rivalry",
            "measured 1 and the treatment 1 years before the outcome; "
            "a confounder must come before the treatment: use lag 2 or more",
        ),
        (
            "    lag: 2\n    label: Strategic",
            "    lag: 0\n    label: Strategic",
            "rivalry",
            "measured 0 and the treatment 1 years before the outcome; "
            "a confounder must come before the treatment: use lag 2 or more",
        ),
        (
            "    role: confounder",
            "    role: mediator",
            "rivalry",
            "a mediator never enters a total-effect model; take it out, or give it the role it has",
        ),
        (
            "    role: confounder",
            "    role: moderator",
            "rivalry",
            "a moderator enters through an interaction, not as a control",
        ),
        (
            "    variable: rivalry\n    role: confounder\n    lag: 2",
            "    variable: onset_gml\n    role: confounder\n    lag: 1",
            "rivalry",
            "'onset_gml' is the claim's own outcome or treatment",
        ),
        (
            "    variable: peace_years",
            "    variable: peace_years_cow",
            "peace_years",
            "'peace_years_cow' counts by another coding of disputes than 'onset_gml'; use 'peace_years'",
        ),
    ],
)
def test_a_control_measured_too_late_or_in_the_wrong_role_is_refused(
    root: Path, old: str, new: str, name: str, fault: str
):
    change(root / CLAIMS_FILE, old, new)

    lines = [
        f"{CLAIMS_FILE}:{at} › claims › {claim} › controls › {name}: {fault}"
        for claim, at in controls_of(root / CLAIMS_FILE).items()
    ]
    assert refusal(root) == "RoleError: " + "\n".join(lines)


def controls_of(path: Path) -> dict[str, int]:
    """Line of every claim's list of controls."""
    rows = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return dict(zip(CLAIMS_IN_ORDER, (at for at, row in rows if row.startswith("    controls: [")), strict=True))


ONSETS = "onset_cow, onset_fatal_gml, onset_force_gml, onset_gml, onset_gml_strict"


@pytest.mark.parametrize(
    ("outcome", "nearest"),
    [
        ("new_gml", "; nearest: 'onset_gml'"),
        ("ongoing_gml", "; nearest: 'onset_gml'"),
        ("fatal_gml", "; nearest: 'onset_fatal_gml'"),
        ("fought_before", ""),
        ("distance_km", ""),
        ("peace_years", ""),
    ],
)
def test_an_outcome_must_be_an_onset_among_dyads_at_risk(root: Path, outcome: str, nearest: str):
    at = change(root / CLAIMS_FILE, "    outcome: onset_gml", f"    outcome: {outcome}")

    assert refusal(root) == (
        f"RoleError: {CLAIMS_FILE}:{at} › claims › exercise › outcome: {outcome!r} is not an onset among dyads at "
        f"risk; legal values: {ONSETS}{nearest}"
    )


GEOGRAPHY = "contiguity_type, contiguous, distance_km, land_contiguous, log_distance"


@pytest.mark.parametrize(
    ("variable", "role", "legal"),
    [
        ("ongoing_gml", "geography", GEOGRAPHY),
        ("exercise_bilateral", "geography", GEOGRAPHY),
        ("peace_years", "geography", GEOGRAPHY),
        ("ongoing_gml", "duration", "peace_years, peace_years_cow"),
        ("fought_before", "duration", "peace_years, peace_years_cow"),
        ("contiguous", "duration", "peace_years, peace_years_cow"),
    ],
)
def test_a_role_that_exempts_from_timing_is_for_variables_that_have_it(
    root: Path, variable: str, role: str, legal: str
):
    old = "    variable: rivalry\n    role: confounder\n    lag: 2"
    change(root / CLAIMS_FILE, old, f"    variable: {variable}\n    role: {role}\n    lag: 0")

    at = line(root / CLAIMS_FILE, f"    role: {role}")
    assert refusal(root) == (
        f"RoleError: {CLAIMS_FILE}:{at} › controls › rivalry › role: {variable!r} cannot be {role}; "
        f"legal values: {legal}"
    )


@pytest.mark.parametrize(
    ("variable", "role", "outcome"),
    [
        ("land_contiguous", "geography", "onset_gml"),
        ("distance_km", "geography", "onset_cow"),
        ("contiguity_type", "geography", "onset_gml_strict"),
        ("peace_years", "duration", "onset_fatal_gml"),
        ("peace_years_cow", "duration", "onset_cow"),
    ],
)
def test_a_role_that_a_variable_has_is_legal(root: Path, variable: str, role: str, outcome: str):
    path = root / CLAIMS_FILE
    text = path.read_text(encoding="utf-8").replace("    outcome: onset_gml", f"    outcome: {outcome}")
    old = "    variable: peace_years\n    role: duration"
    path.write_text(text.replace(old, f"    variable: {variable}\n    role: {role}"), encoding="utf-8")

    assert load(root).claims.controls["peace_years"].role == role


def test_a_treatment_measured_earlier_pushes_its_confounders_back(root: Path):
    change(root / CLAIMS_FILE, "    lag: 1\n    outcome", "    lag: 2\n    outcome")

    text = refusal(root)

    assert [row.split(" › ")[4].split(":")[0] for row in text.splitlines()] == [
        "rivalry",
        "democracy",
        "capability_ratio",
        "major_power",
        "defence_pact",
    ]
    assert "measured 2 and the treatment 2 years before the outcome" in text
    assert "use lag 3 or more" in text


def test_a_mediator_may_be_defined_as_long_as_no_claim_controls_for_it(root: Path):
    assert load(root).claims.controls["exercise"].role == "mediator"


# Registries


def test_an_estimator_that_is_not_registered_is_refused(root: Path):
    at = change(root / PAPER, "estimators: [logit, lpm]", "estimators: [logitt, lpm]")

    from detente.estimators import REGISTRY

    assert refusal(root) == (
        f"UnknownEstimator: {PAPER}:{at} › estimators: estimator 'logitt' is not registered; "
        f"{choices('logitt', REGISTRY)}"
    )


def test_a_fault_that_a_study_inherits_is_located_where_it_stands(root: Path):
    change(root / DEMO, "estimators: [logit, lpm]", "estimators: [logit, lpm, ols]")
    project = load_project(root)

    assert project.located(project.study("tiny"), "estimators", 2) == (
        f"{DEMO}:{line(root / DEMO, 'estimators:')} › estimators"
    )
    assert project.located(project.study("tiny"), "window") == f"{TINY}:{line(root / TINY, 'window:')} › window"


def test_a_covariance_that_the_estimator_does_not_support_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace

    from detente.estimators import REGISTRY

    monkeypatch.setitem(REGISTRY, "lpm", replace(REGISTRY["lpm"], covariances=frozenset({"dyadic"})))

    assert refusal(root) == (
        f"UnsupportedCovariance: {DEMO}:{line(root / DEMO, 'covariances:')} › covariances: 'lpm' does not support "
        "'dyad'; legal values: dyadic; nearest: 'dyadic'"
    )


def test_the_years_of_a_source_are_those_that_its_module_cleans(root: Path):
    at = change(root / SOURCES_FILE, "    years: [1980, 2010]", "    years: [1980, 2014]")

    assert refusal(root) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources › mme › years: [1980, 2014] differs from [1980, 2010], "
        "which its module cleans"
    )


def test_a_source_without_a_block_is_named(root: Path):
    content = yaml.safe_load((root / SOURCES_FILE).read_text(encoding="utf-8"))
    for slug in ("unpmm", "dcad"):
        del content["sources"][slug]
    (root / SOURCES_FILE).write_text(yaml.safe_dump(content), encoding="utf-8")

    assert refusal(root) == f"ConfigError: {SOURCES_FILE}:1 › sources: no block for dcad, unpmm"


def test_a_block_without_a_module_is_named(root: Path):
    at = change(root / SOURCES_FILE, "  rivalry:", "  rivalries:")

    slugs = (
        "atop, cow-contiguity-3.2, cow-state-system, dcad, democracy-cow, distance, gml-mid, mid-5.0, mme, "
        "nmc, rivalry, unpmm"
    )
    assert refusal(root) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources: no module cleans 'rivalries'; "
        f"legal values: {slugs}; nearest: 'rivalry'"
    )


def test_a_raw_file_that_a_module_reads_must_be_listed(root: Path):
    at = change(root / SOURCES_FILE, "- file: mme_v7.csv", "- file: mme_v8.csv") - 1

    assert refusal(root) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources › mme › files: 'mme_v7.csv' is missing; "
        "legal values: mme_v8.csv; nearest: 'mme_v8.csv'"
    )


def test_snakemake_stops_before_the_graph_with_the_same_words(root: Path):
    own(root, "extends: paper\nname: mine\nwindov: [1980, 2010]\n")
    command = [sys.executable, "-m", "snakemake", "-n", "demo", "-s", str(REPOSITORY / "Snakefile")]

    done = subprocess.run(
        [*command, "--configfile", "mine.yaml"], check=False, cwd=root, capture_output=True, text=True
    )

    message = f"ConfigError: mine.yaml:3 › windov: unknown key; legal values: {STUDY}; nearest: 'window'"
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert message in said.splitlines()
    assert "Traceback" not in said
    assert "Building DAG" not in said


def test_reading_the_configuration_alone_needs_no_registry(root: Path):
    change(root / CLAIMS_FILE, "    treatment: exercise_any", "    treatment: nothing_of_the_kind")

    assert load_project(root).claims.claims["exercise"].treatment == "nothing_of_the_kind"


def test_a_study_that_extends_another_needs_a_name_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: paper\ntitle: Mine\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_project(REPOSITORY, own)
    assert str(error.value) == "mine.yaml:1: a study that extends another needs a `name` of its own"


def test_a_study_cannot_be_called_as_a_step_of_the_workflow_is(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: paper\nname: panel\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(REPOSITORY, own)
    assert str(error.value) == "mine.yaml:2 › name: 'panel' is a step of the workflow; choose another name"


def test_the_panel_reaches_back_as_far_as_the_longest_lag() -> None:
    project = load_project(REPOSITORY)
    assert project.longest_lag(project.study("paper")) == 2
