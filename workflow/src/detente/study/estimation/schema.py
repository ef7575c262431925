"""The schema of tidy estimates."""

from detente.base.frames import Column, FrameSchema

VERDICTS = ("", "lowers", "raises", "negligible", "inconclusive")
QUANTITIES = ("coefficient", "average_marginal_effect", "risk_ratio")
PARTS = "names as in `config/` and `codebook.csv`"
EFFECT = "for the average marginal effect"
ESTIMATES = FrameSchema(
    "estimates",
    {
        "spec_id": Column(
            "str",
            "stable id of the specification: the claim, and a digest of all that fixes the "
            "estimate and its standard error",
        ),
        "specification": Column("str", "in what it differs from the claim's headline"),
        "claim": Column("str", f"the claim; {PARTS}"),
        "outcome": Column("str", f"its outcome; {PARTS}"),
        "treatment": Column("str", f"its treatment; {PARTS}"),
        "sample": Column("str", "sample of `config/samples.yaml`"),
        "estimator": Column("str", "estimator"),
        "vcov": Column(
            "str",
            "name of its [covariance estimator](recipes.md): `dyadic` (robust to dependence among "
            "dyads that share a state), `dyad` (clustered by dyad), `dyad+year`, `hc1`, …",
        ),
        "quantity": Column(
            "str",
            "`coefficient`, `average_marginal_effect` (difference in onset risk, probability) or "
            "`risk_ratio`; a model without risks, such as conditional logit, has coefficients alone",
            allowed=QUANTITIES,
        ),
        "term": Column(
            "str",
            "regressor, with `_lagN` for the years before the outcome; `intercept`; peace years in units of ten years",
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
        "std_error_unrepaired": Column(
            "float64", "the same before negative eigenvalues of the covariance were clipped", nullable=True
        ),
        "statistic": Column("float64", "t statistic"),
        "df": Column("float64", "its degrees of freedom"),
        "p_value": Column("float64", "two-sided p-value", low=0, high=1),
        "conf_low": Column("float64", "95 % interval, lower end"),
        "conf_high": Column("float64", "95 % interval, upper end"),
        "nobs": Column("int64", "observations of the model", low=1),
        "dyads": Column("int64", "its dyads", low=1),
        "states": Column("int64", "its states", low=2),
        "events": Column("int64", "its onsets", low=1),
        "base_risk": Column("float64", "mean outcome over the rows of the model"),
        "treated": Column("int64", "treated observations", low=0),
        "treated_dyads": Column("int64", "dyads with a treated observation", low=0),
        "switching_dyads": Column(
            "int64", "dyads whose treatment varies in the model's rows: what dyad effects learn from", low=0
        ),
        "switching_states": Column("int64", "their states", low=0),
        "treated_risk": Column("float64", "mean outcome of the treated rows", nullable=True),
        "mde": Column("float64", f"minimum detectable effect (2.8 standard errors); {EFFECT}", nullable=True),
        "mde_share": Column("float64", "the same as a share of `base_risk`", nullable=True),
        "smallest_effect": Column("float64", "smallest effect of interest, in probability", nullable=True),
        "verdict": Column("str", f"lowers, raises, negligible or inconclusive; {EFFECT}", allowed=VERDICTS),
        "ssc": Column("str", "recipe of the standard error: clusters, small-sample factor, degrees of freedom"),
        "repair": Column("str", "what was done to make the covariance positive semi-definite, empty if nothing"),
        "dropped": Column("str", "controls without variation once effects are absorbed"),
        "notes": Column(
            "str",
            "what a reader must know of the fit, in words, such as how many rows say nothing about the coefficients",
        ),
        "converged": Column("bool", "always true: what did not converge is a failure, not a row", allowed=(True,)),
        "reference": Column("str", "the implementation that the fit was compared with in this run"),
        "reference_gap": Column("float64", "the largest relative difference from it", nullable=True),
    },
    key=("spec_id", "vcov", "quantity", "term"),
    checks={
        "estimate inside its interval": lambda f: (f["conf_low"] <= f["estimate"]) & (f["estimate"] <= f["conf_high"])
    },
)
FAILURES = FrameSchema(
    "failures",
    {
        "claim": Column("str", f"the claim; {PARTS}"),
        "sample": Column("str", "its sample"),
        "estimator": Column("str", "its estimator"),
        "error": Column("str", "the error by which a number does not exist"),
        "message": Column("str", "the same in words"),
    },
)
ATTRITION = FrameSchema(
    "attrition",
    {
        "claim": Column("str", f"the claim; {PARTS}"),
        "estimator": Column("str", "its estimator"),
        "sample": Column("str", "its sample"),
        "order": Column("int64", "place of the step, from 0", low=0),
        "reason": Column("str", "why rows are left out; of the first and the last step, what they are"),
        "rows": Column("int64", "how many", low=0),
    },
    key=("claim", "estimator", "sample", "order"),
)
