"""`detente run`: a study built from any folder."""

import re
from pathlib import Path

import pytest
import yaml

from detente.base.code import PROJECT
from detente.base.errors import ConfigError
from detente.base.files import write_text
from detente.cli.building import profile_of, target_of, words_of
from detente.cli.command import parsed

STUDY = "extends: tiny\nname: mine\ntitle: A study of my own\n"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "papers" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(STUDY)
    return path


def test_a_study_file_is_a_target_whose_products_lie_beside_it(study: Path) -> None:
    target = target_of("papers/mine.yaml", "paper")

    assert (target.name, target.folder, target.study) == ("mine", study.parent, study)
    assert target.title == "A study of my own"
    assert target.products[0] == "reports/mine/paper.pdf"
    assert target_of("papers/mine.yaml", "robustness").name == "robustness_mine"
    site = target_of("papers/mine.yaml", "site")
    assert (site.name, site.products) == ("site_mine", ("reports/mine/site/index.html",))


def test_a_shipped_study_is_built_here(study: Path) -> None:
    target = target_of("demo", "paper")

    assert (target.name, target.folder, target.study) == ("demo", Path(), None)
    assert target_of("replicate", "paper").products == ("reports/replicate/index.html",)


def test_snakemake_is_asked_for_the_target_with_the_settings_of_the_profile(study: Path) -> None:
    target = target_of("papers/mine.yaml", "paper")
    words = words_of(target, 2, quick=True, verbose=False)

    assert words[:3] == ["mine", "--snakefile", str(PROJECT / "Snakefile")]
    assert words[words.index("--cores") + 1] == "2"
    assert words[words.index("--configfile") + 1] == str(study)
    assert words[words.index("--config") + 1] == "quick=1"
    assert words[words.index("--logger") + 1] == "detente"
    assert words[words.index("--scheduler") + 1] == "greedy"
    assert "--rerun-incomplete" in words
    assert "--printshellcmds" not in words
    assert "--logger" not in words_of(target, None, quick=False, verbose=True)


