"""The tiny study end to end: complete, idempotent, reproducible to the byte, no wider rerun than an edit deserves."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from detente.base.standby import SUPPORTED
from detente.provenance import altered

from support.workflows import checkout, other_locale, outputs, run, snakemake

pytestmark = pytest.mark.slow


ONE = {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "America/Los_Angeles"}
TWO = {"PYTHONHASHSEED": "77", "LC_ALL": other_locale(), "TZ": "Asia/Kathmandu"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of the project, in a folder whose name needs quoting, in which `snakemake tiny` has run once."""
    project = checkout(tmp_path_factory.mktemp("build") / "our $copy of detente's")
    result = snakemake(project, "tiny", **ONE)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    yield project


def planned(project: Path, *words: str) -> list[str]:
    """Rules that a dry run would run, with their counts, sorted."""
    result = snakemake(project, "tiny", "--dry-run", "--quiet", "reason", *words)
    assert result.returncode == 0, result.stdout + result.stderr
    return rules_in(result.stdout + result.stderr)


def rules_in(text: str) -> list[str]:
    """Names and counts in Snakemake's table of jobs, without targets."""
    table = (
        re.findall(r"^([a-z_]+) +(\d+)$", text.rsplit("Job stats:", maxsplit=1)[-1], flags=re.M)
        if "Job stats:" in text
        else []
    )
    return [f"{name} {count}" for name, count in sorted(set(table)) if name not in {"total", "tiny"}]


def test_the_report_is_complete(built: Path) -> None:
    report = built / "reports" / "tiny"
    names = {p.relative_to(report).as_posix() for p in report.rglob("*") if p.is_file()}
    tables = {
        f"tables/{t}.{e}"
        for t in ("sample_flow", "descriptives", "effects", "main", "samples", "coverage")
        for e in ("html", "tex", "csv")
    }
    figures = {
        f"figures/{f}.{e}" for f in ("coefficients", "timeline", "partners", "raw_risk") for e in ("svg", "pdf", "png")
    }
    rest = {
        "paper.pdf",
        "index.html",
        "numbers.json",
        "estimates.csv",
        "sample_flow.csv",
        "recovery.csv",
        "manifest.json",
    }
    assert tables | figures | rest <= names
    assert not [p for p in report.rglob("*") if p.is_file() and p.stat().st_size == 0]


@pytest.mark.fault("whole workflow")
def test_hash_seed_locale_time_zone_umask_cores_and_folder_change_no_byte(scratch: Path, tmp_path: Path) -> None:
    """Of the study and of its robustness, the first in a checkout that was moved between the two."""
    if not shutil.which("git"):
        pytest.skip("git is not at hand")
    second = checkout(tmp_path / "a longer way/to the second folder")
    run(scratch, "snakemake", "robustness_tiny", "--cores", "2", umask=0o022, **ONE)
    # Without hooks, each step starts by itself instead of being forked.
    run(second, "snakemake", "tiny", "--cores", "1", "--no-hooks", umask=0o077, **TWO)
    run(second, "snakemake", "robustness_tiny", "--cores", "1", umask=0o077, **TWO)
    left, right = outputs(scratch), outputs(second)
    assert "reports/tiny/claims_ledger.csv" in left
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []
    # Whatever a step wrote is an output of the workflow.
    assert altered(scratch) == {}

    # The manifests differ in what was measured: times, memory.
    shutil.copy2(scratch / "reports/tiny/manifest.json", second / "reports/tiny/manifest.json")
    packages = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for package, folder, environment in zip(packages, (scratch, second), (ONE, TWO), strict=True):
        path = str(folder / "workflow/src")
        run(folder, "detente", "package", "--study", "tiny", "--out", str(package), PYTHONPATH=path, **environment)
    assert packages[0].read_bytes() == packages[1].read_bytes()


