"""Freeze the claims, with a date and a checksum, so that later changes can be told."""

import argparse
import json
from datetime import date
from pathlib import Path

from detente.base import strict
from detente.base.errors import ConfigError
from detente.base.files import write_bytes, write_text
from detente.cli.command import Command
from detente.data import project_root
from detente.study import load
from detente.study.config import CLAIMS, ClaimsFile
from detente.study.verdicts import FOLDER, INDEX, Registration, digest, registered, registrations

COMMAND = Command(
    summary="freeze the claims, with a date and a checksum",
    group="claims",
    example="detente register --date 2027-01-31",
)

HEAD = """\
# Claims as they were frozen: `python -m detente register`. The checksum is of what a file says, not of its bytes; the
# first registration is the one that estimates are held against. Do not edit.
registrations:
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--date", type=day, required=True, metavar="YYYY-MM-DD", help="day of the registration")
    parser.add_argument("--seen", default="", help="what had been seen of results before, in sentences for the reader")
    parser.add_argument("--root", type=Path, help="folder of the project (default: here, or the checkout)")


def run(arguments: argparse.Namespace) -> None:
    """Check, copy, and enter the copy in the index."""
    root = arguments.root or project_root()
    load(root)
    claims = strict.read(root / CLAIMS, ClaimsFile)
    registered(root)
    earlier, new = registrations(root), _entry(arguments.date, claims, arguments.seen)
    _check_new(root, new, earlier)
    write_bytes((root / CLAIMS).read_bytes(), root / FOLDER / new.file)
    write_text(HEAD + "".join(map(_block, (*earlier, new))), root / INDEX)
    print(f"{FOLDER / new.file}: {len(claims.claims)} claims, {len(claims.untested)} untested, sha256 {new.sha256}")


def day(text: str) -> str:
    """Read a date; returns it as it stands."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-11-22") from None


def _entry(when: str, claims: ClaimsFile, seen: str) -> Registration:
    return Registration(file=f"claims-{when}.yaml", date=when, sha256=digest(claims), seen=seen)


def _check_new(root: Path, new: Registration, earlier: tuple[Registration, ...]) -> None:
    """A registration is never overwritten, back-dated or repeated."""
    if (root / FOLDER / new.file).exists():
        raise ConfigError(
            f"{FOLDER / new.file}: claims were registered on {new.date}; a registration is not overwritten"
        )
    if earlier and new.date <= earlier[-1].date:
        raise ConfigError(f"--date: {new.date} is not after {earlier[-1].date}, the last registration")
    if same := next((each for each in earlier if each.sha256 == new.sha256), None):
        raise ConfigError(f"{CLAIMS}: says what was registered on {same.date}: there is nothing to register")


def _block(each: Registration) -> str:
    block = f'  - file: {each.file}\n    date: "{each.date}"\n    sha256: {each.sha256}\n'
    return block + (f"    seen: {json.dumps(each.seen, ensure_ascii=False)}\n" if each.seen else "")
