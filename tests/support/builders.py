"""The smallest raw tables, tidy frames, panels and projects that a test can be about."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from detente.cli.formats import write_raw
from detente.data.acquire import SHIPPED
from detente.data.panel import Entry, catalogue
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, Source, Tidy, tidy_schema
from detente.data.sources.cooperation.exercises import FILE, KINDS, SLOTS, STATES
from detente.simulate import simulate_world
from detente.study.config.project import Study, load_project

REPOSITORY = Path(__file__).parents[2]
# Code, name, first and last day of membership, as the list of states has them.
MEMBERS = (
    (2, "United States of America", 18160101, 20161231),
    (200, "United Kingdom", 18160101, 20161231),
    (255, "Germany", 18160101, 19450508),
    (255, "Germany", 19901003, 20161231),
    (260, "German Federal Republic", 19550505, 19901002),
    (265, "German Democratic Republic", 19540325, 19901002),
    (290, "Poland", 19180101, 19390927),
    (290, "Poland", 19450628, 20161231),
    (345, "Yugoslavia", 18780713, 20161231),
    (365, "Russia", 18160101, 20161231),
    (626, "South Sudan", 20110709, 20161231),
    (678, "Yemen Arab Republic", 19260902, 19900521),
    (679, "Yemen", 19900522, 20161231),
)
Raw = dict[str, pd.DataFrame]


def project(folder: Path) -> Path:
    """Copy `config/` into `folder` and return that."""
    shutil.copytree(REPOSITORY / "config", folder / "config")
    return folder


def change(path: Path, old: str, new: str) -> int:
    """Replace the first `old` of a file, which must have it; returns the number of the first line changed."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    changed = text.replace(old, new, 1)
    path.write_text(changed, encoding="utf-8")
    rows = zip_longest(text.splitlines(), changed.splitlines())
    return next(i for i, (before, after) in enumerate(rows, start=1) if before != after)


def line(path: Path, text: str) -> int:
    """Number of the first line that has `text`."""
    return next(i for i, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1) if text in row)


def tiny() -> Study:
    return load_project(REPOSITORY).study("tiny")


def joined() -> list[Source]:
    """Sources that the shipped studies join."""
    return [REGISTRY[slug] for slug in tiny().sources]


def offered() -> dict[str, Entry]:
    """Variables of the shipped studies' panels."""
    return catalogue(joined())


def simulated_raw(folder: Path) -> dict[str, Raw]:
    """Raw tables of the tiny world by source and file: written to `folder` and read back."""
    study = tiny()
    assert study.simulation is not None
    for (slug, file), tables in simulate_world(study.simulation, study.seed).tables.items():
        write_raw(folder / slug / file, tables)
    return {
        source.slug: {t.file: read_raw(folder / (t.slug or source.slug) / t.file, t) for t in source.raw}
        for source in joined()
    }


def state_list(*members: tuple[int, str, int, int]) -> pd.DataFrame:
    """Raw list of states from code, name, first and last day."""
    rows = [(name[:3].upper(), code, name, *_date(start), *_date(end)) for code, name, start, end in members]
    columns = ["styear", "stmonth", "stday", "endyear", "endmonth", "endday"]
    return pd.DataFrame(rows, columns=["stateabb", "ccode", "statenme", *columns])


def cleaner(states: pd.DataFrame) -> Callable[..., Tidy]:
    """A function of a source and hand-made tables, in the order of its own, that cleans them with this list of states.

    It checks what every source promises: raw tables stay as they are, and the tidy frame keeps its schema.
    """

    def cleaned(source: Source, *tables: pd.DataFrame, **named: pd.DataFrame) -> Tidy:
        own = [table.file for table in source.raw if table.slug is None]
        raw: Raw = dict(zip(own, (*tables, *named.values()), strict=True))
        if any(table.file == STATES for table in source.raw):
            raw[STATES] = states
        by_hand = (t for t in source.raw if t.slug and (SHIPPED / t.slug).is_dir())
        raw |= {t.file: read_raw(SHIPPED / t.slug / t.file, t) for t in by_hand if t.slug}
        before = {name: frame.copy() for name, frame in raw.items()}
        tidy = source.clean(raw)
        for name, frame in raw.items():
            pd.testing.assert_frame_equal(frame, before[name])
        tidy_schema(source).validate(tidy.frame)
        return tidy

    return cleaned


def rows(tidy: Tidy, *columns: str) -> list[tuple[object, ...]]:
    """Rows of a tidy frame, in these columns."""
    return list(tidy.frame[list(columns)].itertuples(index=False, name=None))


def only(frame: pd.DataFrame, *key: int) -> dict[str, float]:
    """The one row of a frame with this key."""
    parts = [part for part in ("ccode1", "ccode2", "ccode", "year") if part in frame]
    (found,) = frame[(frame[parts] == list(key)).all(axis=1)].to_dict("records")
    return {str(name): value for name, value in found.items()}


def entries(tidy: Tidy) -> list[tuple[str, str, str, int]]:
    """Rows of an attrition log: action, reason, record, rows."""
    return list(tidy.attrition[["action", "reason", "record", "rows"]].itertuples(index=False, name=None))


def _date(day: int) -> tuple[int, int, int]:
    return day // 10000, day // 100 % 100, day % 100


def exercise(
    *participants: str, start: str = "1995-06-01", end: str = "1995-06-10", id_: str = "mme1"
) -> dict[str, str]:
    """One raw row of an exercise; dates as year-month-day."""
    names = [*participants, *[""] * (len(SLOTS) - len(participants))]
    parts = ("year", "month", "day")
    days = {
        f"{side}.{part}": value.lstrip("0")
        for side, date in (("s", start), ("e", end))
        for part, value in zip(parts, date.split("-"), strict=True)
    }
    return {
        "MMEID": id_,
        "Ex_Name": "keen edge",
        "Series_Name": "",
        "lat": "52.23",
        "lon": "21.01",
        **days,
        **dict.fromkeys(KINDS, "0"),
        **dict(zip(SLOTS, names, strict=True)),
    }


def exercises(*rows: dict[str, str]) -> Raw:
    """Raw tables of the source of exercises."""
    return {FILE: pd.DataFrame(rows), STATES: state_list(*MEMBERS)}


def spells(*rows: tuple[int, int, int], status: str = "member") -> pd.DataFrame:
    """Tidy spells of membership from state, first and last day."""
    frame = pd.DataFrame(rows, columns=["ccode", "start", "end"], dtype="int64")
    return frame.assign(name="State " + frame["ccode"].astype(str), status=status)


def dyad_years(a: int, b: int, years: range | list[int], **columns: list[float]) -> pd.DataFrame:
    """Rows of one dyad."""
    return pd.DataFrame({"ccode1": a, "ccode2": b, "year": list(years), **columns})


def panel(*dyads: pd.DataFrame, start: int = 0) -> pd.DataFrame:
    """A panel with every variable of a shipped study; 0 unless given; the window starts in `start`."""
    names = offered()
    given = pd.concat(
        [dyad.reindex(columns=[*dyad, *(n for n in names if n not in dyad)], fill_value=0.0) for dyad in dyads],
        ignore_index=True,
    )
    own = [c for c in given if c not in names and c not in ("ccode1", "ccode2", "year")]
    return given[["ccode1", "ccode2", "year", *own, *names]].assign(in_window=given["year"] >= start)
