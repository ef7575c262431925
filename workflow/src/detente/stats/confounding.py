"""How strong a confounder must be to change an estimate: formulas of Cinelli and Hazlett (2020) on single numbers.

Cinelli, C. and Hazlett, C. (2020), Making sense of sensitivity, JRSS-B 82(1): 39–67. A confounder Z is described by
two partial R² given treatment D and covariates X: `r2dz_x` with the treatment, `r2yz_dx` with the outcome. All
formulas are of a linear model; `df` are its residual degrees of freedom. Numbers are dimensionless except the estimate
and its standard error, which have the unit of the outcome over that of the treatment.
"""

import math

from detente.base.errors import EstimationError
from detente.base.numerics import critical


def partial_r2(t: float, df: float) -> float:
    """Share of the residual variance of the outcome that the treatment explains, t²/(t² + df).

    Raises EstimationError if `df` is not positive.
    """
    _check_df(df)
    return t**2 / (t**2 + df)


def robustness_value(t: float, df: float, q: float = 1.0, alpha: float = 1.0) -> float:
    """Smallest equal r2dz_x = r2yz_dx that brings the estimate down by the share `q`, or to insignificance.

    With `alpha` = 1 the point estimate falls by 100·q %; with `alpha` < 1 the t statistic of the test against
    (1 − q)·estimate falls to its critical value at `alpha`, with one degree of freedom less: the confounder takes one.

    Raises EstimationError if df ≤ 1, q ≤ 0, or alpha is not in (0, 1].
    """
    if df <= 1:
        raise EstimationError(f"a robustness value needs more than one residual degree of freedom (found {df:g})")
    if q <= 0:
        raise EstimationError(f"q, the share of the estimate to explain away, must be positive (found {q:g})")
    if not 0 < alpha <= 1:
        raise EstimationError(f"alpha must be above 0 and at most 1 (found {alpha:g})")
    return robustness(q * abs(t) / math.sqrt(df), critical(df - 1, 1 - alpha) / math.sqrt(df - 1))


def robustness(f: float, threshold: float) -> float:
    """Robustness value of a partial f of the treatment against the one that is to be reached, equations 14 and 18.

    Where the confounder need not explain all of the outcome's residual variance the first solution holds, else that of
    the extreme scenario (sensemakr 0.1.4, `robustness_value`).
    """
    net = f - threshold
    if net <= 0:
        return 0.0
    if f * threshold <= 1:
        return (math.sqrt(net**4 + 4 * net**2) - net**2) / 2
    return (f**2 - threshold**2) / (1 + f**2)


def adjusted_estimate(
    estimate: float, std_error: float, df: float, *, r2dz_x: float, r2yz_dx: float, reduce: bool = True
) -> float:
    """The estimate had the confounder been in the model; `reduce` moves it towards zero and past it.

    The bias is SE·√(df · r2yz_dx · r2dz_x/(1 − r2dz_x)), equation 12.
    """
    size = bias(std_error, df, r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)
    away = size if estimate >= 0 else -size
    return estimate - away if reduce else estimate + away


def adjusted_std_error(std_error: float, df: float, *, r2dz_x: float, r2yz_dx: float) -> float:
    """Its standard error, SE·√((1 − r2yz_dx)/(1 − r2dz_x)·df/(df − 1)), equation 13."""
    _check_df(df - 1)
    _check_shares(r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)
    return std_error * math.sqrt((1 - r2yz_dx) / (1 - r2dz_x) * df / (df - 1))


def bias_adjusted(
    estimate: float, std_error: float, df: float, *, r2dz_x: float, r2yz_dx: float, reduce: bool = True
) -> tuple[float, float, float]:
    """Adjusted estimate, standard error and t statistic."""
    moved = adjusted_estimate(estimate, std_error, df, r2dz_x=r2dz_x, r2yz_dx=r2yz_dx, reduce=reduce)
    spread = adjusted_std_error(std_error, df, r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)
    return moved, spread, moved / spread


def bias(std_error: float, df: float, *, r2dz_x: float, r2yz_dx: float) -> float:
    """Size of the bias that the confounder makes, in the unit of the estimate."""
    _check_df(df)
    _check_shares(r2dz_x=r2dz_x, r2yz_dx=r2yz_dx)
    return std_error * math.sqrt(df * r2yz_dx * r2dz_x / (1 - r2dz_x))


def bound_from_benchmark(
    r2dxj_x: float, r2yxj_dx: float, kd: float = 1.0, ky: float | None = None
) -> tuple[float, float]:
    """(r2dz_x, r2yz_dx) of a confounder `kd`, `ky` times as strong as an observed covariate Xj.

    `r2dxj_x`: partial R² of Xj with the treatment given the other covariates. `r2yxj_dx`: partial R² of Xj with the
    outcome given treatment and other covariates. `kd`, `ky`: how many times as strong; `ky` is `kd` if not given.
    Returns bounds of section 4.4, equations 16 and 17; the second is at most 1.
    Raises EstimationError if `kd` is so large that the confounder would explain more of the treatment than there is.
    """
    _check_shares(r2dz_x=r2dxj_x, r2yz_dx=r2yxj_dx)
    ky = kd if ky is None else ky
    r2dz_x = kd * r2dxj_x / (1 - r2dxj_x)
    if not 0 <= r2dz_x < 1:
        largest = (1 - r2dxj_x) / r2dxj_x
        raise EstimationError(f"kd = {kd:g}: a confounder cannot be that strong; it must be below {largest:.4g}")
    # Share of Z that Xj explains given the treatment, were Z kd times as strong as Xj.
    shared = kd * r2dxj_x**2 / ((1 - kd * r2dxj_x) * (1 - r2dxj_x))
    if not 0 <= shared < 1:
        raise EstimationError(f"kd = {kd:g}: a confounder cannot be that strong beside a covariate of {r2dxj_x:.4g}")
    strength = (math.sqrt(ky) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return r2dz_x, min(1.0, strength**2 * r2yxj_dx / (1 - r2yxj_dx))


def _check_df(df: float) -> None:
    if not df > 0:
        raise EstimationError(f"residual degrees of freedom must be positive (found {df:g})")


def _check_shares(*, r2dz_x: float, r2yz_dx: float) -> None:
    if not 0 <= r2dz_x < 1:
        raise EstimationError(f"the partial R² with the treatment must be at least 0 and below 1 (found {r2dz_x:g})")
    if not 0 <= r2yz_dx <= 1:
        raise EstimationError(f"the partial R² with the outcome must be from 0 to 1 (found {r2yz_dx:g})")