@pytest.mark.skipif(not SUPPORTED, reason="steps are forked on Linux alone")
def test_steps_are_forked_from_one_process_that_ends_with_the_workflow(scratch: Path) -> None:
    call = [sys.executable, "-m", "snakemake", "tiny", "--cores", "2", "--forcerun", "describe"]
    workflow = subprocess.Popen(call, cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    forked = 0
    while workflow.poll() is None:
        # A fork has the words of the process that it was forked from.
        forked = max(forked, len(standing_by(scratch)) - 1)
        time.sleep(0.01)
    assert workflow.returncode == 0
    assert forked > 0
    while standing_by(scratch):
        time.sleep(0.01)


def standing_by(project: Path) -> list[str]:
    """Processes on standby, and their forks, that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # It may end meanwhile.
        with suppress(OSError):
            if b"detente.cli.standby" in (process / "cmdline").read_bytes() and (process / "cwd").samefile(project):
                found.append(process.name)
    return found


def test_estimates_are_tidy_rows_under_both_covariances(built: Path) -> None:
    rows = pd.read_csv(built / "reports" / "tiny" / "estimates.csv")
    asked = {"spec_id", "claim", "term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
             "nobs", "dyads", "states", "events", "vcov", "ssc", "converged"}  # fmt: skip
    assert asked <= set(rows.columns)
    assert set(rows["vcov"]) == {"dyadic", "dyad"}
    assert rows.loc[rows["estimator"] == "lpm", "reference_gap"].max() < 1e-8


def test_planted_effects_stand_beside_estimates(built: Path) -> None:
    recovery = pd.read_csv(built / "reports" / "tiny" / "recovery.csv")
    scored = ["covered", "sign", "verdict", "right"]
    assert list(recovery.columns) == ["claim", "planted", "estimate", "std_error", *scored]
    truth = json.loads((built / "data/processed/tiny/truth.json").read_text())["effects"]
    assert dict(zip(recovery["claim"], recovery["planted"], strict=True)) == truth


def test_the_simulated_world_says_so_everywhere(built: Path) -> None:
    report = built / "reports" / "tiny"
    for path in [*report.glob("tables/*.html"), *report.glob("tables/*.tex"), report / "index.html"]:
        assert "SIMULATED WORLD" in path.read_text("utf-8"), path.name


def test_the_manifest_records_what_went_in_and_came_out(built: Path) -> None:
    manifest = manifest_of(built)
    assert set(manifest) == {
        *("commit", "dirty", "seed", "versions", "study", "machine", "config", "lock", "raw"),
        *("processed", "exhibits", "columns", "lineage", "steps"),
    }
    assert manifest["seed"] == manifest["study"]["seed"]
    raw = [p for p in (built / "data/simulated/tiny").rglob("*") if p.is_file()]
    assert sorted(manifest["raw"].values()) == sorted(sha256(p) for p in raw)
    settings = (
        *("config/claims.yaml", "config/hypotheses.yaml", "config/samples.yaml", "config/sources.yaml"),
        *("config/study/tiny.yaml", "config/study/demo.yaml"),
    )
    assert manifest["config"] == {name: sha256(built / name) for name in settings}
    assert manifest["lock"] == {"requirements.lock": sha256(built / "requirements.lock")}


def test_the_manifest_lists_every_product_and_the_time_of_every_step(built: Path) -> None:
    manifest, report, processed = manifest_of(built), built / "reports/tiny", built / "data/processed/tiny"
    shown = [p for p in report.rglob("*") if p.is_file() and p.name != "manifest.json"]
    assert manifest["exhibits"] == {p.relative_to(report).as_posix(): sha256(p) for p in shown}
    made = [*processed.rglob("*.parquet"), processed / "codebook.csv", processed / "truth.json"]
    assert manifest["processed"] == {p.relative_to(processed).as_posix(): sha256(p) for p in made}
    assert set(manifest["steps"]) == {p.stem for p in (processed / "logs").glob("*.log")} - {"manifest"}
    for taken in manifest["steps"].values():
        assert taken["processor_seconds"] > 0 and taken["seconds"] > 0 and taken["peak_mb"] > 50


def test_the_manifest_knows_the_version_of_every_direct_dependency(built: Path) -> None:
    project = tomllib.loads((built / "pyproject.toml").read_text("utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["paper"]]
    names = {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in listed}
    assert set(manifest_of(built)["versions"]) == {"detente", *names}


def manifest_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "reports/tiny/manifest.json").read_text("utf-8"))
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.fault("whole workflow")
def test_no_output_names_a_place_of_this_machine(built: Path) -> None:
    for name, content in outputs(built).items():
        if not name.endswith((".parquet", ".png")):
            assert str(built).encode() not in content, name


def test_a_second_run_has_nothing_to_do(built: Path) -> None:
    result = snakemake(built, "tiny")
    assert result.returncode == 0
    assert "Nothing to be done" in result.stdout + result.stderr


def test_touching_every_file_reruns_nothing(built: Path) -> None:
    for path in (built / "workflow").rglob("*.py"):
        path.touch()
    assert planned(built) == []


@pytest.fixture
def edited(built: Path) -> Iterator[Path]:
    """The built project, put back as it was after an edit."""
    kept = {p: p.read_bytes() for place in ("config", "workflow") for p in (built / place).rglob("*") if p.is_file()}
    yield built
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_editing_one_claim_reruns_its_estimates_and_what_shows_claims(edited: Path) -> None:
    change(edited / "config/claims.yaml", "controls: [rivalry, democracy, capability_ratio, major_power, contiguity",
           "controls: [rivalry, capability_ratio, major_power, contiguity")  # fmt: skip
    found = planned(edited)
    assert "estimate 2" in found
    assert not {"clean", "panel", "simulate_tiny"} & {f.split()[0] for f in found}


def test_editing_a_source_module_reruns_that_source_and_what_follows(edited: Path) -> None:
    with (edited / "workflow/src/detente/data/sources/discord/rivalry.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nUNUSED = 1\n")
    found = planned(edited)
    assert "clean 1" in found
    assert "panel 1" in found
    assert "simulate_tiny" not in {f.split()[0] for f in found}


def test_editing_an_estimator_reruns_just_its_estimates_first(edited: Path) -> None:
    with (edited / "workflow/src/detente/stats/likelihood/binary.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nUNUSED = 1\n")
    found = planned(edited)
    assert "estimate 4" in found
    assert not {"clean", "panel", "describe"} & {f.split()[0] for f in found}


def test_editing_a_template_reruns_only_publishing(edited: Path) -> None:
    with (edited / "workflow/report/paper.md.j2").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert planned(edited) == ["manifest 1", "publish 1"]


@pytest.mark.parametrize("name", ["config/claims.yaml", "config/study/demo.yaml"])
def test_a_comment_in_the_configuration_changes_the_manifest_alone(edited: Path, name: str) -> None:
    path = edited / name
    path.write_text(path.read_text("utf-8") + "# A comment.\n", encoding="utf-8")
    assert planned(edited) == ["manifest 1"]


def test_an_exhibit_that_is_edited_reruns_no_estimate(edited: Path) -> None:
    with (edited / "workflow/src/detente/report/figures/partners.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nUNUSED = 1\n")
    found = {f.split()[0] for f in planned(edited)}
    assert "figures_tiny" in found
    assert not {"estimate", "collect", "describe"} & found


def test_another_studys_file_reruns_nothing_wherever_it_lies(edited: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: tiny\nname: mine\nseed: 7\n", encoding="utf-8")
    assert planned(edited, "--configfile", str(own)) == []
    inside = edited / "config/study/mine.yaml"
    inside.write_text(own.read_text("utf-8"), encoding="utf-8")
    try:
        assert planned(edited) == []
        assert planned(edited, "--configfile", str(inside)) == []
    finally:
        inside.unlink()


@pytest.mark.fault("whole workflow")
def test_a_misspelled_key_stops_the_run_before_it_starts(edited: Path) -> None:
    change(edited / "config/study/tiny.yaml", "window:", "windov:")
    result = snakemake(edited, "tiny", "--dry-run")
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert "windov: unknown key" in text
    assert "nearest: 'window'" in text
    assert "Traceback" not in text


@pytest.fixture
def scratch(built: Path, tmp_path: Path) -> Path:
    """A copy of the built project that a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "scratch copy"))


