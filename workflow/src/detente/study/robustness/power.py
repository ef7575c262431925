"""What a design can find: effects planted on its real rows, how often it finds them, how far off, with which sign.

Onsets are simulated: the risk of each row, and shocks that all dyads of a state share.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from detente.base.errors import EstimationError, NoDyads, UnsupportedCovariance, choices
from detente.base.numerics import POWER, critical, detectable, monte_carlo_error, power_at
from detente.base.types import Array, Codes
from detente.stats import ModelFrame, check_outcome, get
from detente.stats.effects import Effect, less_effect
from detente.stats.resampling import KINDS, Less, Model, Refits, prepared, refit
from detente.study.estimation import NO_BASE_RISK, as_risk
from detente.study.robustness.frames import POWER_CURVE
from detente.study.robustness.intervals import judged

DRAWS = 500
# Share of treated rows that an effect may leave without a risk between 0 and 1, and still count as possible.
CLIPPED = 0.01
# Planted, in detectable effects, beside none and the smallest of interest: the curve then passes its target.
MULTIPLES = (0.35, 0.7, 1.0, 1.5)
# Draws that tell how large a detectable effect is about.
PILOT = 50
# Outcomes times rows that are drawn at once; outcomes that are fitted at once, of several effects where they are few.
CELLS, FITTED = 2_500_000, 128
# Of log shocks: variances and correlations from year to year beyond these are noise of small samples.
MOST_VARIANCE, MOST_PERSISTENCE = 1.0, 0.95
# The highest risk that a row is given before shocks.
HIGHEST = 0.95


@dataclass(frozen=True)
class OnsetProcess:
    """How onsets come about in the rows of a design; every row keeps its dyad, year, treatment and controls.

    An onset has the probability `risk` (N,) · exp(u_it + u_jt − `variance`): u is a normal shock of variance `variance`
    to a state in a year, of all its dyads at once, which follows itself with correlation `persistence`. `a`, `b`,
    `year` (N,) places of states and years, of which there are `states` and `years`.
    """

    risk: Array
    variance: float
    persistence: float
    a: Codes
    b: Codes
    year: Codes
    states: int
    years: int

    def shocks(self, generator: np.random.Generator, count: int) -> Array:
        """Factors (N, count) of mean one on the rows' risks."""
        fresh = generator.standard_normal((self.years, self.states, count)) * math.sqrt(self.variance)
        for t in range(1, self.years):
            fresh[t] = self.persistence * fresh[t - 1] + math.sqrt(1 - self.persistence**2) * fresh[t]
        log = fresh[self.year, self.a]
        log += fresh[self.year, self.b]
        log -= self.variance
        return np.asarray(np.exp(log, out=log))

    def mean(self, risk: Array) -> Array:
        """Mean probability (N,) of an onset in rows of this risk (N,), as no probability exceeds one."""
        if not self.variance:
            return np.minimum(risk, 1.0)
        spread = math.sqrt(2 * self.variance)
        with np.errstate(divide="ignore"):
            log = np.log(risk)
        below = risk * scipy.special.ndtr((-log - self.variance) / spread)
        return np.asarray(below + scipy.special.ndtr((log - self.variance) / spread))


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

    `smallest_effect`: of interest, a share of base risk, the risk of the treated rows without treatment by the model;
    always among the planted ones. `sign`: of the planted effects: −1 if the claim says that the treatment lowers the
    risk. `shares`: planted |effects| over base risk; if None, 0.35 to 1.5 detectable ones, by the observed standard
    error or the spread of a few draws, whichever is larger. None and the smallest are always added.
    Raises UnsupportedCovariance if the covariance is none of `KINDS`; EstimationError, NoDyads if the
    model cannot be fitted, has no standard error, or its outcome is not 0 or 1.
    """
    if vcov not in KINDS:
        raise UnsupportedCovariance(f"covariance {vcov!r} cannot be simulated; {choices(vcov, KINDS)}")
    model = prepared(design, jackknife=vcov.endswith("jackknife"))
    own = refit(model, np.ascontiguousarray(design.y[:, None], dtype=np.float64), [vcov])
    error, base = float(own.errors[vcov][0]), _base_risk(design, float(own.estimate[0]))
    if not math.isfinite(error):
        raise EstimationError(f"the {vcov} covariance leaves the treatment no variance: there is no power to have")
    if math.isnan(base):
        raise EstimationError(f"{NO_BASE_RISK}: there is no smallest effect of interest to find")
    source, df = onset_process(design), model.degrees[vcov]
    if shares is None:
        pilot = _drawn(model, source, design.treatment, [0.0], vcov, min(draws, PILOT), seed)[0]
        spread = float(np.concatenate([part.estimate for part in pilot]).std(ddof=1))
        shares = [m * detectable(df) * max(spread, error) / base for m in MULTIPLES]
    planted = sorted({0.0, float(smallest_effect), *(float(abs(s)) for s in shares)})
    found = _drawn(model, source, design.treatment, [sign * s * base for s in planted], vcov, draws, seed)
    rows = [
        _judged(parts, vcov, sign * share * base, share, df)
        | {"possible": _possible(source.risk, design.treatment, sign * share * base)}
        for parts, share in zip(found, planted, strict=True)
    ]
    curve = POWER_CURVE.frame(rows)
    observed = {"base_risk": base, "vcov": vcov, "df": df, "std_error": error}
    shocks = {"shock": math.sqrt(source.variance), "persistence": source.persistence}
    return Power(observed | shocks | _summary(curve, base, error, df, float(smallest_effect)), curve)


def _base_risk(design: ModelFrame, effect: float) -> float:
    """Mean outcome of the treated rows less the effect at their mean treatment (`risk_without_treatment`)."""
    treated = design.treatment > 0
    y, treatment = float(design.y[treated].mean()), float(design.treatment[treated].mean())
    return as_risk(less_effect(y, treatment, Effect(effect, np.ones(1))).value)


def _summary(curve: pd.DataFrame, base: float, error: float, df: float, smallest: float) -> dict[str, Any]:
    """What the curve and the observed standard error say of detectable effects, and of the smallest of interest."""
    at = curve.iloc[(curve["effect_share"].abs() - smallest).abs().argmin()]
    none = curve[curve["effect"] == 0].iloc[0]
    mde, simulated = detectable(df) * error, _detectable(curve)
    return {
        "mde": mde,
        "mde_share": mde / base,
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
    model: Model, source: OnsetProcess, treatment: Array, effects: Sequence[float], vcov: str, draws: int, seed: int
) -> list[list[Refits]]:
    """Refits of noise by planted effect, block by block; the same shocks and the same luck for all of them."""
    rows = len(treatment)
    block = max(1, min(draws, CELLS // rows))
    generator = np.random.default_rng(seed)
    risks = [_moved(source.risk, treatment, effect) for effect in effects]
    together = max(1, FITTED // block)
    sets = [range(len(effects))[i : i + together] for i in range(0, len(effects), together)]
    means = [Less.of(model, np.column_stack([source.mean(risks[place]) for place in places])) for places in sets]
    found: list[list[Refits]] = [[] for _ in effects]
    for start in range(0, draws, block):
        count = min(block, draws - start)
        factor, luck = source.shocks(generator, count), generator.random((rows, count))
        luck /= factor
        for places, mean in zip(sets, means, strict=True):
            # An onset where luck < min(risk · factor, 1); luck is below one.
            onsets = np.concatenate([luck < risks[place][:, None] for place in places], axis=1)
            for place, made in zip(places, refit(model, onsets, [vcov], mean).runs(count), strict=True):
                found[place].append(made)
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


def onset_process(design: ModelFrame) -> OnsetProcess:
    """The process that a design's own outcomes speak for, as if its treatment had no effect.

    A row's risk is that of a pooled logit of its controls, without the treatment, under weak priors so that it exists
    (Gelman et al. 2008); times how many more onsets there were in its year than predicted; times its dyad's own
    proneness, shrunken to one by how far dyads differ (gamma frailty, empirical Bayes). Shocks are as large, and as
    lasting, as the residuals of dyads that share one state and a year, or two years running, go together.
    Raises NoDyads if the rows have no two sides and a year; UnsuitableOutcome, NoVariation if the outcome is not 0 or
    1, or the same in all rows.
    """
    if design.side1 is None or design.side2 is None or design.time is None:
        raise NoDyads("rows are not dyad-years: name their columns, sides=(side1, side2) and time")
    check_outcome(design.y, "binary")
    pairs = design.pairs
    years, year = np.unique(design.time, return_inverse=True)
    risk = _in_years(_predicted(design), design.y, year)
    risk = np.minimum(_in_dyads(risk, design.y, pairs.dyad), HIGHEST)
    a, b = pairs.low[pairs.dyad], pairs.high[pairs.dyad]
    bare = OnsetProcess(risk, 0.0, 0.0, a, b, year.astype(np.int64), pairs.states, len(years))
    # Products of residuals over products of risks are exp(covariance) − 1 of log shocks so many years apart.
    same, next_year = (
        _shared(bare, years, pairs.dyad, design.y - risk, lag) / _shared(bare, years, pairs.dyad, risk, lag)
        for lag in (0, 1)
    )
    variance = min(math.log1p(max(same, 0.0)), MOST_VARIANCE)
    lasting = math.log1p(max(next_year, 0.0)) / variance if variance else 0.0
    return OnsetProcess(risk, variance, min(lasting, MOST_PERSISTENCE), a, b, bare.year, bare.states, bare.years)


def _predicted(design: ModelFrame) -> Array:
    """Risks (N,) of a pooled logit of the controls alone; the base rate if none varies."""
    varies = [j for j in range(1, design.x.shape[1]) if np.ptp(design.x[:, j]) > 0]
    if not varies:
        return np.full(len(design.y), float(design.y.mean()))
    terms = tuple(design.terms[j] for j in varies)
    bare = ModelFrame(
        design.y, np.ascontiguousarray(design.x[:, varies]), terms, design.side1, design.side2, design.time
    )
    predictor = get("cauchy_logit").fit(bare).predictor
    assert predictor is not None
    return np.asarray(1 / (1 + np.exp(-predictor)))


def _in_years(risk: Array, y: Array, year: npt.NDArray[np.intp]) -> Array:
    """Risks that add up to the onsets of each year, one onset of the mean kind added to both."""
    ratio = (np.bincount(year, y) + 1) / (np.bincount(year, risk) + 1)
    made = risk * ratio[year]
    return np.asarray(made * (y.sum() / made.sum()))


def _in_dyads(risk: Array, y: Array, dyad: Codes) -> Array:
    """Risks times (κ + onsets)/(κ + predicted onsets) of the dyad, 1/κ the variance of dyads' proneness by moments."""
    onsets, predicted = np.bincount(dyad, y), np.bincount(dyad, risk)
    spread = float(((onsets - predicted) ** 2 - predicted).sum() / (predicted**2).sum())
    if spread <= 0:
        return risk
    made = risk * ((1 / spread + onsets) / (1 / spread + predicted))[dyad]
    return np.asarray(made * (y.sum() / made.sum()))


def _shared(process: OnsetProcess, years: Codes, dyad: Codes, values: Array, lag: int) -> float:
    """Sum of products over all pairs of rows of different dyads that share one state, the second `lag` years later."""
    span, calendar = int(years.max() - years.min()) + 1, years[process.year] - years.min()

    def summed(codes: Codes) -> Array:
        """Sums by code and calendar year, with empty years behind the last."""
        wide = span + lag
        sums = np.bincount(codes * wide + calendar, values, minlength=(int(codes.max()) + 1) * wide)
        return np.asarray(sums.reshape(-1, wide), dtype=np.float64)

    def together(table: Array) -> float:
        return float((table[:, : span - lag] * table[:, lag:span]).sum())

    by_state = np.zeros((process.states, span + lag))
    for side in (process.a, process.b):
        part = summed(side)
        by_state[: len(part)] += part
    # Products within one dyad, which both of its states hold.
    return together(by_state) - 2 * together(summed(dyad))
