"""Pages beside the paper: of the data, of replicated tables, of a verification, and what a page says of its origin.

Each page is one file that loads nothing. They are made from finished frames and records, and from templates.
"""

from detente.report.site.audited import audit_page
from detente.report.site.data_page import Profile, coverage_chart, data_page, pipe_table
from detente.report.site.provenance import Verification, provenance_words, verification_page
from detente.report.site.replication import counted, page, printed, ratio_chart, said

__all__ = [
    "Profile", "Verification", "audit_page", "counted", "coverage_chart", "data_page", "page", "pipe_table", "printed",
    "provenance_words", "ratio_chart", "said", "verification_page",
]  # fmt: skip
