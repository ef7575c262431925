"""From the public record to panels: `acquire` has raw files, `record` cleans them, `panel` joins them.

`sources` declares every dataset, one module each, and `pins` what is known of its raw files. Nothing here knows of a
model, a claim or a study: whoever wants a panel alone needs no other package.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.data.breaks import breaks_of
    from detente.data.expressed import AssignedBy, Expressed, is_condition
    from detente.data.pins import (
        MIRROR,
        SOURCES,
        THEMES,
        SourceFile,
        SourceRecord,
        SourcesFile,
        Unused,
        load_sources,
        load_unused,
        mirror,
        pinned,
        project_root,
        workplace,
    )
    from detente.data.regions import region
    from detente.data.sources.outcomes import rules

__all__ = [
    "MIRROR", "SOURCES", "THEMES", "AssignedBy", "Expressed", "SourceFile", "SourceRecord", "SourcesFile", "Unused",
    "breaks_of", "is_condition", "load_sources", "load_unused", "mirror", "pinned", "project_root", "region", "rules",
    "workplace",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
