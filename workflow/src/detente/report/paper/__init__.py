"""The paper of a study and the page of its robustness, as PDF and HTML from one text.

Every number of the text comes from `numbers`, and every sentence appears where it is true of the study. Exhibits stand
at the places that they declare, and references are those that the text cites.
"""

from detente.report.paper.document import References, Shown, compose
from detente.report.paper.numbers import numbers
from detente.report.paper.packing import Listed, Packed, folders_of, readme
from detente.report.paper.paper import (
    RobustnessPage,
    html,
    outdated,
    paper_of,
    pdf,
    printable,
    robustness_of,
    texts,
    typst_source,
    with_appendix,
)
from detente.report.paper.study_words import abstract_of
from detente.report.tables.recovery import recovery

__all__ = [
    "Listed", "Packed", "References", "RobustnessPage", "Shown", "abstract_of", "compose", "folders_of", "html",
    "numbers", "outdated", "paper_of", "pdf", "printable", "readme", "recovery", "robustness_of", "texts",
    "typst_source", "with_appendix",
]  # fmt: skip
