"""Typed, strict models of everything under `config/`, and the one loader that reads them."""

from detente.config.claims import Claim, ClaimsFile, Control, Evidence, Moderator, Placebo, Untested
from detente.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.config.names import (
    CLAIMS,
    DURATION_UNIT_YEARS,
    EQUIVALENCE_LEVEL,
    LEVEL,
    MDE_FACTOR,
    POWER,
    SAMPLE_LABELS,
    SOURCES,
    THEMES,
    Identifier,
    Sample,
    Theme,
    Year,
)
from detente.config.project import Project, load_project, project_root
from detente.config.sources import SourceFile, SourceRecord, load_sources
from detente.config.study import Study, World

__all__ = [
    "CLAIMS",
    "DURATION_UNIT_YEARS",
    "EQUIVALENCE_LEVEL",
    "LEVEL",
    "MDE_FACTOR",
    "MULTIVERSE",
    "POWER",
    "SAMPLE_LABELS",
    "SOURCES",
    "THEMES",
    "Claim",
    "ClaimsFile",
    "Control",
    "Evidence",
    "Identifier",
    "Moderator",
    "Multiverse",
    "Placebo",
    "Project",
    "Sample",
    "SourceFile",
    "SourceRecord",
    "Study",
    "Theme",
    "Untested",
    "World",
    "Year",
    "load_multiverse",
    "load_project",
    "load_sources",
    "project_root",
]
