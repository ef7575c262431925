"""Options that several verbs share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a study."""
    parser.add_argument("--root", type=Path, default=Path(), help="folder of the project (has config/)")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--override", type=Path, help="a study file outside config/study")


def sources_named(words: Sequence[str]) -> list[str]:
    """Names given with spaces or commas between them."""
    return [name for word in words for name in word.split(",") if name]
