"""Commands are functions: help lists them by group, each example is a legal call, and their parameters are options."""

from __future__ import annotations

import importlib
import inspect
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from detente.base.environment import file_refused
from detente.cli import command as declaring
from detente.cli import main
from detente.cli.command import GROUPS, Command, Option, command, commands, parsed

from support.workflows import ROOT


@pytest.mark.parametrize("name", commands())
def test_the_example_of_a_command_is_a_legal_call(name: str) -> None:
    words = ["detente", *declaring.spoken(name).split()]
    called = shlex.split(commands()[name].example)
    assert called[: len(words)] == words
    parsed(name, called[len(words) :])


@pytest.mark.parametrize("name", commands())
def test_a_command_is_the_function_that_it_is_declared_as(name: str) -> None:
    declared = commands()[name]
    function = getattr(importlib.import_module(declared.module), name)
    assert inspect.getdoc(function).startswith(f"{declared.summary}.")
    assert declared.group in GROUPS


def test_help_tells_commands_for_people_from_steps(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    people, steps = text.split(f"{GROUPS['step']}:")
    for name, each in commands().items():
        part = steps if each.group == "step" else people
        assert f"  {declaring.spoken(name):<17}{each.summary[0].lower()}{each.summary[1:]}" in part
        assert each.group == "step" or each.example in people


def test_the_help_of_a_command_ends_with_its_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["trace", "--help"])
    assert capsys.readouterr().out.strip().endswith(f"Example: {commands()['trace'].example}")


@pytest.mark.fault("arguments")
def test_a_misspelled_command_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["pannel"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip().endswith("nearest: 'panel'")


def test_help_loads_no_command() -> None:
    call = (
        "import sys; from detente.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'pandas', 'numpy', 'detente.cli.panel'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", call], check=False, capture_output=True).returncode == 0


def length(text: str) -> int:
    return len(text)


@dataclass(frozen=True)
class Place:
    folder: Annotated[Path, "where"]
    depth: Annotated[int, "how far below"] = 1


CALLS: list[dict[str, Any]] = []


@command("step", "x --folder f --names a")
def tried(
    what: Annotated[str, "an argument"],
    /,
    place: Place,
    names: Annotated[Sequence[str], "one or more"],
    pair: Annotated[tuple[str, str] | None, Option("two", ("A", "B"))] = None,
    long_name: Annotated[int, Option("read by a function", "TEXT", length)] = 0,
    format_: Annotated[Literal["text", "csv"], "one of two"] = "text",
    loud: Annotated[bool, "a flag"] = False,
) -> None:
    """Try every kind of option."""
    CALLS.append(dict(locals()))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    known = {"tried": Command("tried", "Try every kind of option", "step", "detente tried")}
    monkeypatch.setattr(declaring, "commands", lambda: known)
    monkeypatch.setattr(declaring.importlib, "import_module", lambda _: sys.modules[__name__])
    CALLS.clear()

    def run(*words: str) -> dict[str, Any]:
        parsed("tried", words)()
        return CALLS[-1]

    return run


def test_parameters_are_options_and_a_dataclass_stands_for_its_fields(call: Any) -> None:
    assert call("x", "--folder", "f", "--names", "a", "b") == {
        "what": "x", "place": Place(Path("f")), "names": ("a", "b"), "pair": None, "long_name": 0, "format_": "text",
        "loud": False,
    }  # fmt: skip
    made = call(
        *("x", "--folder", "f", "--depth", "3", "--names", "a", "--pair", "p", "q"),
        *("--long-name", "four", "--format", "csv", "--loud"),
    )
    assert made["place"] == Place(Path("f"), 3)
    assert (made["pair"], made["long_name"], made["format_"], made["loud"]) == (("p", "q"), 4, "csv", True)


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x", "--names", "a"), "the following arguments are required: --folder"),
        (("--folder", "f", "--names", "a"), "the following arguments are required: what"),
        (("x", "--folder", "f", "--names"), "argument --names: expected at least one argument"),
        (("x", "--folder", "f", "--names", "a", "--format", "xml"), "argument --format: invalid choice: 'xml'"),
        (("x", "--folder", "f", "--names", "a", "--depth", "deep"), "argument --depth: invalid int value: 'deep'"),
    ],
)
def test_a_wrong_call_is_refused_by_option(
    words: tuple[str, ...], said: str, call: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        call(*words)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["panel", "--yeers", "1980-2010"], "--yeers is no option of detente panel; legal values: --add, "),
        (["panel", "--yeers", "1980-2010"], "nearest: '--years'"),
        (["sources", "--only=mme", "--out", "x"], "--out is no option of detente sources; legal values: "),
        (
            ["codebook", "--unit", "dyad-yaer"],
            "invalid choice: 'dyad-yaer'; legal values: dyad-year, state-year; nearest: 'dyad-year'",
        ),
        (["fit", "y ~ x"], "the following arguments are required: --data"),
    ],
)
def test_a_wrong_call_names_legal_values_the_nearest_and_an_example(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    text = capsys.readouterr().err
    assert said in text
    assert "usage:" not in text
    assert commands()[words[0]].example in text


def test_the_beginning_of_an_option_will_do(call: Any) -> None:
    assert call("x", "--fold", "f", "--names", "a")["place"] == Place(Path("f"))


@pytest.mark.fault("environment")
@pytest.mark.parametrize(
    ("tidy", "error", "said"),
    [
        (
            "nowhere",
            "FileNotFoundError",
            "there is no such file or folder; nor is there a folder nowhere; check the path, or name another",
        ),
        (
            "here",
            "FileNotFoundError",
            "there is no such file or folder; nearest: 'cow-state-sytem.parquet'; check the path",
        ),
        ("afile", "NotADirectoryError", "a file stands where a folder is needed; check the path, or name another"),
    ],
)
def test_a_folder_that_is_not_as_it_should_be_is_named_without_a_traceback(
    tidy: str,
    error: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/cow-state-sytem.parquet").touch()
    (tmp_path / "afile").touch()
    words = ["panel", "--years", "1990-1991", "--add", "gml", "--root", str(ROOT), "--out", "x.csv"]
    assert main([*words, "--tidy", tidy, "--attrition-logs", tidy]) == 1
    text = capsys.readouterr().err
    assert f"{error}: {tidy}/cow-state-system.parquet: {said}" in text


@pytest.mark.fault("environment")
def test_a_place_that_cannot_be_written_is_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "afile").touch()
    assert main(["grid", "--study", "tiny", "--root", str(ROOT), "--csv", "afile/grid.csv"]) == 1
    assert "afile: a file stands where a folder is needed; check the path, or name another" in capsys.readouterr().err


@pytest.mark.fault("environment")
def test_outside_a_project_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["numbers", "--study", "tiny", "--out", "x.json"]) == 1
    assert (
        "has no folder config/: run this in the folder of the project, or name it by --root" in capsys.readouterr().err
    )


@pytest.mark.fault("environment")
def test_an_error_that_names_no_file_keeps_its_traceback() -> None:
    assert file_refused(OSError("out of memory", "and more")) == ""


@pytest.mark.fault("arguments")
@pytest.mark.parametrize("words", [[], ["--add", "gml", "--panel", "panel.parquet"]], ids=["neither", "both"])
def test_of_options_that_exclude_one_another_one_is_required(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["cite", *words])
    assert stop.value.code == 2
