"""What a study shows: tables, figures, paper and pages, all made from the validated frames of earlier stages.

Every table and figure is an exhibit, declared by one decorated function in a file of its own below `tables/` or
`figures/`; the outputs of rules, captions, places on a page and the list of a replication package follow from it.
Listing exhibits loads no plotting library: figures load it when they are drawn.
"""

from detente.report.evidence import Evidence, Traits, traits_of
from detente.report.exhibit import (
    FORMATS,
    Exhibit,
    Kind,
    Page,
    Per,
    exhibit,
    exhibits_of,
    made_for,
    made_of,
    of_single_claims,
    registry,
)
from detente.report.frames import FRAMES, Frames, frame_files
from detente.report.tables.table import TEMPLATES, read_templates

__all__ = [
    "EXHIBITS", "FORMATS", "FRAMES", "TEMPLATES", "Evidence", "Exhibit", "Frames", "Kind", "Page",
    "Per", "Traits", "exhibit", "exhibits_of", "frame_files", "made_for", "made_of", "of_single_claims",
    "read_templates", "traits_of",
]  # fmt: skip


def __getattr__(name: str) -> tuple[Exhibit, ...]:
    """`EXHIBITS`, every exhibit there is: found when first asked for, as its modules import this package."""
    if name == "EXHIBITS":
        return tuple(registry().values())
    raise AttributeError(name)
