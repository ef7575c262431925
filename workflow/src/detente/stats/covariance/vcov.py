"""Covariances by kind: what each allows for, the name that YAML uses, and how its meat is made; each declared once."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from detente.base.errors import TooFewClusters, TooFewStates, UnknownVariable, UnsupportedCovariance, choices
from detente.base.numbering import Pairs, nested, number
from detente.base.types import Array, Codes
from detente.stats.covariance import ssc as corrections
from detente.stats.covariance.effective import Degrees, Satterthwaite, read_degrees, said
from detente.stats.covariance.sandwich import FEWEST_STATES, Covariance, SandwichParts, semidefinite
from detente.stats.covariance.scores import (
    Scores,
    adjusted_dyadic_meat,
    corrected_scores,
    dyadic_meat,
    leverage,
    multiway_meat,
    of_rows,
)

# Factors that rows of a dyadic panel always have.
FACTORS = ("dyad", "year", "side1", "side2")
PLURAL = {"dyad": "dyads", "year": "years"}
# Kinds that allow for dependence among dyads that share a state: their degrees of freedom can be chosen.
OF_STATES = ("dyadic", "dyadic_cr2", "jackknife", "dyadic_jackknife")


@dataclass(frozen=True)
class Vcov:
    """A kind of covariance, one of `KINDS`, and what it goes by.

    Of "cluster", rows of one level of any of `factors` are dependent; `sides` are the columns of the two states of
    "dyadic" where there is no design yet, and `df` its degrees of freedom: effective ones by default, "states" less
    one, or a number.
    """

    kind: str
    factors: tuple[str, ...] = ()
    sides: tuple[str, str] | None = None
    df: Degrees = "satterthwaite"

    @property
    def name(self) -> str:
        """The name that YAML and tables use: "dyadic", "dyadic(df=states)", "dyad", "dyad+year", "hc1"."""
        if self.df != "satterthwaite":
            return f"{self.kind}(df={self.df if self.df == 'states' else format(self.df, 'g')})"
        return "+".join(self.factors) if self.kind == "cluster" else self.kind


def classical() -> Vcov:
    """Inverse information (times σ² if linear): rows independent and the model true."""
    return Vcov("classical")


def hc0() -> Vcov:
    """Rows independent, of any variance (White 1980)."""
    return Vcov("hc0")


def hc1() -> Vcov:
    """The same times N/(N−K)."""
    return Vcov("hc1")


def hc2() -> Vcov:
    """Linear models: squared residuals divided by 1 − leverage."""
    return Vcov("hc2")


def hc3() -> Vcov:
    """Linear models: squared residuals divided by (1 − leverage)²."""
    return Vcov("hc3")


def cluster(*factors: str) -> Vcov:
    """Clusters by one factor, or by several at once (Cameron, Gelbach and Miller 2011).

    Raises UnsupportedCovariance if no factor is named, or one twice.
    """
    if not factors or len(set(factors)) < len(factors):
        raise UnsupportedCovariance(f"cluster{factors!r}: name one factor or more, each once, such as cluster('dyad')")
    return Vcov("cluster", factors)


def dyadic(side1: str | None = None, side2: str | None = None, df: str | float = "satterthwaite") -> Vcov:
    """Dyadic-robust (Aronow, Samii and Assenova 2015); with a formula, name the columns of the two states.

    `df` of the t distribution: "satterthwaite", the effective ones of each statistic (`effective.Satterthwaite`);
    "states", their number less one, which rejects too often where few states hold most of what is learnt; or a number.
    """
    return _of_states("dyadic", side1, side2, df)


def dyadic_cr2(side1: str | None = None, side2: str | None = None, df: str | float = "satterthwaite") -> Vcov:
    """Linear models: the same, score totals adjusted for leverage (Bell and McCaffrey 2002). `df` as `dyadic`."""
    return _of_states("dyadic_cr2", side1, side2, df)


def jackknife(side1: str | None = None, side2: str | None = None, df: str | float = "satterthwaite") -> Vcov:
    """One state left out at a time, with all its dyads; refits the model for each. `df` as `dyadic`."""
    return _of_states("jackknife", side1, side2, df)


def dyadic_jackknife(side1: str | None = None, side2: str | None = None, df: str | float = "satterthwaite") -> Vcov:
    """The same less the variance clustered by dyad, which the jackknife over states holds twice. `df` as `dyadic`."""
    return _of_states("dyadic_jackknife", side1, side2, df)


def _of_states(kind: str, side1: str | None, side2: str | None, df: str | float) -> Vcov:
    if side1 is not None and side1 == side2:
        raise UnsupportedCovariance(f"{kind}({side1!r}, {side2!r}): the two states of a dyad stand in two columns")
    if (side1 is None) != (side2 is None):
        raise UnsupportedCovariance(f"{kind}(side1, side2) needs the columns of both states, or none for a model frame")
    return Vcov(kind, sides=None if side1 is None or side2 is None else (side1, side2), df=read_degrees(df))


def parse(name: str | Vcov, factors: Iterable[str] = FACTORS) -> Vcov:
    """The estimator of a name: "dyadic", "dyadic(df=states)", "hc1", "classical", or factors joined by "+".

    Raises UnsupportedCovariance if it is no kind and not made of known factors; the message names the nearest.
    """
    if isinstance(name, Vcov):
        return name
    if not isinstance(name, str):
        raise UnsupportedCovariance(
            f"a covariance is a name, 'dyadic' or 'dyad+year', or made by dyadic(…) or cluster(…), not {name!r}"
        )
    kinds = [kind for kind in KINDS if kind != "cluster"]
    if name in kinds:
        return Vcov(name)
    if (asked := re.fullmatch(r"(\w+)\(df=(.+)\)", name)) and asked[1] in OF_STATES:
        return Vcov(asked[1], df=read_degrees(asked[2]))
    known = list(dict.fromkeys(factors))
    if unknown := [part for part in name.split("+") if part not in known]:
        legal = choices(unknown[0], [*kinds, *known])
        raise UnsupportedCovariance(f"covariance {name!r} is not known; {legal} (factors may be joined by '+')")
    return cluster(*name.split("+"))


def covariance(vcov: Vcov | str, parts: SandwichParts, ssc: str = "detente") -> Covariance:
    """Covariance of the coefficients by a covariance estimator or its name.

    `ssc`: "detente", "none", "stata", "r-sandwich", "statsmodels" or "linearmodels": see `ssc.TABLE`.

    Raises UnsupportedCovariance if it is not known, or does not exist for this model or under this convention;
    TooFewStates, TooFewClusters if there are fewer than five states, or fewer than two clusters; NoDyads,
    UnknownVariable if the rows are no dyads, or there is no factor of the name.
    """
    vcov = parse(vcov)
    if (make := KINDS[vcov.kind]) is None:
        raise UnsupportedCovariance("a jackknife refits the model: ask for it where the model is fitted")
    independent = parts.left @ of_rows(parts.scores).gram @ parts.right
    meat, degrees, words = make(vcov, parts, ssc)
    unrepaired = meat if vcov.kind == "classical" else parts.left @ meat @ parts.right
    if parts.back is None:
        matrix, repair = semidefinite(unrepaired)
    else:
        inner, repair = semidefinite(parts.bread @ meat @ parts.bread if vcov.kind != "classical" else unrepaired)
        matrix = parts.back @ inner @ parts.back.T if vcov.kind != "classical" else inner
    return Covariance(matrix, unrepaired, independent, vcov.name, degrees, words, repair)


def sandwich(kind: Vcov | str, scores: Scores | Array, bread: Array, pairs: Pairs) -> Covariance:
    """The covariance of an estimator that needs only scores, bread and dyads, such as "dyadic", "dyad" or "hc0"."""

    def factor(name: str) -> Codes:
        if name == "dyad":
            return pairs.dyad
        raise UnknownVariable(f"no factor is called {name!r}; {choices(name, ['dyad'])}")

    return covariance(parse(kind, ("dyad",)), SandwichParts(scores, bread, pairs=lambda: pairs, factor=factor))


# Between the breads (k, k), or the whole classical covariance; degrees of freedom, and how it is made in words.
Meat = tuple[Array, float | Satterthwaite, str]


def _classical(_: Vcov, given: SandwichParts, ssc: str) -> Meat:
    df = corrections.degrees(corrections.rule(ssc, linear=given.linear).rows, residual=given.residual)
    whole = given.bread if given.back is None else given.left @ given.back.T
    what = "classical, σ² = RSS/(N−K)" if given.linear else "classical, inverse information"
    return given.dispersion * whole, df, f"{what}, {said(df)}"


def _independent(vcov: Vcov, given: SandwichParts, ssc: str, power: float = 0.0) -> Meat:
    """Rows independent, of scores over (1 − leverage)^power; HC1 alone has a factor."""
    rule = corrections.rule(ssc, linear=given.linear)
    scores, share = of_rows(given.scores), corrections.share(rule.hc1, len(given.scores), given.parameters)
    if power:
        if not given.linear or given.x is None:
            raise UnsupportedCovariance(f"{vcov.kind} needs leverages, which only least squares has; use hc1")
        scores = corrected_scores(scores, leverage(given.x, given.bread, given.effect_leverage()), power)
    df = corrections.degrees(rule.rows, residual=given.residual)
    named = f"factor {rule.hc1}" if vcov.kind == "hc1" and rule.hc1 else "no small-sample factor"
    correction = f"heteroskedasticity-robust ({vcov.kind.upper()}), {named}, {said(df)}"
    return (share if vcov.kind == "hc1" else 1.0) * scores.gram, df, correction


def _clustered(vcov: Vcov, given: SandwichParts, ssc: str) -> Meat:
    rule = corrections.rule(ssc, linear=given.linear)
    codes = [given.spoken(given.factor(name)) for name in vcov.factors]
    counts = {name: len(number(c)[0]) for name, c in zip(vcov.factors, codes, strict=True)}
    for name, count in counts.items():
        if count < 2:
            raise TooFewClusters(f"clusters by {name!r}: {_counted(name, count)}; it needs at least 2")
    fewest = min(counts.values())
    scores = of_rows(given.scores) if given.silent is None else of_rows(given.scores).of(~given.silent)
    meat, _ = multiway_meat(scores, codes, lambda groups: corrections.group_factors(rule, groups, fewest))
    parameters = given.parameters - _nested(rule, given, [given.factor(name) for name in vcov.factors])
    share = corrections.share(rule.share, len(given.scores), parameters)
    df = corrections.degrees(rule.clustered, clusters=fewest - 1, residual=given.residual)
    by = " and ".join(_counted(name, count) for name, count in counts.items())
    factors = corrections.factors(rule, len(codes), parameters)
    return share * meat, df, f"clustered by {by}, {factors}, {said(df)}"


def _counted(factor: str, groups: int) -> str:
    return f"{groups} {PLURAL[factor]}" if factor in PLURAL else f"{groups} groups of {factor}"


def _nested(rule: corrections.Rule, given: SandwichParts, clusters: Sequence[Codes]) -> int:
    """Absorbed parameters that the convention leaves out, as their effects lie within clusters."""
    if rule.nested == "counted" or not given.absorbed:
        return 0
    effects = list(given.fixed_effects.values())
    if rule.nested == "left out if alone":
        return given.absorbed if len(effects) == 1 and all(nested(effects[0], c) for c in clusters) else 0
    return sum(len(number(e)[0]) - 1 for e in effects if any(nested(e, c) for c in clusters))


def _dyadic(vcov: Vcov, given: SandwichParts, ssc: str) -> Meat:
    pairs = given.pairs()
    states, degrees, words = of_states(vcov, given, ssc, "dyadic-robust inference")
    words = f"dyadic-robust over {states} states, no small-sample factor, {words}"
    return dyadic_meat(given.scores, pairs)[0], degrees, words


def _dyadic_cr2(vcov: Vcov, given: SandwichParts, ssc: str) -> Meat:
    if not given.linear or given.x is None:
        raise UnsupportedCovariance("dyadic_cr2 needs leverages, which only least squares has; use dyadic")
    states, degrees, words = of_states(vcov, given, ssc, "dyadic-robust inference")
    meat = adjusted_dyadic_meat(given.scores, given.x, given.bread, given.pairs())
    return meat, degrees, f"dyadic-robust over {states} states, adjusted for leverage (CR2), {words}"


def of_states(vcov: Vcov, given: SandwichParts, ssc: str, what: str) -> tuple[int, float | Satterthwaite, str]:
    """States whose dyads say something of the coefficients, degrees of freedom, and these in words.

    Raises UnsupportedCovariance if software of the convention has no such covariance; TooFewStates if there are fewer
    than five.
    """
    corrections.check_dyadic(ssc, linear=given.linear)
    pairs = given.pairs()
    dyads, _ = number(given.spoken(pairs.dyad))
    states = len(number(np.concatenate([pairs.low[dyads], pairs.high[dyads]]))[0])
    if states < FEWEST_STATES:
        raise TooFewStates(f"{what} from {states} states; it needs at least {FEWEST_STATES}")
    if ssc == "none":
        return states, math.inf, said(math.inf)
    if vcov.df == "satterthwaite":
        return states, Satterthwaite(given.informed, given.right, pairs), said(vcov.df)
    df = states - 1 if vcov.df == "states" else float(vcov.df)
    return states, df, said(df)


KINDS: Mapping[str, Callable[[Vcov, SandwichParts, str], Meat] | None] = {
    "classical": _classical,
    "hc0": _independent,
    "hc1": _independent,
    "hc2": partial(_independent, power=0.5),
    "hc3": partial(_independent, power=1.0),
    "cluster": _clustered,
    "dyadic": _dyadic,
    "dyadic_cr2": _dyadic_cr2,
    "jackknife": None,
    "dyadic_jackknife": None,
}
"""Every kind with what makes its meat; none where the model is fitted again, without each state in turn."""
