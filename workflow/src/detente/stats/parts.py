"""From a solution and its design to what covariances are made from."""

from detente.base.errors import NoDyads, UnsupportedCovariance, choices
from detente.base.types import Codes
from detente.stats.contract import Estimator, Solution
from detente.stats.covariance import (
    FACTORS,
    KINDS,
    Pairs,
    SandwichParts,
    Vcov,
    effects_leverage,
    nested,
    number_dyads,
    parse,
)
from detente.stats.frame import ModelFrame

# Refits any estimator, so that none has to declare it.
ANY = frozenset({"jackknife"})


def sandwich_parts(design: ModelFrame, solution: Solution) -> SandwichParts:
    """SandwichParts for the rows that the solution uses; dyads and factors are numbered when asked for."""
    linear = solution.link == "identity"

    def used(codes: Codes) -> Codes:
        return codes if solution.rows is None else codes[solution.rows]

    effects = {name: used(codes) for name, codes in design.fixed_effects.items()} if solution.absorbed else {}
    share = solution.absorbed / len(solution.scores)
    return SandwichParts(
        scores=solution.scores,
        bread=solution.bread,
        dispersion=solution.dispersion,
        x=solution.x if linear else None,
        absorbed=solution.absorbed,
        fixed_effects=effects,
        linear=linear,
        pairs=lambda: used_pairs(design, solution),
        factor=lambda name: used(design.factor(name)),
        effect_leverage=lambda: effects_leverage(list(effects.values())) if effects else share,
    )


def used_pairs(design: ModelFrame, solution: Solution) -> Pairs:
    """Dyads of the rows that the solution uses, and their states."""
    rows = solution.rows
    if rows is None or design.side1 is None or design.side2 is None:
        return design.pairs
    return number_dyads(design.side1[rows], design.side2[rows])


def factors_of(design: ModelFrame) -> tuple[str, ...]:
    """Names that `ModelFrame.factor` knows."""
    sides = () if design.side1 is None else ("dyad", "side1", "side2")
    year = () if design.time is None else ("year",)
    return (*design.fixed_effects, *design.clusters, *sides, *year)


def read(name: str | Vcov, design: ModelFrame, estimator: Estimator) -> Vcov:
    """The recipe of a name, if design and estimator have what it needs.

    Raises UnsupportedCovariance if the name is not known, or the estimator does not support its kind; NoDyads if it
    goes by dyads and the rows are none.
    """
    factors = factors_of(design)
    recipe = parse(name, (*factors, *FACTORS))
    declared = estimator.covariances | ANY
    clustered = bool({"cluster", "dyad"} & declared)
    if recipe.kind not in declared and not (recipe.kind == "cluster" and clustered):
        legal = {k for k in KINDS if k in declared and k != "cluster"} | (set(factors) if clustered else set())
        joined = " (factors may be joined by '+')" if clustered else ""
        raise UnsupportedCovariance(
            f"estimator {estimator.name!r} does not support covariance {recipe.name!r}; "
            f"{choices(recipe.name, legal)}{joined}"
        )
    by_sides = {"dyad", "side1", "side2"} & set(recipe.factors) - set(factors)
    if design.side1 is None and (by_sides or recipe.kind in ("dyadic", "jackknife")):
        raise NoDyads(f"{recipe.name!r} needs rows with two sides: name their two columns, dyadic(side1, side2)")
    _refuse_split_groups(recipe, design, estimator)
    return recipe


def _refuse_split_groups(recipe: Vcov, design: ModelFrame, estimator: Estimator) -> None:
    """Scores of a model of whole groups have a meaning only summed over each."""
    if estimator.uses not in ("groups", "conditions") or not design.fixed_effects:
        return
    name, group = next(iter(design.fixed_effects.items()))
    for factor in {"dyadic": ("dyad",), "cluster": recipe.factors}.get(recipe.kind, ()):
        if not nested(group, design.factor(factor)):
            raise UnsupportedCovariance(
                f"estimator {estimator.name!r} needs clusters of whole groups of {name!r}, which {factor!r} splits"
            )