def test_a_cluster_is_asked_for_as_much_as_its_profile_says_with_the_safety_of_the_default_one(
    study: Path, tmp_path: Path
) -> None:
    own = tmp_path / "cluster"
    write_text("executor: local\njobs: 7\n", own / "config.yaml")
    words = words_of(target_of("demo", "paper"), None, quick=False, verbose=True, place=profile_of(str(own)))

    assert words[words.index("--profile") + 1] == str(own)
    assert "--cores" not in words
    assert {"--rerun-incomplete", "--max-checksum-file-size", "--show-failed-logs"} <= {*words}
    words = words_of(target_of("demo", "paper"), 3, quick=False, verbose=True, place=own)
    assert words[words.index("--cores") + 1] == "3"


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("name", "executor", "message"),
    [
        ("slrum", None, r"--profile slrum: .*slurm.*, or name a folder that has a config\.yaml"),
        ("cluster", "moon", "--profile cluster: its library is not installed; pip install snakemake-.*-moon"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_before_snakemake_begins(
    name: str, executor: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if executor:
        write_text(f"executor: {executor}\n", Path(name) / "config.yaml")
    with pytest.raises(ConfigError, match=message):
        profile_of(name)


@pytest.mark.fault("configuration")
def test_a_profile_that_reads_an_environment_without_it_is_refused_before_snakemake_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DETENTE_NAMESPACE", "lab")
    monkeypatch.delenv("DETENTE_IMAGE", raising=False)
    with pytest.raises(ConfigError, match=r"--profile kubernetes: the environment has no DETENTE_IMAGE; see docs/c"):
        profile_of("kubernetes")


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_shipped_profile_changes_nothing_of_what_keeps_a_build_safe(name: str) -> None:
    safe, own = (yaml.safe_load((PROJECT / "profiles" / p / "config.yaml").read_text()) for p in ("default", name))

    assert {*safe} & {*own} <= {"cores"}
    assert own["retries"] == 1
    assert {setting.split("=")[0] for setting in own["default-resources"]} >= {"mem_mb", "runtime"}


def test_steps_that_share_a_job_of_slurm_are_small_ones_of_the_workflow() -> None:
    text = "".join(path.read_text("utf-8") for path in sorted((PROJECT / "workflow/rules").glob("*.smk")))
    rules = re.findall(r"^rule (\w+):$(.*?)^ {4}shell:$", text, flags=re.M | re.S)
    needs = {name: re.search(r"mem_mb=(\d+),\s+runtime=(\d+),", rule) for name, rule in rules}
    profile = yaml.safe_load((PROJECT / "profiles/slurm/config.yaml").read_text("utf-8"))
    groups, together = profile["groups"], profile["group-components"]

    assert {*groups} <= {name for name, need in needs.items() if need}, "is no rule, or one that no cluster runs"
    assert {*together} <= {*groups.values()}
    assert not {*groups} & {"multiverse", "joint", "examine", "estimate", "windows", "coverage", "predict"}
    assert not {*groups} & {"manifest", "robustness_manifest"}, "reads the records of jobs that have ended"
    for rule, group in groups.items():
        memory, minutes = map(int, needs[rule].groups())
        assert memory <= 1500 and minutes * together.get(group, 1) <= 60, f"{rule} is not small"
    assert profile["cores"] == 1, "steps that share a job follow one another, as the executor has them"
    # docs/cluster.md has a line added at the end.
    assert list(profile)[-1] == "default-resources"


WRONG_FILES = {
    "binary": (b"\x80\x81\0\xff", "other.yaml: is not UTF-8 text (byte 0)"),
    "no YAML": (b"name: [\n", "other.yaml:1: cannot be read as YAML (did not find expected node content)"),
    "a list": (b"- a\n", "other.yaml:1: must be a mapping of keys to values (found ['a'])"),
    "empty": (b"", "other.yaml:1: must be a mapping of keys to values (found None)"),
    "no name": (b"extends: demo\n", "other.yaml:1: a study that extends another needs a `name` of its own"),
    "a number as name": (b"name: 5\nextends: demo\n", "other.yaml:1 › name: must be a valid string (found 5)"),
    "a folder": (None, "other.yaml: is a folder; name the file of a study, as `detente new` writes one"),
}


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(("content", "message"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_that_is_no_study_is_refused_before_snakemake_begins(
    content: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("other.yaml")
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)

    with pytest.raises(ConfigError) as error:
        target_of("other.yaml", "paper")

    assert str(error.value) == message


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("tyni", "'tyni' is no study; legal values: claims, demo, paper, replicate, tiny, or name a file"),
        ("other.yaml", "other.yaml: there is no such file; `detente new` writes one"),
    ],
)
def test_what_is_no_study_is_refused_before_snakemake_begins(study: Path, asked: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        target_of(asked, "paper")

    assert str(error.value).startswith(message)


@pytest.mark.fault("configuration")
def test_a_fault_of_a_study_is_named_by_file_and_line_before_snakemake_begins(study: Path) -> None:
    study.write_text(STUDY + "claims: [exercize]\n")

    with pytest.raises(ConfigError, match=r"mine\.yaml:4 › claims: 'exercize' is not a claim .* nearest: 'exercise'"):
        target_of("papers/mine.yaml", "paper")


@pytest.mark.fault("arguments")
def test_another_checkout_is_not_built_by_this_package(study: Path) -> None:
    Path("Snakefile").touch()
    Path("config").mkdir()

    with pytest.raises(
        ConfigError, match=r"is a checkout of detente, but the detente that runs is that of .*run `make`"
    ):
        target_of("demo", "paper")


@pytest.mark.fault("arguments")
def test_pages_are_the_paper_and_robustness(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("run", ["demo", "papr"])

    assert "invalid choice: 'papr'" in capsys.readouterr().err
