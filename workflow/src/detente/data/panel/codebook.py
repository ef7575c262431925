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
    columns = [frame[name] for name in panel.entries]
    spread = [(c.count(), c.isna().sum(), c.mean(), c.std(), c.min(), c.max()) for c in columns]
    rows = pd.DataFrame(spread, columns=["nobs", "missing", "mean", "sd", "min", "max"])
    return pd.concat([codebook(panel.entries), rows], axis=1)
