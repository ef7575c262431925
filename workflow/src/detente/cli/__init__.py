"""The command-line interface: a function per command, and one command per step of the workflow.

Commands are for people (`panel`, `fit`, `trace`, …) or steps that Snakemake runs; `detente --help` tells them apart.
No other package reads or writes the files of a study.
"""

import argparse
import atexit
import gc
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from detente import __version__
from detente.base.errors import choices
from detente.cli.command import commands, described, parsed
from detente.cli.running import UNSAID, handled

__all__ = ["RECORDED", "UNSAID", "main"]

RECORDED = "DETENTE_RECORDS"
"""Environment variable by which the workflow names the folder where its steps write down what they made."""
_LOADED = time.time()
# What is imported lives as long as the process: to look for garbage among it at every 700 objects takes a seventh of
# the time that a command needs to begin.
OBJECTS_BEFORE_COLLECTION = 100_000


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status.

    0 done, 1 an error that the user can correct, 2 a wrong call, 74 an error that standard error did not take, 130 and
    143 stopped by Ctrl-C or SIGTERM.
    """
    begun = _LOADED if argv is None else time.time()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    # A last look for garbage, of a tenth of a second, would free what ends with the process anyway.
    atexit.register(gc.freeze)
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] not in commands():
        _without_command(words)

    def run() -> None:
        parsed(words[0], words[1:])()
        _recorded(begun)

    return handled(run)


def _recorded(begun: float) -> None:
    """Have a step of the workflow write down what it made, ran with and took."""
    if folder := os.environ.get(RECORDED):
        from detente.base.files import written
        from detente.provenance import record

        record(written(), _LOADED, begun, Path(folder))


def _without_command(words: list[str]) -> NoReturn:
    """Print help or version, or refuse what is no command."""
    parser = argparse.ArgumentParser(
        prog="detente",
        usage="detente [--help] [--version] <command> [options]",
        description="Test claims about military diplomacy against the public record of interstate conflict.",
        epilog=described(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"detente {__version__}")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    given = parser.parse_known_args(words)[0].command
    parser.error(f"{given!r} is no command; {choices(given, commands())}" if given else "name a command; see --help")
