"""What is said of a panel's years: which sources are carried on into them, and which do not code them all."""

from collections.abc import Iterator, Mapping

from detente.data.panel import STATES, Panel
from detente.data.sources import REGISTRY, Source

LISTED = 8


def years_said(made: Panel, years: tuple[int, int]) -> Iterator[str]:
    """A line for each source that is carried on into the `years`, and one for all that do not fill them."""
    used = {STATES, *(slug for entry in made.entries.values() for slug in entry.sources)}
    for slug, source in REGISTRY.items():
        if slug in used and source.carried and years[1] > source.years[1]:
            yield f"{slug}: {source.carried.said(source.years[1])}: {source.carried.why}"
    if short := _short({slug: source for slug, source in REGISTRY.items() if slug in used}, years):
        shown = [f"{slug} {first}–{last}" for slug, (first, last) in list(short.items())[:LISTED]]
        more = len(short) - len(shown)
        listed = ", ".join(shown) + (f" and {more} more (`detente codebook` lists them)" if more else "")
        yield f"coded for a part of {years[0]}–{years[1]}, and missing in the rest: {listed}"


def _short(used: Mapping[str, Source], years: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Years of sources that do not fill these, the first that ends first."""
    spans = {s: source.covered for s, source in used.items() if source.variables or source.key == "event"}
    short = {s: span for s, span in spans.items() if span[0] > years[0] or span[1] < years[1]}
    return dict(sorted(short.items(), key=lambda item: (item[1][1], item[0])))
