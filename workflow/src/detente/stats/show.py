"""A fit in words, for terminals and notebooks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from detente.base.numerics import LEVEL

if TYPE_CHECKING:
    from detente.stats.result import Fit

HEADER = ("", "Estimate", "Std. error", "t", "p", f"{100 * LEVEL:.0f} % interval")


def text(fit: Fit) -> str:
    """Table and notes in plain text."""
    rows = [_header(fit), *_rows(fit)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    rule = "─" * len(lines[0])
    return "\n".join([_title(fit), rule, lines[0], rule, *lines[1:], rule, *_notes(fit)])


def html(fit: Fit) -> str:
    """Table and notes in HTML."""
    head = "".join(f"<th>{escape(c)}</th>" for c in _header(fit))
    body = "".join(
        "<tr>" + f"<th>{escape(row[0])}</th>" + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in _rows(fit)
    )
    notes = "<br>".join(escape(note) for note in _notes(fit))
    caption = f"<caption>{escape(_title(fit))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{notes}</p>"


def _title(fit: Fit) -> str:
    effects = f", fixed effects of {' and '.join(fit.design.fixed_effects)}" if fit.design.fixed_effects else ""
    return f"{fit.estimator}: {fit.outcome}{effects}"


def _header(fit: Fit) -> Sequence[str]:
    return [*HEADER[:3], "z" if math.isinf(fit.vcov.df) else "t", *HEADER[4:]]


def _rows(fit: Fit) -> list[list[str]]:
    found = []
    numbers = fit.table().set_index("term").to_numpy(dtype=np.float64)
    for term, (estimate, error, statistic, p, low, high) in zip(fit.terms, numbers, strict=True):
        interval = f"{_number(low)} to {_number(high)}"
        shown = [_number(estimate), _number(error), f"{statistic:.2f}", f"{p:.3f}", interval]
        if np.isnan(error):
            shown[1:] = ["none", "", "", ""]
        found.append([term, *shown])
    return found


def _number(value: float) -> str:
    return f"{value:.4g}" if value and (abs(value) < 0.01 or abs(value) >= 1e5) else f"{value:.4f}"


def _notes(fit: Fit) -> list[str]:
    counted = {"rows": fit.nobs, "dyads": fit.dyads, "states": fit.states, "events": fit.events}
    counts = [f"{count:,} {what}" for what, count in counted.items() if count is not None]
    notes = [", ".join(counts), f"Standard errors: {fit.vcov}"]
    left = [f"{reason} {rows:,}" for reason, rows in fit.attrition if rows and reason not in SIZES]
    if left:
        notes.append(f"Rows left out: {'; '.join(left)}")
    if fit.solution.dropped:
        notes.append(f"Dropped for want of variation: {', '.join(fit.solution.dropped)}")
    none = [t for t, e in zip(fit.terms, fit.std_errors, strict=True) if np.isnan(e)]
    if none:
        kind = fit.vcov.kind
        notes.append(f"No standard error, as the double sum of the {kind} covariance is negative: {', '.join(none)}")
    return [*notes, *fit.flags]


# Entries of the attrition that say how many there are, not how many were left out.
SIZES = ("rows of the data", "used", "dyad-years of the sample in the window")
