"""What the columns of a key are called in words, and names of the states in it."""

from collections.abc import Mapping

import pandas as pd

from detente.data.panel.catalogue import Panel, Unit
from detente.data.sources import KEYS

_PARTS: Mapping[Unit, Mapping[str, str]] = {
    "dyad-year": {"ccode1": "State 1, the one with the lower code", "ccode2": "State 2, the one with the higher code"},
    "directed-dyad-year": {"ccode1": "Sender", "ccode2": "Target"},
    "state-year": {"ccode": "State"},
}


def key_labels(unit: Unit) -> dict[str, str]:
    """Labels of the parts of the key, of names of states and of `in_window`, by column."""
    parts = _PARTS[unit]
    return {
        **{part: f"{words} (COW code)" for part, words in parts.items()},
        **{_name_of(part): f"{words} (name in the list of states)" for part, words in parts.items()},
        "year": "Year",
        "in_window": "Year asked for; 0: a year before or after, held for lags and leads",
    }


def with_names(panel: Panel, states: pd.DataFrame) -> pd.DataFrame:
    """The frame of a panel with the names of its states after the key: `state1` and `state2`, or `state`.

    `states`: the tidy list of states, one row per spell of membership, with columns `ccode`, `name`, `start` and `end`
    (yyyymmdd); a name is that of the last spell that has begun by the year's end.
    """
    frame, key = panel.frame, KEYS[panel.unit]
    named = {_name_of(part): _names(frame[part], frame["year"], states) for part in key if part != "year"}
    others = {name: frame[name] for name in frame.columns if name not in key}
    return pd.DataFrame({**{part: frame[part] for part in key}, **named, **others}, copy=False)


def _name_of(part: str) -> str:
    return part.replace("ccode", "state")


def _names(codes: pd.Series, years: pd.Series, states: pd.DataFrame) -> pd.Series:
    """Name of the state of each code in the year."""
    spells = states[states["status"] == "member"].sort_values(["ccode", "start"])
    place = spells["ccode"] * 10_000 + spells["start"] // 10_000
    found = place.searchsorted(codes * 10_000 + years, side="right") - 1
    return pd.Series(spells["name"].astype("str").array.take(found), index=codes.index)
