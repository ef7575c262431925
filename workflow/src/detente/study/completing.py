"""Defaults that a study's own claims and controls take from what the codebook says of their variables."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from detente.base.units import Unit
from detente.base.wording import lower_first
from detente.data import AssignedBy
from detente.data.panel import CODINGS, EXPRESSED, GRID, Entry
from detente.data.sources import REGISTRY
from detente.study.config import Claim, Contrast, Control, Moderator, Placebo, Project
from detente.study.config.offer import either, offered

DEFAULT_CONTRAST = Contrast(percentiles=(10.0, 90.0), said="from its 10th to its 90th percentile")
"""Of a treatment that has levels and of which it is not said what one more unit is."""
DOES = {"lowers": "lowers", "raises": "raises", "either": "changes"}
ROWS: Mapping[Unit, str] = {
    "dyad-year": "Undirected dyad-years",
    "directed-dyad-year": "Directed dyad-years",
    "state-year": "State-years",
}
TIMELESS = frozenset({"dyad", "state"})
"""Keys of sources whose values do not change in time."""


def completed(project: Project) -> Project:
    """The project in which every claim and control of its studies' own says all that the shipped ones say."""
    defined = {at for own in project.own.values() for at in own.places}
    if not defined:
        return project
    known, every = offered(project), project.claims
    both = either(known)
    controls = {n: _control(c, both) if ("controls", n) in defined else c for n, c in every.controls.items()}
    claims = {n: _claim(c, known[c.unit]) if ("claims", n) in defined else c for n, c in every.claims.items()}
    return replace(project, claims=every.model_copy(update={"controls": controls, "claims": claims}))


def _control(control: Control, entries: Mapping[str, Entry]) -> Control:
    label = control.label or _timed(_label(control.variable, entries), control.lag)
    return Control(**{**control.model_dump(), "label": label})


def _claim(claim: Claim, entries: Mapping[str, Entry]) -> Claim:
    """A claim with its words, its contrast and its negative control."""
    entry = entries.get(claim.treatment)
    label = claim.label or _label(claim.treatment, entries)
    contrast = claim.contrast or (_contrast(entry) if entry else None)
    instrument = claim.instrument or lower_first(label)
    moderator = claim.moderator and Moderator(
        **{
            **claim.moderator.model_dump(),
            "label": claim.moderator.label or _timed(_label(claim.moderator.variable, entries), claim.moderator.lag),
        }
    )
    made: dict[str, Any] = {
        "label": label,
        "instrument": instrument,
        "statement": claim.statement or _statement(claim, label, moderator),
        "design": claim.design or _design(claim, instrument, contrast),
        "contrast": contrast,
        "moderator": moderator,
        "placebos": _placebos(claim, label, entry, entries),
        "assigned": claim.assigned or (_assigned(entry) if entry else None),
    }
    return Claim(**{**{name: getattr(claim, name) for name in Claim.model_fields}, **made})


def _assigned(entry: Entry) -> AssignedBy | None:
    """How the treatment is assigned where the record does not say: as a study's variable is, else by nothing."""
    how = entry.variable.assigned
    if how is None:
        return "none"
    own = entry.origin == EXPRESSED or entry.origin not in (*REGISTRY, "derived")
    return how.by if own and how.by != "event" else None


def _contrast(entry: Entry) -> Contrast | None:
    """One unit where the treatment is there or absent, or its declaration says what one more unit is."""
    return None if entry.variable.unit == "0/1" or entry.variable.contrast else DEFAULT_CONTRAST


def _statement(claim: Claim, label: str, moderator: Moderator | None) -> str:
    coding = next((coding for (coding, _), variable in GRID.items() if variable == claim.outcome), "")
    noun = next((c.noun for c in CODINGS if c.name == coding), "conflict")
    if moderator is None:
        return f"{label} {DOES[claim.expected]} the risk of a new {noun}."
    way = {"lowers": "lower", "raises": "higher", "either": "different"}[claim.expected]
    return (
        f"The change in the risk of a new {noun} under {lower_first(label)} is {way} with a higher value of "
        f"{lower_first(moderator.label)}."
    )


def _design(claim: Claim, instrument: str, contrast: Contrast | None) -> str:
    rows = ROWS[claim.unit]
    when = "in the year before" if claim.lag == 1 else f"{claim.lag} years before"
    return f"{rows}; {instrument} {when}{f', {contrast.said}' if contrast else ', against none'}."


def _placebos(claim: Claim, label: str, entry: Entry | None, entries: Mapping[str, Entry]) -> tuple[Placebo, ...]:
    """Those that are stated; else a lead of a treatment that changes in time and has no moderator."""
    if "placebos" in claim.model_fields_set:
        return tuple(
            Placebo(**{**p.model_dump(), "label": p.label or _timed(_label(p.variable, entries), p.lag)})
            for p in claim.placebos
        )
    sources = entry.sources if entry is not None else ()
    changes = any(slug not in REGISTRY or REGISTRY[slug].key not in TIMELESS for slug in sources)
    if claim.moderator is not None or not changes:
        return ()
    return (Placebo(variable=claim.treatment, lag=-1, label=f"{label}, a year after (t+1)"),)


def _label(variable: str, entries: Mapping[str, Entry]) -> str:
    return entries[variable].variable.label if variable in entries else variable.replace("_", " ").capitalize()


def _timed(label: str, lag: int) -> str:
    """A label with its year: `(t−2)`, `(t+1)`, nothing for the year of the outcome."""
    return f"{label} (t{'−' if lag > 0 else '+'}{abs(lag)})" if lag else label
