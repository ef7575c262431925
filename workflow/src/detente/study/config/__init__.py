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
    DesignName,
    Duration,
    Sample,
    load_samples,
)
from detente.study.config.hypotheses import Hypothesis
from detente.study.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.study.config.project import OF_THE_PAPER, Project, Study, load_project

__all__ = [
    "CLAIMS", "MULTIVERSE", "OF_THE_PAPER", "SAMPLES", "Author", "Claim", "ClaimsFile", "Contrast", "Control",
    "DesignName", "Duration", "Hypothesis", "Multiverse", "Project", "Sample", "Study", "load_multiverse",
    "load_project", "load_samples",
]  # fmt: skip
