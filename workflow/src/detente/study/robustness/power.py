"""What a design can find: effects planted on its real rows, how often it finds them, how far off, with which sign."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, UnsupportedCovariance, choices
from detente.base.numerics import MDE_FACTOR, POWER, critical, monte_carlo_error, power_at
from detente.base.types import Array
from detente.stats import ModelFrame
from detente.stats.resampling import KINDS, Model, Refits, prepared, refit
from detente.study.robustness.coverage import judged
from detente.study.robustness.frames import POWER_CURVE
from detente.study.robustness.simulated_outcomes import OnsetProcess, onset_process

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
    """What a design can find, by a two-sided test at 5 %: `summary`, the row of `frames.POWER`, and `curve`.

    Where an effect is not possible, the noise of treated rows is that under no effect. Errors of sign and size: Gelman
    and Carlin (2014).
    """

    summary: Mapping[str, Any]
    curve: pd.DataFrame


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

    Rows, treatment, controls and effects stay as they are; onsets are drawn by `onset_process`, so that dyads of a
    state go together as they do in the design's own. The mean of the outcome is that of the LPM: what its terms explain
    changes neither estimate nor standard error and is left out, and the planted effect, the same in every row, is the
    coefficient exactly. The noise of treated rows is that of their risk once the effect has changed it. The same luck
    goes through all effects.

    `smallest_effect`: of interest, a share of base risk; always among the planted ones. `sign`: of the planted effects:
    −1 if the claim says that the treatment lowers the risk. `shares`: planted |effects| over base risk; if None, 0.35
    to 1.5 detectable ones, by the observed standard error or the spread of a few draws, whichever is larger. None and
    the smallest are always added.
    Raises UnsupportedCovariance if the covariance is none of `KINDS`; EstimationError, NoDyads if the
    model cannot be fitted, has no standard error, or its outcome is not 0 or 1.
    """
    if vcov not in KINDS:
        raise UnsupportedCovariance(f"covariance {vcov!r} cannot be simulated; {choices(vcov, KINDS)}")
    model = prepared(design, jackknife=vcov == "jackknife")
    own = refit(model, np.ascontiguousarray(design.y[:, None], dtype=np.float64))
    error, base = float(own.errors[vcov][0]), float(design.y.mean())
    if not math.isfinite(error):
        raise EstimationError(f"the {vcov} covariance leaves the treatment no variance: there is no power to have")
    source = onset_process(design)
    if shares is None:
        pilot = _drawn(model, source, design.treatment, [0.0], min(draws, PILOT), seed)[0]
        spread = float(np.concatenate([part.estimate for part in pilot]).std(ddof=1))
        shares = [m * MDE_FACTOR * max(spread, error) / base for m in MULTIPLES]
    planted = sorted({0.0, float(smallest_effect), *(float(abs(s)) for s in shares)})
    found = _drawn(model, source, design.treatment, [sign * s * base for s in planted], draws, seed)
    df = model.degrees[vcov]
    rows = [
        _judged(parts, vcov, sign * share * base, share, df)
        | {"possible": _possible(source.risk, design.treatment, sign * share * base)}
        for parts, share in zip(found, planted, strict=True)
    ]
    curve = POWER_CURVE.frame(rows)
    observed = {"base_risk": base, "vcov": vcov, "df": df, "std_error": error}
    shocks = {"shock": math.sqrt(source.variance), "persistence": source.persistence}
    return Power(observed | shocks | _summary(curve, base, error, df, float(smallest_effect)), curve)


def _summary(curve: pd.DataFrame, base: float, error: float, df: float, smallest: float) -> dict[str, Any]:
    """What the curve and the observed standard error say of detectable effects, and of the smallest of interest."""
    at = curve.iloc[(curve["effect_share"].abs() - smallest).abs().argmin()]
    none = curve[curve["effect"] == 0].iloc[0]
    detectable, simulated = MDE_FACTOR * error, _detectable(curve)
    return {
        "mde": detectable,
        "mde_share": detectable / base,
        "mde_simulated": simulated,
        "mde_simulated_share": simulated / base,
        "smallest_effect": smallest * base,
        "power_at_smallest": float(at["power"]),
        "power_by_error": power_at(smallest * base / error, df),
        "spread": float(none["spread"]),
        "type_m_at_smallest": float(at["type_m"]),
        "type_s_at_smallest": float(at["type_s"]),
        "size": float(none["power"]),
        "size_error": float(none["power_error"]),
        "draws": int(none["draws"]),
    }


def _detectable(curve: pd.DataFrame) -> float:
    """Effect found with 80 % power, by straight lines between planted ones; missing if none is found so often."""
    rows = curve.assign(size=curve["effect"].abs()).sort_values("size")
    size, power = rows["size"].to_numpy(), rows["power"].to_numpy()
    reached = np.flatnonzero(power >= POWER)
    if not len(reached):
        return math.nan
    between = slice(max(reached[0] - 1, 0), reached[0] + 1)
    return float(np.interp(POWER, power[between], size[between]))


def _drawn(
    model: Model, source: OnsetProcess, treatment: Array, effects: Sequence[float], draws: int, seed: int
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


def _judged(parts: Sequence[Refits], vcov: str, effect: float, share: float, df: float) -> dict[str, float]:
    """One planted effect; an estimate without a standard error rejects nothing."""
    noise = np.concatenate([part.estimate for part in parts])
    errors = np.concatenate([part.errors[vcov] for part in parts])
    row, estimates = judged(noise, errors, df), noise + effect
    rejects = np.abs(estimates) > errors * critical(df)
    power, some = float(rejects.mean()), bool(rejects.any()) and effect != 0
    return row | {
        "effect": effect,
        "effect_share": math.copysign(share, effect) if effect else 0.0,
        "draws": len(noise),
        "power": power,
        "power_error": monte_carlo_error(power, len(noise)),
        "type_s": float((estimates[rejects] * effect < 0).mean()) if some else math.nan,
        "type_m": float(np.abs(estimates[rejects]).mean() / abs(effect)) if some else math.nan,
        "coverage": row["covers"],
        "coverage_error": row["covers_error"],
        "mean_estimate": float(estimates.mean()),
    }
