"""The shards of a multiverse in one table, of which no more than a claim is in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd

from detente.base.errors import BrokenContract
from detente.base.files import read_frame, write_in_turn
from detente.cli.command import Csv, Option, Parquet, StudyOptions, command
from detente.study.config import Multiverse

# Rows that are in memory at once, and those of a group of rows of the table.
MOST = 50_000


@command("step", "--study tiny --parts exercise.0.parquet --out multiverse.parquet --csv multiverse.csv")
def gather(
    of: StudyOptions,
    parts: Annotated[Sequence[Path], Option("what `multiverse` wrote", "PART")],
    out: Parquet,
    csv: Csv,
) -> None:
    """Put the shards of a multiverse into one table, claim by claim.

    A group of rows of the table is of one claim, so that who asks for one reads no other.
    """
    from detente.study.multiverse import multiverse_of, multiverse_schema
    from detente.study.verdicts import standings

    project, study = of.read()
    decisions = multiverse_of(project)
    schema, known = multiverse_schema(list(decisions.nodes)), standings(project)
    claims: set[str] = set()
    counts: list[tuple[int, int]] = []

    def judged() -> Iterator[pd.DataFrame]:
        for frame in distinct(by_claim(map(read_frame, parts))):
            made = frame.assign(registration=standing(frame, decisions, known))[list(schema.columns)]
            claims.update(frame["claim"])
            counts.append((len(frame), int((frame["error"] != "").sum())))
            yield schema.validated(made)

    world = {} if study.world == "observed" else {"world": study.world}
    write_in_turn(judged(), out, csv, world)
    rows, lost = map(sum, zip(*counts, strict=True))
    print(f"{rows:,} specifications of {len(claims)} claims, {lost:,} without an estimate")


def by_claim(frames: Iterable[pd.DataFrame], most: int = MOST) -> Iterator[pd.DataFrame]:
    """Rows in their order, those of a claim together, and at most about so many at once."""
    held: list[pd.DataFrame] = []
    for frame in frames:
        for claim, rows in frame.groupby("claim", sort=False):
            if held and (held[0]["claim"].iloc[0] != claim or sum(map(len, held)) + len(rows) > most):
                yield pd.concat(held, ignore_index=True)
                held = []
            held.append(rows)
    if held:
        yield pd.concat(held, ignore_index=True)


def distinct(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same frames; raises BrokenContract if an id is in two of them."""
    seen: set[str] = set()
    for frame in frames:
        if twice := seen.intersection(frame["spec_id"]):
            raise BrokenContract(f"multiverse: {min(twice)} is in more than one part")
        seen.update(frame["spec_id"])
        yield frame


def standing(frame: pd.DataFrame, multiverse: Multiverse, claims: Mapping[str, str]) -> pd.Series:
    """The claim's standing where a specification is its headline; what departs from that was not registered."""
    headline = pd.Series({name: node.headline for name, node in multiverse.nodes.items()})
    plain = (frame[list(headline.index)] == headline).all(axis=1)
    said = frame["claim"].map(claims).fillna("")
    return said.where(plain | (said == ""), "not registered")
