"""Scores, bread and recipe → covariance: bread × meat × bread, under a named small-sample convention."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from detente.base.errors import (
    IndefiniteCovariance,
    NoDyads,
    TooFewClusters,
    TooFewStates,
    UnknownVariable,
    UnsupportedCovariance,
    choices,
)
from detente.base.types import Array, Codes
from detente.stats.covariance import ssc as corrections
from detente.stats.covariance.meats import corrected_scores, dyadic_meat, leverage, multiway_meat
from detente.stats.covariance.pairs import Pairs, number
from detente.stats.covariance.scores import Scores, of_rows
from detente.stats.covariance.vcov import ROWS, Vcov, counted, parse

FEWEST_STATES = 5
# A variance below this share of the heteroskedastic one is zero but for rounding.
NO_VARIANCE = 1e-6


@dataclass(frozen=True)
class Covariance:
    """Covariance of k coefficients and the recipe that made it.

    matrix (k, k); `unrepaired` (k, k) the same before negative eigenvalues were clipped; `heteroskedastic` (k, k) as if
    rows were independent, the yardstick of what counts as no variance; `kind` its name; `df` degrees of freedom of the
    t distribution, infinite for the normal one; `ssc` the recipe in words; `repair` what was done to make it
    positive semi-definite, "" if nothing.
    """

    matrix: Array
    unrepaired: Array
    heteroskedastic: Array
    kind: str
    df: float
    ssc: str
    repair: str

    def __str__(self) -> str:
        """The recipe, and the repair if there was one."""
        return "; ".join(filter(None, (self.ssc, self.repair)))

    @property
    def std_errors(self) -> Array:
        """Square roots of the diagonal, (k,)."""
        return np.sqrt(np.diag(self.matrix))

    def std_error(self, gradient: Array) -> float:
        """Delta-method standard error of a function of the coefficients with this gradient (k,).

        Raises IndefiniteCovariance if the variance before repair is not positive: clipping would make up a standard
        error.
        """
        if not self.exists(gradient):
            raise IndefiniteCovariance(
                f"the {self.kind} covariance leaves no variance: its double sum is negative in this sample"
            )
        return math.sqrt(float(gradient @ self.matrix @ gradient))

    def std_error_unrepaired(self, gradient: Array) -> float:
        """The same before repair, which can only add to it."""
        return math.sqrt(float(gradient @ self.unrepaired @ gradient))

    def exists(self, gradient: Array) -> bool:
        """Whether the variance before repair is positive by more than rounding."""
        variance = float(gradient @ self.unrepaired @ gradient)
        return variance > NO_VARIANCE * float(gradient @ self.heteroskedastic @ gradient)


def _no_pairs() -> Pairs:
    raise NoDyads("rows are not dyads: name the columns of their two sides, dyadic(side1, side2)")


def _no_factor(name: str) -> Codes:
    raise UnknownVariable(f"no factor is called {name!r}; {choices(name, ())}")


@dataclass(frozen=True)
class SandwichParts:
    """What covariances of k coefficients are made from; functions where making it costs time.

    scores (n, k) per row; bread (k, k) inverse of minus the Hessian; `dispersion` its factor in the classical
    covariance; x (n, k) for leverages; `absorbed` parameters that are not among the k; `fixed_effects` the factors (n,)
    that they belong to; `linear` whether least squares; `pairs` and `factor` the dyads of the rows and the codes of a
    named factor; `effect_leverage` the leverages (n,) of the absorbed effects.
    """

    scores: Scores | Array
    bread: Array
    dispersion: float = 1.0
    x: Array | None = None
    absorbed: int = 0
    fixed_effects: Mapping[str, Codes] = field(default_factory=dict)
    linear: bool = False
    pairs: Callable[[], Pairs] = _no_pairs
    factor: Callable[[str], Codes] = _no_factor
    effect_leverage: Callable[[], Array | float] = lambda: 0.0

    @property
    def rows(self) -> int:
        """Rows, n."""
        return len(self.scores)

    @property
    def parameters(self) -> int:
        """Coefficients and absorbed parameters, K."""
        return len(self.bread) + self.absorbed


@dataclass(frozen=True)
class _Filling:
    """Meat between the breads (k, k), degrees of freedom, and the recipe in words."""

    meat: Array
    df: float
    ssc: str


def covariance(recipe: Vcov | str, parts: SandwichParts, ssc: str = "detente") -> Covariance:
    """Covariance of the coefficients by a recipe.

    `recipe`: a recipe or its name: "classical", "hc0" to "hc3", "dyadic", or factors joined by "+". `ssc`: "detente",
    "none", "stata", "r-sandwich", "statsmodels" or "linearmodels": see `ssc.TABLE`.
    Raises UnsupportedCovariance if the recipe is not known, or does not exist for this model or under this convention;
    TooFewStates, TooFewClusters if there are fewer than five states, or fewer than two clusters; NoDyads,
    UnknownVariable if the rows are no dyads, or there is no factor of the name.
    """
    recipe = parse(recipe)
    if recipe.kind == "jackknife":
        raise UnsupportedCovariance("a jackknife refits the model: ask for it where the model is fitted")
    bread = parts.bread
    independent = bread @ of_rows(parts.scores).gram() @ bread
    filling = _MAKERS[recipe.kind](recipe, parts, ssc)
    unrepaired = filling.meat if recipe.kind == "classical" else bread @ filling.meat @ bread
    matrix, repair = semidefinite(unrepaired)
    return Covariance(matrix, unrepaired, independent, recipe.name, filling.df, filling.ssc, repair)


def sandwich(kind: Vcov | str, scores: Scores | Array, bread: Array, pairs: Pairs) -> Covariance:
    """The covariance of a recipe that needs only scores, bread and dyads, such as "dyadic", "dyad" or "hc0"."""

    def factor(name: str) -> Codes:
        if name == "dyad":
            return pairs.dyad
        raise UnknownVariable(f"no factor is called {name!r}; {choices(name, ['dyad'])}")

    recipe = parse(kind, ("dyad",))
    return covariance(recipe, SandwichParts(scores, bread, pairs=lambda: pairs, factor=factor))


def _classical(recipe: Vcov, given: SandwichParts, ssc: str) -> _Filling:
    del recipe
    distribution = corrections.rule(ssc, linear=given.linear).rows
    df = corrections.degrees(distribution, clusters=math.nan, residual=given.rows - given.parameters)
    what = "classical, σ² = RSS/(N−K)" if given.linear else "classical, inverse information"
    return _Filling(given.dispersion * given.bread, df, f"{what}, {corrections.said(df)}")


def _independent(recipe: Vcov, given: SandwichParts, ssc: str) -> _Filling:
    """Rows independent: HC0 to HC3."""
    rule = corrections.rule(ssc, linear=given.linear)
    scores, share = of_rows(given.scores), corrections.share(rule.hc1, given.rows, given.parameters)
    if recipe.kind in ("hc2", "hc3"):
        if not given.linear or given.x is None:
            raise UnsupportedCovariance(f"{recipe.kind} needs leverages, which only least squares has; use hc1")
        leverages = leverage(given.x, given.bread, given.effect_leverage())
        scores = corrected_scores(scores, leverages, 0.5 if recipe.kind == "hc2" else 1.0)
    factor = share if recipe.kind == "hc1" else 1.0
    df = corrections.degrees(rule.rows, clusters=math.nan, residual=given.rows - given.parameters)
    named = f"factor {rule.hc1}" if recipe.kind == "hc1" and rule.hc1 else "no small-sample factor"
    correction = f"heteroskedasticity-robust ({recipe.kind.upper()}), {named}, {corrections.said(df)}"
    return _Filling(factor * scores.gram(), df, correction)


def _clustered(recipe: Vcov, given: SandwichParts, ssc: str) -> _Filling:
    """Clusters by one or more factors."""
    rule = corrections.rule(ssc, linear=given.linear)
    codes = [given.factor(name) for name in recipe.factors]
    counts = [len(number(c)[0]) for c in codes]
    for name, count in zip(recipe.factors, counts, strict=True):
        if count < 2:
            raise TooFewClusters(f"clusters by {name!r}: {counted(name, count)}; it needs at least 2")
    fewest = min(counts)
    meat, _ = multiway_meat(given.scores, codes, lambda groups: corrections.group_factors(rule, groups, fewest))
    parameters = given.parameters - _nested(rule, given, codes)
    share = corrections.share(rule.share, given.rows, parameters)
    df = corrections.degrees(rule.clustered, clusters=fewest - 1, residual=given.rows - given.parameters)
    by = " and ".join(counted(name, count) for name, count in zip(recipe.factors, counts, strict=True))
    correction = f"clustered by {by}, {_factors(rule, len(codes), parameters)}, {corrections.said(df)}"
    return _Filling(share * meat, df, correction)


def _factors(rule: corrections.Rule, ways: int, parameters: int) -> str:
    """The small-sample factors of clusters in words."""
    groups = {"": "", "own": "G/(G−1)", "fewest": "G/(G−1)"}[rule.groups]
    if groups and ways > 1:
        groups += " of each part" if rule.groups == "own" else " of the fewest clusters"
    share = f"{rule.share} with K = {parameters}" if rule.share else ""
    named = " and ".join(filter(None, (groups, share)))
    return f"factor {named}" if named else "no small-sample factor"


def _nested(rule: corrections.Rule, given: SandwichParts, clusters: Sequence[Codes]) -> int:
    """Absorbed parameters that the convention leaves out, as their effects lie within clusters."""
    if rule.nested == "counted" or not given.absorbed:
        return 0
    if rule.nested == "left out if alone":
        alone = len(given.fixed_effects) == 1 and all(
            within(e, c) for e in given.fixed_effects.values() for c in clusters
        )
        return given.absorbed if alone else 0
    nested = [e for e in given.fixed_effects.values() if any(within(e, c) for c in clusters)]
    return sum(len(number(e)[0]) - 1 for e in nested)


def within(effect: Codes, clusters: Codes) -> bool:
    """Whether each level of an effect lies in one cluster."""
    levels, place = number(effect)
    groups, group = number(clusters)
    return len(number(place * len(groups) + group)[0]) == len(levels)


def _dyadic(recipe: Vcov, given: SandwichParts, ssc: str) -> _Filling:
    del recipe
    distribution = corrections.dyadic_rule(ssc, linear=given.linear)
    matrix, states = dyadic_meat(given.scores, given.pairs())
    if states < FEWEST_STATES:
        raise TooFewStates(f"dyadic-robust inference from {states} states; it needs at least {FEWEST_STATES}")
    df = corrections.degrees(distribution, clusters=states - 1, residual=math.nan)
    said = f"dyadic-robust over {states} states, no small-sample factor, {corrections.said(df)}"
    return _Filling(matrix, df, said)


def semidefinite(matrix: Array) -> tuple[Array, str]:
    """Clip negative eigenvalues: the dyadic meat is a difference and can be indefinite in finite samples."""
    symmetric = (matrix + matrix.T) / 2
    scale = np.sqrt(np.abs(np.diag(symmetric)))
    scale[scale == 0] = 1.0
    values, vectors = np.linalg.eigh(symmetric / np.outer(scale, scale))
    if values.min() >= -1e-12 * max(values.max(), 1.0):
        return symmetric, ""
    clipped = (vectors * np.clip(values, 0, None)) @ vectors.T
    return clipped * np.outer(scale, scale), "negative eigenvalues clipped at zero"


_Maker = Callable[[Vcov, SandwichParts, str], _Filling]
_MAKERS: Mapping[str, _Maker] = {
    "classical": _classical,
    **{kind: _independent for kind in ROWS if kind != "classical"},
    "cluster": _clustered,
    "dyadic": _dyadic,
}
