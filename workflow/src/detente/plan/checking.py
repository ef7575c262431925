"""The project with a study's file, checked as the workflow must have it before any step is planned."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from detente.base.errors import ConfigError
from detente.study import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detente.study.config import Project, Study

RULE = re.compile(r"^rule (\w+):|^use rule \w+ as (\w+) with:", flags=re.M)
# Rules that are made for each study are called after it.
MADE = (
    *("acquire", "acquire_own", "acquire_robustness", "clean_own", "figures", "robustness", "robustness_report"),
    *("simulate", "site", "tables"),
)
# Made by `detente panel` and `make bench`.
FOLDERS = ("tidy", "bench")
SUBSYSTEM = "Windows Subsystem for Linux (WSL)"
# What a study says of its paper, and the first character that its fonts may lack: Latin, Greek, Cyrillic come before.
WORDS, UNUSUAL = ("title", "abstract", "authors", "keywords"), "\u2600"


def checked(root: Path, override: Path | None) -> Project:
    """The project in folder `root`, with the file of a study outside of it.

    Raises DetenteError for any fault before work starts, naming file and line.
    """
    check_system(platform.system())
    _check_braces(root, override)
    project = load(root, override)
    texts = (path.read_text(encoding="utf-8") for path in (root / "workflow/rules").glob("*.smk"))
    check_names(project, {first or second for text in texts for first, second in RULE.findall(text)})
    check_words(project)
    _check_multiverses(project)
    return project


def _check_multiverses(project: Project) -> None:
    """Refuse what studies add to the multiverse where it does not fit; raises ConfigError."""
    if adding := [study for study in project.studies.values() if study.multiverse]:
        # Loaded for these alone: what estimates a multiverse takes a tenth of a second.
        from detente.study.multiverse import multiverse_of

        for study in adding:
            multiverse_of(project.of(study))


def check_system(name: str) -> None:
    """Refuse to plan where the shell lines of the rules cannot run; raises ConfigError."""
    if name == "Windows":
        raise ConfigError(f"the workflow does not run on {name}: its steps need bash; run it in the {SUBSYSTEM}")


def _check_braces(root: Path, override: Path | None) -> None:
    """Refuse folders and files with braces in their path, which Snakemake reads as wildcards."""
    for path in filter(None, (root, override)):
        if {"{", "}"} & set(shown := os.path.realpath(path)):
            raise ConfigError(f"{shown}: Snakemake reads braces in paths as wildcards; rename it")


def check_names(project: Project, rules: Iterable[str]) -> None:
    """A study's name is that of no rule, and of no target of another study; raises ConfigError naming file and line."""
    taken = dict.fromkeys(rules, "a step of the workflow")
    taken |= dict.fromkeys(FOLDERS, "a folder of reports/ or data/processed/ that is no study's")
    taken |= {f"{kind}_{name}": f"a target of study {name!r}" for kind in MADE for name in project.studies}
    for name, study in project.studies.items():
        if name in taken:
            raise ConfigError(f"{project.located(study, 'name')}: {name!r} is {taken[name]}; choose another name")


def check_words(project: Project) -> None:
    """Fonts of the paper have every character of its title and abstract; raises ConfigError naming file and line."""
    for study in project.studies.values():
        for key in WORDS:
            unusual = sorted({character for character in str(getattr(study, key)) if character >= UNUSUAL})
            if unusual and (lacking := [repr(each) for each in unusual if not _printable(each)]):
                way = "write it in Latin, Greek or Cyrillic letters"
                raise ConfigError(f"{project.located(study, key)}: the paper's fonts lack {', '.join(lacking)}; {way}")


def _printable(character: str) -> bool:
    # Loaded for these alone: the paper's modules take a second.
    from detente.report.paper import printable

    return printable(character)


def require_pairs(project: Project, study: Study) -> None:
    """Raise ConfigError for a study of state-years, which has no robustness."""
    if project.unit_of(study) == "state-year":
        raise ConfigError(
            f"{project.located(study, 'unit')}: robustness examines claims about dyads: its placebos draw networks, "
            "and its covariances are dyadic; a study of state-years has a paper alone"
        )
