"""The schema of tidy estimates, and the verdict that follows from an interval and the smallest effect of interest."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from detente.base.frames import Column, FrameSchema, count, number, text
from detente.base.numerics import EQUIVALENCE_LEVEL, critical, detectable

Verdict = Literal["lowers", "raises", "negligible", "inconclusive"]
VERDICTS = ("", *get_args(Verdict))
QUANTITIES = ("coefficient", "average_marginal_effect", "risk_ratio")
PARTS = "names as in `config/` and `codebook.csv`"
EFFECT = "for the average marginal effect"
ESTIMATES = FrameSchema(
    "estimates",
    {
        "spec_id": text(
            "stable id of the specification: the claim, and a digest of all that fixes the estimate "
            "and its standard error"
        ),
        "specification": text("in what it differs from the claim's headline"),
        "claim": text(f"the claim; {PARTS}"),
        "outcome": text(f"its outcome; {PARTS}"),
        "treatment": text(f"its treatment; {PARTS}"),
        "sample": text("sample of `config/samples.yaml`"),
        "estimator": text("estimator"),
        "vcov": text(
            "name of its [covariance estimator](standard-errors.md): `dyadic` (robust to dependence among "
            "dyads that share a state), `dyad` (clustered by dyad), `dyad+year`, `hc1`, …"
        ),
        "quantity": Column(
            "str",
            "`coefficient`, `average_marginal_effect` (difference in onset risk, probability) or "
            "`risk_ratio`; a model without risks, such as conditional logit, has coefficients alone",
            allowed=QUANTITIES,
        ),
        "term": text(
            "regressor, with `_lagN` for the years before the outcome; `intercept`; peace years in units of ten years"
        ),
        "is_treatment": Column("bool", "whether the row is about the treatment"),
        "scale": Column(
            "str",
            "scale on which test and interval were made; on `log`, `estimate` and interval are "
            "exponentials, `std_error` is of the ratio, `statistic` and `p_value` of its log",
            allowed=("identity", "log"),
        ),
        "estimate": Column("float64", "the estimate"),
        "std_error": Column("float64", "its standard error", low=0),
        "std_error_unrepaired": number("the same before negative eigenvalues of the covariance were clipped"),
        "statistic": Column("float64", "t statistic"),
        "df": Column("float64", "its degrees of freedom"),
        "p_value": Column("float64", "two-sided p-value", low=0, high=1),
        "conf_low": Column("float64", "95 % interval, lower end"),
        "conf_high": Column("float64", "95 % interval, upper end"),
        "nobs": Column("int64", "observations of the model", low=1),
        "dyads": Column("int64", "its dyads", low=1),
        "states": Column("int64", "its states", low=2),
        "events": Column("int64", "its onsets", low=1),
        "mean_risk": Column("float64", "mean outcome over the rows of the model"),
        "treated": count("treated observations"),
        "treated_dyads": count("dyads with a treated observation"),
        "switching_dyads": count("dyads whose treatment varies in the model's rows: what dyad effects learn from"),
        "switching_states": count("their states"),
        "treated_risk": number("mean outcome of the treated rows"),
        "base_risk": number(
            "base risk: that of the treated rows without treatment, by the model; missing where it is none"
        ),
        "mde": number(f"minimum detectable effect, found by 80 % of t tests with these degrees of freedom; {EFFECT}"),
        "mde_share": number("the same as a share of `base_risk`"),
        "smallest_effect": number("smallest effect of interest, in probability: a share of `base_risk`"),
        "difference_error": number(
            f"standard error of the effect less the smallest of interest, which is estimated with it; {EFFECT}"
        ),
        "verdict": Column("str", f"lowers, raises, negligible or inconclusive; {EFFECT}", allowed=VERDICTS),
        "ssc": text("how the standard error was made: clusters, small-sample factor, degrees of freedom"),
        "repair": text("what was done to make the covariance positive semi-definite, empty if nothing"),
        "dropped": text("controls without variation once effects are absorbed"),
        "notes": text(
            "what a reader must know of the fit, in words, such as how many rows say nothing about the coefficients"
        ),
        "converged": Column("bool", "always true: what did not converge is a failure, not a row", allowed=(True,)),
        "reference": text(
            "the implementation that the fit was compared with: in this run, or, where it says so, in tests"
        ),
        "reference_gap": number("the largest difference of a coefficient from it, relative to size and standard error"),
    },
    key=("spec_id", "vcov", "quantity", "term"),
    checks={
        "estimate inside its interval": lambda f: (f["conf_low"] <= f["estimate"]) & (f["estimate"] <= f["conf_high"])
    },
)
FAILURES = FrameSchema(
    "failures",
    {
        "claim": text(f"the claim; {PARTS}"),
        "sample": text("its sample"),
        "estimator": text("its estimator"),
        "error": text("the error by which a number does not exist"),
        "message": text("the same in words"),
    },
)
ATTRITION = FrameSchema(
    "attrition",
    {
        "claim": text(f"the claim; {PARTS}"),
        "estimator": text("its estimator"),
        "sample": text("its sample"),
        "order": count("place of the step, from 0"),
        "reason": text("why rows are left out; of the first and the last step, what they are"),
        "rows": count("how many"),
    },
    key=("claim", "estimator", "sample", "order"),
)


def verdict(
    estimate: float, std_error: float, df: float, smallest_effect: float, difference_error: float | None = None
) -> Verdict:
    """Judge an effect on risk.

    negligible: two one-sided tests at 5 % reject effects as large as ± smallest_effect (Schuirmann 1987): the 90 %
    interval lies within; else lowers or raises: the 95 % interval excludes zero; else inconclusive. A smallest effect
    that is estimated with the effect errs with it: `difference_error` is the standard error of the two one-sided tests,
    `std_error` if None. Where there is no smallest effect (NaN), nothing is negligible.
    """
    inner = critical(df, EQUIVALENCE_LEVEL) * (std_error if difference_error is None else difference_error)
    if abs(estimate) + inner < smallest_effect:
        return "negligible"
    outer = critical(df) * std_error
    if abs(estimate) > outer:
        return "lowers" if estimate < 0 else "raises"
    return "inconclusive"


@dataclass(frozen=True)
class Band:
    """The smallest effect of interest, missing where there is no base risk, and what its own error adds.

    An effect less a share of base risk has `stretch` times the standard error of the effect (`difference_error`).
    """

    effect: float
    stretch: float = 1.0

    def verdict(self, estimate: float, std_error: float, df: float) -> Verdict:
        """Of an effect with this standard error."""
        return verdict(estimate, std_error, df, self.effect, self.stretch * std_error)


def judged(
    estimate: float, std_error: float, df: float, base: float, smallest_share: float, difference_error: float
) -> dict[str, Any]:
    """Power and verdict of an effect on risk, by column; `smallest_share` of the base risk is of interest."""
    base, mde = as_risk(base), detectable(df) * std_error
    smallest = smallest_share * base
    return {
        "base_risk": base,
        "mde": mde,
        "mde_share": mde / base,
        "smallest_effect": smallest,
        "difference_error": difference_error,
        "verdict": verdict(estimate, std_error, df, smallest, difference_error),
    }


def as_risk(value: float) -> float:
    """An estimate of a risk; missing where it is none, as linear models can put it at or below zero."""
    return value if 0 < value < 1 else math.nan


def not_wrong(verdict: str, planted: float, smallest_effect: float) -> bool:
    """Whether a verdict fits a planted effect: an inconclusive one is never wrong, it only says little."""
    if verdict == "inconclusive":
        return True
    if verdict == "negligible":
        return abs(planted) < smallest_effect
    return planted < 0 if verdict == "lowers" else planted > 0
