"""Where the rows of a source stand in a panel: looked up once, and placed without a sort."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.errors import PanelError
from detente.base.types import Array, Codes, Places
from detente.data.panel.spine import NOWHERE, Keys, Spine
from detente.data.sources import KEYS, Key, Variable


@dataclass(frozen=True)
class Given:
    """Tidy rows of one source or expansion, which codes `years`; `make` is called when they are first asked for."""

    slug: str
    key: Key
    variables: tuple[Variable, ...]
    years: tuple[int, int]
    make: Callable[[], pd.DataFrame]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows, with the parts of `key` and the `variables`."""
        return self.make()

    @property
    def made(self) -> bool:
        """Whether the rows were asked for."""
        return "frame" in vars(self)

    def places(self, spine: Spine, part: str) -> Codes:
        """Place of each row's state among those of `spine`; raises PanelError, naming the source, if it can be none."""
        return spine.places(self.frame[part], f"{self.slug}: {part}")

    def lasting(self, spine: Spine, variable: Variable) -> Array:
        """What holds of each state (n,), or of each two (n, n), in all years that the source covers."""
        unique(self.frame, KEYS[self.key], self.slug)
        places = [self.places(spine, part) for part in KEYS[self.key]]
        known = np.all([place >= 0 for place in places], axis=0)
        whole = np.full((len(spine.states),) * len(places), 0.0 if variable.kind == "event" else np.nan)
        whole[tuple(place[known] for place in places)] = self.frame[variable.name].to_numpy(dtype=np.float64)[known]
        return whole


class Placed:
    """Places of a given frame, those that are `here`, and the `row` among the keys of a panel where each belongs."""

    def __init__(self, given: Given, keys: Keys, spine: Spine, row: Places) -> None:
        year = given.frame["year"].to_numpy(dtype=np.int64)
        self.given, self.keys = given, keys
        self.here = (row >= 0) & inside(year, given.years)
        self.row = row[self.here]
        self.covered = inside(spine.years, given.years)
        seen = np.zeros(len(keys), dtype=bool)
        seen[self.row] = True
        if np.count_nonzero(seen) != len(self.row):
            unique(given.frame[self.here], KEYS[given.key], given.slug)

    def column(self, variable: Variable) -> Array:
        """Values of a variable: absence is 0 for an event where the source codes, and missing otherwise."""
        absent = np.where(self.covered, 0.0 if variable.kind == "event" else np.nan, np.nan)
        values = taken(absent, self.keys.parts[-1])
        values[self.row] = self.given.frame[variable.name].to_numpy(dtype=np.float64)[self.here]
        return values


class Records:
    """Records of a source or expansion, and where they stand in a spine: looked up once, when first asked for."""

    def __init__(self, given: Given, spine: Spine) -> None:
        self.given, self.spine = given, spine
        self.parts = [p for p in KEYS[given.key] if p != "year"]

    @property
    def keys(self) -> Keys:
        """Those of the pairs, or of the members."""
        return self.spine.pairs if len(self.parts) == 2 else self.spine.members

    @cached_property
    def row(self) -> Places:
        """Row of each record among `keys`, whichever direction it has; -1 where there is none."""
        places = self._places()
        if self.given.key == "directed-dyad-year":
            places = [np.minimum(*places), np.maximum(*places)]
        return self.keys.rows(*places, self._year())

    @cached_property
    def placed(self) -> Placed:
        """Among pairs or members."""
        return Placed(self.given, self.keys, self.spine, self.row)

    @cached_property
    def forth(self) -> Placed:
        """Among pairs, those from the state with the lower code towards the other."""
        return self._towards(np.less)

    @cached_property
    def back(self) -> Placed:
        """Among pairs, those from the state with the higher code towards the other."""
        return self._towards(np.greater)

    @cached_property
    def directed(self) -> Placed:
        """Among directions."""
        keys = self.spine.directions
        return Placed(self.given, keys, self.spine, keys.rows(*self._places(), self._year()))

    def _towards(self, compare: Callable[..., Any]) -> Placed:
        sender, target = (self.given.frame[p].to_numpy(dtype=np.int64) for p in self.parts)
        row = np.where(compare(sender, target), self.row, np.int32(NOWHERE))
        return Placed(self.given, self.keys, self.spine, row)

    def _places(self) -> list[Codes]:
        return [self.given.places(self.spine, p) for p in self.parts]

    def _year(self) -> Codes:
        year: Codes = self.given.frame["year"].to_numpy(dtype=np.int64) - self.spine.first
        return year


def inside(year: Codes, years: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Whether each year lies between the first and the last of `years`."""
    return np.asarray((year >= years[0]) & (year <= years[1]))


def taken(values: Array, at: Codes) -> Array:
    """Values at positions that are known to be inside."""
    return values.take(at, mode="clip")


def unique(frame: pd.DataFrame, key: tuple[str, ...], name: str) -> None:
    """Raise PanelError, with examples, if a key of `frame` occurs twice."""
    twice = frame.loc[frame.duplicated(list(key), keep=False), list(key)].drop_duplicates()
    if len(twice):
        examples = "; ".join(" ".join(map(str, row)) for row in twice.head(3).itertuples(index=False))
        raise PanelError(f"{name}: {len(twice)} keys ({', '.join(key)}) occur more than once, e.g. {examples}")
