"""The k-adic-robust covariance: scores that share a state, degrees of freedom, and what residuals hide of errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.base.errors import IndefiniteCovariance, TooFewStates
from detente.base.numbering import number
from detente.base.numerics import NO_VARIANCE
from detente.base.types import Array, Codes
from detente.stats.covariance import FEWEST_STATES, Covariance, semidefinite
from detente.stats.kadic.sharing import Sharing, effective_kads


@dataclass(frozen=True)
class Working:
    """An estimator that is linear in its errors, and the errors of each k-ad as it would have them, independent.

    The estimate errs by C ε with `right` C (k, G), and residuals are e = ε − `left` C ε less the means of `strata` (G,)
    by `weights` (G,), where there are any: with `left` (G, k). `variance` (G,) of the errors.
    """

    left: Array
    right: Array
    variance: Array
    weights: Array
    strata: Codes | None = None

    def squares(self, gradient: Array) -> Array:
        """What the outcome of each k-ad adds to the variance along a gradient (k,), (G,)."""
        return np.asarray((gradient @ self.right) ** 2 * self.variance)

    def pulled(self, gradient: Array) -> Array:
        """Each k-ad's `left` times what its error adds along a gradient (k,), (G, k)."""
        return np.asarray(self.left * (gradient @ self.right)[:, None])

    def inside(self, gradient: Array, sharing: Sharing) -> Array:
        """What errors of a k-ad's own stratum add along a gradient (k,), of those that share a state with it, (G,)."""
        return np.zeros(len(self.left)) if self.strata is None else sharing.within(gradient @ self.right, self.strata)

    def share(self, gradient: Array, around: Array, inside: Array) -> float:
        """What share of the variance along a gradient (k,) the double sum over residuals has in expectation.

        With a = Cᵀg, A its diagonal, W who shares with whom, V the variances and M what makes residuals of errors:
        tr(MᵀAWAMV) over aᵀVa. Residuals of k-ads that share states have been fitted to these very k-ads, so that where
        few states are in most of them the sum falls short, as a cluster covariance does with few clusters (Bell and
        McCaffrey 2002). `around`: sums (G, k) of what is `pulled` over those who share a state; `inside` (G,). Strata
        have no k-ad in common, so that of means of two of them only those of the same one enter.
        """
        a, v = gradient @ self.right, self.variance
        whole = float(a @ (v * a))
        once = float(np.sum(self.right.T * (a * v)[:, None] * around))
        twice = float(np.sum((self.right * v) @ self.right.T * (self.pulled(gradient).T @ around)))
        if self.strata is not None:
            codes = number(self.strata)[1]
            weight = np.bincount(codes, self.weights)
            mean = self.weights / np.where(weight > 0, weight, 1.0)[codes]
            once += float(np.sum(a * mean * v * inside))
            for row, near in zip(self.right, around.T, strict=True):
                twice += 2 * float(np.bincount(codes, row * mean * v) @ np.bincount(codes, a * near))
            twice += float(np.bincount(codes, mean**2 * v) @ np.bincount(codes, a * inside))
        return (whole - 2 * once + twice) / whole


def kadic_covariance(scores: Array, bread: Array, sharing: Sharing, working: Working, gradient: Array) -> Covariance:
    """The k-adic-robust covariance (k, k) of coefficients, t distributed with effective degrees of freedom.

    `scores` (G, k); `bread` (k, k). The sum over pairs of k-ads that share a state is divided by the share of the
    variance along `gradient` (k,), that of the treatment, which it would have in expectation were errors independent.

    Raises TooFewStates if the k-ads have fewer than five; IndefiniteCovariance if that share is not positive.
    """
    states = sharing.states_of((scores != 0).any(axis=1))
    if states < FEWEST_STATES:
        raise TooFewStates(f"k-adic-robust inference from {states} states; it needs at least {FEWEST_STATES}")
    pulled, squares = working.pulled(gradient), working.squares(gradient)
    # Who shares with whom is made block by block: all sums in one pass.
    sums = sharing.sums(np.hstack([pulled, scores, squares[:, None]]))
    width = pulled.shape[1]
    share = working.share(gradient, sums[:, :width], working.inside(gradient, sharing))
    if share <= NO_VARIANCE:
        raise IndefiniteCovariance(
            "the kadic covariance leaves no variance: nearly all k-ads share a state, and residuals say nothing of it"
        )
    meat = scores.T @ sums[:, width:-1] / share
    unrepaired = bread @ ((meat + meat.T) / 2) @ bread
    matrix, repair = semidefinite(unrepaired)
    found = {_key(gradient): float(squares.sum()) ** 2 / float(squares @ sums[:, -1])}

    def degrees(along: Array) -> float:
        if _key(along) not in found:
            found[_key(along)] = effective_kads(working.squares(along), sharing)
        return found[_key(along)]

    words = (
        f"k-adic-robust over {states} states, divided by the {share:.2f} of the variance that residuals show, t with "
        "effective df (Satterthwaite)"
    )
    return Covariance(matrix, unrepaired, bread @ (scores.T @ scores) @ bread, "kadic", degrees, words, repair)


def _key(gradient: Array) -> bytes:
    return np.ascontiguousarray(gradient, dtype=np.float64).tobytes()
