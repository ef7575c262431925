"""Pages beside the paper: of the data, of replicated tables, of a verification, and what a page says of its origin.

Each page is one file that loads nothing. They are made from finished frames and records, and from templates.
"""

from detente.report.site.data_page import Profile, data_page, pipe_table
from detente.report.site.origin import provenance_words
from detente.report.site.replication import counted, page, printed, said
from detente.report.site.verification import Verification, verification_page

__all__ = [
    "Profile", "Verification", "counted", "data_page", "page", "pipe_table", "printed", "provenance_words", "said",
    "verification_page",
]  # fmt: skip
