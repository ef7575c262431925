"""The frames of a multiverse: one row per specification, and what is made of them together."""

from collections.abc import Sequence

from detente.base.frames import Column, FrameSchema
from detente.study.estimation.schema import ESTIMATES, VERDICTS


def _number(description: str) -> Column:
    return Column("float64", description, nullable=True)


def _text(description: str) -> Column:
    return Column("str", description)


_OWN = {
    "treated": "treated observations",
    "std_error_unrepaired": "the same before negative eigenvalues of the covariance were clipped",
    "dyad_std_error": "standard error clustered by dyad",
    "mde": "effect that is found four times in five",
    "mde_share": "the same over base risk",
    "estimate_share": "the estimate over base risk",
}
COUNTS = ("nobs", "dyads", "states", "events", "treated")
NUMBERS = (
    "nobs", "dyads", "states", "events", "base_risk", "treated", "estimate", "std_error", "std_error_unrepaired",
    "dyad_std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "mde", "mde_share", "estimate_share",
)  # fmt: skip


def _described(name: str) -> str:
    return _OWN[name] if name in _OWN else ESTIMATES.columns[name].description


def multiverse_schema(nodes: Sequence[str]) -> FrameSchema:
    """A row has an estimate inside its interval, or an error; ids are unique."""
    numbers = {
        name: Column("int64", _described(name), low=0) if name in COUNTS else _number(_described(name))
        for name in NUMBERS
    }
    return FrameSchema(
        "multiverse",
        {
            "spec_id": _text(ESTIMATES.columns["spec_id"].description),
            "specification": _text(ESTIMATES.columns["specification"].description),
            "claim": _text("the claim"),
            **{node: _text("option of this decision") for node in nodes},
            "estimand": _text("options that answer another question than the headline's"),
            "equivalent": Column("bool", "whether all options are equivalent to the headline's"),
            **numbers,
            "verdict": Column("str", "from interval and smallest effect of interest", allowed=VERDICTS),
            "powered": Column("bool", "whether it could find the smallest effect of interest"),
            "error": _text("why there is no estimate, in a word"),
            "message": _text("why there is none, in a sentence"),
            "registration": _text("how it compares with what was registered"),
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
        "claim": _text("the claim"),
        "scheme": _text("how treatments were re-randomised"),
        "statistic": _text("of the specification curve"),
        "observed": _number("in the data"),
        "expected": _number("mean under the null"),
        "null_low": _number("central 95 % under the null, lower end"),
        "null_high": _number("central 95 % under the null, upper end"),
        "p_value": Column("float64", "two-sided", low=0, high=1),
        "specifications": Column("int64", "specifications of the curve", low=1),
        "draws": Column("int64", "re-randomised treatments", low=1),
        "undefined": Column("int64", "draws without any estimate", low=0),
    },
    key=("claim", "scheme", "statistic"),
)
DECISIONS = FrameSchema(
    "decisions",
    {
        "node": _text("the decision"),
        "options": Column("int64", "its options", low=0),
        **{name: _number("share of the variance of estimates") for name in ("share", "share_low", "share_high")},
        "share_alone": _number("R² of the decision by itself"),
        "share_total": _number("mean variance among specifications that differ in it alone, over that of all"),
        "total_low": _number("interval, lower end"),
        "total_high": _number("interval, upper end"),
        "interval": _text("what intervals are of"),
        "claim": _text("the claim"),
    },
    key=("claim", "node"),
)
OPTIONS = FrameSchema(
    "options",
    {
        "node": _text("the decision"),
        "option": _text("the option"),
        "specifications": Column("int64", "specifications with it", low=1),
        "mean": _number("their mean estimate"),
        "median": _number("their median estimate"),
        "shift": _number("its main effect, less the mean of the decision's options"),
        "claim": _text("the claim"),
    },
    key=("claim", "node", "option"),
)
