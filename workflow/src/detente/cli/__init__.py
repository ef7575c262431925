"""The command-line interface: a function per command, and one command per step of the workflow.

Commands are for people (`panel`, `fit`, `trace`, …) or steps that Snakemake runs; `detente --help` tells them apart.
No other package reads or writes the files of a study.
"""

import argparse
import os
import sys
from typing import NoReturn

from detente import __version__
from detente.base.errors import DetenteError, choices, file_refused
from detente.cli.command import commands, described, parsed

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 an error that the user can correct, 2 a wrong call."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] not in commands():
        _without_command(words)
    run = parsed(words[0], words[1:])
    try:
        run()
        sys.stdout.flush()
    except DetenteError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads the output, `head` for instance, has enough; nothing is left to be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if not (said := file_refused(error)):
            raise
        print(said, file=sys.stderr)
        return 1
    return 0


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
