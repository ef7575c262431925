"""ATOP 5.1: obligations between two states that an alliance puts in force in a year."""

from detente.data.sources.base import BY_NETWORK, Frames, RawTable, Source, Tidy, attrition, event, undirected

SLUG = "atop"
FILE = "atop_alliance.rda"
OBLIGATIONS = {
    "atop_defense": ("defence_pact", "Defence pact"),
    "atop_offense": ("offence_pact", "Offence pact"),
    "atop_neutral": ("neutrality_pact", "Neutrality pact"),
    "atop_nonagg": ("nonaggression_pact", "Non-aggression pact"),
    "atop_consul": ("consultation_pact", "Consultation pact"),
}


def clean(raw: Frames) -> Tidy:
    """One row per allied dyad-year; an obligation of either state to the other counts for the dyad."""
    table = raw[FILE].rename(columns={old: new for old, (new, _) in OBLIGATIONS.items()})
    names = [new for new, _ in OBLIGATIONS.values()]
    pairs = undirected(table[["ccode1", "ccode2", "year", *names]].astype("int64"), "ccode1", "ccode2")
    grouped = pairs.groupby(["ccode1", "ccode2", "year"])[names]
    frame = grouped.max().reset_index()
    lowest = grouped.min().reset_index()
    entries = [("merged", "the two directions of a dyad-year are one row", "all dyad-years", len(pairs) - len(frame))]
    for name in names:
        differ = int((frame[name] != lowest[name]).sum())
        if differ:
            entries.append(("merged", f"{name} differs by direction: the maximum counts", "all dyads", differ))
    return Tidy(frame, attrition(SLUG, entries))


SOURCE = Source(
    slug=SLUG,
    key="dyad-year",
    raw=(
        RawTable(
            FILE, ("ccode1", "ccode2", "year", *OBLIGATIONS), codes={name: frozenset({0, 1}) for name in OBLIGATIONS}
        ),
    ),
    variables=tuple(
        event(name, label, role="treatment" if name == "defence_pact" else "description", assigned=BY_NETWORK)
        for name, label in OBLIGATIONS.values()
    ),
    clean=clean,
    years=(1815, 2018),
)
