"""Tables: one object, its renderings as HTML, LaTeX, typst and CSV, and one file for every table of a study.

A table is text only, rounded and in the order of print; what it shows is decided by the function that makes it. A
function that is decorated with `exhibit` in a file of this package is found without being listed anywhere.
"""

from detente.report.tables.table import SIMULATED, Column, Row, Table, render

__all__ = ["SIMULATED", "Column", "Row", "Table", "render"]
