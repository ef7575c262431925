"""Logit with any number of effects absorbed, unconditional: by maximum likelihood, or corrected for its bias."""

from dataclasses import replace
from typing import Literal

from scipy.special import expit

from detente.base.errors import UnknownOption, UnsupportedEffects, choices
from detente.stats.contract import ROBUST, Label, Solution, estimator
from detente.stats.covariance import Scores
from detente.stats.frame import ModelFrame
from detente.stats.likelihood.logit_within import Fitted, effects_anew, fit_within
from detente.stats.likelihood.maximum import binary_outcome, check_score
from detente.stats.likelihood.panel_bias import analytical, splitpanel
from detente.stats.linear.regressors import inverse
from detente.stats.linear.within import notes

Bias = Literal["none", "analytical", "splitpanel"]
BIASES: tuple[Bias, ...] = ("none", "analytical", "splitpanel")


@estimator(
    "felogit",
    Label(
        "FE logit",
        "logit with dyad and year effects",
        "A logit with an intercept for each dyad and year; it compares each dyad with itself, learns nothing from "
        "dyads without an onset, and is biased where a dyad has few years (Hahn and Newey 2004).",
    ),
    link="logit",
    uses="absorbs",
    fixed_effects=("dyad", "year"),
    covariances=ROBUST,
    reference="statsmodels Logit on dummies, in tests",
)
def felogit(design: ModelFrame, *, bias: Bias = "none") -> Solution:
    """Logit with an intercept for every level of any number of effects, estimated, not conditioned out.

    Levels whose outcome never varies are left out, as are rows that the effects alone predict perfectly; `rows` are
    those used. `x` and the scores are regressors within effects under the weights p (1 − p): what a coefficient moves
    in the predictor once the effects have adapted. Observed information.

    With T rows a group the estimate is off by a factor of about T/(T − 1) (2 if T = 2: Andersen 1970). `bias` is

    - "none": maximum likelihood;
    - "analytical": less its bias of order 1/T, −½ S⁻¹ Σ w′ x̃ (1/W_i + 1/W_t …) with x̃ the regressors within effects,
      w′ the derivative of w = p (1 − p) in the index, W sums of w by level and S = Σ w x̃ x̃ᵀ (Hahn and Newey 2004;
      Fernández-Val 2009, static; Fernández-Val and Weidner 2016 for several effects): regressors strictly exogenous;
    - "splitpanel": twice the estimate less the mean of those of the two halves of each group's years (Dhaene and
      Jochmans 2015), both roundings of halves averaged if a number of years is odd. The halves must be alike: with rare
      events many groups vary in one half only, see the flag.

    A corrected estimate has the scores and bread of the maximum, as both corrections are of smaller order than the
    standard error; `predictor` is that of the corrected coefficients with effects estimated again.

    Raises
    ------
    UnsupportedEffects
        If the design has no effects.
    UnsuitableOutcome, NoVariation
        If the outcome is not 0 or 1; if outcome or treatment does not vary within effects.
    Separation
        If regressors and effects together predict the outcome perfectly, naming the regressors.
    RankDeficient
        If regressors are linearly dependent within effects.
    EstimationError
        If "splitpanel" has no years, or a half has no estimate, saying which.
    NotConverged
        If the score is not zero where the search stopped.
    """
    if bias not in BIASES:
        raise UnknownOption(f"bias {bias!r} is not known; {choices(bias, BIASES)}")
    if not design.fixed_effects:
        raise UnsupportedEffects("felogit absorbs effects and got none; without effects use logit")
    binary_outcome(design.y)
    fitted = fit_within(design)
    solution = _solution(fitted)
    if bias == "none":
        return solution
    moved, flag = analytical(fitted) if bias == "analytical" else splitpanel(design, fitted)
    estimate = fitted.estimate + moved
    return replace(solution, estimate=estimate, predictor=effects_anew(fitted, estimate), flags=(*solution.flags, flag))


def _solution(found: Fitted) -> Solution:
    data, kept = found.data, found.kept
    scores = Scores(found.x, data.y - expit(found.predictor))
    check_score(scores, "felogit")
    return Solution(
        terms=data.terms,
        estimate=found.estimate,
        scores=scores,
        bread=inverse(found.information),
        x=found.x,
        link="logit",
        treatment=0,
        dropped=data.dropped,
        converged=True,
        predictor=found.predictor,
        rows=None if not kept.flags else kept.rows,
        absorbed=data.absorber.parameters,
        iterations=found.steps,
        flags=(*kept.flags, *notes(data.absorber)),
    )
