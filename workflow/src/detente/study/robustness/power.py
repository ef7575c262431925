"""What a design can find: effects planted on its real rows, how often it finds them, how far off, with which sign."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from detente.base.errors import EstimationError, UnsupportedCovariance, choices
from detente.base.numerics import MDE_FACTOR, POWER, critical
from detente.base.types import Array
from detente.stats import ModelFrame
from detente.stats.resampling import KINDS, Model, Refits, prepared, refit
from detente.study.robustness import frames
from detente.study.robustness.planting import World, world

COLUMNS = tuple(frames.POWER_CURVE.columns)
SUMMARY_COLUMNS = tuple(frames.POWER.columns)
DRAWS = 500
# Share of treated rows that an effect may leave without a risk between 0 and 1, and still count as possible.
CLIPPED = 0.01
# Planted, in detectable effects, beside none and the smallest of interest: the curve then passes its target.
MULTIPLES = (0.35, 0.7, 1.0, 1.5)
# Draws that tell how large a detectable effect is about.
PILOT = 50
# Outcomes times rows worked on at once.
CELLS = 2_500_000


@dataclass(frozen=True)
class Power:
    """What a design can find, by a two-sided test at 5 %.

    `curve` one row per planted effect, columns `COLUMNS`: `effect` in onsets a dyad-year, `effect_share` of base risk,
    `possible` whether it leaves treated rows a risk between 0 and 1 (if not, their noise is that under no effect);
    `power` share of draws that reject no effect, which is the size in the row of no effect; `type_s` share of these
    with the wrong sign and `type_m` their mean |estimate| over |effect| (Gelman and Carlin 2014), not a number where
    there are none; `coverage` of 95 % intervals. `std_error`, `df` of the design's own outcomes; `smallest_effect` of
    interest, a share of base risk; `planted_in` the world that onsets are drawn from.
    """

    curve: pd.DataFrame
    base_risk: float
    std_error: float
    df: float
    vcov: str
    smallest_effect: float
    planted_in: World = field(repr=False)

    @property
    def mde(self) -> float:
        """Effect found with 80 % power, 2.8 standard errors."""
        return MDE_FACTOR * self.std_error

    @property
    def power_by_error(self) -> float:
        """Power at the smallest effect of interest by the observed standard error, which may exceed what is planted."""
        least = critical(self.df)
        at = self.smallest_effect * self.base_risk / self.std_error
        return float(stats.t.sf(least - at, self.df) + stats.t.cdf(-least - at, self.df))

    @property
    def mde_simulated(self) -> float:
        """The same from the curve, by straight lines between effects; not a number if none is found so often."""
        rows = self.curve.assign(size=self.curve["effect"].abs()).sort_values("size")
        size, power = rows["size"].to_numpy(), rows["power"].to_numpy()
        reached = np.flatnonzero(power >= POWER)
        if not len(reached):
            return math.nan
        i = int(reached[0])
        if i == 0:
            return float(size[0])
        return float(np.interp(POWER, power[i - 1 : i + 1], size[i - 1 : i + 1]))

    def summary(self) -> dict[str, Any]:
        """One row, columns `SUMMARY_COLUMNS`."""
        at = self.curve.iloc[(self.curve["effect_share"].abs() - self.smallest_effect).abs().argmin()]
        none = self.curve[self.curve["effect"] == 0].iloc[0]
        detectable = self.mde_simulated
        return {
            "base_risk": self.base_risk,
            "vcov": self.vcov,
            "df": self.df,
            "std_error": self.std_error,
            "mde": self.mde,
            "mde_share": self.mde / self.base_risk,
            "mde_simulated": detectable,
            "mde_simulated_share": detectable / self.base_risk,
            "smallest_effect": self.smallest_effect * self.base_risk,
            "power_at_smallest": float(at["power"]),
            "power_by_error": self.power_by_error,
            "spread": float(none["spread"]),
            "type_m_at_smallest": float(at["type_m"]),
            "type_s_at_smallest": float(at["type_s"]),
            "size": float(none["power"]),
            "size_error": float(none["power_error"]),
            "shock": math.sqrt(self.planted_in.variance),
            "persistence": self.planted_in.persistence,
            "draws": int(none["draws"]),
        }


def power(
    design: ModelFrame,
    smallest_effect: float,
    *,
    sign: int = -1,
    shares: Sequence[float] | None = None,
    vcov: str = "dyadic",
    draws: int = DRAWS,
    seed: int = 0,
) -> Power:
    """Plant effects on the rows of a design, draw onsets, fit the LPM with dyad and year effects, and test.

    Rows, treatment, controls and effects stay as they are; onsets are drawn by `planting.world`, so that dyads of a
    state go together as they do in the design's own. The mean of the outcome is that of the LPM: what its terms explain
    changes neither estimate nor standard error and is left out, and the planted effect, the same in every row, is the
    coefficient exactly. The noise of treated rows is that of their risk once the effect has changed it. The same luck
    goes through all effects.

    `smallest_effect`: of interest, a share of base risk; always among the planted ones. `sign`: of the planted effects:
    −1 if the claim says that the treatment lowers the risk. `shares`: planted |effects| over base risk; if None, 0.35
    to 1.5 detectable ones, by the observed standard error or the spread of a few draws, whichever is larger. None and
    the smallest are always added.
    Raises UnsupportedCovariance if the covariance is none of `inference.refit.KINDS`; EstimationError, NoDyads if the
    model cannot be fitted, has no standard error, or its outcome is not 0 or 1.
    """
    if vcov not in KINDS:
        raise UnsupportedCovariance(f"covariance {vcov!r} cannot be simulated; {choices(vcov, KINDS)}")
    model = prepared(design, jackknife=vcov == "jackknife")
    own = refit(model, np.ascontiguousarray(design.y[:, None], dtype=np.float64))
    error, base = float(own.errors[vcov][0]), float(design.y.mean())
    if not math.isfinite(error):
        raise EstimationError(f"the {vcov} covariance leaves the treatment no variance: there is no power to have")
    source = world(design)
    if shares is None:
        pilot = _drawn(model, source, design.treatment, [0.0], min(draws, PILOT), seed)[0]
        spread = float(np.concatenate([part.estimate for part in pilot]).std(ddof=1))
        shares = [m * MDE_FACTOR * max(spread, error) / base for m in MULTIPLES]
    planted = sorted({0.0, float(smallest_effect), *(float(abs(s)) for s in shares)})
    found = _drawn(model, source, design.treatment, [sign * s * base for s in planted], draws, seed)
    df = model.degrees[vcov]
    rows = [
        _judged(_joined(parts, vcov), sign * share * base, share, df)
        | {"possible": _possible(source.risk, design.treatment, sign * share * base)}
        for parts, share in zip(found, planted, strict=True)
    ]
    curve = pd.DataFrame(rows)[list(COLUMNS)]
    return Power(curve, base, error, df, vcov, float(smallest_effect), source)


def _drawn(
    model: Model, source: World, treatment: Array, effects: Sequence[float], draws: int, seed: int
) -> list[list[Refits]]:
    """Refits of noise by planted effect, block by block; the same shocks and the same luck for all of them."""
    rows = len(treatment)
    block = max(1, min(draws, CELLS // rows))
    generator = np.random.default_rng(seed)
    risks = [_moved(source.risk, treatment, effect) for effect in effects]
    means = [source.mean(risk)[:, None] for risk in risks]
    found: list[list[Refits]] = [[] for _ in effects]
    for start in range(0, draws, block):
        count = min(block, draws - start)
        factor, luck = source.shocks(generator, count), generator.random((rows, count))
        luck /= factor
        for place, (risk, mean) in enumerate(zip(risks, means, strict=True)):
            # An onset where luck < min(risk · factor, 1); luck is below one.
            noise = (luck < risk[:, None]).astype(np.float64)
            noise -= mean
            found[place].append(refit(model, noise))
    return found


def _moved(risk: Array, treatment: Array, effect: float) -> Array:
    """Risks of rows once an effect, the same share of each treated row's risk, has changed their mean by it."""
    moved = _unclipped(risk, treatment, effect)
    return np.asarray(np.clip(moved, 0.0, 1.0)) if _possible(risk, treatment, effect) else risk


