"""Which designs suit a treatment by what its variable declares, and whether the record keeps what is declared."""

from detente.base.errors import BrokenContract, UnsuitableTreatment
from detente.data.sources import Assignment, Variable
from detente.stats.causal import TreatmentPanel, require_absorbing
from detente.study.config import Claim, DesignName
from detente.study.robustness.designs import DESIGNS

PRESENCE = "0/1"
"""Unit of a treatment that is there or absent."""
# Designs that compare treated years with untreated ones, and not what came before and after a switch.
WITHOUT_SWITCHES: tuple[DesignName, ...] = ("twfe", "imputation")


def unsuited(how: Assignment, name: DesignName) -> str:
    """Why a design does not suit a treatment that is assigned so; nothing where it does.

    A treatment that stays has designs for those that never end, and none of ends; one that may end has designs of
    starts and of ends, and none that takes a start for good. What no mechanism assigns has no starts and ends.
    Whether two states, one state for all its dyads, events or a network assign it changes no design's comparison: it
    changes how the treatment is re-randomised, and errors are dyadic-robust.
    """
    design = DESIGNS[name]
    if how.by == "none" and name not in WITHOUT_SWITCHES:
        return "no mechanism is declared that starts and ends the treatment, and the design compares switches"
    if design.lasting and not how.stays:
        return "the treatment is declared as one that may end, and the design is for treatments that stay"
    if design.since == "end" and how.stays:
        return "the treatment is declared as one that stays, and the design is about ends"
    return ""


def lacking(claim: Claim, variable: Variable, name: DesignName) -> str:
    """Why a claim has no such design by declarations alone, before any data are read; nothing where it may have it."""
    if claim.moderator is not None:
        return "the claim is about how an effect changes with a moderator, and the design estimates the effect itself"
    if variable.unit != PRESENCE and not DESIGNS[name].levels:
        return "the treatment has levels, and the design compares treated years with untreated"
    return "" if variable.assigned is None else unsuited(variable.assigned, name)


def require_kept(how: Assignment, claim: Claim, panel: TreatmentPanel) -> None:
    """Raise BrokenContract if a treatment that is declared to stay ends on record."""
    if not how.stays or not panel.binary:
        return
    try:
        require_absorbing(panel, "a design")
    except UnsuitableTreatment as error:
        raise BrokenContract(
            f"claims › {claim.id} › treatment: {claim.treatment!r} is declared to stay once it is there, and "
            f"{str(error).split(';')[0]}; take `stays` from where the variable is declared, or correct the record"
        ) from error
