"""Commands are declared in their own files: help lists them by group, and each example is a legal call."""

from __future__ import annotations

import argparse
import importlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from detente.cli import main
from detente.cli.command import GROUPS, commands

FOLDER = Path(main.__code__.co_filename).parent


@pytest.mark.parametrize("name", commands())
def test_the_example_of_a_command_is_a_legal_call(name: str) -> None:
    program, word, *rest = shlex.split(commands()[name].example)
    parser = argparse.ArgumentParser(exit_on_error=False)
    importlib.import_module(f"detente.cli.{name}").configure(parser)
    assert (program, word) == ("detente", name)
    parser.parse_args(rest)


def test_every_module_with_options_and_a_run_is_a_command_as_it_declares_itself() -> None:
    modules = {p.stem for p in FOLDER.glob("*.py") if "\ndef configure(" in p.read_text("utf-8")}
    assert set(commands()) == modules
    for name, command in commands().items():
        assert command == importlib.import_module(f"detente.cli.{name}").COMMAND


def test_help_tells_commands_for_people_from_steps(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    people, steps = text.split(f"{GROUPS['step']}:")
    for name, command in commands().items():
        part = steps if command.group == "step" else people
        assert f"  {name:<12}{command.summary}" in part
        assert command.group == "step" or command.example in people


def test_the_help_of_a_command_ends_with_its_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["trace", "--help"])
    assert capsys.readouterr().out.strip().endswith(f"Example: {commands()['trace'].example}")


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
