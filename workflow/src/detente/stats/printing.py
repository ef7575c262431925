"""Tables of results in plain text and HTML."""

import math
from collections.abc import Sequence
from html import escape

import pandas as pd


def number(value: float) -> str:
    """A number to four significant digits or four places; "none" if it does not exist."""
    if math.isnan(value):
        return "none"
    return f"{value:.4g}" if value and (abs(value) < 0.01 or abs(value) >= 1e5) else f"{value:.4f}"


def plain(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Title, table and notes in plain text."""
    return "\n".join([title, _shown(table).to_string(index=False), *notes])


def html(title: str, table: pd.DataFrame, notes: Sequence[str]) -> str:
    """The same for notebooks."""
    said = "<br>".join(escape(note) for note in notes)
    return f"<p>{escape(title)}</p>{_shown(table).to_html(index=False)}<p>{said}</p>"


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    floats = [c for c in table if table[c].dtype.kind == "f"]
    counts = [c for c in table if table[c].dtype.kind in "iu"]
    return table.assign(
        **{str(c): table[c].map(number) for c in floats}, **{str(c): table[c].map("{:,}".format) for c in counts}
    )
