"""Covariances by their definitions, one pair of units after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detente.stats.frame import ModelFrame

from support.accounts import Reference

Array = np.ndarray


def meat(scores: Array, together: Array) -> Array:
    """Sum of products of the scores (m, p) of all pairs of units that count `together` (m, m)."""
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for i in range(len(scores)):
        total += np.outer(scores[i], scores[together[i]].sum(axis=0))
    return total


def same(codes: Array) -> Array:
    """Pairs of units of one group."""
    return np.asarray(codes[:, None] == codes[None, :])


def share_a_state(a: Array, b: Array) -> Array:
    """Pairs of units whose dyads have a state in common (Aronow, Samii and Assenova 2015, eq. 3)."""
    return same(a) | same(b) | (a[:, None] == b[None, :]) | (b[:, None] == a[None, :])


def dyad_codes(design: ModelFrame) -> Array:
    """One code a dyad."""
    assert design.side1 is not None
    assert design.side2 is not None
    return np.minimum(design.side1, design.side2) * 10_000 + np.maximum(design.side1, design.side2)


def sandwich(reference: Reference, filling: Array) -> Array:
    """Bread × filling × bread."""
    return np.asarray(reference.bread @ filling @ reference.bread)


def grouped(reference: Reference, codes: Array) -> Array:
    """Clusters with factor G/(G−1)."""
    groups = len(np.unique(codes))
    return groups / (groups - 1) * meat(reference.scores, same(codes))


def classical(reference: Reference, design: ModelFrame) -> Array:
    return reference.dispersion * reference.bread


def hc0(reference: Reference, design: ModelFrame) -> Array:
    return sandwich(reference, meat(reference.scores, np.eye(len(reference.scores), dtype=bool)))


def hc1(reference: Reference, design: ModelFrame) -> Array:
    used = len(reference.scores)
    return hc0(reference, design) * used / (used - parameters(reference))


def hc2(reference: Reference, design: ModelFrame) -> Array:
    return _corrected(reference, 0.5)


def hc3(reference: Reference, design: ModelFrame) -> Array:
    return _corrected(reference, 1.0)


def by_dyad(reference: Reference, design: ModelFrame) -> Array:
    return sandwich(reference, grouped(reference, dyad_codes(design)[reference.rows]))


def by_dyad_and_year(reference: Reference, design: ModelFrame) -> Array:
    """Dyads, plus years, minus their intersection, each with its own factor."""
    assert design.time is not None
    dyad, year = dyad_codes(design)[reference.rows], design.time[reference.rows]
    both = dyad * 10_000 + year
    parts = grouped(reference, dyad) + grouped(reference, year) - grouped(reference, both)
    return sandwich(reference, parts)


def by_sides(reference: Reference, design: ModelFrame) -> Array:
    """First states, plus second states, minus dyads, each with its own factor."""
    assert design.side1 is not None
    assert design.side2 is not None
    a, b = design.side1[reference.rows], design.side2[reference.rows]
    both = grouped(reference, a * 10_000 + b)
    return sandwich(reference, grouped(reference, a) + grouped(reference, b) - both)


def dyadic(reference: Reference, design: ModelFrame) -> Array:
    assert design.side1 is not None
    assert design.side2 is not None
    shares = share_a_state(design.side1[reference.rows], design.side2[reference.rows])
    return sandwich(reference, meat(reference.scores, shares))


def dyadic_cr2(reference: Reference, design: ModelFrame) -> Array:
    """States' blocks times (I − H)^(−½), less those of dyads, on regressors whose fixed effects are taken out first.

    H is the block of the whole projection, and the root that of a matrix of as many rows as the block has.
    """
    assert reference.regressors is not None
    assert design.side1 is not None
    assert design.side2 is not None
    k, full = design.x.shape[1], reference.regressors
    residual = (reference.scores * full).sum(axis=1) / (full**2).sum(axis=1)
    x = full[:, :k] - full[:, k:] @ np.linalg.pinv(full[:, k:]) @ full[:, :k]
    bread = np.linalg.inv(x.T @ x)
    hat, filling = x @ bread @ x.T, np.zeros((k, k))
    a, b = design.side1[reference.rows], design.side2[reference.rows]
    blocks = [(1, (a == state) | (b == state)) for state in np.unique([a, b])]
    dyad = dyad_codes(design)[reference.rows]
    for sign, rows in blocks + [(-1, dyad == one) for one in np.unique(dyad)]:
        own = np.eye(rows.sum()) - hat[np.ix_(rows, rows)]
        values, vectors = np.linalg.eigh(own)
        root = vectors / np.sqrt(values) @ vectors.T
        total = x[rows].T @ root @ residual[rows]
        filling += sign * np.outer(total, total)
    return np.asarray(bread @ filling @ bread)


def parameters(reference: Reference) -> int:
    """Parameters that were estimated, K."""
    return int(np.linalg.matrix_rank(reference.bread))


def _corrected(reference: Reference, power: float) -> Array:
    assert reference.regressors is not None
    x = reference.regressors
    hat = np.diag(x @ np.linalg.pinv(x))
    scores = reference.scores / ((1 - hat) ** power)[:, None]
    return sandwich(reference, scores.T @ scores)


NAIVE: dict[str, Callable[[Reference, ModelFrame], Array]] = {
    "classical": classical,
    "hc0": hc0,
    "hc1": hc1,
    "hc2": hc2,
    "hc3": hc3,
    "dyad": by_dyad,
    "dyad+year": by_dyad_and_year,
    "side1+side2": by_sides,
    "dyadic": dyadic,
    "dyadic_cr2": dyadic_cr2,
}
