"""The panel: spine, joins, spells, derived variables, and a ledger of what found no place in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from detente.checks import validated
from detente.errors import ConfigError
from detente.panel.join import join, matched, matched_states, packed, rows_of, unique
from detente.panel.kadic import expand
from detente.panel.schema import panel_schema
from detente.panel.spine import dyad_years, state_years
from detente.panel.variables import DERIVED, SPELLS, catalogue
from detente.sources import KEYS, REGISTRY, Source, ledger

STATES = "cow-state-system"
# Years before the window that the panel holds for lags, unless more are asked for.
LEAD_IN = 2


@dataclass(frozen=True)
class Panel:
    """Undirected dyad-years.

    `frame` has the key a, b, year, `in_window`, and every variable of `catalogue()`; the `lead_in` years
    before the window are there for lags alone. `ledger` lists records that have no dyad-year in the panel.
    """

    frame: pd.DataFrame
    ledger: pd.DataFrame


def build_panel(tidy: Mapping[str, pd.DataFrame], window: tuple[int, int], lead_in: int = LEAD_IN) -> Panel:
    """Build the panel of `window` (first and last year) and the `lead_in` years before, from tidy sources by slug.

    Raises
    ------
    ConfigError
        If a source is not at hand, or the window lies outside the years of the state list.
    PanelError
        If a join would duplicate rows.
    """
    if missing := [slug for slug in REGISTRY if slug not in tidy]:
        raise ConfigError(f"the panel needs {', '.join(missing)}; at hand: {', '.join(sorted(tidy)) or 'nothing'}")
    members = tidy[STATES][tidy[STATES]["status"] == "member"]
    first = max(REGISTRY[STATES].years[0], int(members["start"].min()) // 10000)
    _check_window(window, first)
    spine = dyad_years(members, first, window[1])
    spells = _spells(spine, tidy)
    keys = spells[spells["year"] >= window[0] - lead_in].reset_index(drop=True)
    parts, entries = [keys], []
    for source in REGISTRY.values():
        if source.key == "state-year":
            parts.append(matched_states(keys, tidy[source.slug], source.variables, source.years, source.slug))
        elif source.key in ("dyad-year", "event"):
            dyads = expand(tidy[source.slug]) if source.key == "event" else tidy[source.slug]
            parts.append(matched(keys, dyads, source.variables, source.years, source.slug))
            entries.append(_unplaced(spine, dyads, source, window))
    parts.append(_majors(keys, tidy[STATES]))
    joined = pd.concat(parts, axis=1)
    derived = pd.DataFrame({item.variable.name: item.make(joined) for item in DERIVED})
    frame = pd.concat([joined.assign(in_window=joined["year"] >= window[0]), derived], axis=1)
    unique(frame, KEYS["dyad-year"], "panel")
    ordered = frame[["a", "b", "year", "in_window", *catalogue()]]
    return Panel(validated(ordered, panel_schema(), "panel"), pd.concat(entries, ignore_index=True))


def _check_window(window: tuple[int, int], first: int) -> None:
    last = REGISTRY[STATES].years[1]
    if window[0] < first or window[1] > last:
        raise ConfigError(f"window {window[0]}–{window[1]} lies outside the state system's years, {first}–{last}")


def _spells(spine: pd.DataFrame, tidy: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The spine with what the past of a dyad says, counted from the spine's first year on."""
    joined = spine
    for ongoing in sorted({spell.ongoing for spell in SPELLS}):
        source = next(s for s in REGISTRY.values() if any(v.name == ongoing for v in s.variables))
        wanted = [v for v in source.variables if v.name == ongoing]
        joined = join(joined, tidy[source.slug], wanted, source.years, source.slug)
    return spine.assign(**{s.variable.name: s.make(joined, s.ongoing) for s in SPELLS})


def _majors(keys: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """`major_a` and `major_b`: a major power on any day of the year."""
    years = state_years(spells[spells["status"] == "major"], int(keys["year"].min()), int(keys["year"].max()))
    majors = packed(years, ("state", "year"))
    return pd.DataFrame(
        {f"major_{side}": rows_of(packed(keys, (side, "year")), majors)[1].astype("float64") for side in ("a", "b")}
    )


def _unplaced(spine: pd.DataFrame, tidy: pd.DataFrame, source: Source, window: tuple[int, int]) -> pd.DataFrame:
    """Records of the window whose two states do not coexist in the system that year."""
    inside = tidy.loc[tidy["year"].between(*window), ["a", "b", "year"]]
    key = KEYS["dyad-year"]
    lost = inside[~rows_of(packed(inside, key), packed(spine, key))[1]].groupby(["a", "b"], as_index=False)
    spans = lost.agg(first=("year", "min"), last=("year", "max"), rows=("year", "size"))
    reason = "the two states do not coexist in the system"
    records = spans.to_dict("records")
    return ledger(
        source.slug,
        [("dropped", reason, f"{r['a']}-{r['b']} {r['first']}–{r['last']}", int(r["rows"])) for r in records],
    )
