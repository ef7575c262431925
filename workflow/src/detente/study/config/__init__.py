"""Typed, strict models of everything under `config/`, and the one loader that reads them."""

from detente.study.config.claims import Claim, ClaimsFile, Control, Evidence, Moderator, Placebo, Untested
from detente.study.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.study.config.names import CLAIMS
from detente.study.config.project import Project, load_project
from detente.study.config.samples import SAMPLES, Sample
from detente.study.config.study import Study

__all__ = [
    "CLAIMS",
    "MULTIVERSE",
    "SAMPLES",
    "Claim",
    "ClaimsFile",
    "Control",
    "Evidence",
    "Moderator",
    "Multiverse",
    "Placebo",
    "Project",
    "Sample",
    "Study",
    "Untested",
    "load_multiverse",
    "load_project",
]
