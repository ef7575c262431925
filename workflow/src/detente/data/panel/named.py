"""What columns of a key are called in words, and what else identifies a state or a dyad: names, other codes, an id."""

from collections.abc import Callable, Collection, Mapping
from typing import Literal, get_args

import pandas as pd

from detente.base.errors import ConfigError, choices
from detente.base.units import Unit
from detente.data.panel.offering import Panel
from detente.data.sources import KEYS
from detente.data.sources.codelists import TO_GLEDITSCH_WARD, changed, iso_letters

Identifier = Literal["gw", "iso3", "dyad"]
"""What identifies the states of a row, or their pair, beside COW's codes."""
_PARTS: Mapping[Unit, Mapping[str, str]] = {
    "dyad-year": {"ccode1": "State 1, the one with the lower code", "ccode2": "State 2, the one with the higher code"},
    "directed-dyad-year": {"ccode1": "Sender", "ccode2": "Target"},
    "state-year": {"ccode": "State"},
}
# By identifier, what stands before the number of the side, what it is, and how it is made from COW's codes and years.
_CODES: Mapping[str, tuple[str, str, Callable[[pd.Series, pd.Series], pd.Series]]] = {
    "gw": ("gwcode", "Gleditsch and Ward's code", lambda codes, years: changed(codes, years, TO_GLEDITSCH_WARD)),
    "iso3": ("iso3c", "ISO 3166 letters", iso_letters),
}


def key_labels(unit: Unit) -> dict[str, str]:
    """Labels of the parts of the key, of what may stand beside them, and of `in_window`, by column."""
    parts = _PARTS[unit]
    return {
        **{part: f"{words} (COW code)" for part, words in parts.items()},
        **{_beside(part, "state"): f"{words} (name in the list of states)" for part, words in parts.items()},
        **{
            _beside(part, stem): f"{words} ({what})"
            for stem, what, _ in _CODES.values()
            for part, words in parts.items()
        },
        **({"dyad": "Dyad (lower COW code × 1000 + higher)"} if len(parts) > 1 else {}),
        **({"directed_dyad": "Sender × 1000 + target (COW codes)"} if unit == "directed-dyad-year" else {}),
        "year": "Year",
        "in_window": "Year asked for; 0: a year before or after, held for lags and leads",
    }


def with_names(panel: Panel, states: pd.DataFrame) -> pd.DataFrame:
    """The frame of a panel with the names of its states after the key: `state1` and `state2`, or `state`.

    `states`: the tidy list of states, one row per spell of membership, with columns `ccode`, `name`, `start` and `end`
    (yyyymmdd); a name is that of the last spell that has begun by the year's end.
    """
    return with_identifiers(panel, (), states)


def with_identifiers(
    panel: Panel, identifiers: Collection[Identifier] = (), states: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The frame of a panel with further identifiers after the key, and names if the list of `states` is given.

    "gw": `gwcode1` and `gwcode2`, or `gwcode`, Gleditsch and Ward's codes at the year's end. "iso3": `iso3c1` and
    `iso3c2`, or `iso3c`, letters of ISO 3166, today's of states that are there today; missing of those that never had
    any.
    "dyad": `dyad`, the lower COW code times 1000 plus the higher, and in directed panels `directed_dyad`, the sender's
    times 1000 plus the target's. Raises ConfigError for another identifier, and for "dyad" in a panel of states.
    """
    frame, key = panel.frame, KEYS[panel.unit]
    check_identifiers(identifiers, panel.unit)
    sides = [part for part in key if part != "year"]
    made = {}
    if states is not None:
        made = {_beside(part, "state"): _names(frame[part], frame["year"], states) for part in sides}
    for stem, _, convert in (_CODES[name] for name in _CODES if name in identifiers):
        made |= {_beside(part, stem): convert(frame[part], frame["year"]) for part in sides}
    if "dyad" in identifiers:
        one, two = (frame[part].astype("int64") for part in sides)
        made["dyad"] = one.where(one < two, two) * 1000 + two.where(one < two, one)
        if panel.unit == "directed-dyad-year":
            made["directed_dyad"] = one * 1000 + two
    others = {name: frame[name] for name in frame.columns if name not in key}
    return pd.DataFrame({**{part: frame[part] for part in key}, **made, **others}, copy=False)


def check_identifiers(identifiers: Collection[Identifier], unit: Unit) -> None:
    """Raise ConfigError for what is no identifier of rows of the unit."""
    for name in identifiers:
        if name not in get_args(Identifier):
            raise ConfigError(f"{name!r} is no identifier; {choices(name, get_args(Identifier))}")
    if "dyad" in identifiers and len(_PARTS[unit]) < 2:
        raise ConfigError("'dyad' identifies a pair of states; a state-year has none: leave it out")


def _beside(part: str, stem: str) -> str:
    return part.replace("ccode", stem)


def _names(codes: pd.Series, years: pd.Series, states: pd.DataFrame) -> pd.Series:
    """Name of the state of each code in the year."""
    spells = states[states["status"] == "member"].sort_values(["ccode", "start"])
    place = spells["ccode"] * 10_000 + spells["start"] // 10_000
    found = place.searchsorted(codes * 10_000 + years, side="right") - 1
    return pd.Series(spells["name"].astype("str").array.take(found), index=codes.index)
