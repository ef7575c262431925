"""Roles and timing of controls, checked by code (Ray 2003; Clarke 2005; Dworschak 2024)."""

from collections.abc import Callable, Collection, Iterator, Mapping

from detente.base.errors import RoleError, UnknownVariable, choices
from detente.data.panel import Entry
from detente.study.config.claims import Claim, ClaimsFile, Control

# By whether the panel is directed.
Vocabulary = Mapping[bool, Collection[str]]
Locate = Callable[[list[str | int]], str]


def check_claims(
    claims: ClaimsFile,
    variables: Mapping[bool, Mapping[str, Entry]],
    outcomes: Vocabulary,
    durations: Mapping[str, str],
    locate: Locate,
) -> None:
    """Refuse claims whose variables do not exist or do not fit their place in a model.

    `variables`: every variable of the panel: of dyad-years under False, of directed ones under True; `outcomes`: those
    that are onsets, or initiations, among dyads at risk; `durations`: for each outcome, the variable that counts the
    years at peace by the same coding of disputes; `locate`: from keys of the claims file to `file:line`.

    Raises UnknownVariable if an outcome, a treatment or a control is not a variable of the panel; RoleError if an
    outcome is no onset among dyads at risk; if a confounder is not measured before the treatment, a mediator or
    moderator is a control, or a role is claimed that the variable cannot have.
    """
    if unknown := list(_unknown(claims, variables, locate)):
        raise UnknownVariable("\n".join(unknown))
    if roles := [
        *_pretended(claims, {**variables[True], **variables[False]}, durations, locate),
        *_unfit(claims, outcomes, durations, locate),
    ]:
        raise RoleError("\n".join(roles))


def _unknown(claims: ClaimsFile, variables: Vocabulary, locate: Locate) -> Iterator[str]:
    """Names that are no variable of the panel."""
    either = {*variables[False], *variables[True]}
    for key, control in claims.controls.items():
        if control.variable not in either:
            yield _no_variable(["controls", key, "variable"], control.variable, either, locate)
    for claim in claims.claims.values():
        legal = variables[claim.directed]
        for keys, name in _named(claim):
            if name not in legal:
                yield _no_variable(["claims", claim.id, *keys], name, legal, locate)
        for i, key in enumerate(claim.controls):
            variable = claims.controls[key].variable
            if variable in either and variable not in legal:
                yield _no_variable(["claims", claim.id, "controls", i], variable, legal, locate)


def _named(claim: Claim) -> Iterator[tuple[list[str | int], str]]:
    """Variables that a claim names itself, and where."""
    yield ["treatment"], claim.treatment
    yield ["outcome"], claim.outcome
    if claim.moderator is not None:
        yield ["moderator", "variable"], claim.moderator.variable
    for i, placebo in enumerate(claim.placebos):
        yield ["placebos", i, "variable"], placebo.variable


def _no_variable(keys: list[str | int], name: str, legal: Collection[str], locate: Locate) -> str:
    return f"{_at(locate, *keys)}: {name!r} is not a variable of the panel; {choices(name, legal)}"


def _pretended(
    claims: ClaimsFile, variables: Mapping[str, Entry], durations: Mapping[str, str], locate: Locate
) -> Iterator[str]:
    """Controls with a role that exempts them from coming before the treatment, and no right to it."""
    geography = sorted(name for name, entry in variables.items() if entry.variable.geography)
    entitled = {"geography": geography, "duration": tuple(dict.fromkeys(durations.values()))}
    for key, control in claims.controls.items():
        legal = entitled.get(control.role, (control.variable,))
        if control.variable not in legal:
            where = _at(locate, "controls", key, "role")
            yield f"{where}: {control.variable!r} cannot be {control.role}; {choices(control.variable, legal)}"


def _unfit(claims: ClaimsFile, outcomes: Vocabulary, durations: Mapping[str, str], locate: Locate) -> Iterator[str]:
    """Outcomes that are no onset among dyads at risk, and controls that have no place in their claim's model."""
    for claim in claims.claims.values():
        legal = outcomes[claim.directed]
        if claim.outcome not in legal:
            where = _at(locate, "claims", claim.id, "outcome")
            yield f"{where}: {claim.outcome!r} is not an onset among dyads at risk; {choices(claim.outcome, legal)}"
            continue
        for i, name in enumerate(claim.controls):
            if fault := _misplaced(claim, claims.controls[name], durations):
                where = locate(["claims", claim.id, "controls", i])
                yield f"{where} › claims › {claim.id} › controls › {name}: {fault}"


def _misplaced(claim: Claim, control: Control, durations: Mapping[str, str]) -> str | None:
    """Why a control cannot stand in the model of a claim."""
    if control.variable in (claim.outcome, claim.treatment) and control.lag <= claim.lag:
        return f"{control.variable!r} is the claim's own outcome or treatment"
    if control.role == "mediator":
        return "a mediator never enters a total-effect model; take it out, or give it the role it has"
    if control.role == "moderator":
        return "a moderator enters through an interaction, not as a control"
    if control.role == "confounder" and control.lag <= claim.lag:
        return (
            f"measured {control.lag} and the treatment {claim.lag} years before the outcome; "
            f"a confounder must come before the treatment: use lag {claim.lag + 1} or more"
        )
    fitting = durations.get(claim.outcome)
    counts = control.role == "duration" and control.variable in durations.values()
    if counts and fitting and control.variable != fitting:
        return f"{control.variable!r} counts by another coding of disputes than {claim.outcome!r}; use {fitting!r}"
    return None


def _at(locate: Locate, *keys: str | int) -> str:
    return " › ".join([locate(list(keys)), *map(str, keys)])
