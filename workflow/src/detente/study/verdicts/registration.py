"""Claims frozen on a day: a dated copy with its checksum, and what has changed since.

The first registration counts: a later one cannot make a change undone. Changes of wording are told apart from changes
of what is estimated or how it is judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd
from pydantic import Field, model_validator

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.base.strict import Identifier, Once, Strict, unrepeated
from detente.study.config import CLAIMS, Claim, ClaimsFile, Project
from detente.study.verdicts.checks import added_since

FOLDER = Path("config/registered")
INDEX = FOLDER / "index.yaml"
COLUMNS = ("claim", "field", "registered", "now")
DATE = r"^\d{4}-\d{2}-\d{2}$"
WORDING = frozenset({"label", "statement", "instrument", "design", "why", "needs"})
# What a claim is set beside, and no verdict rests on.
BESIDE = frozenset({"kads"})
ABSENT = "not there"
Status = Literal["registered before estimation", "frozen after estimation", "deviated", "added", "not registered"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""How a claim stands to the first registration. What had been estimated by then was frozen, not registered.

Of the list of claims, all are registered or added since; what a study's own file claims is not registered at all.
"""


class Registration(Strict):
    """One frozen copy of the claims."""

    file: str = Field(pattern=r"^claims-\d{4}-\d{2}-\d{2}\.yaml$")
    date: str = Field(pattern=DATE)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the canonical content, not of the bytes.")
    estimated: Once[Identifier] = Field(default=(), description="Claims that had been estimated before.")
    seen: str = Field(default="", description="What had been seen of results before, in sentences for the reader.")

    def claims(self, root: Path) -> ClaimsFile:
        """The claims as they were frozen.

        Raises ConfigError if the copy is missing, malformed, or was changed, or holds no claim that was estimated.
        """
        path = root / FOLDER / self.file
        if not path.is_file():
            raise ConfigError(f"{INDEX}: {self.file!r}, registered on {self.date}, is not there; restore it")
        claims = strict.read(path, ClaimsFile)
        if (found := digest(claims)) != self.sha256:
            raise ConfigError(
                f"{strict.shown(path)}: its content is not what was registered on {self.date} "
                f"(sha256 {found[:12]}…, registered {self.sha256[:12]}…); restore it, and change {CLAIMS} instead"
            )
        for claim in self.estimated:
            if claim not in claims.claims:
                raise ConfigError(f"{INDEX}: estimated: {claim!r} is no claim; {choices(claim, claims.claims)}")
        return claims


