"""The claims ledger and the frames beside it: what their columns say."""

from detente.base.frames import Column, FrameSchema
from detente.study.estimation import ESTIMATES


def _text(description: str, *allowed: str) -> Column:
    return Column("str", description, nullable=True, allowed=allowed)


def _number(description: str) -> Column:
    return Column("float64", description, nullable=True)


OF_HEADLINE = (
    "nobs", "events", "dyads", "states", "treated", "treated_dyads", "switching_dyads", "base_risk", "estimate",
    "std_error", "df", "conf_low", "conf_high", "p_value",
)  # fmt: skip
"""Columns that the ledger takes over from the estimate of the headline."""
LEDGER = FrameSchema(
    "claims ledger",
    {
        "code": Column("str", "its place in the list of all claims, such as A2"),
        "claim": Column("str", "the claim"),
        "label": Column("str", "what it is called"),
        "family": _text("claims that are judged together"),
        "class": Column("str", "how strong a test the public record is"),
        "statement": Column("str", "the claim in a sentence"),
        "why": Column("str", "why it is so strong a test, and no stronger"),
        "expected": _text("what the claim says of risk", "lowers", "raises", "either"),
        "outcome": _text("its outcome"),
        "treatment": _text("its treatment"),
        "moderator": _text("what the effect is said to depend on"),
        "sample": _text("sample of its headline"),
        **{name: _number(ESTIMATES.columns[name].description) for name in OF_HEADLINE},
        "estimate_share": _number("the estimate over base risk"),
        "smallest_effect": _number("smallest effect of interest"),
        "mde": _number("minimum detectable effect"),
        "mde_share": _number("the same over base risk"),
        "power_at_smallest": _number("power at the smallest effect of interest"),
        "size": _number("share of draws under no effect that reject"),
        "specifications": _number("specifications of its multiverse"),
        "equivalent_specifications": _number("those equivalent to the headline that have an estimate"),
        "share_with_sign": _number("share of these with the headline's sign"),
        "share_powered": _number("share of these that could find the smallest effect of interest"),
        "share_powered_with_sign": _number("share of the latter with the headline's sign"),
        "median_share": _number("their median estimate over base risk"),
        "p_joint": _number("p-value of their median"),
        "joint_specifications": _number("how many of them that test is of"),
        "joint_scheme": _text("how their treatments were re-randomised"),
        "p_randomisation": _number("p-value of the claim's own randomisation test"),
        "p_family": _number("p-value within the family (Romano and Wolf)"),
        "p_false_discovery": _number("p-value within the family (Benjamini and Hochberg)"),
        "robustness_value": _number("what a confounder must explain to bring the estimate to zero"),
        "robustness_value_alpha": _number("the same to make it insignificant"),
        "strongest_benchmark": _text("the control that a confounder is compared with"),
        "benchmark_low": _number("interval beside a confounder as strong, lower end"),
        "benchmark_high": _number("interval beside a confounder as strong, upper end"),
        "e_value": _number("risk ratio with treatment and outcome that explains the effect away"),
        "p_negative_controls": _number("smallest p-value of the negative controls (Holm)"),
        "influential": _text("parts of the data that move the estimate most"),
        "flips": _number("refits with another verdict"),
        "verdict": Column(
            "str", "by the rule", allowed=("lowers", "raises", "negligible", "inconclusive", "not tested")
        ),
        "strength": _text("how far it can be leaned on", "robust", "fragile", "untested"),
        "checks_passed": _text("checks that pass"),
        "checks_failed": _text("checks that fail"),
        "checks_not_made": _text("checks that were not made"),
        "reasons": _text("why checks fail, or why there is no verdict"),
        "answer": Column(
            "str",
            "what the verdict says to the claim",
            allowed=("supported", "contradicted", "no effect of interest", "open", "not tested"),
        ),
        "registration": Column("str", "how the claim compares with what was registered"),
        "needs": Column("str", "data that a test would need"),
    },
    key=("claim",),
)
RESULTS = FrameSchema(
    "checks",
    {
        "claim": Column("str", "the claim"),
        "check": Column("str", "the check"),
        "outcome": Column("str", "what came of it", allowed=("pass", "fail", "not made")),
        "value": _number("the number that was judged"),
        "threshold": _number("what it was judged by"),
        "reason": Column("str", "the sentence for a reader"),
    },
    key=("claim", "check"),
)
FAMILIES = FrameSchema(
    "families",
    {
        "family": Column("str", "claims that are judged together"),
        "member": Column("str", "the claim"),
        "term": Column("str", "its treatment"),
        "statistic": Column("str", "what is compared"),
        "observed": _number("in the data"),
        "scheme": Column("str", "how treatments were re-randomised"),
        "draws": Column("int64", "re-randomised treatments", low=1),
        "p_value": Column("float64", "its own", low=0, high=1),
        "p_romano_wolf": Column("float64", "within the family, stepdown (Romano and Wolf)", low=0, high=1),
        "p_benjamini_hochberg": Column("float64", "within the family, false discovery rate", low=0, high=1),
    },
    key=("member",),
)
