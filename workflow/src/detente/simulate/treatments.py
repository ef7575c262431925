"""What states do under threat: pacts, missions and agreements, as spells that start and stop.

A spell that is not on in year s starts with log-odds

    α_c + threat_on_treatment · R_{d,s−1} + z_d

and stops with a constant probability. Rivals and dangerous dyads are thus treated more, and a comparison of
treated with untreated dyad-years is wrong; dyad effects absorb z_d, and rivalry two years before the
outcome (one before the treatment) takes up R. Given these, treatments do not depend on one another: a model
that leaves the other treatments out is right. Where two spells both remember old rivalries (a pact and a
mission), they would still go together a little: so no dyad may have both.

- Defence pacts: dyads that bear one and are no site of a mission.
- UN missions: a sixth as many sites as relevant dyads, all of them neighbours that bear one.
- Defence agreements: any dyad.
"""

import numpy as np

from detente.base.types import Flags
from detente.simulate.draws import Floats, logistic, stream
from detente.simulate.risk import Disposition, bears, switch
from detente.simulate.settings import World
from detente.simulate.stage import Stage

SORTING = 1.0
# Probability of a start in relevant and in remote dyads that are no rivals and of average risk.
PACT_START, PACT_STOP = (0.08, 0.012), 0.14
MISSION_START, MISSION_STOP = 0.12, 0.20
AGREEMENT_START, AGREEMENT_STOP = (0.08, 0.01), 0.15
SITES = 0.16
FEWEST_SITES = 4


def threatened(world: World, disposition: Disposition, threat: Flags, base: Floats) -> Floats:
    """Probability (D × T) of a treatment of base probability `base` (D), given last year's threat."""
    odds = np.log(base / (1 - base)) + SORTING * disposition.z
    before = np.zeros(threat.shape)
    before[:, 1:] = threat[:, :-1]
    return logistic(odds[:, None] + world.threat_on_treatment * before)


def draw_spells(world: World, stage: Stage, disposition: Disposition, threat: Flags, seed: int) -> dict[str, Flags]:
    """Draw defence pacts, UN missions and defence agreements in force (each D × T)."""

    def spells(name: str, start: tuple[float, float], stop: float, eligible: Flags) -> Flags:
        base = np.where(stage.relevant, *start)
        chances = threatened(world, disposition, threat, base) * eligible[:, None]
        return switch(chances, stop, stream(seed, name)) & stage.exists

    site = draw_sites(world, stage, disposition, seed)
    ally = ~site & bears(world, disposition, ("exercise", "defence_pact", "defence_agreement"))
    return {
        "defence_pact": spells("defence pacts", PACT_START, PACT_STOP, ally),
        "un_mission": spells("missions", (MISSION_START, MISSION_START), MISSION_STOP, site),
        "defence_agreement": spells("agreements", AGREEMENT_START, AGREEMENT_STOP, np.ones_like(site)),
    }


def draw_sites(world: World, stage: Stage, disposition: Disposition, seed: int) -> Flags:
    """Dyads between which the United Nations may stand (D)."""
    lasting = stage.exists[:, stage.studied].mean(axis=1) > 0.8
    fit = bears(world, disposition, ("exercise", "un_mission", "defence_agreement"))
    open_to = np.flatnonzero((stage.contiguity > 0) & lasting & fit)
    count = min(max(FEWEST_SITES, round(SITES * int(stage.relevant.sum()))), len(open_to))
    site = np.zeros(len(stage.first), dtype=bool)
    site[stream(seed, "sites").choice(open_to, size=count, replace=False)] = True
    return site
