"""What `config/` names must be registered, and what is registered must stand in `config/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from detente.base.errors import choices
from detente.data.sources import REGISTRY
from detente.study.config.project import load_project
from detente.study.project import load

from support.builders import REPOSITORY, change, line
from support.configured import CLAIMS_FILE, DEMO, PAPER, SOURCES_FILE, STUDY, TINY, own, refusal

# Registries


@pytest.mark.fault("configuration")
def test_an_estimator_that_is_not_registered_is_refused(copied: Path):
    at = change(copied / PAPER, "estimators: [logit, lpm]", "estimators: [logitt, lpm]")

    from detente.stats.registry import REGISTRY

    assert refusal(copied) == (
        f"UnknownEstimator: {PAPER}:{at} › estimators: estimator 'logitt' is not registered; "
        f"{choices('logitt', REGISTRY)}"
    )


@pytest.mark.fault("configuration")
def test_a_fault_that_a_study_inherits_is_located_where_it_stands(copied: Path):
    change(copied / DEMO, "estimators: [logit, lpm]", "estimators: [logit, lpm, ols]")
    project = load_project(copied)

    assert project.located(project.study("tiny"), "estimators", 2) == (
        f"{DEMO}:{line(copied / DEMO, 'estimators:')} › estimators"
    )
    assert project.located(project.study("tiny"), "window") == f"{TINY}:{line(copied / TINY, 'window:')} › window"


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("window", [(1980, 2025), (1815, 2010)])
def test_a_window_outside_the_state_system_is_refused_before_any_work(window: tuple[int, int], copied: Path):
    at = change(copied / PAPER, "window: [1980, 2010]", f"window: [{window[0]}, {window[1]}]")

    assert refusal(copied) == (
        f"ConfigError: {PAPER}:{at} › window: window {window[0]}–{window[1]} lies outside the state system's years, "
        "1816–2024"
    )


@pytest.mark.fault("configuration")
def test_a_covariance_that_the_estimator_does_not_support_is_refused(copied: Path, monkeypatch: pytest.MonkeyPatch):
    from dataclasses import replace

    from detente.stats.registry import REGISTRY

    monkeypatch.setitem(REGISTRY, "lpm", replace(REGISTRY["lpm"], covariances=frozenset({"dyadic"})))

    assert refusal(copied) == (
        f"UnsupportedCovariance: {DEMO}:{line(copied / DEMO, 'vcov:')} › vcov: estimator 'lpm' does not "
        "support covariance 'dyad'; legal values: dyadic, dyadic_jackknife, jackknife; nearest: 'dyadic'"
    )


def test_the_years_of_a_source_are_those_that_its_module_cleans(copied: Path):
    at = change(copied / SOURCES_FILE, "    years: [1980, 2010]", "    years: [1980, 2014]")

    assert refusal(copied) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources › mme › years: [1980, 2014] differs from [1980, 2010], "
        "which its module cleans"
    )


@pytest.mark.fault("configuration")
def test_a_source_without_a_block_is_named(copied: Path):
    content = yaml.safe_load((copied / SOURCES_FILE).read_text(encoding="utf-8"))
    for slug in ("vdem", "tamm"):
        del content["sources"][slug]
    (copied / SOURCES_FILE).write_text(yaml.safe_dump(content), encoding="utf-8")

    assert refusal(copied) == f"ConfigError: {SOURCES_FILE}:1 › sources: no block for tamm, vdem"


@pytest.mark.fault("configuration")
def test_a_block_without_a_module_is_named(copied: Path):
    at = change(copied / SOURCES_FILE, "  troopdata:", "  troops-data:")

    assert refusal(copied) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources: no module cleans 'troops-data'; "
        f"legal values: {len(REGISTRY)} of them; nearest: 'troopdata'"
    )


@pytest.mark.fault("configuration")
def test_a_raw_file_that_a_module_reads_must_be_listed(copied: Path):
    at = change(copied / SOURCES_FILE, "- file: mme_v7.csv", "- file: mme_v8.csv") - 1

    assert refusal(copied) == (
        f"ConfigError: {SOURCES_FILE}:{at} › sources › mme › files: 'mme_v7.csv' is missing; "
        "legal values: mme_v8.csv; nearest: 'mme_v8.csv'"
    )


# Sources of a study


@pytest.mark.fault("configuration")
def test_a_source_that_a_study_lists_and_nobody_knows_is_named(bare: Path):
    at = change(bare / PAPER, "  - unpmm", "  - unpm")

    slugs = ", ".join(sorted(load_project(REPOSITORY).study("paper").sources))
    assert refusal(bare) == (
        f"ConfigError: {PAPER}:{at} › sources: 'unpm' is not a source; legal values: {slugs}; nearest: 'unpmm'"
    )


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        ("[mme, atop, mme]", "'mme' must be listed only once"),
        ("[]", "must have at least 1 entries (found [])"),
        ("mme", "must be a list (found 'mme')"),
    ],
)
def test_a_list_of_sources_names_each_once(bare: Path, sources: str, fault: str):
    override = own(bare, f"extends: paper\nname: mine\nsources: {sources}\n")

    assert refusal(bare, override) == f"ConfigError: mine.yaml:3 › sources: {fault}"


@pytest.mark.fault("configuration")
def test_a_study_without_sources_is_refused(bare: Path):
    path = bare / PAPER
    listed = "".join(f"  - {slug}\n" for slug in load_project(bare).study("paper").sources)
    change(path, f"sources:\n{listed}", "")

    assert refusal(bare) == f"ConfigError: {PAPER}:1 › sources: this key is missing"


@pytest.mark.fault("configuration")
def test_a_simulated_study_joins_no_source_that_its_world_does_not_write(copied: Path):
    at = change(copied / DEMO, "  - dcad\n", "  - dcad\n  - vdem\n")

    assert refusal(copied) == f"ConfigError: {DEMO}:{at} › sources: the simulated world writes no 'vdem'; take it out"


def test_an_observed_study_may_join_what_no_world_writes(copied: Path):
    change(copied / PAPER, "  - dcad\n", "  - dcad\n  - vdem\n")

    assert "vdem" in load(copied).study("paper").sources


def test_a_simulated_study_may_join_another_reading_of_a_file_that_its_world_writes(copied: Path):
    change(copied / DEMO, "  - dcad\n", "  - dcad\n  - gml-mid-initiation\n")

    assert "gml-mid-initiation" in load(copied).study("tiny").sources


@pytest.mark.parametrize(
    ("slug", "variable"),
    [
        ("dcad", "defence_agreement"),
        ("nmc", "capability_ratio"),
        ("mme", "exercise_any"),
        ("cow-contiguity-3.2", "contiguous"),
    ],
)
def test_a_study_joins_the_sources_of_its_claims_controls_and_samples(copied: Path, slug: str, variable: str):
    change(copied / PAPER, f"  - {slug}\n", "")

    at = line(copied / PAPER, "sources:")
    assert refusal(copied) == (
        f"ConfigError: {PAPER}:{at} › sources: {variable!r} is made from {slug}, which the study does not join"
    )


def test_a_source_of_no_claim_need_not_be_joined(copied: Path):
    override = own(
        copied,
        "extends: paper\nname: mine\nclaims: [exercise]\nsources:\n"
        + "".join(f"  - {s}\n" for s in load_project(copied).study("paper").sources if s not in ("dcad", "unpmm")),
    )

    assert "dcad" not in load(copied, override).study("mine").sources


@pytest.mark.parametrize(
    ("slug", "rules", "fault"),
    [
        ("rivalry", "[fatality, lowest dispute]", "this source has no dyad-year with several disputes; take it out"),
        (
            "mid-5.0-participants",
            "[fatalty, lowest dispute]",
            "no rule is called 'fatalty'; legal values: dispute, fatality, hostility, longest_duration, "
            "lowest dispute, lowest fatality, lowest hostility, lowest longest_duration, lowest onset, "
            "lowest originators, lowest shortest_duration, lowest start, onset, originators, shortest_duration, start; "
            "nearest: 'fatality'",
        ),
        (
            "mid-5.0-participants",
            "[onset, fatality]",
            "the order ends with 'fatality', which can leave ties; end it with 'lowest dispute' or 'dispute'",
        ),
    ],
)
def test_whittling_is_for_sources_with_several_disputes_and_by_rules_that_exist(
    copied: Path, slug: str, rules: str, fault: str
):
    at = whittled(copied / SOURCES_FILE, slug, rules)

    assert refusal(copied) == f"ConfigError: {SOURCES_FILE}:{at} › sources › {slug} › whittle: {fault}"


def whittled(path: Path, slug: str, rules: str) -> int:
    """Give a source other rules; returns the number of their line."""
    rows = path.read_text(encoding="utf-8").splitlines()
    start = rows.index(f"  {slug}:")
    end = next((i for i in range(start + 1, len(rows)) if not rows[i].startswith("    ")), len(rows))
    block = [row for row in rows[start + 1 : end] if not row.startswith("    whittle:")]
    path.write_text("\n".join([*rows[: start + 1], f"    whittle: {rules}", *block, *rows[end:]]), encoding="utf-8")
    return start + 2


# The command line


@pytest.mark.fault("configuration")
def test_snakemake_stops_before_the_graph_with_the_same_words(copied: Path):
    own(copied, "extends: paper\nname: mine\nwindov: [1980, 2010]\n")
    command = [sys.executable, "-m", "snakemake", "-n", "demo", "-s", str(REPOSITORY / "Snakefile")]

    done = subprocess.run(
        [*command, "--configfile", "mine.yaml"], check=False, cwd=copied, capture_output=True, text=True
    )

    message = f"ConfigError: mine.yaml:3 › windov: unknown key; legal values: {STUDY}; nearest: 'window'"
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert message in said.splitlines()
    assert "Traceback" not in said
    assert "Building DAG" not in said


def test_reading_the_configuration_alone_needs_no_registry(copied: Path):
    change(copied / CLAIMS_FILE, "    treatment: exercise_any", "    treatment: nothing_of_the_kind")

    assert load_project(copied).claims.claims["exercise"].treatment == "nothing_of_the_kind"
