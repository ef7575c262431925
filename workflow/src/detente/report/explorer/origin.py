"""What the site says beside frames: how the study was made and verified, its paper, and published tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Graph = Mapping[str, Any]


@dataclass(frozen=True)
class Published:
    """Published tables: every printed number beside ours, and by id the title, citation and files of data of each.

    `compared`: whether they were re-estimated; if not, no number is ours. `words` has title, citation, and names of
    files of data with the address of each, None where it is to be asked for.
    """

    numbers: pd.DataFrame
    words: Mapping[str, tuple[str, str, Mapping[str, str | None]]]
    compared: bool


@dataclass(frozen=True)
class Origin:
    """How a study was made.

    `graph`: what made the files that the site is made from, as `detente.provenance.lineage` has it; `traced`: the part
    of it that leads to one file; `made`: commit, dirty, seed; `python` and `packages`: what steps ran with; `verified`:
    outcome and commit of a second build, empty where there was none; `paper`: the paper by ending, "html" and "pdf".
    """

    graph: Graph
    traced: Callable[[str], Graph] = field(repr=False)
    made: Mapping[str, Any]
    python: str
    packages: Mapping[str, str]
    verified: tuple[str, str] | tuple[()]
    paper: Mapping[str, bytes] = field(repr=False)
    published: Published = field(repr=False)
