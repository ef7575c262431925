"""Dyadic panels as users have them, drawn at random: odd names, types, units, origins, gaps; and in clean numbers.

Numbers are multiples of 1/1024, units powers of two and origins whole numbers of these, so that what a user holds is
exactly the clean number in other units, and nothing but arithmetic can make two fits differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from detente.stats.contract import Estimator
from detente.stats.frame import ModelFrame

Array = np.ndarray
# Columns that a formula has to quote, that are functions in formulas, or words of Python.
NAMES = (
    "gdp.pc",
    "log",
    "C",
    "lambda",
    "Größe",
    "1st",
    "a:b",
    "y~x",
    "trade (% of GDP)",
    "I",
    "x",
    "_",
    "mean",
    "poly",
)
SIDES = (("one", "other"), ("state.a", "state.b"), ("ccode1", "ccode2"), ("von", "nach"))
# A state's code as users store it, from its number.
CODES: dict[str, Callable[[Array], object]] = {
    "int64": lambda c: c,
    "int16": lambda c: c.astype("int16"),
    "uint8": lambda c: c.astype("uint8"),
    "float64": lambda c: c.astype(float),
    "Int32": lambda c: pd.array(c, dtype="Int32"),
    "text": lambda c: np.array([f"Côte {code}" for code in c], dtype=object),
    "string": lambda c: pd.array([f"{code:03d}" for code in c], dtype="string"),
    "category": lambda c: pd.Categorical([f"state {code}" for code in c]),
}


@dataclass(frozen=True)
class Drawn:
    """A user's rows and formula, what they are in clean numbers, and the unit of each regressor by name."""

    data: pd.DataFrame
    formula: str
    sides: tuple[str, str]
    clean: ModelFrame
    units: dict[str, float]

    def unit(self, term: str) -> float | None:
        """What one of a term's regressor is in clean numbers; None for terms that are of no regressor."""
        of = term.removeprefix("mean(").removesuffix(")") if term.startswith("mean(") else term
        return self.units.get(of, self.units.get(of.rpartition("[")[0]))


def drawn(seed: int, estimator: Estimator) -> Drawn:
    """A panel of seven to nine states for an estimator."""
    rng = np.random.default_rng(seed)
    world = _world(rng, instrumented=estimator.needs_instruments)
    effects = estimator.fixed_effects or (("dyad",) if estimator.uses == "groups" else ())
    binary = estimator.link == "logit" and estimator.outcome == "any"
    y = _outcome(world, "binary" if binary else estimator.outcome, rng)
    x, z = world[["x", "b"]].to_numpy(), world[["w"]].to_numpy()
    codes = {"dyad": world["a"].to_numpy() * 100 + world["b_side"].to_numpy(), "year": world["year"].to_numpy()}
    names = [str(n) for n in rng.choice(NAMES, 3, replace=False)]
    sides = SIDES[rng.integers(len(SIDES))]
    data, units = _as_held(world, y, names, sides, rng)
    missing = data[[*names[: 3 if estimator.needs_instruments else 2], "y"]].isna().any(axis=1).to_numpy()
    keep = ~missing
    clean = ModelFrame(
        y[keep], x[keep], ("x", "b"), world["a"].to_numpy()[keep], world["b_side"].to_numpy()[keep],
        world["year"].to_numpy()[keep], fixed_effects={name: codes[name][keep] for name in effects},
        endogenous=("x",) if estimator.needs_instruments else (),
        instruments=z[keep] if estimator.needs_instruments else None,
        attrition=(("used", int(keep.sum())),),
    )  # fmt: skip
    one, two, instrument = (f"`{name}`" for name in names)
    parts = [f"y ~ {one} + {two}", " + ".join(effects)]
    if estimator.needs_instruments:
        parts = [f"y ~ {two}", " + ".join(effects), f"[{one} ~ {instrument}]"]
    order = rng.permutation(len(data))
    return Drawn(data.iloc[order], " | ".join(p for p in parts if p), sides, clean, units)


