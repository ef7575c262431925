"""The static, explorable site of a study: an answer, the claims ledger, and a page per claim with its multiverse.

Every page is a file that loads nothing from outside of its folder, works without a server, and says what it says
without scripts as well: these add switches, search and sorting.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.report.explorer.origin import Origin, Published
    from detente.report.explorer.site import ASSETS, site_files, site_frames, site_of

__all__ = ["ASSETS", "Origin", "Published", "site_files", "site_frames", "site_of"]
__getattr__, __dir__ = on_demand(__name__)