class Index(Strict):
    """`config/registered/index.yaml`: all frozen copies, the first one first."""

    registrations: tuple[Registration, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Index:
        """Each date once, and later ones below."""
        dates = tuple(r.date for r in self.registrations)
        unrepeated(dates)
        if list(dates) != sorted(dates):
            raise ValueError("registrations must stand in the order of their dates")
        return self


@dataclass(frozen=True)
class Deviations:
    """What has changed since registration: frames of COLUMNS, one row per claim and field.

    `changes` are of substance, `editorial` of wording or of what decides nothing; `now` and `then` are the ids of the
    claims that are and were tested, `estimated` of those that had been estimated when they were frozen.
    """

    changes: pd.DataFrame
    editorial: pd.DataFrame
    now: frozenset[str]
    then: frozenset[str]
    estimated: frozenset[str] = frozenset()

    def status(self, claim: str) -> Status:
        """How a claim stands to what was registered; raises ConfigError if it is a claim neither now nor then."""
        if claim not in self.now | self.then:
            raise ConfigError(f"registration: {claim!r} is no claim, now or then")
        if claim not in self.then:
            return "added"
        if claim in set(self.changes["claim"]):
            return "deviated"
        return "frozen after estimation" if claim in self.estimated else "registered before estimation"

    def report(self, date: str) -> str:
        """Deviation report in Markdown."""
        added, dropped = sorted(self.now - self.then), sorted(self.then - self.now)
        shown = self.editorial[_beside(self.editorial)]
        lines = [
            f"# Deviations from the registration of {date}",
            "",
            f"{len(self.then)} claims were registered; {len(self.now)} are tested.",
            f"Added after registration: {', '.join(added) or 'none'}. Dropped: {', '.join(dropped) or 'none'}.",
            f"Checks of verdicts added after it: {', '.join(c.words for c in added_since(date)) or 'none'}.",
            *_section("Substance", self.changes),
            *_section("Wording", self.editorial[~_beside(self.editorial)]),
            *(_section("Beside the claim, deciding nothing", shown) if len(shown) else []),
        ]
        return "\n".join(lines) + "\n"


def canonical(claims: ClaimsFile) -> str:
    """What a claims file says, in one spelling: comments, and the order and style of its keys, play no part."""
    said = claims.model_dump(mode="json", exclude_unset=True)
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(claims: ClaimsFile) -> str:
    """SHA-256 of the canonical content."""
    return hashlib.sha256(canonical(claims).encode("utf-8")).hexdigest()


def registrations(root: Path) -> tuple[Registration, ...]:
    """All registrations, oldest first, none without an index; raises ConfigError if the index is malformed."""
    path = root / INDEX
    return strict.read(path, Index).registrations if path.is_file() else ()


def registered(root: Path) -> Registration | None:
    """The first registration of a project, once all are verified; None if there is none.

    Raises ConfigError if any frozen copy is missing, malformed, or not what was registered.
    """
    found = registrations(root)
    for each in found:
        each.claims(root)
    return found[0] if found else None


def standings(project: Project) -> dict[str, str]:
    """By testable claim, its status; nothing if none was registered.

    Raises ConfigError if a frozen copy is not what was registered.
    """
    frozen = registered(project.root)
    if frozen is None:
        return {}
    listed, every = project.shipped.claims, project.claims
    deviations = compare(listed, frozen.claims(project.root), frozen.estimated)
    known = {name: deviations.status(name) for name in (*listed.claims, *listed.described)}
    return {name: known.get(name, "not registered") for name in (*every.claims, *every.described)}


def frozen_later(project: Project) -> dict[str, str]:
    """Day on which claims that were added or changed after the first registration were frozen as they are now.

    Claims that were not frozen so have no entry.
    """
    now, found = _fields(project.claims), dict[str, str]()
    first, *later = registrations(project.root) or (None,)
    known = _fields(first.claims(project.root)) if first else {}
    for each in later:
        then = _fields(each.claims(project.root))
        same = (name for name in now if name in then and now[name] == then[name] != known.get(name))
        found |= {name: each.date for name in same if name not in found}
    return found


def compare(current: ClaimsFile, frozen: ClaimsFile, estimated: Iterable[str] = ()) -> Deviations:
    """Field by field, what differs between the claims of today and those registered, `estimated` some of them before.

    A control stands in every claim that holds it, and the smallest effect of interest in all: a change of either is a
    deviation of each; what a claim is set beside, and no verdict rests on, is none. What is not there stands as "not
    there".
    """
    rows = pd.DataFrame(_differences(current, frozen), columns=list(COLUMNS), dtype="str")
    wording = rows["field"].str.rsplit(".", n=1).str[-1].isin(WORDING) | _beside(rows)
    substance, editorial = (rows[chosen].reset_index(drop=True) for chosen in (~wording, wording))
    now, then = (frozenset((*each.claims, *each.described)) for each in (current, frozen))
    return Deviations(substance, editorial, now, then, frozenset(estimated))


def _beside(rows: pd.DataFrame) -> pd.Series:
    """Whether each change is of what a claim is set beside."""
    return rows["field"].isin(BESIDE)


def _differences(current: ClaimsFile, frozen: ClaimsFile) -> Iterator[tuple[str, str, str, str]]:
    now, then = _fields(current), _fields(frozen)
    for claim in sorted({*now, *then}):
        if claim not in now or claim not in then:
            known = {False: ABSENT, True: "there"}
            yield claim, "claim", known[claim in then], known[claim in now]
            continue
        for field in sorted({*now[claim], *then[claim]}):
            values = (then[claim].get(field, ABSENT), now[claim].get(field, ABSENT))
            if values[0] != values[1]:
                yield claim, field, *values


def _fields(claims: ClaimsFile) -> Mapping[str, dict[str, str]]:
    """Fields of each claim, tested or not, as text by their path."""
    untested = {key: claim.model_dump(mode="json") | {"tested": "no"} for key, claim in claims.untested.items()}
    untested |= {
        key: claim.model_dump(mode="json") | {"tested": "described"} for key, claim in claims.described.items()
    }
    tested = {key: _resolved(claims, claim) | {"tested": "yes"} for key, claim in claims.claims.items()}
    return {key: _leaves(fields) for key, fields in (untested | tested).items()}


def _resolved(claims: ClaimsFile, claim: Claim) -> dict[str, Any]:
    """A claim with its controls written out and placebos by what they are, so that their order plays no part."""
    said = claim.model_dump(mode="json")
    said["controls"] = {name: claims.controls[name].model_dump(mode="json") for name in claim.controls}
    said["placebos"] = {f"{p.variable}@{p.lag}": {"label": p.label} for p in claim.placebos}
    said["placebos"] |= {"listed": sorted(said["placebos"])}
    return {**said, "smallest_effect": claims.smallest_effect}


def _leaves(value: Any, path: str = "") -> dict[str, str]:
    """Leaves of nested mappings by their dotted path; nothing for what is not given."""
    if isinstance(value, dict):
        return {
            k: v for key, inner in value.items() for k, v in _leaves(inner, f"{path}.{key}" if path else key).items()
        }
    if isinstance(value, (list, tuple)):
        return {path: ", ".join(map(str, value))}
    return {} if value is None else {path: str(value)}


def _section(title: str, rows: pd.DataFrame) -> list[str]:
    if rows.empty:
        return ["", f"## {title}", "", "Nothing has changed."]
    head = ["", f"## {title}", "", "| Claim | Field | Registered | Now |", "| --- | --- | --- | --- |"]
    cells = rows.map(lambda text: text.replace("|", "\\|").replace("\n", " "))
    return head + [f"| {' | '.join(row)} |" for row in cells.itertuples(index=False)]