@pytest.mark.fault("whole workflow")
def test_a_raw_file_that_changed_stops_its_cleaning_by_name(scratch: Path) -> None:
    raw = "data/simulated/tiny/rivalry/tss_rivalries.rda"
    (scratch / raw).write_bytes(b"not R data")
    words = [
        "--source",
        "rivalry",
        "--receipts",
        "data/processed/tiny/raw",
        "--tidy",
        "x.parquet",
        "--attrition",
        "y.parquet",
    ]
    call = [sys.executable, "-m", "detente", "clean", *words]
    result = subprocess.run(call, cwd=scratch, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"{raw}: changed since it was verified" in result.stderr
    assert "raw files are never edited: put the original back" in result.stderr


TIDY = "data/processed/tiny/tidy/rivalry.parquet"
ESTIMATES = "data/processed/tiny/estimates.parquet"


@pytest.mark.fault("whole workflow")
@pytest.mark.parametrize(
    "path", ["data/simulated/tiny/rivalry/tss_rivalries.rda", TIDY, "reports/tiny/tables/main.tex"]
)
def test_a_product_that_was_altered_is_made_again_with_what_follows(scratch: Path, path: str) -> None:
    stat = (scratch / path).stat()
    (scratch / path).write_bytes(b"x" * stat.st_size)
    os.utime(scratch / path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    result = snakemake(scratch, "tiny", "--dry-run", "--quiet", "reason")
    text = result.stdout + result.stderr
    assert f"{path}: changed since it was made; made again where it is needed" in text
    found = {f.split()[0] for f in rules_in(text)}
    made = {"reports/tiny/tables/main.tex": "tables_tiny", TIDY: "clean"}.get(path, "simulate_tiny")
    assert {made, "manifest"} <= found
    assert ("estimate" in found) is not path.startswith("reports")


@pytest.mark.fault("whole workflow")
def test_an_altered_product_has_its_own_bytes_again_after_one_build(scratch: Path) -> None:
    good = (scratch / ESTIMATES).read_bytes()
    (scratch / ESTIMATES).write_bytes(b"")
    assert snakemake(scratch, ESTIMATES).returncode == 0
    assert (scratch / ESTIMATES).read_bytes() == good
    assert "Nothing to be done" in (second := snakemake(scratch, ESTIMATES)).stdout + second.stderr


@pytest.mark.fault("whole workflow")
def test_what_was_deleted_is_made_again_though_what_follows_is_there(scratch: Path) -> None:
    (scratch / TIDY).unlink()
    assert "clean 1" in planned(scratch)


@pytest.mark.fault("whole workflow")
def test_damaged_records_of_snakemake_have_their_products_made_again(scratch: Path) -> None:
    for content in (b"", b"\xff\xfe\x00", b"5"):
        for record in (scratch / ".snakemake/metadata").iterdir():
            if json.loads(record.read_text("utf-8"))["rule"] == "recovery":
                record.write_bytes(content)
                break
        assert "recovery 1" in planned(scratch)
        assert snakemake(scratch, "reports/tiny/recovery.csv").returncode == 0


@pytest.mark.fault("whole workflow")
def test_a_study_file_that_is_moved_into_the_project_reruns_no_step_that_read_it(scratch: Path) -> None:
    (scratch / "mine.yaml").write_text("extends: tiny\nname: mine\nseed: 7\nclaims: [exercise]\n", "utf-8")
    target = "data/processed/mine/truth.json"
    assert snakemake(scratch, target, "--configfile", "mine.yaml").returncode == 0
    shutil.move(scratch / "mine.yaml", scratch / "config/study/mine.yaml")
    moved = snakemake(scratch, target)
    assert "Nothing to be done" in moved.stdout + moved.stderr


@pytest.mark.fault("whole workflow")
def test_a_file_that_no_commit_has_reruns_nothing(scratch: Path) -> None:
    (scratch / "notes.txt").write_text("1", "utf-8")
    assert planned(scratch) == []


@pytest.mark.fault("whole workflow")
def test_what_lies_about_is_not_in_the_manifest(scratch: Path) -> None:
    before = manifest_of(scratch)
    for name in ("reports/tiny/tables/old.csv", "data/processed/tiny/estimates/old.logit.parquet"):
        (scratch / name).write_text("old", encoding="utf-8")

    assert snakemake(scratch, "reports/tiny/manifest.json", "--force").returncode == 0

    after = manifest_of(scratch)
    assert after["exhibits"] == before["exhibits"]
    assert after["processed"] == before["processed"]
    assert after["steps"] == before["steps"]


@pytest.fixture
def observed(scratch: Path) -> Path:
    """A project whose observed record is the tiny world's raw files, pinned by their checksums, in a mirror."""
    sources = yaml.safe_load((scratch / "config/sources.yaml").read_text("utf-8"))
    shutil.copytree(scratch / "data/simulated/tiny", scratch / "our mirror")
    joined = yaml.safe_load((scratch / "config/study/demo.yaml").read_text("utf-8"))["sources"]
    for slug in joined:
        for pin in sources["sources"][slug]["files"]:
            content = (scratch / "our mirror" / slug / pin["file"]).read_bytes()
            pin |= {
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "address": "http://127.0.0.1:9/x",
            }
    (scratch / "config/sources.yaml").write_text(yaml.safe_dump(sources), "utf-8")
    own = "extends: tiny\nname: mini\nworld: observed\nsimulation:\nmirror: our mirror\n"
    (scratch / "own study.yaml").write_text(own, "utf-8")
    return scratch


RECEIPT = "data/processed/mini/raw/mme.json"


def acquired(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return snakemake(project, RECEIPT, "--configfile", "own study.yaml", *words, DETENTE_MIRROR="")


@pytest.mark.fault("whole workflow")
def test_an_observed_study_takes_its_files_from_the_mirror_and_notices_damage(observed: Path) -> None:
    assert acquired(observed).returncode == 0
    raw = observed / "data/raw/mme/mme_v7.csv"
    assert raw.read_bytes() == (observed / "our mirror/mme/mme_v7.csv").read_bytes()
    assert "Nothing to be done" in acquired(observed).stdout + acquired(observed).stderr

    raw.write_bytes(raw.read_bytes() + b"\n")
    result = acquired(observed)
    assert result.returncode != 0
    assert "data/raw/mme/mme_v7.csv" in result.stdout + result.stderr
    assert "wrong bytes" in result.stdout + result.stderr

    raw.unlink()
    assert acquired(observed).returncode == 0
    assert raw.is_file()


@pytest.mark.fault("whole workflow")
def test_without_raw_files_the_build_stops_before_any_work_and_names_the_ways_on(observed: Path) -> None:
    shutil.rmtree(observed / "our mirror")
    result = acquired(observed)
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert text.count("mme_v7.csv") >= 1
    assert "DETENTE_MIRROR" in text
    assert not list((observed / "data").glob("raw/*/*.csv"))
    assert not (observed / "data/processed/mini/tidy").exists()


def test_snakemake_report_builds_with_captions(built: Path) -> None:
    result = snakemake(built, "tiny", "--report", "report.html")
    assert result.returncode == 0, result.stderr[-2000:]
    text = (built / "report.html").read_text("utf-8")
    for word in ("Figures", "Tables", "coefficients"):
        assert word in text


def test_a_study_of_ones_own_builds_under_its_own_name(built: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine, for now.yaml"
    own.write_text("extends: tiny\nname: mine\ntitle: Mine\nclaims: [exercise]\n", encoding="utf-8")
    result = snakemake(built, "mine", "--configfile", str(own), "--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "estimate 2" in rules_in(result.stdout + result.stderr)
