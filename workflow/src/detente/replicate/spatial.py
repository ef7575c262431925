"""Conley's covariance: scores of rows that lie near one another on the globe may be correlated.

Named in `vcov`: "conley(latitude, longitude, 500)", columns in degrees and a distance in kilometres. All rows within
the distance count, whatever their time, each alike (Conley 1999; fixest's `vcov_conley`); "bartlett" as a fourth word
weighs them by 1 − distance / cutoff, "same time" counts rows of one time alone (Hsiang 2010).
Statistics have the normal distribution, or t with the degrees of freedom that "df=40" as a further word says.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from detente.base.errors import UnsupportedCovariance, choices
from detente.base.expressions import Table, evaluate
from detente.base.types import Array, Codes
from detente.replicate.panel_errors import FACTORS, distribution, with_degrees
from detente.stats import ModelFrame, Solution
from detente.stats.covariance import Covariance, number, semidefinite

SPATIAL = re.compile(r"conley\((?P<arguments>[^()]+)\)")
RADIUS = 6371.0
"""Mean radius of the globe, in kilometres."""
WORDS = ("bartlett", "same time")
# Places whose distances to all others are held in memory at once.
CHUNK = 1_000


@dataclass(frozen=True)
class Conley:
    """Columns of degrees, a distance in kilometres, further words, and degrees of freedom, infinite if none is said."""

    latitude: str
    longitude: str
    cutoff: float
    words: tuple[str, ...]
    df: float

    @classmethod
    def read(cls, vcov: str) -> "Conley":
        """What a name says; raises UnsupportedCovariance if it is none."""
        found = SPATIAL.fullmatch(vcov)
        parts, df = with_degrees(vcov, found["arguments"]) if found else ([], math.inf)
        if len(parts) < 3 or not re.fullmatch(r"\d+(\.\d+)?", parts[2]) or not float(parts[2]):
            raise UnsupportedCovariance(f"{vcov}: write conley(latitude, longitude, kilometres), such as 500")
        for word in parts[3:]:
            if word not in WORDS:
                raise UnsupportedCovariance(f"{vcov}: {word!r} is not known; {choices(word, [*WORDS, 'df=40'])}")
        return cls(parts[0], parts[1], float(parts[2]), tuple(parts[3:]), df)


def degrees(vcov: str, table: Table) -> tuple[Array, Array]:
    """Latitudes and longitudes (N,) of a table's rows; raises UnsupportedCovariance for what is no degree."""
    asked = Conley.read(vcov)
    found = evaluate(asked.latitude, table), evaluate(asked.longitude, table)
    for name, values, most in zip((asked.latitude, asked.longitude), found, (90.0, 360.0), strict=True):
        if (np.abs(values[np.isfinite(values)]) > most).any():
            raise UnsupportedCovariance(f"{vcov}: {name!r} has values beyond {most:g} degrees")
    return found


def spatial_covariance(
    design: ModelFrame, solution: Solution, places: tuple[Array, Array], vcov: str, ssc: str
) -> Covariance:
    """The covariance (k, k) of a solution, whose rows lie at `places`, latitudes and longitudes (n,) of the design.

    Raises UnsupportedCovariance for a convention that it does not have, or
    "same time" without time.
    """
    asked = Conley.read(vcov)
    if ssc not in FACTORS:
        raise UnsupportedCovariance(f"small-sample correction {ssc!r} is not known for {vcov}; {choices(ssc, FACTORS)}")
    if "same time" in asked.words and design.time is None:
        raise UnsupportedCovariance(f"{vcov} needs time: declare `panel` of the data")
    used = slice(None) if solution.rows is None else solution.rows
    scores = solution.scores.whole
    time = number(design.time[used])[1] if "same time" in asked.words and design.time is not None else None
    meat = _meat(scores, places[0][used], places[1][used], time, asked)
    made = (
        FACTORS[ssc](len(scores), len(solution.estimate) + solution.absorbed) * solution.bread @ meat @ solution.bread
    )
    independent = solution.bread @ (scores.T @ scores) @ solution.bread
    matrix, repair = semidefinite(made)
    words = f"Conley within {asked.cutoff:g} km{''.join(f', {word}' for word in asked.words)}, {distribution(asked.df)}"
    return Covariance(matrix, made, independent, "conley", asked.df, words, repair)


def _meat(scores: Array, latitude: Array, longitude: Array, time: Codes | None, asked: Conley) -> Array:
    """Sum of products of scores of rows within the distance, of one time or of all, summed by place first."""
    meat = np.zeros((scores.shape[1], scores.shape[1]))
    for period in range(1 if time is None else int(time.max()) + 1):
        rows = slice(None) if time is None else np.flatnonzero(time == period)
        where, at = np.unique(np.column_stack([latitude[rows], longitude[rows]]), axis=0, return_inverse=True)
        totals = np.zeros((len(where), scores.shape[1]))
        np.add.at(totals, at.ravel(), scores[rows])
        for first in range(0, len(where), CHUNK):
            part = slice(first, first + CHUNK)
            far = _distance(where[part], where)
            weight = np.maximum(1 - far / asked.cutoff, 0.0) if "bartlett" in asked.words else far <= asked.cutoff
            meat += totals[part].T @ (weight @ totals)
    return meat


def _distance(here: Array, there: Array) -> Array:
    """Kilometres (m, n) along great circles between places in degrees, by haversines."""
    a, b = np.radians(here)[:, None, :], np.radians(there)[None, :, :]
    half = np.sin((a - b) / 2) ** 2
    inside = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    return np.asarray(2 * RADIUS * np.arcsin(np.sqrt(np.clip(inside, 0.0, 1.0))))
