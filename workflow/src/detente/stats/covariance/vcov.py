"""Covariances by kind: what each allows for, the name that YAML uses, and how its meat is made; each declared once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from detente.base.errors import TooFewClusters, TooFewStates, UnknownVariable, UnsupportedCovariance, choices
from detente.base.numbering import Pairs, nested, number
from detente.base.types import Array, Codes
from detente.stats.covariance import ssc as corrections
from detente.stats.covariance.sandwich import FEWEST_STATES, Covariance, SandwichParts, semidefinite
from detente.stats.covariance.scores import Scores, corrected_scores, dyadic_meat, leverage, multiway_meat, of_rows

# Factors that rows of a dyadic panel always have.
FACTORS = ("dyad", "year", "side1", "side2")
PLURAL = {"dyad": "dyads", "year": "years"}


@dataclass(frozen=True)
class Vcov:
    """A kind of covariance, one of `KINDS`, and what it goes by.

    Of "cluster", rows of one level of any of `factors` are dependent; `sides` are the columns of the two states of
    "dyadic" where there is no design yet.
    """

    kind: str
    factors: tuple[str, ...] = ()
    sides: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The name that YAML and tables use: "dyadic", "dyad", "dyad+year", "hc1"."""
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


def dyadic(side1: str | None = None, side2: str | None = None) -> Vcov:
    """Dyadic-robust (Aronow, Samii and Assenova 2015); with a formula, name the columns of the two states."""
    if (side1 is None) != (side2 is None):
        raise UnsupportedCovariance("dyadic(side1, side2) needs the columns of both states, or none for a model frame")
    return Vcov("dyadic", sides=None if side1 is None or side2 is None else (side1, side2))


def jackknife() -> Vcov:
    """One state left out at a time, with all its dyads; refits the model for each."""
    return Vcov("jackknife")


def parse(name: str | Vcov, factors: Iterable[str] = FACTORS) -> Vcov:
    """The estimator of a name: "dyadic", "hc1", "classical", or factors joined by "+", such as "dyad" or "dyad+year".

    Raises UnsupportedCovariance if it is no kind and not made of known factors; the message names the nearest.
    """
    if isinstance(name, Vcov):
        return name
    kinds = [kind for kind in KINDS if kind != "cluster"]
    if name in kinds:
        return Vcov(name)
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
    bread = parts.bread
    independent = of_rows(parts.scores).sandwiched(bread)
    meat, df, said = make(vcov, parts, ssc)
    unrepaired = meat if vcov.kind == "classical" else bread @ meat @ bread
    matrix, repair = semidefinite(unrepaired)
    return Covariance(matrix, unrepaired, independent, vcov.name, df, said, repair)


def sandwich(kind: Vcov | str, scores: Scores | Array, bread: Array, pairs: Pairs) -> Covariance:
    """The covariance of an estimator that needs only scores, bread and dyads, such as "dyadic", "dyad" or "hc0"."""

    def factor(name: str) -> Codes:
        if name == "dyad":
            return pairs.dyad
        raise UnknownVariable(f"no factor is called {name!r}; {choices(name, ['dyad'])}")

    return covariance(parse(kind, ("dyad",)), SandwichParts(scores, bread, pairs=lambda: pairs, factor=factor))


# Between the breads (k, k), or the whole classical covariance; degrees of freedom, and how it is made in words.
Meat = tuple[Array, float, str]


def _classical(_: Vcov, given: SandwichParts, ssc: str) -> Meat:
    df = corrections.degrees(corrections.rule(ssc, linear=given.linear).rows, residual=given.residual)
    what = "classical, σ² = RSS/(N−K)" if given.linear else "classical, inverse information"
    return given.dispersion * given.bread, df, f"{what}, {corrections.said(df)}"


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
    correction = f"heteroskedasticity-robust ({vcov.kind.upper()}), {named}, {corrections.said(df)}"
    return (share if vcov.kind == "hc1" else 1.0) * scores.gram(), df, correction


def _clustered(vcov: Vcov, given: SandwichParts, ssc: str) -> Meat:
    rule = corrections.rule(ssc, linear=given.linear)
    codes = [given.factor(name) for name in vcov.factors]
    counts = {name: len(number(c)[0]) for name, c in zip(vcov.factors, codes, strict=True)}
    for name, count in counts.items():
        if count < 2:
            raise TooFewClusters(f"clusters by {name!r}: {_counted(name, count)}; it needs at least 2")
    fewest = min(counts.values())
    meat, _ = multiway_meat(given.scores, codes, lambda groups: corrections.group_factors(rule, groups, fewest))
    parameters = given.parameters - _nested(rule, given, codes)
    share = corrections.share(rule.share, len(given.scores), parameters)
    df = corrections.degrees(rule.clustered, clusters=fewest - 1, residual=given.residual)
    by = " and ".join(_counted(name, count) for name, count in counts.items())
    factors = corrections.factors(rule, len(codes), parameters)
    return share * meat, df, f"clustered by {by}, {factors}, {corrections.said(df)}"


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


def _dyadic(_: Vcov, given: SandwichParts, ssc: str) -> Meat:
    pairs = given.pairs()
    df = corrections.dyadic_degrees(ssc, pairs.states, linear=given.linear)
    if pairs.states < FEWEST_STATES:
        raise TooFewStates(f"dyadic-robust inference from {pairs.states} states; it needs at least {FEWEST_STATES}")
    said = f"dyadic-robust over {pairs.states} states, no small-sample factor, {corrections.said(df)}"
    return dyadic_meat(given.scores, pairs)[0], df, said


KINDS: Mapping[str, Callable[[Vcov, SandwichParts, str], Meat] | None] = {
    "classical": _classical,
    "hc0": _independent,
    "hc1": _independent,
    "hc2": partial(_independent, power=0.5),
    "hc3": partial(_independent, power=1.0),
    "cluster": _clustered,
    "dyadic": _dyadic,
    "jackknife": None,
}
"""Every kind with what makes its meat; none where the model is fitted again, without each state in turn."""
