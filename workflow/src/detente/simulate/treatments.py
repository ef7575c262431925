"""What states do under threat: pacts, missions and agreements, as spells that start and stop, and joint exercises.

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

Joint exercises are k-adic events, whose dyads are all pairs of those who took part:

- Bilateral ones are held in a dyad-year with log-odds α + threat_on_treatment · R_{d,s−1} + z_d.
- Series of three and more parties are held every two to four years. A series invites its host and the nearest
  states (distances jittered); an invited state comes with log-odds 0.2 + threat_on_treatment · (any rivalry
  last year). Most invite 3 to 8 states, some 10 to 18, one up to 30. Where one state alone came, it is a
  record of a single participant and no dyad.

The treatment of the hazard is the union of them all. Only states that are members all year take part,
and no exercise is held before the study, since the record of exercises begins then.
"""

from dataclasses import dataclass

import numpy as np

from detente.base.types import Array, Codes, Flags
from detente.simulate.risk import Disposition, bears, switch
from detente.simulate.settings import World, logistic, stream
from detente.simulate.stage import Stage

SORTING = 1.0
# Probability of a start in relevant and in remote dyads that are no rivals and of average risk.
PACT_START, PACT_STOP = (0.08, 0.012), 0.14
MISSION_START, MISSION_STOP = 0.12, 0.20
AGREEMENT_START, AGREEMENT_STOP = (0.08, 0.01), 0.15
SITES = 0.16
FEWEST_SITES = 4
BILATERAL = (0.07, 0.003)
COMES = 0.2
INTERVALS = (2, 3, 4)
LARGEST = 30


def threatened(world: World, disposition: Disposition, threat: Flags, base: Array) -> Array:
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


@dataclass(frozen=True)
class Exercises:
    """E exercises: `year`, `series` (E; −1 none), who `took_part` (E × n), the dyads `treated` (D × T)."""

    year: Codes
    series: Codes
    took_part: Flags
    treated: Flags


def draw_exercises(world: World, stage: Stage, disposition: Disposition, threat: Flags, seed: int) -> Exercises:
    """Draw bilateral exercises and series, and expand them to dyads."""
    pairs, pair_years = _bilateral(world, stage, disposition, threat, seed)
    rosters, held, series = _series(world, stage, threat, seed)
    years = np.concatenate([pair_years, held])
    order = np.argsort(years, kind="stable")
    took_part = np.concatenate([pairs, rosters])[order]
    labels = np.concatenate([np.full(len(pair_years), -1), series])[order]
    return Exercises(years[order], labels, took_part, _expand(stage, years[order], took_part))


def _bilateral(world: World, stage: Stage, disposition: Disposition, threat: Flags, seed: int) -> tuple[Flags, Codes]:
    base = np.where(stage.relevant, *BILATERAL)
    chances = threatened(world, disposition, threat, base)
    able = stage.full_year[stage.first] & stage.full_year[stage.second] & stage.studied
    dyad, year = np.nonzero((stream(seed, "bilateral exercises").random(chances.shape) < chances) & able)
    pairs = np.zeros((len(dyad), len(stage.states)), dtype=bool)
    pairs[np.arange(len(dyad)), stage.first[dyad]] = True
    pairs[np.arange(len(dyad)), stage.second[dyad]] = True
    return pairs, stage.years[year]


def _series(world: World, stage: Stage, threat: Flags, seed: int) -> tuple[Flags, Codes, Codes]:
    """Rosters (E × n), years and series of the exercises that series held."""
    draw = stream(seed, "exercise series")
    attendance = _attendance(world, stage, threat)
    rosters, years, labels = [], [], []
    for label, size in enumerate(_sizes(len(stage.states), draw)):
        invited = _invited(stage, size, draw)
        interval = int(draw.choice(INTERVALS))
        phase = int(draw.integers(interval))
        for t in np.flatnonzero(stage.studied & ((stage.years + phase) % interval == 0)):
            came = invited & stage.full_year[:, t] & (draw.random(len(invited)) < attendance[:, t])
            if came.any():
                rosters.append(came)
                years.append(int(stage.years[t]))
                labels.append(label)
    return np.array(rosters), np.array(years), np.array(labels)


def _sizes(count: int, draw: np.random.Generator) -> list[int]:
    """How many states each series invites: one large, some of middling size, most small."""
    large = [min(LARGEST, count)]
    middling = draw.integers(10, 19, size=max(1, count // 20))
    small = draw.integers(3, 9, size=max(3, count // 5))
    return [min(int(size), count) for size in (*large, *middling, *small)]


def _invited(stage: Stage, size: int, draw: np.random.Generator) -> Flags:
    """Choose a host and the states nearest to it, distances jittered (n)."""
    count = len(stage.states)
    distance = np.zeros((count, count))
    distance[stage.first, stage.second] = distance[stage.second, stage.first] = stage.distance_km
    host = int(draw.integers(count))
    jittered = (distance[host] + 1500) * np.exp(draw.normal(0, 0.5, count))
    jittered[host] = 0
    invited = np.zeros(count, dtype=bool)
    invited[np.argsort(jittered, kind="stable")[:size]] = True
    return invited


def _attendance(world: World, stage: Stage, threat: Flags) -> Array:
    """Probability (n × T) that an invited state comes."""
    rivals = np.zeros(stage.member.shape, dtype=bool)
    np.logical_or.at(rivals, stage.first, threat & stage.exists)
    np.logical_or.at(rivals, stage.second, threat & stage.exists)
    before = np.zeros(rivals.shape)
    before[:, 1:] = rivals[:, :-1]
    return logistic(COMES + world.threat_on_treatment * before)


def _expand(stage: Stage, years: Codes, took_part: Flags) -> Flags:
    """Dyads (D × T) of which both states took part in one exercise of the year."""
    treated = np.zeros(stage.exists.shape, dtype=bool)
    for t, year in enumerate(stage.years):
        rosters = took_part[years == year].astype(np.float32)
        together = rosters.T @ rosters > 0
        treated[:, t] = together[stage.first, stage.second]
    return treated
