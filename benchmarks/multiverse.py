"""Many linear probability models of the simulated dyad-years: ten samples, a hundred or a thousand sets of controls."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.base.files import read_frame
from detente.stats.covariance import number_dyads
from detente.stats.linear import linear_models
from detente.stats.linear.group import Choice, Group

from benchmarks import regressions
from benchmarks.contender import Contender
from benchmarks.dyads import KEYS, TREATMENT, load_dyads
from benchmarks.estimators import SMALL, rehearsal
from benchmarks.tasks import FEREG, LINEARMODELS, OURS, PYFIXEST

Mask = npt.NDArray[np.bool_]
# Sets of controls of a task, of 2¹⁴; of a quick run a tenth.
SETS = {"multiverse-1000": 100, "multiverse-10000": 1000}
# The first sample is all rows; each of the others leaves out one of nine eras of about as many rows.
SAMPLES = 10
# Specifications that a peer fits, drawn at random; the one that takes half a minute for each fits the first two.
DRAWN, SLOW = 10, 2


@dataclass(frozen=True)
class World:
    """Outcome and keys of N rows, regressors x (N, p) called `names`; samples of the rows, and sets of controls."""

    keys: pd.DataFrame
    x: npt.NDArray[np.float64]
    names: tuple[str, ...]
    samples: list[Mask]
    sets: list[tuple[str, ...]]

    @property
    def rows(self) -> int:
        """Specifications: of sample s and set c, number s × sets + c."""
        return len(self.samples) * len(self.sets)

    def picks(self, count: int) -> list[int]:
        """Numbers of specifications drawn at random."""
        return np.random.default_rng(8).permutation(self.rows)[:count].tolist()


@dataclass(frozen=True)
class Drawn:
    """Specifications by number, as a peer takes each of them."""

    data: dict[int, regressions.Columns]

    @property
    def rows(self) -> int:
        """Specifications."""
        return len(self.data)


def contenders(task: str) -> dict[str, Contender]:
    """Who does it, by library."""
    as_columns, as_indexed = regressions.as_columns, regressions.as_indexed
    return {
        OURS: Contender(
            load=lambda folder: world(task, load_dyads(folder)), run=ours, rehearse=lambda: world(task, rehearsal())
        ),
        FEREG: _peer(task, regressions.fereg, as_columns, DRAWN, "fereg"),
        PYFIXEST: _peer(task, regressions.pyfixest, as_columns, DRAWN, "pyfixest"),
        LINEARMODELS: _peer(task, regressions.linearmodels, as_indexed, SLOW, "linearmodels.panel"),
    }


def _peer(
    task: str,
    fit: Callable[[regressions.Columns], pd.DataFrame],
    shaped: Callable[[pd.DataFrame], regressions.Columns],
    count: int,
    module: str,
) -> Contender:
    return Contender(
        load=lambda folder: drawn(world(task, load_dyads(folder)), shaped, count),
        run=partial(theirs, fit),
        imports=(module,),
        rehearse=lambda: drawn(world(task, rehearsal()), shaped, 1),
        reference=lambda folder: _of_peer(task, folder, count),
    )


def world(task: str, frame: pd.DataFrame) -> World:
    """The samples and the sets of controls of a task, from a seed."""
    controls = [c for c in frame.columns if c not in (*KEYS, TREATMENT)]
    count = SETS[task] if len(frame) > SMALL else SETS[task] // 10
    masks = np.random.default_rng(7).permutation(2 ** len(controls))[:count]
    sets = [tuple(c for i, c in enumerate(controls) if m >> i & 1) for m in masks.tolist()]
    years = frame["year"].to_numpy()
    era = np.searchsorted(np.quantile(years, np.linspace(0, 1, SAMPLES)[1:-1]), years, side="right")
    samples = [np.ones(len(frame), dtype=bool), *(era != e for e in range(SAMPLES - 1))]
    names = (TREATMENT, *controls)
    return World(frame[[*KEYS]].copy(), np.column_stack([frame[t].to_numpy() for t in names]), names, samples, sets)


def ours(data: World) -> pd.DataFrame:
    """Group by group, two at a time: rows taken and dyads numbered, one demeaning, then every set of controls."""
    chosen = [Choice("y", TREATMENT, controls) for controls in data.sets]
    groups = [partial(_group, data, sample) for sample in data.samples]
    # Each group is made when its turn comes, so that no more than two are in memory.
    with ThreadPoolExecutor(2) as pool:
        fits = [f for made in pool.map(lambda make: linear_models(make(), chosen), groups) for f in made.found]
    errors = [tuple(fit.under(kind)["std_error"] for kind in ("dyad", "dyadic")) for fit in fits]
    found = pd.DataFrame(errors, columns=["std_error", "dyadic_std_error"])
    found.insert(0, "estimate", [fit.value for fit in fits])
    return found.rename_axis("specification").reset_index()


def _group(data: World, sample: Mask) -> Group:
    y, a, b, year = (data.keys[c].to_numpy()[sample] for c in ("y", "a", "b", "year"))
    pairs = number_dyads(a, b)
    return Group(y[:, None], data.x[sample], ("y",), data.names, pairs, {"dyad": pairs.dyad, "year": year})


def drawn(data: World, shaped: Callable[[pd.DataFrame], regressions.Columns], count: int) -> Drawn:
    """Specifications drawn at random, each a frame of its own as a peer takes it."""
    made = {}
    for number in data.picks(count):
        sample, at = divmod(number, len(data.sets))
        rows = data.samples[sample]
        terms = (TREATMENT, *data.sets[at])
        values = {t: data.x[rows, data.names.index(t)] for t in terms}
        made[number] = shaped(data.keys[rows].reset_index(drop=True).assign(**values))
    return Drawn(made)


def theirs(fit: Callable[[regressions.Columns], pd.DataFrame], data: Drawn) -> pd.DataFrame:
    """Fit each by itself."""
    rows = []
    for number, columns in data.data.items():
        found = fit(columns).set_index("term").loc[TREATMENT]
        rows.append({"specification": number, "estimate": found["estimate"], "std_error": found["std_error"]})
    return pd.DataFrame(rows)


def _of_peer(task: str, folder: Path, count: int) -> pd.DataFrame:
    """What we found, when the clock ran, for the specifications that a peer takes."""
    found = read_frame(folder / f"{task}.result.parquet").set_index("specification")
    return found.loc[world(task, load_dyads(folder)).picks(count)].reset_index()
