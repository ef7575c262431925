"""Fits and tables of results in plain text and HTML."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from detente.base.numerics import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from detente.stats.result import Fit

# Entries of the attrition that say how many there are, not how many were left out.
SIZES = ("rows of the data", "used", "dyad-years of the sample in the window")


def number(value: float) -> str:
    """A number to four significant digits or four places; "none" if it does not exist."""
    if math.isnan(value):
        return "none"
    return f"{value:.4g}" if value and (abs(value) < 0.01 or abs(value) >= 1e5) else f"{value:.4f}"


def plain(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Title, table and notes in plain text."""
    return "\n".join([title, _shown(table).to_string(index=False), *notes])


class Printed:
    """A result that prints, and is shown in notebooks, as a title, a table and notes."""

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        raise NotImplementedError

    def __str__(self) -> str:
        """Title, table and notes in plain text."""
        return plain(*self._printed())

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        title, table, notes = self._printed()
        return f"<p>{escape(title)}</p>{_shown(table).to_html(index=False)}<p>{'<br>'.join(map(escape, notes))}</p>"


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    written = {"f": number, "i": "{:,}".format, "u": "{:,}".format}
    columns = {str(c): table[c].map(written[table[c].dtype.kind]) for c in table if table[c].dtype.kind in written}
    return table.assign(**columns)


def fit_text(fit: Fit) -> str:
    """A fit's table and notes in plain text."""
    title, rows, notes = _parts(fit)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    rule = "─" * len(lines[0])
    return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, *notes])


def fit_html(fit: Fit) -> str:
    """The same for notebooks."""
    title, (header, *rows), notes = _parts(fit)
    head = "".join(f"<th>{escape(c)}</th>" for c in header)
    body = "".join(
        "<tr>" + f"<th>{escape(row[0])}</th>" + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{'<br>'.join(map(escape, notes))}</p>"
    )


def _parts(fit: Fit) -> tuple[str, list[list[str]], list[str]]:
    """Title, rows of the table with its header, notes."""
    effects = f", fixed effects of {' and '.join(fit.design.fixed_effects)}" if fit.design.fixed_effects else ""
    statistic = "z" if math.isinf(fit.vcov.df) else "t"
    rows = [["", "Estimate", "Std. error", statistic, "p", f"{100 * LEVEL:.0f} % interval"]]
    for term, estimate, error, t, p, low, high in fit.table().itertuples(index=False):
        shown = [number(error), f"{t:.2f}", f"{p:.3f}", f"{number(low)} to {number(high)}"]
        rows.append([term, number(estimate), *(["none", "", "", ""] if math.isnan(error) else shown)])
    return f"{fit.estimator}: {fit.outcome}{effects}", rows, _notes(fit)


def _notes(fit: Fit) -> list[str]:
    counted = {"rows": fit.nobs, "dyads": fit.dyads, "states": fit.states, "events": fit.events}
    counts = [f"{count:,} {what}" for what, count in counted.items() if count is not None]
    notes = [", ".join(counts), f"Standard errors: {fit.vcov}"]
    excluded = [f"{reason} {rows:,}" for reason, rows in fit.attrition if rows and reason not in SIZES]
    if excluded:
        notes.append(f"Rows left out: {'; '.join(excluded)}")
    if fit.solution.dropped:
        notes.append(f"Dropped for want of variation: {', '.join(fit.solution.dropped)}")
    none = [t for t, e in zip(fit.terms, fit.std_errors, strict=True) if math.isnan(e)]
    if none:
        kind = fit.vcov.kind
        notes.append(f"No standard error, as the double sum of the {kind} covariance is negative: {', '.join(none)}")
    return [*notes, *fit.flags]
