"""What rules read, write and depend on: computed from the configuration, tested without Snakemake."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from snakemake.rules import Rule

from detente.base.code import PACKAGE
from detente.base.errors import ConfigError
from detente.plan import Plan, RobustnessPlan, StudyPlan, alternatives, command, fitting
from detente.plan.checking import check_system
from detente.plan.workflow import is_quick
from detente.replicate import read_publications
from detente.stats import REGISTRY, get
from detente.study.multiverse import grids_of
from detente.study.multiverse.outline import outline

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(ROOT, None, ValueError)


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_name_that_a_rule_asks_for_is_in_the_plan(plan: Plan) -> None:
    for path in RULES:
        text = path.read_text("utf-8")
        kinds = {"STUDY": StudyPlan, "ROBUSTNESS": RobustnessPlan, "REPLICATION": type(plan.replication), "PLAN": Plan}
        for namespace, kind in kinds.items():
            for name in re.findall(rf"\b{namespace}\.(?:of\(name\)\.)?(?!of\b)(\w+)", text):
                assert hasattr(kind, name) or name in vars(plan), name


def test_rules_hold_no_logic() -> None:
    for path in RULES:
        lines = path.read_text("utf-8").splitlines()
        assert not [line for line in lines if re.search(r"\blambda\b", line)], path.name
        assert path.name == "common.smk" or not [line for line in lines if re.match(r"\s*def ", line)], path.name


def test_a_source_is_cleaned_from_its_own_files_and_those_that_name_its_states(plan: Plan) -> None:
    assert plan.study.raw({"study": "tiny", "slug": "mme"}) == [
        "data/processed/tiny/raw/cow-state-system.json",
        "data/processed/tiny/raw/mme.json",
    ]


def test_rows_are_promised_of_observed_files_alone(plan: Plan) -> None:
    assert plan.study.promised({"study": "paper", "slug": "dcad"}) == "--rows 11272"
    assert plan.study.promised({"study": "tiny", "slug": "dcad"}) == ""


def test_a_simulated_world_has_a_truth_and_an_observed_one_none(plan: Plan) -> None:
    assert plan.studies["tiny"].truth_option() == "--truth data/processed/tiny/truth.json"
    assert plan.studies["paper"].truth_option() == ""
    assert {"tiny", "demo"} <= set(plan.simulated) and "paper" in plan.observed


def test_files_of_a_stage_are_named_for_all_that_its_pattern_has_a_field_for(plan: Plan) -> None:
    tiny, robustness = plan.studies["tiny"], plan.robustness_of["tiny"]
    assert tiny.estimates() == [
        f"data/processed/tiny/estimates/{claim}.{estimator}.parquet"
        for claim in tiny.study.claims
        for estimator in tiny.study.estimators
    ]
    assert tiny.files("one.csv", "{slug}/{event}.csv")[:2] == [
        "data/processed/tiny/one.csv",
        f"data/processed/tiny/{tiny.slugs[0]}/{tiny.events[0]}.csv",
    ]
    assert robustness.examinations()[:2] == [
        f"data/processed/tiny/robustness/examined/{robustness.claims[0]}/{frame}.parquet"
        for frame in plan.examined_frames[:2]
    ]
    assert plan.studies["paper"].truth() == plan.studies["paper"].coverage() == []


def test_a_rule_gives_a_plan_the_wildcards_that_it_takes_and_no_others(plan: Plan) -> None:
    assert plan.study.tables({"study": "tiny", "slug": "mme"}) == plan.studies["tiny"].tables()
    assert plan.study.of("tiny").seed({}) == json.dumps({"seed": plan.studies["tiny"].study.seed})
    assert plan.study.cleaning_code({"study": "tiny", "slug": "mme"}) == plan.studies["tiny"].cleaning_code("mme")


def test_a_study_file_from_outside_stands_in_the_commands_of_its_study_alone(tmp_path: Path) -> None:
    path = own(tmp_path, "extends: tiny\nname: mine\n")
    plan = Plan(ROOT, path, ValueError)
    assert plan.studies["mine"].arguments().endswith("mine.yaml")
    assert "override" not in plan.studies["tiny"].arguments()


def test_where_a_study_file_lies_is_no_parameter_that_snakemake_compares(plan: Plan) -> None:
    assert Rule._is_deriving_function(plan.study.arguments)
    assert Rule._is_deriving_function(plan.robustness.of("tiny").arguments)
    assert not Rule._is_deriving_function(plan.study.shown)
    assert plan.study.of("tiny").arguments({}, []) == plan.studies["tiny"].arguments()


def test_a_target_names_all_that_a_study_is_made_of(plan: Plan) -> None:
    tiny, robustness = plan.studies["tiny"], plan.robustness_of["tiny"]
    assert {*tiny.products(), *tiny.receipts(), *tiny.simulated_raw()} < set(tiny.made())
    assert {
        *robustness.products(),
        *robustness.shards(),
        *robustness.examinations(),
        *robustness.tidy("dyad-year"),
    } < set(robustness.made())
    assert robustness.made_for_appendix() == []
    of_paper = plan.robustness_of["paper"]
    assert {*of_paper.of_appendix(), *of_paper.shards()} <= set(of_paper.made_for_appendix())
    assert not {"reports/paper/robustness.html", *of_paper.tables()} & set(of_paper.made_for_appendix())


def test_the_site_of_a_study_has_a_page_and_the_specifications_of_each_claim_that_it_examines(plan: Plan) -> None:
    tiny = plan.robustness_of["tiny"]
    files = tiny.site()
    assert len(files) == len(set(files))
    assert {"reports/tiny/site/index.html", "reports/tiny/site/data/exercise.js"} <= set(files)
    assert {f"reports/tiny/site/claims/{claim.id}.html" for claim in tiny.project.claims.every} <= set(files)
    assert {"reports/tiny/robustness/curve.exercise.png", *tiny.examinations()[:1]} <= {*tiny.site_frames()}
    assert "workflow/src/detente/report/figures/influence.py" in tiny.site_code()


def test_what_a_shipped_study_depends_on_does_not_change_with_a_file_from_outside(plan: Plan, tmp_path: Path) -> None:
    other = Plan(ROOT, own(tmp_path, "extends: tiny\nname: mine\nseed: 5\n"), ValueError)
    for study in ("tiny", "paper"):
        mine, theirs = plan.studies[study], other.studies[study]
        for name in ("arguments", "records", "world", "described", "collected", "covered", "shown", "seed", "products"):
            assert getattr(mine, name)() == getattr(theirs, name)(), name


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("name", ["panel", "clean", "robustness_manifest", "replicate"])
def test_a_study_cannot_be_called_as_a_step_of_the_workflow_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        Plan(ROOT, own(tmp_path, f"extends: paper\nname: {name}\n"), ValueError)
    assert str(error.value) == f"mine.yaml:2 › name: {name!r} is a step of the workflow; choose another name"


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("name", ["robustness_tiny", "acquire_paper", "tables_demo"])
def test_a_study_cannot_be_called_as_a_target_of_another(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mine.yaml:2 › name: .* is a target of study '(tiny|paper|demo)'"):
        Plan(ROOT, own(tmp_path, f"extends: paper\nname: {name}\n"), ValueError)


@pytest.mark.fault("configuration")
def test_a_wrong_grid_is_refused_in_the_workflows_words(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    path = tmp_path / "config/multiverse.yaml"
    path.write_text(path.read_text("utf-8").replace("nodes:", "nodess:", 1), encoding="utf-8")
    plan = Plan(tmp_path, None, RuntimeError)
    with pytest.raises(RuntimeError, match=r"ConfigError: config/multiverse.yaml"):
        plan.robustness.panels_of({"study": "tiny", "claim": "exercise"})


def test_the_robustness_of_a_study_joins_what_its_panels_need_and_no_more(plan: Plan) -> None:
    robustness = plan.robustness_of["tiny"]
    assert set(robustness.slugs) <= set(plan.project.sources)
    assert "cow-state-system" in robustness.slugs
    units = {Path(file).stem for claim in robustness.claims for file in robustness.panels_of(claim)}
    assert set(robustness.units) == units
    joined = {Path(file).stem for unit in units for file in robustness.tidy(unit)}
    assert set(robustness.slugs) == joined


def test_shards_hold_each_specification_once_and_say_what_they_cost(plan: Plan) -> None:
    robustness = plan.robustness_of["tiny"]
    (claim, *_) = robustness.claims
    (grid,) = grids_of(plan.project, plan.project.study("tiny"), [claim])
    said = json.loads(robustness.sizes())[claim]
    assert len(said) == len(robustness.shards_of(claim)) == len(grid.shards())
    assert said == [[len(part), grid.cost(part)] for part in grid.shards()]
    assert sum(count for count, _ in said) == len(grid.variants)


def test_a_shard_is_made_again_when_an_option_becomes_equivalent_or_a_specification_another(plan: Plan) -> None:
    (grid,) = grids_of(plan.project, plan.project.study("tiny"), ["exercise"])
    told = replace(grid, variants=tuple(replace(v, equivalent=not v.equivalent) for v in grid.variants))
    last = grid.variants[-1]
    moved = replace(last, specification=replace(last.specification, window=(1997, 2009)))
    other = replace(grid, variants=(*grid.variants[:-1], moved))
    digests = [tuple(part.digest for part in outline(g).parts) for g in (grid, told, other)]
    assert len(set(digests)) == 3
    assert digests[0] == tuple(part.digest for part in plan.robustness_of["tiny"].outlines["exercise"].parts)
    assert plan.robustness_of["tiny"].specifications("exercise", "0") == digests[0][0]


def test_the_gathered_multiverse_says_what_was_registered() -> None:
    rule = (ROOT / "workflow/rules/robustness.smk").read_text("utf-8").split("rule gather_multiverse:")[1]
    assert "registered=PLAN.registrations()" in rule.split("output:")[0]


def test_a_command_runs_its_own_module_and_no_other_command() -> None:
    files = command("collect")
    assert any(file.endswith("detente/cli/estimates.py") for file in files)
    assert not any(file.endswith(("cli/__init__.py", "cli/panel.py")) for file in files)


def test_many_specifications_depend_on_the_estimators_that_the_engine_stands_in_for() -> None:
    names = {Path(file).name for file in fitting("multiverse")}
    assert {"binary.py", "linear.py"} <= names


@pytest.mark.parametrize(
    ("files", "named"), [(fitting("examine"), "rare_events.py"), (command("replicate"), "likelihood/binary.py")]
)
def test_a_command_depends_on_an_estimator_that_its_code_takes_by_name(files: list[str], named: str) -> None:
    assert any(file.endswith(named) for file in files)


def test_a_published_table_depends_on_the_estimators_that_it_is_fitted_by(plan: Plan) -> None:
    replication = plan.replication
    for publication in read_publications([ROOT / f"config/replications/{name}.yaml" for name in replication.tables]):
        used = {name for m in publication.models.values() if (name := m.estimator) in REGISTRY}
        files = set(replication.code({"table": publication.id}))
        assert {os.path.relpath(PACKAGE / f"{get(name).module.replace('.', '/')}.py") for name in used} <= files
    assert not any(file.endswith("gee.py") for file in command("replicate"))


def test_a_constraint_on_no_names_matches_nothing() -> None:
    assert re.fullmatch(alternatives(["one", "two"]), "two")
    assert not re.fullmatch(alternatives([]), "one")


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"seed": 5}, "--config seed: unknown key; legal values: quick; what a study is set by stands in its file"),
        ({"quik": 1}, "nearest: 'quick'"),
        ({"quick": "maybe"}, "--config quick: must be 0 or 1 \\(found 'maybe'\\)"),
    ],
)
def test_settings_of_a_study_are_refused_on_the_command_line(given: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Plan(ROOT, None, RuntimeError, given)


def test_a_quick_build_is_asked_for_by_the_command_line() -> None:
    assert is_quick({"quick": 1}) and not is_quick({"quick": 0}) and not is_quick({})


@pytest.mark.fault("environment")
def test_a_system_without_bash_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for name in ("Linux", "Darwin"):
        check_system(name)
    way = "run it in the Windows Subsystem for Linux (WSL)"
    said = f"the workflow does not run on Windows: its steps need bash; {way}"
    with pytest.raises(ConfigError, match=re.escape(said)):
        check_system("Windows")

    # make says so before it makes an environment.
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    stub = tmp_path / "stub"
    stub.write_text('#!/bin/sh\ncase "$*" in *win32*) exit 1;; esac\n', encoding="utf-8")
    stub.chmod(0o755)
    call = ["make", "--no-print-directory", ".venv/.ready", f"PYTHON={stub}"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, f"{said}\n")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.fault("environment")
def test_a_library_that_the_workflow_lacks_is_named_before_any_work(tmp_path: Path) -> None:
    lacking = "raise ModuleNotFoundError(\"No module named 'filelock'\", name='filelock')\n"
    (tmp_path / "filelock.py").write_text(lacking, encoding="utf-8")
    call = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--dry-run", "tiny"]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PACKAGE.parent)])}
    done = subprocess.run(call, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    way = "install what requirements.lock lists: make"
    assert f"ModuleNotFoundError: the library filelock is not installed; {way}\n" in done.stdout + done.stderr
