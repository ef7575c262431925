"""Files of `config/` that cannot be read, studies that extend others, and users' studies."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import ConfigError
from detente.data.pins import SourceFile
from detente.study.config.project import load_project

from support.builders import REPOSITORY, change, line
from support.configured import CLAIMS_FILE, DEMO, PAPER, SOURCES_FILE, TINY, own, refusal

MAPPING = "must be a mapping of keys to values"


# Files


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("name", ["../x.csv", "a/../../x.csv", "/etc/x.csv", "..\\x.csv", "C:\\x.csv", "C:x.csv", ""])
def test_a_raw_file_cannot_lie_outside_its_folder(name: str):
    with pytest.raises(ValueError, match=r"must stay below the source's folder: no absolute path, no '\.\.'"):
        SourceFile(file=name, address="https://x", sha256="0" * 64, bytes=1)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("http://[x", "is no address"),
        ("https://", "it names no host"),
        ("http://x:port/y", "is no address"),
        ("http://a b/y", "'http://a b/y' is no address: write a space in it as %20"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused(address: str, fault: str):
    with pytest.raises(ValueError, match=fault):
        SourceFile(file="x.csv", address=address, sha256="0" * 64, bytes=1)


@pytest.mark.parametrize("name", ["x.csv", "deep/er/x.csv", "..x.csv", "x..csv"])
def test_a_raw_file_may_lie_anywhere_below_its_folder(name: str):
    assert SourceFile(file=name, address="https://x", sha256="0" * 64, bytes=1).file == name


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: [mine", ":1: cannot be read as YAML (did not find expected ',' or ']')"),
        ("name: mine\nseed: [1\n", ":2: cannot be read as YAML (did not find expected ',' or ']')"),
        ("name: a\n\tb: c", ":2: cannot be read as YAML (found a tab character that violates indentation)"),
        ("name: mine\nseed: 1\nname: ours\n", ":3: cannot be read as YAML ('name' is given twice)"),
        ("", f":1: {MAPPING} (found None)"),
        ("- a\n- b\n", f":1: {MAPPING} (found ['a', 'b'])"),
        (
            "extends: demoo",
            ":1 › extends: no study is called 'demoo'; legal values: claims, demo, paper, tiny; nearest: 'demo'",
        ),
        (
            "extends: [demo]",
            ":1 › extends: no study is called ['demo']; legal values: claims, demo, paper, tiny; nearest: 'demo'",
        ),
    ],
)
def test_a_file_that_is_no_study_is_refused(bare: Path, content: str, message: str):
    path = own(bare, content)

    assert refusal(bare, path) == f"ConfigError: mine.yaml{message}"


@pytest.mark.fault("configuration")
def test_a_study_of_another_ending_is_not_passed_over(copied: Path):
    (copied / "config/study/mine.yml").write_text("extends: paper\nname: mine\n", encoding="utf-8")

    assert refusal(copied) == (
        "ConfigError: config/study/mine.yml: files of this folder end in .yaml; rename it mine.yaml"
    )


@pytest.mark.fault("configuration")
def test_a_file_that_is_not_text_is_refused(bare: Path):
    (bare / "mine.yaml").write_bytes(b"name: \xff")

    assert refusal(bare, bare / "mine.yaml") == "ConfigError: mine.yaml: is not UTF-8 text (byte 6)"


@pytest.mark.fault("configuration")
def test_a_file_that_is_not_there_is_refused(copied: Path):
    (copied / SOURCES_FILE).unlink()

    assert refusal(copied) == f"ConfigError: {SOURCES_FILE}: cannot be read (No such file or directory)"


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


@pytest.mark.fault("configuration")
def test_studies_that_extend_each_other_are_refused(bare: Path):
    change(bare / DEMO, "name: demo", "extends: tiny\nname: demo")

    at = line(bare / TINY, "extends")
    assert refusal(bare) == f"ConfigError: {TINY}:{at} › extends: 'demo' extends this study in turn"


def test_a_shipped_study_is_called_like_its_file(bare: Path):
    at = change(bare / PAPER, "name: paper", "name: article")

    assert refusal(bare) == f"ConfigError: {PAPER}:{at} › name: 'article' must be the file's name, 'paper'"


def test_a_study_of_ones_own_joins_the_shipped_ones(bare: Path):
    joined = load_project(bare, own(bare, "extends: tiny\nname: mine\n"))

    assert list(joined.studies) == ["demo", "paper", "claims", "tiny", "mine"]
    assert [p.relative_to(bare).as_posix() for p in joined.files_of(joined.study("mine"))] == [
        CLAIMS_FILE,
        SOURCES_FILE,
        "config/samples.yaml",
        "config/hypotheses.yaml",
        "mine.yaml",
        TINY,
        DEMO,
    ]


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("name", ["claims", "demo", "paper", "tiny"])
def test_a_study_of_ones_own_cannot_be_called_like_a_shipped_one(bare: Path, name: str):
    override = own(bare, f"extends: paper\nseed: 7\nname: {name}\n")

    assert refusal(bare, override) == (
        f"ConfigError: mine.yaml:3 › name: {name!r} is the shipped study of config/study/{name}.yaml; "
        "choose another name"
    )


def test_a_shipped_study_may_be_named_by_its_file(bare: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(bare)

    assert list(load_project(bare, Path(PAPER)).studies) == ["demo", "paper", "claims", "tiny"]


@pytest.mark.fault("configuration")
def test_a_study_that_is_unknown_is_refused(bare: Path):
    with pytest.raises(ConfigError) as caught:
        load_project(bare).study("papr")

    assert str(caught.value) == (
        "config/study: no study is called 'papr'; legal values: claims, demo, paper, tiny; nearest: 'paper'"
    )


@pytest.mark.fault("configuration")
def test_a_study_that_extends_another_needs_a_name_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: paper\ntitle: Mine\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_project(REPOSITORY, own)
    assert str(error.value) == "mine.yaml:1: a study that extends another needs a `name` of its own"


def test_the_panel_reaches_back_as_far_as_the_longest_lag() -> None:
    project = load_project(REPOSITORY)
    assert project.longest_lag(project.study("paper")) == 2
