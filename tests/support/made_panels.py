"""A made system of states, and for every source made tidy rows from nothing but its declaration."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadr
import yaml

from detente.base.files import sha256, write_json
from detente.cli import main
from detente.cli.formats import write_raw
from detente.data.acquire import SHIPPED
from detente.data.panel import STATES, Panel, build, build_panel
from detente.data.panel.offering import EXPANSIONS
from detente.data.pins import load_sources
from detente.data.record import KEPT, clean_source
from detente.data.sources import BY_DYAD, KEYS, REGISTRY, Source, Variable
from detente.data.sources.cooperation.exercises import KINDS
from detente.simulate import simulate_world

from support.builders import REPOSITORY, spells, tiny

NA = float("nan")
# One state comes late, two make way for one another within a year, one leaves and comes back, one is there throughout.
SYSTEM = pd.concat(
    [
        spells(
            (2, 18160101, 20161231),
            (200, 18160101, 20161231),
            (255, 18160101, 19450508),
            (255, 19901003, 20161231),
            (260, 19550505, 19901002),
            (679, 19670701, 20161231),
        ),
        spells((2, 18980813, 20161231), (200, 18160101, 19560706), status="major"),
    ],
    ignore_index=True,
)
MEMBERS = (2, 200, 255, 260, 679)
STRANGER = 999


@dataclass(frozen=True)
class Item:
    """Rows of a key, of a source or of one of its expansions."""

    key: str
    variables: tuple[Variable, ...]
    years: tuple[int, int]
    frame: pd.DataFrame

    @property
    def timed(self) -> tuple[str, ...]:
        """The year, if it is a part of the key."""
        return ("year",) if "year" in KEYS[self.key] else ()

    @cached_property
    def keys(self) -> list[tuple[int, ...]]:
        """Key of each row."""
        return list(self.frame[list(KEYS[self.key])].itertuples(index=False, name=None))


def narrowed(draw: np.random.Generator, first: int, last: int) -> list[Source]:
    """Every source of the record that joins panels, each as though it coded other years around the middle."""
    middle = (first + last) // 2
    sources = []
    for source in filter(lambda each: each.joins, REGISTRY.values()):
        begin, end = int(draw.integers(first + 2, middle)), int(draw.integers(middle, last - 1))
        cut = source if source.slug == STATES else replace(source, years=(begin, end), breaks=(), carried=None)
        sources.append(cut)
    return sources


def made_tidy(sources: Sequence[Source], draw: np.random.Generator, first: int, last: int) -> dict[str, pd.DataFrame]:
    """Tidy rows of every source, of years from `first` to `last` whatever it covers, and of a state that is none."""
    tidy = {s.slug: made_rows(s, draw, range(first, last + 1)) for s in sources if s.key in KEYS}
    return {STATES: SYSTEM, "mme": made_exercises(draw, range(first, last + 1)), **tidy}


def made_rows(source: Source, draw: np.random.Generator, years: range) -> pd.DataFrame:
    """A third of all keys, and values as the declaration of each variable allows."""
    everyone = [*MEMBERS, STRANGER]
    if "ccode" in KEYS[source.key]:
        states: list[tuple[int, ...]] = [(state,) for state in everyone]
    elif source.key == "directed-dyad-year":
        states = list(permutations(everyone, 2))
    else:
        states = list(combinations(everyone, 2))
    timed = "year" in KEYS[source.key]
    keys = [(*s, year) for s in states for year in years] if timed else states
    kept = [key for key in keys if draw.random() < 1 / 3]
    values = {v.name: made_values(v, draw, len(kept)) for v in source.variables}
    return pd.DataFrame(kept, columns=list(KEYS[source.key]), dtype="int64").assign(**values)


def made_values(v: Variable, draw: np.random.Generator, size: int) -> Any:
    """Numbers from 0 on, whole ones for events; missing where a record may leave its value unknown."""
    most = 2 if v.unit == "0/1" else 9
    values = draw.integers(0, most, size).astype("float64")
    if v.kind == "measure" and v.unit != "0/1":
        values += draw.random(size)
    return np.where((draw.random(size) < 1 / 4) & (v.unknown or v.kind == "measure"), NA, values)


def made_exercises(draw: np.random.Generator, years: range) -> pd.DataFrame:
    """Exercises of two to four states."""
    frames = []
    for number in range(4 * len(years)):
        states = draw.choice(MEMBERS, size=int(draw.integers(2, 5)), replace=False)
        traits = {kind: int(draw.integers(2)) for kind in KINDS.values()}
        site = {"latitude": draw.uniform(-60, 60), "longitude": draw.uniform(-180, 180)}
        held = {"exercise": number, "year": int(draw.choice(years)), "parties": len(states), "month": 6}
        frames.append(pd.DataFrame({**held, "ccode": states, "series": int(draw.integers(-1, 6)), **traits, **site}))
    return pd.concat(frames, ignore_index=True)


def items(sources: Sequence[Source], tidy: Mapping[str, pd.DataFrame]) -> Iterator[Item]:
    """All that has a key: of sources, and of what is made from exercises in the years that all it needs code."""
    coded = {s.slug: s.years for s in sources}
    for s in sources:
        if s.key in KEYS:
            yield Item(s.key, s.variables, s.years, tidy[s.slug])
    for e in EXPANSIONS:
        years = (max(coded[slug][0] for slug in e.needs) + e.blind, min(coded[slug][1] for slug in e.needs))
        yield Item(e.key, e.variables, years, e.make({slug: tidy[slug] for slug in e.needs}))


BOTH = {"dyad-year": [("", ("low", "high"))], "dyad": [("", ("low", "high"))]}


def sided(one: str, two: str) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    sides: list[tuple[str, tuple[str, ...]]] = [(f"_{one}", ("ccode1",)), (f"_{two}", ("ccode2",))]
    return {"state-year": sides, "state": sides}


# Unit → key of a source → ending of its variables' names, and the columns of the panel that its key stands in.
PLACES: Mapping[str, Mapping[str, list[tuple[str, tuple[str, ...]]]]] = {
    "dyad-year": {
        **BOTH,
        **sided("1", "2"),
        "directed-dyad-year": [("_12", ("ccode1", "ccode2")), ("_21", ("ccode2", "ccode1"))],
    },
    "directed-dyad-year": {**BOTH, **sided("sender", "target"), "directed-dyad-year": [("", ("ccode1", "ccode2"))]},
    "state-year": {"state-year": [("", ("ccode",))], "state": [("", ("ccode",))]},
}


def by_hand(keys: Sequence[tuple[int, ...]], years: Sequence[int], item: Item, v: Variable) -> list[float]:
    """The rule, row by row: missing outside the years; inside, what the record says, else 0 for an event."""
    record = dict(zip(item.keys, item.frame[v.name].tolist(), strict=True))
    absent = 0.0 if v.kind == "event" else NA
    first, last = item.years
    return [record.get(key, absent) if first <= year <= last else NA for key, year in zip(keys, years, strict=True)]


@cache
def observed(mirror: Path) -> dict[str, pd.DataFrame]:
    """Every source of the record, cleaned."""
    records = load_sources(REPOSITORY)

    def find(slug: str, file: str) -> Path:
        """In the mirror, or with the package if it comes with that."""
        place = Path(records[slug].folder or slug) / file
        return mirror / place if (mirror / place).is_file() else SHIPPED / place

    return {s.slug: clean_source(s, find, records[s.slug].whittle).frame for s in REGISTRY.values()}


def made_source(slug: str, key: Any, *variables: Variable, years: tuple[int, int] = (1900, 2010)) -> Source:
    """A source of nothing but a declaration."""
    return Source(slug, key, (), variables, lambda _: None, years)


def event(name: str, unit: str = "0/1", *, unknown: bool = False, folded: str = "") -> Variable:
    label, assigned = f"Label of {name}", BY_DYAD
    return Variable(name, label, unit, "event", "treatment", unknown=unknown, assigned=assigned, folded=folded)


def measure(name: str, unit: str = "points", *, folded: str = "") -> Variable:
    return Variable(name, f"Label of {name}", unit, "measure", "control", folded=folded)


def made_panel(frames: Mapping[Source, pd.DataFrame], window: tuple[int, int] = (1990, 1993), **options: Any) -> Panel:
    """A panel of the made system, without years before the window unless asked for."""
    tidy = {STATES: SYSTEM, **{source.slug: frame for source, frame in frames.items()}}
    return build_panel(tidy, [REGISTRY[STATES], *frames], window, **{"lead_in": 0, **options})


# Sources of the project below; a directed one among them.
IN_PLACE = ("cow-state-system", "gml-mid", "gml-mid-initiation", "nmc", "rivalry", "rivalry-dreyer")


def made_project(folder: Path) -> Path:
    """A project of a few sources, whose raw files are of the tiny simulated world and in place."""
    study = tiny()
    assert study.simulation is not None
    tables = simulate_world(study.simulation, study.seed).tables
    records = load_sources(REPOSITORY)
    sources = {}
    for slug in IN_PLACE[:-1]:
        record, files = records[slug], []
        for pin in record.files:
            path = folder / "data" / "raw" / (record.folder or slug) / pin.file
            write_raw(path, tables[record.folder or slug, pin.file])
            files.append({"file": pin.file, "address": None, "sha256": sha256(path), "bytes": path.stat().st_size})
        sources[slug] = record.model_dump(mode="json") | {"files": files, "rows": None}
    # The last one's raw file is nowhere.
    missing = {"file": "gone.csv", "address": None, "sha256": "0" * 64, "bytes": 1}
    sources[IN_PLACE[-1]] = records[IN_PLACE[-1]].model_dump(mode="json") | {"files": [missing]}
    write_json({"sources": sources}, folder / "config" / "sources.yaml")
    return folder


DYAD_YEAR = {"ccode1": "ccode1", "ccode2": "ccode2", "year": "year"}
VISITS = pd.DataFrame({"ccode1": [2, 200, 2], "ccode2": [200, 2, 260], "year": [1990, 1991, 1991], "n": [1, 2, 3]})


def definition(folder: Path, **changes: object) -> Path:
    """A YAML file that describes visits.csv; None leaves a key out."""
    content = {
        "name": "visits",
        "title": "Visits of heads of state",
        "citation": "Somebody. 2020. Visits.",
        "file": "visits.csv",
        "key": "dyad-year",
        "columns": DYAD_YEAR,
        "years": [1980, 2000],
        "variables": {"visits": {"label": "Visits", "column": "n", "unit": "visits", "absent": "zero"}},
        **changes,
    }
    path = folder / "visits.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}, sort_keys=False))
    return path


def table(folder: Path, frame: pd.DataFrame = VISITS, name: str = "visits.csv") -> Path:
    frame.to_csv(folder / name, index=False)
    return folder / name


def zipped(frame: pd.DataFrame, path: Path) -> None:
    """Write a table into a folder of a ZIP, beside another file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/visits.csv", frame.to_csv(index=False))
        archive.writestr("readme.txt", "nothing")