def _world(rng: np.random.Generator, *, instrumented: bool) -> pd.DataFrame:
    """Dyad-years in clean numbers, some of a state with itself, some dyads of one year, some years missing."""
    states, years = int(rng.integers(7, 10)), int(rng.integers(5, 8))
    a, b = np.triu_indices(states, 0 if rng.random() < 0.4 else 1)
    pair = np.arange(len(a))
    frame = pd.DataFrame({"a": np.tile(a, years), "b_side": np.tile(b, years), "pair": np.tile(pair, years)})
    frame["year"] = np.repeat(np.arange(years), len(a))
    single = frame["pair"].isin(rng.choice(pair, int(rng.integers(0, 4)), replace=False))
    frame = frame[(rng.random(len(frame)) < 0.9) & (~single | (frame["year"] == 1))].reset_index(drop=True)
    state, n = rng.normal(0, 0.4, states), len(frame)
    shared = state[frame["a"]] + state[frame["b_side"]]
    w, error = rng.normal(size=n), rng.normal(size=n)
    x = 0.5 * shared + rng.normal(size=n) + ((w + 0.5 * error) if instrumented else 0)
    frame["x"], frame["w"] = np.round(1024 * x) / 1024, np.round(1024 * w) / 1024
    frame["b"] = (rng.random(n) < 0.4).astype(float)
    frame["error"] = error + 0.5 * shared
    return frame


def _outcome(world: pd.DataFrame, kind: str, rng: np.random.Generator) -> Array:
    """What an estimator takes, moved by the regressors and by what a dyad's states share."""
    index = (0.4 * world["x"] - 0.3 * world["b"] + 0.4 * world["error"]).to_numpy()
    if kind == "binary":
        return np.asarray(rng.random(len(world)) < expit(index), dtype=float)
    if kind in ("count", "amount"):
        return rng.poisson(np.exp(0.6 * index) * rng.gamma(1.5, 1 / 1.5, len(world))).astype(float)
    if kind == "levels":
        return np.digitize(index + rng.logistic(size=len(world)), [-0.5, 1.0]).astype(float)
    return np.asarray(np.round(1024 * (index + world["error"].to_numpy())) / 1024)


def _as_held(
    world: pd.DataFrame, y: Array, names: list[str], sides: tuple[str, str], rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The columns as a user holds them, some values missing, and the units of regressors by name."""
    kind = CODES[str(rng.choice(list(CODES)))]
    swap = rng.random(len(world)) < (0.5 if rng.random() < 0.5 else 0)
    ends = world[["a", "b_side"]].to_numpy() + 2
    ends[swap] = ends[swap, ::-1]
    columns: dict[str, object] = {side: kind(ends[:, i]) for i, side in enumerate(sides)}
    columns["year"] = world["year"].to_numpy() + 1990
    columns["y"] = y
    units = {}
    for name, of in zip(names, ("x", "b", "w"), strict=True):
        columns[name], units[name] = _column(world[of].to_numpy(), rng)
    columns["unused"] = pd.Timestamp("1999-12-31")
    columns["dates, of no use"] = np.where(rng.random(len(world)) < 0.5, np.inf, -np.inf)
    index = rng.integers(0, 50, len(world))
    return pd.DataFrame(columns, index=index), units


def _column(values: Array, rng: np.random.Generator) -> tuple[object, float]:
    """A regressor in units and from an origin of its own, of some type, some values missing; and one unit of it."""
    kind, lost = (
        str(rng.choice(["float64", "float32", "Float64", "integer", "bool", "object"])),
        rng.random(len(values)) < 0.02,
    )
    if kind == "bool" and set(np.unique(values)) <= {0.0, 1.0}:
        return values.astype(bool), 1.0
    if kind == "integer":
        whole = (1024 * values).astype("int64") + int(rng.integers(0, 2**20))
        return (pd.array(whole, dtype="Int64") if rng.random() < 0.5 else whole), 1024.0
    unit = 2.0 ** int(rng.integers(-20, 21))
    shift = 0.0 if kind == "float32" else float(rng.choice([0, 0, 2**8, -(2**14), 2**18]))
    held = np.where(lost, np.nan, unit * (values + shift))
    if kind == "object":
        return np.array([None if np.isnan(v) else v for v in held], dtype=object), unit
    return pd.array(held, dtype=kind) if kind == "Float64" else held.astype(
        "float32" if kind == "float32" else float
    ), unit
