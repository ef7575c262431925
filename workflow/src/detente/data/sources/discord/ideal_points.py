"""Ideal points of states from votes in the UN General Assembly (Bailey, Strezhnev and Voeten, July 2025), 1946–2024.

The trap: the Assembly did not vote in 1964, so no state has a point that year; and Ukraine, Belarus and India vote
before they are members of the state system. Distances of dyads are the panel's to take.
"""

from detente.data.sources.base import Frames, RawTable, Source, Tidy, attrition, measure

SLUG = "unga-idealpoints"
FILE = "IdealpointsJuly2025.dta"
SCALES = {
    "idealpointfp": ("ideal_point", "Ideal point, votes on final passage"),
    "idealpointall": ("ideal_point_all", "Ideal point, all votes"),
    "idealpointlegacy": ("ideal_point_legacy", "Ideal point, selection of votes of earlier releases"),
}


def clean(raw: Frames) -> Tidy:
    """One row per state-year with a point on any of the three scales."""
    table = raw[FILE]
    frame = table[["ccode", "year"]].astype("int64")
    for column, (name, _) in SCALES.items():
        frame[name] = table[column].astype("float64")
    entries = [
        ("kept", "no point on this scale: missing", name, int(frame[name].isna().sum())) for name, _ in SCALES.values()
    ]
    return Tidy(frame.sort_values(["ccode", "year"], ignore_index=True), attrition(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    alias="ideal-points",
    key="state-year",
    raw=(RawTable(FILE, ("ccode", "year", *SCALES)),),
    variables=tuple(measure(name, label, "standard deviations", "control") for name, label in SCALES.values()),
    clean=clean,
    years=(1946, 2024),
)