def some_states(root: Path) -> list[int]:
    """Three states of the made project."""
    frame = build((2000, 2000), [], root=root, unit="state-year").panel.frame
    return frame["ccode"].tolist()[:3]


ADDED = ["gml", "gml-mid-initiation", "nmc", "rivalry"]
YEARS = (2000, 2004)


def panel_file(root: Path, out: Path, *words: object, years: str = "2000-2004", add: list[str] = ADDED) -> int:
    """Call the command line in a project; its exit status."""
    place = ["panel", "--root", root, "--years", years, "--add", *add, "--out", out]
    return main([str(word) for word in (*place, *words)])


def cleaned_before(root: Path, folder: Path, slug: str) -> list[object]:
    """Options that name a folder of the tidy tables of a source and the states, which are cleaned here."""
    build(YEARS, [slug], root=root)
    for name in (STATES, slug):
        (frame,) = (p for p in (root / KEPT / name).glob("*.parquet") if "attrition" not in p.name)
        for kind, source in (("tidy", frame), ("attrition", frame.with_suffix(".attrition.parquet"))):
            (folder / kind).mkdir(exist_ok=True)
            shutil.copy(source, folder / kind / f"{name}.parquet")
    return ["--tidy", folder / "tidy", "--attrition-logs", folder / "attrition"]


def read_back(path: Path) -> pd.DataFrame:
    """Read a panel's file by its ending."""
    return {
        ".parquet": pd.read_parquet,
        ".arrow": pd.read_feather,
        ".csv": pd.read_csv,
        ".dta": partial(pd.read_stata, convert_categoricals=False),
        ".rds": lambda p: next(iter(pyreadr.read_r(str(p)).values())),
    }[path.suffix](path)