def _unclipped(risk: Array, treatment: Array, effect: float) -> Array:
    treated = treatment > 0
    mean = float(risk[treated].mean()) if treated.any() else 0.0
    return risk if not effect or mean <= 0 else np.asarray(risk * (1 + effect / mean * treatment))


def _possible(risk: Array, treatment: Array, effect: float) -> bool:
    """Whether the effect leaves treated rows a risk between 0 and 1, but for a few (`CLIPPED`)."""
    moved = _unclipped(risk, treatment, effect)[treatment > 0]
    return bool(not len(moved) or ((moved < 0) | (moved > 1)).mean() <= CLIPPED)


def _joined(parts: Sequence[Refits], vcov: str) -> tuple[Array, Array]:
    estimates = np.concatenate([part.estimate for part in parts])
    return estimates, np.concatenate([part.errors[vcov] for part in parts])


def _judged(drawn: tuple[Array, Array], effect: float, share: float, df: float) -> dict[str, float]:
    """One planted effect; an estimate without a standard error rejects nothing and covers nothing."""
    noise, errors = drawn
    estimates, margin = noise + effect, errors * critical(df)
    rejects = np.abs(estimates) > margin
    power, covers = float(rejects.mean()), float((np.abs(noise) <= margin).mean())
    count, some = len(noise), bool(rejects.any()) and effect != 0
    return {
        "effect": effect,
        "effect_share": math.copysign(share, effect) if effect else 0.0,
        "draws": count,
        "power": power,
        "power_error": math.sqrt(power * (1 - power) / count),
        "type_s": float((estimates[rejects] * effect < 0).mean()) if some else math.nan,
        "type_m": float(np.abs(estimates[rejects]).mean() / abs(effect)) if some else math.nan,
        "coverage": covers,
        "coverage_error": math.sqrt(covers * (1 - covers) / count),
        "mean_estimate": float(estimates.mean()),
        "spread": float(estimates.std(ddof=1)) if count > 1 else math.nan,
        "std_error": float(np.nanmean(errors)) if np.isfinite(errors).any() else math.nan,
        "undefined": int((~np.isfinite(errors)).sum()),
    }
