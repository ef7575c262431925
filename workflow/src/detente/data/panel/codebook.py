"""What each variable of a panel is, where it comes from, and how it is spread."""

from collections.abc import Mapping

import pandas as pd

from detente.data.panel.build import Panel
from detente.data.panel.catalogue import Entry


def codebook(entries: Mapping[str, Entry]) -> pd.DataFrame:
    """One row per variable: what it is, the source that holds it, all that it is made from, and what absence means."""
    return pd.DataFrame(
        [
            {
                "variable": name,
                "label": entry.variable.label,
                "unit": entry.variable.unit,
                "role": entry.variable.role,
                "source": entry.origin,
                "made_from": " ".join(entry.sources),
                "absent_means": "0 in the years covered" if entry.variable.kind == "event" else "missing",
            }
            for name, entry in entries.items()
        ]
    )


def described(panel: Panel) -> pd.DataFrame:
    """The codebook, with how each variable is spread in the window."""
    frame = panel.frame[panel.frame["in_window"]]
    rows = []
    for name in panel.entries:
        column = frame[name]
        seen = bool(column.notna().any())
        rows.append(
            {
                "nobs": int(column.notna().sum()),
                "missing": int(column.isna().sum()),
                "mean": float(column.mean()) if seen else None,
                "sd": float(column.std()) if seen else None,
                "min": float(column.min()) if seen else None,
                "max": float(column.max()) if seen else None,
            }
        )
    return pd.concat([codebook(panel.entries), pd.DataFrame(rows)], axis=1)
