"""What a covariance allows for, as frozen data; made by constructors or read from the names that YAML uses."""

from collections.abc import Iterable
from dataclasses import dataclass

from detente.base.errors import UnsupportedCovariance, choices

ROWS = ("classical", "hc0", "hc1", "hc2", "hc3")
KINDS = (*ROWS, "cluster", "dyadic", "jackknife")
# Factors that rows of a dyadic panel always have.
FACTORS = ("dyad", "year", "side1", "side2")
PLURAL = {"dyad": "dyads", "year": "years"}


@dataclass(frozen=True)
class Vcov:
    """A kind of covariance and what it goes by.

    kind "classical" (the inverse information), "hc0" … "hc3" (rows independent), "cluster" (rows of one level of any of
    `factors` dependent), "dyadic" (rows that share a state dependent; `sides` the columns of the two states where
    there is no design yet), "jackknife" (one state left out at a time).
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
    """The recipe of a name: "dyadic", "hc1", "classical", or factors joined by "+", such as "dyad" or "dyad+year".

    Raises UnsupportedCovariance if it is no kind and not made of known factors; the message names the nearest.
    """
    if isinstance(name, Vcov):
        return name
    if name in KINDS and name != "cluster":
        return Vcov(name)
    known = list(dict.fromkeys(factors))
    for part in name.split("+"):
        if part not in known:
            legal = choices(part, [*(k for k in KINDS if k != "cluster"), *known])
            raise UnsupportedCovariance(f"covariance {name!r} is not known; {legal} (factors may be joined by '+')")
    return cluster(*name.split("+"))


def counted(factor: str, groups: int) -> str:
    """A number of groups in words: "190 dyads", or "12 groups of region"."""
    return f"{groups} {PLURAL[factor]}" if factor in PLURAL else f"{groups} groups of {factor}"
