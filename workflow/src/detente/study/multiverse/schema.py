"""The frames of a multiverse: one row per specification, and what is made of them together."""

from collections.abc import Sequence

from detente.base.frames import Column, FrameSchema, count, number, text
from detente.study.estimation import ESTIMATES, VERDICTS

_OWN = {
    "dyad_std_error": "standard error clustered by dyad",
    "mde": "effect that is found four times in five",
    "mde_share": "the same over base risk",
    "estimate_of_mean": "the estimate over the mean outcome",
}
COUNTS = ("nobs", "dyads", "states", "events", "treated")
NUMBERS = (
    "nobs", "dyads", "states", "events", "mean_risk", "base_risk", "treated", "estimate", "std_error",
    "std_error_unrepaired", "dyad_std_error", "difference_error", "statistic", "df", "p_value", "conf_low", "conf_high",
    "mde", "mde_share", "smallest_effect", "estimate_of_mean",
)  # fmt: skip


def multiverse_schema(nodes: Sequence[str]) -> FrameSchema:
    """A row has an estimate inside its interval, or an error; ids are unique."""
    words = {name: column.description for name, column in ESTIMATES.columns.items()} | _OWN
    numbers = {name: count(words[name]) if name in COUNTS else number(words[name]) for name in NUMBERS}
    return FrameSchema(
        "multiverse",
        {
            "spec_id": text(words["spec_id"]),
            "specification": text(words["specification"]),
            "claim": text("the claim"),
            **{node: text("option of this decision") for node in nodes},
            "estimand": text("options that answer another question than the headline's"),
            "equivalent": Column("bool", "whether all options are equivalent to the headline's"),
            **numbers,
            "verdict": Column("str", "from interval and smallest effect of interest", allowed=VERDICTS),
            "powered": Column("bool", "whether it could find the smallest effect of interest"),
            "error": text("why there is no estimate, in a word"),
            "message": text("why there is none, in a sentence"),
            "registration": text("how it compares with what was registered"),
        },
        key=("spec_id",),
        checks={
            "an estimate, or a reason why not": lambda f: f["std_error"].notna() | (f["error"] != ""),
            "estimate in its interval": lambda f: (
                f["error"].ne("") | f["estimate"].between(f["conf_low"], f["conf_high"])
            ),
        },
    )


JOINT = FrameSchema(
    "joint",
    {
        "claim": text("the claim"),
        "scheme": text("how treatments were re-randomised"),
        "statistic": text("of the specification curve"),
        "observed": number("in the data"),
        "expected": number("mean under the null"),
        "null_low": number("central 95 % under the null, lower end"),
        "null_high": number("central 95 % under the null, upper end"),
        "p_value": Column("float64", "two-sided", low=0, high=1),
        "specifications": Column("int64", "specifications of the curve", low=1),
        "draws": Column("int64", "re-randomised treatments", low=1),
        "undefined": count("draws left out, as no specification has a t in them"),
    },
    key=("claim", "scheme", "statistic"),
)
JOINT_DRAWS = FrameSchema(
    "joint_draws",
    {
        "scheme": text("how treatments were re-randomised"),
        "spec_id": text("a specification that this can redraw"),
        "draw": count("from 0"),
        "statistic": number("dyadic t under the re-randomised treatment; missing where there is none"),
        "observed": number("dyadic t in the data"),
    },
    key=("scheme", "spec_id", "draw"),
)
DECISIONS = FrameSchema(
    "decisions",
    {
        "node": text("the decision"),
        "options": count("its options"),
        **{name: number("share of the variance of estimates") for name in ("share", "share_low", "share_high")},
        "share_alone": number("R² of the decision by itself"),
        "share_total": number("mean variance among specifications that differ in it alone, over that of all"),
        "total_low": number("interval, lower end"),
        "total_high": number("interval, upper end"),
        "interval": text("what intervals are of"),
        "claim": text("the claim"),
    },
    key=("claim", "node"),
)
OPTIONS = FrameSchema(
    "options",
    {
        "node": text("the decision"),
        "option": text("the option"),
        "specifications": Column("int64", "specifications with it", low=1),
        "mean": number("their mean estimate"),
        "median": number("their median estimate"),
        "shift": number("its main effect, less the mean of the decision's options"),
        "claim": text("the claim"),
    },
    key=("claim", "node", "option"),
)
