"""Panels of k-ad-years: groups of states that did something together, and groups drawn to compare them with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from detente.base.files import write_frame, write_text
from detente.cli.command import PARQUET, Home, Mirror, Option, Output, command
from detente.cli.formats import WRITTEN, Words, write_panel
from detente.cli.panel import bibliography, span, works_of
from detente.data import project_root
from detente.data.kads import KINDS, Asked, Sampling, build, kind
from detente.data.sources import ATTRITION

_FLAGS = ("event", "onset_any")
_CONTROLS = "variables of pairs, of the outcome's year or YEARS before it, combined over pairs of members"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a panel of k-ad-years holds."""

    years: Annotated[tuple[int, int], Option("years of the outcome, e.g. 1981-2010", "FIRST-LAST", span)]
    of: Annotated[str, Option(f"what states did together: {', '.join(KINDS)}", "KIND")] = "exercise"
    outcome: Annotated[str, Option("onset among members", "NAME")] = "onset_gml"
    controls: Annotated[Sequence[str], Option(_CONTROLS, "NAME[:YEARS]")] = ()
    lag: Annotated[int, Option("years from event to outcome", "N")] = 1


@dataclass(frozen=True)
class Compared:
    """How k-ads to compare with are drawn."""

    draws: Annotated[int, Option("comparisons for each observed k-ad", "N")] = Sampling.draws
    any_region: Annotated[bool, "draw them from all regions, not with as many states of each"] = False
    relevant: Annotated[bool, "keep k-ads that politically relevant pairs link"] = False
    seed: Annotated[int, Option("seed of the draws", "N")] = Sampling.seed

    def read(self) -> Sampling:
        """The sampling; raises ConfigError if there are no draws, or too many."""
        return Sampling(self.draws, not self.any_region, self.relevant, self.seed)


@dataclass(frozen=True)
class With:
    """Files that are written beside the panel."""

    members: Annotated[Path | None, Output("table to write: members, one row per k-ad and state", endings=PARQUET)] = (
        None
    )
    attrition: Annotated[Path | None, Output("table to write: events that are no k-ads, and why", endings=PARQUET)] = (
        None
    )
    cite: Annotated[Path | None, Output("BibTeX file to write: what the panel is made from")] = None


@command("data", "--years 1981-2010 --of exercise --controls rivalry:2 contiguous --out kads.parquet")
def kads(
    wanted: Wanted,
    compared: Compared,
    out: Annotated[Path, Output("file to write", endings=WRITTEN)],
    beside: With,
    root: Home = None,
    mirror: Mirror = None,
) -> None:
    """Build a panel of k-ad-years: groups that exercised, allied or served together, and random ones beside them."""
    asked = Asked(wanted.years, wanted.outcome, wanted.controls, wanted.lag, compared.read())
    built = build(asked, wanted.of, root=root, mirror=mirror)
    made, works = built.panel, works_of(built.entries, built.records, kind(wanted.of).source)
    words = {name: Words(label, {0: "no", 1: "yes"} if name in _FLAGS else {}) for name, label in made.columns.items()}
    note = {"unit": "kad-year", "years": list(wanted.years), "seed": compared.seed, "sources": works}
    write_panel(made.frame, words, out, note)
    if beside.members:
        write_frame(made.members, beside.members)
    if beside.attrition:
        ATTRITION.write(made.attrition, beside.attrition)
    if beside.cite:
        write_text(bibliography(works, root or project_root()), beside.cite)
    observed = int(made.frame["event"].sum())
    print(f"{out}: {observed:,} k-ads and {len(made.frame) - observed:,} to compare them with, seed {compared.seed}")
