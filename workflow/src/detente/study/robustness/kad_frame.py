"""The frame of a claim by its k-ads: what is compared with what, on which scale."""

from collections.abc import Mapping

from detente.base.frames import Column, FrameSchema, count, number, share, text

LABELS: Mapping[tuple[str, str], str] = {
    ("dyads", "pairs"): "Dyads, the headline",
    ("expanded", "pairs"): "K-ads, each weighted by its pairs",
    ("kads", "pairs"): "K-ads, each as one",
    ("dyads", "kads"): "Dyads, times a k-ad's pairs at risk",
    ("kads", "kads"): "K-ads, number of onsets",
    ("any", "kads"): "K-ads, any onset",
    ("logit", "kads"): "K-ads, any onset, by logit",
}
"""Rows of a claim: what is one observation and how it is fitted, on the scale of pair-years or of k-ad-years."""
KADS = FrameSchema(
    "kads",
    {
        "model": Column(
            "str",
            "what is one observation, and how it is fitted",
            allowed=tuple(dict.fromkeys(model for model, _ in LABELS)),
        ),
        "scale": Column("str", "what onsets are counted by", allowed=("pairs", "kads")),
        "label": text("what it is called"),
        "estimate": number("change in onsets per pair-year or k-ad-year"),
        "std_error": number("its standard error", low=0),
        "df": number("degrees of freedom"),
        "p_value": share("two-sided"),
        "conf_low": number("95 % interval, lower end"),
        "conf_high": number("95 % interval, upper end"),
        "vcov": text("covariance estimator"),
        "kads": count("observed k-ads, at risk and with others to be compared with"),
        "compared": count("k-ads drawn to compare them with"),
        "left_out": count("observed k-ads that are not at risk, lack a control, or have no other"),
        "pairs": count("pairs at risk of observed k-ads"),
        "onsets": count("onsets among these"),
        "states": count("states of all k-ads"),
        "failure": text("why there is no estimate, or no standard error"),
        "notes": text("what a reader must know"),
    },
    key=("model", "scale"),
    checks={"an estimate with an error, or a reason why not": lambda f: f["p_value"].notna() | (f["failure"] != "")},
)
