"""What covariances of coefficients are made from, and what they are: scores, bread, matrix."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from detente.base.errors import IndefiniteCovariance, NoDyads, UnknownVariable, choices
from detente.base.numbering import Pairs
from detente.base.numerics import INDEFINITE, NO_VARIANCE
from detente.base.types import Array, Codes, Flags
from detente.stats.covariance.effective import Information
from detente.stats.covariance.scores import Scores, of_rows

FEWEST_STATES = 5


@dataclass(frozen=True)
class Covariance:
    """Covariance of k coefficients and how it was made.

    matrix (k, k); `unrepaired` (k, k) the same before negative eigenvalues were clipped; `heteroskedastic` (k, k) as if
    rows were independent, the yardstick of what counts as no variance; `kind` its name; `degrees` of freedom of the
    t distribution, infinite for the normal one, or a function of the gradient (k,) where each statistic has its own;
    `ssc` how it was made in words; `repair` what was done to make it positive semi-definite, "" if nothing.
    """

    matrix: Array
    unrepaired: Array
    heteroskedastic: Array
    kind: str
    degrees: float | Callable[[Array], float]
    ssc: str
    repair: str

    def __str__(self) -> str:
        """How it was made, and the repair if there was one."""
        return "; ".join(filter(None, (self.ssc, self.repair)))

    @property
    def std_errors(self) -> Array:
        """Square roots of the diagonal, (k,)."""
        return np.sqrt(np.diag(self.matrix))

    def df(self, gradient: Array) -> float:
        """Degrees of freedom of the statistic of a function of the coefficients with this gradient (k,)."""
        return self.degrees(gradient) if callable(self.degrees) else self.degrees

    @property
    def dfs(self) -> Array:
        """Degrees of freedom of each coefficient's statistic, (k,)."""
        return np.array([self.df(unit) for unit in np.eye(len(self.matrix))])

    def std_error(self, gradient: Array) -> float:
        """Delta-method standard error of a function of the coefficients with this gradient (k,).

        Raises IndefiniteCovariance if the variance before repair is not positive: clipping would make up a standard
        error.
        """
        if not self.exists(gradient):
            raise no_variance(self.kind)
        return math.sqrt(float(gradient @ self.matrix @ gradient))

    def std_error_unrepaired(self, gradient: Array) -> float:
        """The same before repair, which can only add to it."""
        return math.sqrt(float(gradient @ self.unrepaired @ gradient))

    def exists(self, gradient: Array) -> bool:
        """Whether the variance before repair is positive by more than rounding."""
        variance = float(gradient @ self.unrepaired @ gradient)
        return variance > NO_VARIANCE * float(gradient @ self.heteroskedastic @ gradient)


def no_variance(kind: str) -> IndefiniteCovariance:
    """The error of a variance that is not positive before repair."""
    return IndefiniteCovariance(f"the {kind} covariance leaves no variance: its double sum is negative in this sample")


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
    named factor; `effect_leverage` the leverages (n,) of the absorbed effects; `silent` (n,) rows that say nothing of
    the coefficients, as those alone in a level of an absorbed effect, which clusters, states and degrees of freedom
    leave out, None if there is none; `information` of the rows, by default that of regressors alone. `back` (k, k)
    takes coefficients that scores and bread are of to those that the covariance is of, None if they are the same.
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
    silent: Flags | None = None
    information: Information | None = None
    back: Array | None = None

    @property
    def left(self) -> Array:
        """What stands before the meat: the bread, taken back to the coefficients where it is of others."""
        return self.bread if self.back is None else self.back @ self.bread

    @property
    def right(self) -> Array:
        """What stands behind the meat."""
        return self.bread if self.back is None else self.left.T

    @property
    def informed(self) -> Information:
        """The information of the rows: theirs, or that of regressors alone, or of the scores where these are all."""
        return Information(of_rows(self.scores).x) if self.information is None else self.information

    def spoken(self, codes: Codes) -> Codes:
        """Codes of the rows that say something of the coefficients."""
        return codes if self.silent is None else codes[~self.silent]

    @property
    def parameters(self) -> int:
        """Coefficients and absorbed parameters, K."""
        return len(self.bread) + self.absorbed

    @property
    def residual(self) -> int:
        """Rows less parameters, N − K."""
        return len(self.scores) - self.parameters


def semidefinite(matrix: Array) -> tuple[Array, str]:
    """Clip negative eigenvalues: the dyadic meat is a difference and can be indefinite in finite samples."""
    (made,), (clipped,) = repaired(matrix[None])
    return made, "negative eigenvalues clipped at zero" if clipped else ""


def repaired(matrices: Array) -> tuple[Array, Flags]:
    """The same of each of B matrices (B, k, k), and whether it was clipped (B,)."""
    made = (matrices + matrices.transpose(0, 2, 1)) / 2
    scale = np.sqrt(np.abs(np.diagonal(made, axis1=1, axis2=2)))
    scale = np.where(scale == 0, 1.0, scale)
    outer = scale[:, :, None] * scale[:, None, :]
    values, vectors = np.linalg.eigh(made / outer)
    clipped = ~(values.min(axis=1) >= -INDEFINITE * np.maximum(values.max(axis=1), 1.0))
    kept = vectors[clipped]
    made[clipped] = (kept * np.clip(values[clipped], 0, None)[:, None, :]) @ kept.transpose(0, 2, 1) * outer[clipped]
    return made, clipped
