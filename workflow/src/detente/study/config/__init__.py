"""What a study's configuration says: typed, strict models of everything under `config/`, and the loader that reads it.

`load_project` reads and cross-checks the files; `Project` answers what a study tests, joins and is cut by.
A wrong key, name or value is refused with file, line, legal values and the nearest match.
"""

from detente.study.config.claims import CLAIMS, Claim, ClaimsFile, Control, Evidence, Moderator, Placebo, Untested
from detente.study.config.multiverse import MULTIVERSE, Multiverse, load_multiverse
from detente.study.config.project import Project, load_project
from detente.study.config.samples import SAMPLES, Sample, load_samples
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
    "load_samples",
]
