"""What a study's configuration says: typed, strict models of everything under `config/`, and the loader that reads it.

`load_project` reads and cross-checks the files; `Project` answers what a study tests, joins and is cut by.
A wrong key, name or value is refused with file, line, legal values and the nearest match.
"""

from detente.study.config.authors import Author
from detente.study.config.claims import (
    CLAIMS,
    SAMPLES,
    Claim,
    ClaimsFile,
    Contrast,
    Control,
    Described,
    DesignName,
    Duration,
    Moderator,
    Placebo,
    Sample,
    SamplesFile,
    load_samples,
)
from detente.study.config.hypotheses import Hypothesis
from detente.study.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.study.config.own import Own
from detente.study.config.project import Project, Study, load_project
from detente.study.config.said import OF_THE_PAPER
from detente.study.config.schemas import study_schema

__all__ = [
    "CLAIMS", "MULTIVERSE", "OF_THE_PAPER", "SAMPLES", "Author", "Claim", "ClaimsFile", "Contrast", "Control",
    "Described", "DesignName", "Duration", "Hypothesis", "Moderator", "Multiverse", "Own", "Placebo", "Project",
    "Sample", "SamplesFile", "Study", "load_multiverse", "load_project", "load_samples", "study_schema",
]  # fmt: skip
