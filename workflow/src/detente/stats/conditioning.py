"""Regressors that all but depend on one another, or lie far from zero, in a basis in which no digits are lost.

A model with a constant is the same model of any regressors that span the same columns. Where cross-products of the
regressors as they came would lose digits, models are fitted to columns of length √N that are orthogonal to the constant
and to one another, and their coefficients are taken back. The columns are made in extended precision by Gram and
Schmidt's method, twice (Björck 1996, section 2.4.5), so that errors grow with the condition of the regressors and not
with its square.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detente.base.numerics import FAR, INDEPENDENT, WELL
from detente.base.types import Array, Flags
from detente.stats.frame import ModelFrame

Extended = npt.NDArray[np.longdouble]
CHUNK = 8192


@dataclass(frozen=True)
class Basis:
    """Columns (x − mean) turn for regressors x (N, k): `mean` (k,), `turn` (k, k) upper triangular, extended.

    `kept` (k,) columns that vary; others stay as they are.
    """

    columns: Array
    mean: Extended
    turn: Extended
    kept: Flags

    def parameters(self, terms: tuple[str, ...], names: tuple[str, ...]) -> Extended:
        """Matrix (P, P) that takes parameters called `terms` back to those of regressors called `names`, as they came.

        Those of regressors stand behind "intercept", once or by equation, or before cuts of an ordered outcome; others
        stay as they are.
        """
        used = [name for name, kept in zip(names, self.kept, strict=True) if kept]
        shift = -self.mean[self.kept] @ self.turn
        back = np.eye(len(terms), dtype=np.longdouble)
        at = [i for i, term in enumerate(terms) if term == used[0] or term.startswith(f"{used[0]}[")]
        for first in at if terms[0].startswith("intercept") else [0]:
            block = slice(first, first + len(used))
            back[block, block] = self.turn
            if terms[0].startswith("intercept"):
                back[first - 1, block] = shift
            else:
                back[block.stop :, block] = -shift
        return back


def basis(x: Array) -> Basis | None:
    """A basis of regressors (N, k) beside a constant, None where they are well-conditioned or depend on one another."""
    kept = np.ptp(x, axis=0) > 0
    if not kept.any() or not np.isfinite(x).all() or _condition(x[:, kept]) > WELL:
        return None
    return _orthogonal(x, kept)


def scaled(x: Array) -> Basis | None:
    """The same of regressors that must not be mixed: each less its mean, over its standard deviation."""
    kept = np.ptp(x, axis=0) > 0
    if not kept.any() or not np.isfinite(x).all() or _condition(x[:, kept]) > WELL:
        return None
    columns, mean = _centred(x, kept)
    size = np.sqrt(np.square(columns).mean(axis=0))
    return _made(x, columns / size, mean, np.diag(1 / size), kept)


def _condition(x: Array) -> float:
    """`condition` of the cross-products of a constant and x (N, k)."""
    k = x.shape[1]
    cross = np.zeros((k + 1, k + 1))
    for start in range(0, len(x), CHUNK):
        part = np.column_stack([np.ones(len(x[start : start + CHUNK])), x[start : start + CHUNK]])
        cross += part.T @ part
    return condition(cross)


def condition(cross: Array) -> float:
    """Smallest over largest eigenvalue of cross-products (k, k), columns of length one."""
    size = 1 / np.sqrt(np.diag(cross))
    values = np.linalg.eigvalsh(cross * np.outer(size, size))
    return float(values[0] / values[-1])


def _centred(x: Array, kept: Flags) -> tuple[Extended, Extended]:
    """Columns that vary less their means, and the means (k,), those of others zero."""
    columns = x[:, kept].astype(np.longdouble)
    mean = np.zeros(x.shape[1], dtype=np.longdouble)
    mean[kept] = columns.mean(axis=0)
    return columns - mean[kept], mean


def _orthogonal(x: Array, kept: Flags) -> Basis | None:
    columns, mean = _centred(x, kept)
    k = columns.shape[1]
    size = np.sqrt(np.square(columns).sum(axis=0))
    upper = np.zeros((k, k), dtype=np.longdouble)
    for j in range(k):
        for _ in range(2):
            columns[:, j] -= columns[:, j].mean()
            for i in range(j):
                share = columns[:, i] @ columns[:, j]
                columns[:, j] -= share * columns[:, i]
                upper[i, j] += share
        upper[j, j] = np.sqrt(columns[:, j] @ columns[:, j])
        if upper[j, j] <= INDEPENDENT * size[j]:
            return None
        columns[:, j] /= upper[j, j]
    length = np.sqrt(np.longdouble(len(x)))
    return _made(x, columns * length, mean, _inverse(upper) * length, kept)


def _inverse(upper: Extended) -> Extended:
    """Inverse of an upper triangular matrix, by back substitution."""
    k = len(upper)
    made = np.zeros_like(upper)
    for j in range(k):
        made[j, j] = 1 / upper[j, j]
        for i in range(j - 1, -1, -1):
            made[i, j] = -(upper[i, i + 1 : j + 1] @ made[i + 1 : j + 1, j]) / upper[i, i]
    return made


def _made(x: Array, columns: Extended, mean: Extended, turn: Extended, kept: Flags) -> Basis:
    whole = np.array(x, dtype=np.float64)
    whole[:, kept] = columns
    return Basis(whole, mean, turn, kept)


def well_conditioned(design: ModelFrame, *, mixed: bool = True) -> tuple[ModelFrame, Basis] | None:
    """The design with its regressors, and instruments, in a basis, and that of regressors; None where none is needed.

    Endogenous regressors are not mixed with others, and no regressors are unless `mixed`.
    """
    found = scaled(design.x) if design.endogenous or not mixed else basis(design.x)
    instruments = design.instruments
    if instruments is not None:
        z = np.asarray(instruments, dtype=np.float64).reshape(len(design.y), -1)
        made = basis(z) or scaled(z)
        if made is not None and found is None:
            found = _centred_alone(design.x)
        instruments = z if made is None else made.columns
    if found is None:
        return None
    return replace(design, x=found.columns, instruments=instruments), found


def _centred_alone(x: Array) -> Basis | None:
    kept = np.ptp(x, axis=0) > 0
    if not kept.any():
        return None
    columns, mean = _centred(x, kept)
    return _made(x, columns, mean, np.eye(int(kept.sum()), dtype=np.longdouble), kept)


def far(x: Array) -> Flags:
    """Columns (k,) of x (N, k) whose mean is so many standard deviations from zero that products lose digits."""
    mean = x.mean(axis=0)
    return np.asarray(mean**2 > FAR * np.square(x - mean).mean(axis=0))
