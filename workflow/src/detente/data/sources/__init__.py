"""One file a dataset: raw → tidy, with its key, its variables and the years it covers."""

from __future__ import annotations

from collections.abc import Mapping

from detente.base.errors import ConfigError, choices
from detente.data.sources.base import (
    BY_DYAD,
    BY_NETWORK,
    BY_STATE,
    KEYS,
    NOT_REDRAWN,
    Assignment,
    Key,
    RawTable,
    Source,
    Tidy,
    Variable,
    attrition,
    by_event,
    check_raw,
)
from detente.data.sources.conflict import (
    belligerents,
    conflicts,
    crises,
    disputes,
    dyadic_disputes,
    events,
    gml_disputes,
    participants,
    wars,
)
from detente.data.sources.cooperation import (
    agreements,
    alliances,
    exercise_counts,
    exercises,
    forums,
    joint_exercises,
    organisations,
    proteges,
    treaties,
    visits,
)
from detente.data.sources.discord import ideal_points, rivalry, territorial_claims
from detente.data.sources.peacekeeping import (
    codeployment,
    contributors,
    deployments,
    mandates,
    mediation,
    missions,
    operations,
    peacekeepers,
    shared_missions,
    shortfalls,
)
from detente.data.sources.place import capitals, colonies, contiguity, distance, drought, geodist, religion, rivers
from detente.data.sources.power import bases, capabilities, economy, nuclear, states, surplus, trade, us_troops
from detente.data.sources.regime import democracy, polity, unified_democracy, vdem
from detente.data.sources.schema import tidy_schema

REGISTRY: Mapping[str, Source] = {
    source.slug: source
    for source in (
        states.SOURCE,
        contiguity.SOURCE,
        distance.SOURCE,
        disputes.GML,
        disputes.COW,
        disputes.GML_INITIATIONS,
        disputes.COW_INITIATIONS,
        exercises.SOURCE,
        alliances.SOURCE,
        missions.SOURCE,
        agreements.SOURCE,
        capabilities.SOURCE,
        democracy.SOURCE,
        rivalry.SOURCE,
        rivalry.DREYER,
        bases.SOURCE,
        belligerents.SOURCE,
        capitals.SOURCE,
        codeployment.SOURCE,
        colonies.SOURCE,
        colonies.TIES,
        conflicts.SOURCE,
        conflicts.CIVIL_CONFLICTS,
        contributors.SOURCE,
        crises.SOURCE,
        crises.TRIGGERS,
        deployments.SOURCE,
        drought.SOURCE,
        dyadic_disputes.SOURCE,
        economy.SOURCE,
        events.SOURCE,
        events.INITIATIONS,
        exercise_counts.SOURCE,
        forums.SOURCE,
        geodist.SOURCE,
        geodist.STATES,
        gml_disputes.SOURCE,
        gml_disputes.INITIATIONS,
        ideal_points.SOURCE,
        joint_exercises.SOURCE,
        mandates.SOURCE,
        mediation.SOURCE,
        nuclear.SOURCE,
        operations.SOURCE,
        organisations.SOURCE,
        participants.SOURCE,
        participants.INITIATIONS,
        peacekeepers.SOURCE,
        polity.SOURCE,
        proteges.SOURCE,
        religion.SOURCE,
        rivers.SOURCE,
        shared_missions.SOURCE,
        shortfalls.SOURCE,
        surplus.SOURCE,
        territorial_claims.SOURCE,
        territorial_claims.DIRECTED,
        trade.SOURCE,
        trade.DIRECTED,
        trade.NATIONAL,
        treaties.SOURCE,
        unified_democracy.SOURCE,
        us_troops.SOURCE,
        vdem.SOURCE,
        visits.SOURCE,
        wars.SOURCE,
    )
}


# Short names, as people call these sources.
ALIASES: Mapping[str, str] = {
    "capitals": "distance-capitals",
    "claims": "icow-territory",
    "colonial": "icow-colonial-ties",
    "contiguity": "cow-contiguity-3.2",
    "democracy": "democracy-cow",
    "drought": "climate-drought",
    "gdp": "gdp-pop",
    "gml": "gml-mid",
    "icb": "icb-13",
    "ideal-points": "unga-idealpoints",
    "igo": "cow-igo",
    "joint-igo": "cow-igo-3",
    "mid": "mid-5.0-participants",
    "mie": "mie-1.0",
    "polity": "polity5",
    "religion": "cow-religion",
    "rivers": "rivers-tfdd",
    "states": "cow-state-system",
    "trade": "cow-trade-4.0",
    "troops": "troopdata",
    "ucdp": "ucdp-prio-acd",
    "war": "cow-war",
}


def source(slug: str) -> Source:
    """Return the source called `slug`; raises ConfigError naming the nearest one if there is none."""
    if slug not in REGISTRY:
        raise ConfigError(f"no module cleans {slug!r}; {choices(slug, REGISTRY)}")
    return REGISTRY[slug]


__all__ = [
    "ALIASES",
    "BY_DYAD",
    "BY_NETWORK",
    "BY_STATE",
    "KEYS",
    "NOT_REDRAWN",
    "REGISTRY",
    "Assignment",
    "Key",
    "RawTable",
    "Source",
    "Tidy",
    "Variable",
    "attrition",
    "by_event",
    "check_raw",
    "source",
    "tidy_schema",
]
