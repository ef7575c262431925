"""Roles and timing of controls, checked by code (Ray 2003; Clarke 2005; Dworschak 2024)."""

from __future__ import annotations

from collections.abc import Iterable

from detente.config import Claim, ClaimsFile, Control
from detente.errors import RoleError, UnknownVariable, choices


def check_claims(claims: ClaimsFile, variables: Iterable[str]) -> None:
    """Refuse claims whose variables do not exist or whose controls are measured too late.

    Raises
    ------
    UnknownVariable
        If an outcome, a treatment or a control is not a variable of the panel.
    RoleError
        If a confounder is not measured before the treatment, or a mediator or moderator is a control.
    """
    legal = frozenset(variables)
    unknown, roles = [], []
    for key, control in claims.controls.items():
        unknown += _unknown(f"controls › {key} › variable", control.variable, legal)
    for claim in claims.claims.values():
        unknown += _unknown(f"claims › {claim.id} › treatment", claim.treatment, legal)
        unknown += _unknown(f"claims › {claim.id} › outcome", claim.outcome, legal)
        for name in claim.controls:
            roles += _misplaced(claim, name, claims.controls[name])
    if unknown:
        raise UnknownVariable("\n".join(unknown))
    if roles:
        raise RoleError("\n".join(roles))


def _unknown(where: str, name: str, legal: frozenset[str]) -> list[str]:
    if name in legal:
        return []
    return [f"config/claims.yaml › {where}: {name!r} is not a variable of the panel; {choices(name, legal)}"]


def _misplaced(claim: Claim, name: str, control: Control) -> list[str]:
    where = f"config/claims.yaml › claims › {claim.id} › controls › {name}"
    if control.variable in (claim.outcome, claim.treatment) and control.lag <= claim.lag:
        return [f"{where}: {control.variable!r} is the claim's own outcome or treatment"]
    if control.role == "mediator":
        return [f"{where}: a mediator never enters a total-effect model; take it out, or give it the role it has"]
    if control.role == "moderator":
        return [f"{where}: a moderator enters through an interaction, not as a control"]
    if control.role == "confounder" and control.lag <= claim.lag:
        return [
            f"{where}: measured {control.lag} and the treatment {claim.lag} years before the outcome; "
            f"a confounder must come before the treatment: use lag {claim.lag + 1} or more"
        ]
    return []
