"""The claims ledger and the frames beside it: what their columns say."""

from typing import get_args

from detente.base.frames import Column, FrameSchema, number, text
from detente.study.estimation import ESTIMATES
from detente.study.verdicts.answers import Answer


def _text(description: str, *allowed: str) -> Column:
    return Column("str", description, nullable=True, allowed=allowed)


OF_HEADLINE = (
    "nobs", "events", "dyads", "states", "treated", "treated_dyads", "switching_dyads", "mean_risk", "treated_risk",
    "base_risk", "estimate", "std_error", "df", "conf_low", "conf_high", "p_value",
)  # fmt: skip
"""Columns that the ledger takes over from the estimate of the headline,"""
OF_EFFECT = ("smallest_effect", "difference_error", "mde", "mde_share")
"""and from what follows of its verdict."""
LEDGER = FrameSchema(
    "claims ledger",
    {
        "code": text("its place in the list of all claims, such as A2; empty of a study's own claim"),
        "claim": text("the claim"),
        "label": text("what it is called"),
        "family": _text("claims that are judged together"),
        "class": text("how strong a test the public record is; unstated where a study's own claim does not say"),
        "statement": text("the claim in a sentence"),
        "why": text("why it is so strong a test, and no stronger"),
        "expected": _text("what the claim says of risk", "lowers", "raises", "either"),
        "outcome": _text("its outcome"),
        "treatment": _text("its treatment"),
        "moderator": _text("what the effect is said to depend on"),
        "sample": _text("sample of its headline"),
        **{name: number(ESTIMATES.columns[name].description) for name in OF_HEADLINE},
        "calibrated_low": number("effects that placebo networks do not reject at 5 %, lower end"),
        "calibrated_high": number("effects that placebo networks do not reject at 5 %, upper end"),
        "p_calibrated": number("p-value beside placebo networks"),
        "estimate_share": number("the estimate over base risk"),
        **{name: number(ESTIMATES.columns[name].description) for name in OF_EFFECT},
        "power_at_smallest": number("power at the smallest effect of interest"),
        "size": number("share of draws under no effect that reject"),
        "specifications": number("specifications of its multiverse"),
        "equivalent_specifications": number("those equivalent to the headline that have an estimate"),
        "share_with_sign": number("share of these with the headline's sign"),
        "share_powered": number("share of these that could find the smallest effect of interest"),
        "share_powered_with_sign": number("share of the latter with the headline's sign"),
        "median_of_mean": number("their median estimate over the mean outcome"),
        "p_joint": number("p-value of their median t"),
        "joint_specifications": number("how many of them that test is of"),
        "joint_scheme": _text("how their treatments were re-randomised"),
        "p_randomisation": number("p-value of the claim's own randomisation test"),
        "p_family": number("p-value within the family (Romano and Wolf)"),
        "p_false_discovery": number("p-value within the family (Benjamini and Hochberg)"),
        "robustness_value": number("what a confounder must explain to bring the estimate to zero"),
        "robustness_value_alpha": number("the same to make it insignificant"),
        "strongest_benchmark": _text("the control that a confounder is compared with"),
        "benchmark_low": number("interval beside a confounder as strong, lower end"),
        "benchmark_high": number("interval beside a confounder as strong, upper end"),
        "e_value": number("risk ratio with treatment and outcome that explains the effect away"),
        "p_negative_controls": number("smallest p-value of the negative controls (Holm)"),
        "influential": _text("parts of the data that move the estimate most"),
        "flips": number("refits with another verdict"),
        "other_designs": number("other designs with an interval, whose placebos do not reject"),
        "designs_against": number("those of them that say the opposite of the verdict"),
        "verdict": Column(
            "str", "by the rule", allowed=("lowers", "raises", "negligible", "inconclusive", "not tested", "described")
        ),
        "strength": _text("how far it can be leaned on", "robust", "fragile", "untested"),
        "checks_passed": _text("checks that pass"),
        "checks_failed": _text("checks that fail"),
        "checks_not_made": _text("checks that were not made"),
        "reasons": _text("why checks fail, or why there is no verdict"),
        "answer": Column("str", "what the verdict says to the claim", allowed=get_args(Answer)),
        "registration": text("how the claim compares with what was registered"),
        "needs": text("data that a test would need"),
    },
    key=("claim",),
)
RESULTS = FrameSchema(
    "checks",
    {
        "claim": text("the claim"),
        "check": text("the check"),
        "outcome": Column("str", "what came of it", allowed=("pass", "fail", "not made")),
        "value": number("the number that was judged"),
        "threshold": number("what it was judged by"),
        "reason": text("the sentence for a reader"),
    },
    key=("claim", "check"),
)
FAMILIES = FrameSchema(
    "families",
    {
        "family": text("claims that are judged together"),
        "member": text("the claim"),
        "term": text("its treatment"),
        "statistic": text("what is compared"),
        "observed": number("in the data"),
        "scheme": text("how treatments were re-randomised"),
        "draws": Column("int64", "re-randomised treatments", low=1),
        "p_value": Column("float64", "its own", low=0, high=1),
        "p_romano_wolf": Column("float64", "within the family, stepdown (Romano and Wolf)", low=0, high=1),
        "p_benjamini_hochberg": Column("float64", "within the family, false discovery rate", low=0, high=1),
    },
    key=("member",),
)
