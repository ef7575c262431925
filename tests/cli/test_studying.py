"""A study's file: written, checked, and described to editors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from detente.base.strict import content as read
from detente.cli import main

from support.known import ROOT


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("schemas")
    assert main(["schemas", "--out", str(folder)]) == 0
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


@pytest.mark.parametrize("extends", ["paper", "demo", "tiny"])
@pytest.mark.parametrize("minimal", [[], ["--minimal"]], ids=["commented", "minimal"])
def test_a_new_study_is_right_as_it_is_written(
    extends: str, minimal: list[str], schemas: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "my_study", "--extends", extends, *minimal]) == 0
    assert capsys.readouterr().out.startswith("my_study.yaml: written; `detente check my_study.yaml` says")
    assert main(["check", "my_study.yaml"]) == 0
    said = capsys.readouterr().out

    assert said.startswith("my_study.yaml is right: my_study\n")
    assert "pact (your own)" in said
    jsonschema.validate(read(Path("my_study.yaml")), schemas["study"])


def test_a_claim_of_a_minimal_study_has_five_lines() -> None:
    main(["new", "mine", "--minimal"])
    lines = Path("mine.yaml").read_text("utf-8").splitlines()

    assert len(lines[lines.index("claims:") + 1 :]) == 5


def test_every_key_that_is_commented_out_is_right_too() -> None:
    main(["new", "mine", "--extends", "tiny"])
    text = Path("mine.yaml").read_text("utf-8")
    Path("visits.csv").write_text("state_a,state_b,year,visits\n2,200,2000,3\n")
    blocks = re.sub(r"^# (?=(date|keywords|data|multiverse):|  )", "", text, flags=re.MULTILINE)
    assert blocks.count("\n#") < text.count("\n#") - 15
    Path("mine.yaml").write_text(blocks)

    assert main(["check", "mine.yaml"]) == 0


@pytest.mark.fault("arguments")
def test_a_file_that_is_there_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("mine: it is\n")

    assert main(["new", "mine"]) == 1
    assert capsys.readouterr().err.startswith("ConfigError: mine.yaml: there is such a file; it is not overwritten: ")
    assert Path("mine.yaml").read_text() == "mine: it is\n"


@pytest.mark.fault("arguments")
def test_a_name_that_no_study_can_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "My-Study"]) == 1
    assert capsys.readouterr().err == (
        "ConfigError: 'My-Study' is no name of a study: lower-case letters, digits and underscores, a letter first\n"
    )
    assert not list(Path().iterdir())


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [("treatmnt: defence_pact", "mine.yaml:"), ("treatment: defense_pact", "nearest: 'defence_pact'")],
)
def test_a_fault_is_named_with_file_and_line(wrong: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "mine", "--minimal"])
    path = Path("mine.yaml")
    path.write_text(path.read_text("utf-8").replace("treatment: defence_pact", wrong))

    assert main(["check", "mine.yaml"]) == 1
    assert message in capsys.readouterr().err


def test_schemas_hold_every_file_that_is_shipped(schemas: dict[str, Any]) -> None:
    files = {
        "study": sorted((ROOT / "config/study").glob("*.yaml")),
        "replication": sorted((ROOT / "config/replications").glob("*.yaml")),
        **{kind: [ROOT / f"config/{kind}.yaml"] for kind in ("claims", "samples", "multiverse", "sources")},
    }
    assert set(schemas) == {*files, "data"}
    for kind, paths in files.items():
        for path in paths:
            # 1e-6 is a number to editors, which read YAML 1.2.
            text = re.sub(r'"(\d+e-\d+)"', r"\1", json.dumps(read(path), default=str))
            content = json.loads(text)
            jsonschema.validate(content, schemas[kind])


def test_a_schema_finds_a_misspelled_key(schemas: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError, match="windw"):
        jsonschema.validate({"name": "mine", "windw": [1990, 2000]}, schemas["study"])
