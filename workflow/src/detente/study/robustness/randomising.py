"""How nature would draw a claim's treatment: exercise by exercise where it is made of them, in time elsewhere."""

import numpy as np
import pandas as pd

from detente.base.errors import RoleError
from detente.data import region
from detente.data.panel import catalogue
from detente.data.sources import REGISTRY, Assignment
from detente.stats import Fit
from detente.stats.causal import Redrawn
from detente.stats.resampling import (
    Randomisation,
    Scheme,
    circular_shift,
    kad_redraw,
    randomisation_test,
    state_labels,
    wild_bootstrap,
)
from detente.study.config import Claim
from detente.study.robustness import frames

DRAWS = 999


def schemes(
    claim: Claim, panel: pd.DataFrame, exercises: pd.DataFrame, states: pd.DataFrame, years: tuple[int, int]
) -> list[Scheme]:
    """Schemes that suit a claim's treatment, the first the one that its family is judged by; none if none suits.

    They follow from how the treatment's variable is declared to be assigned. By event: participants are drawn again
    exercise by exercise, within region and year (Poast 2010). By dyad: shifted in time within the dyad. By state or
    network: dyads share the treatment, and shifts would draw them apart, so that states exchange their places in the
    network within their region.

    `panel`: all dyad-years, with the treatment. `exercises`, `states`: tidy frames of exercises and of the state
    system. `years`: first and last year in which a state can take part.
    """
    how = assignment(claim)
    if how.by == "none":
        return []
    if how.by == "dyad":
        return [circular_shift()]
    if claim.directed or how.events is None:
        return [state_labels(network(panel, claim), regions(panel))]
    events = exercises[how.events(exercises)].rename(columns={"exercise": "event", "ccode": "member"})
    return [kad_redraw(events, candidates(states, years), lag=claim.lag, measure=how.measure), circular_shift()]


def by_events(claim: Claim, panel: pd.DataFrame, exercises: pd.DataFrame, states: pd.DataFrame) -> Redrawn | str:
    """Exercises that assign a claim's treatment, unlagged, with who could have taken part; or why there are none.

    `panel`: all dyad-years; `exercises`, `states` as in `schemes`.
    """
    try:
        how = assignment(claim)
    except RoleError as error:
        return str(error)
    if how.events is None or claim.directed:
        return "the treatment is not assigned by events of two or more states"
    events = exercises[how.events(exercises)] if len(exercises) else exercises
    if events.empty:
        return "no event that assigns the treatment is at hand"
    years = (int(panel["year"].min()), int(panel["year"].max()))
    renamed = events.rename(columns={"exercise": "event", "ccode": "member"})
    return Redrawn(kad_redraw(renamed, candidates(states, years), lag=0, measure=how.measure))


def assignment(claim: Claim) -> Assignment:
    """How a claim's treatment is assigned; raises RoleError if neither its variable nor the claim declares it."""
    if claim.assigned is not None:
        return Assignment(claim.assigned)
    variable = catalogue(list(REGISTRY.values()), claim.unit)[claim.treatment].variable
    if variable.assigned is None:
        raise RoleError(
            f"claims › {claim.id} › treatment: {claim.treatment!r} does not declare how it is assigned, so that no "
            "test can re-randomise it; declare `assigned` where the variable is declared"
        )
    return variable.assigned


def network(panel: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """A claim's treatment of all dyads of a panel, lagged: a, b, year, value; where it is not known, no row."""
    frame = pd.DataFrame(
        {"a": panel["ccode1"], "b": panel["ccode2"], "year": panel["year"] + claim.lag, "value": panel[claim.treatment]}
    )
    return frame.dropna(subset=["value"]).astype({"value": "float64"})


def regions(panel: pd.DataFrame) -> dict[int, int]:
    """Region of every state of a panel, as a number."""
    codes = np.union1d(*(panel[side].to_numpy(dtype=np.int64) for side in ("ccode1", "ccode2")))
    return dict(zip(codes.tolist(), np.unique(region(codes), return_inverse=True)[1].tolist(), strict=True))


def candidates(states: pd.DataFrame, years: tuple[int, int]) -> pd.DataFrame:
    """Members of the system by year, with their region: `member`, `year`, `region`."""
    spells = states[states["status"] == "member"]
    first, last = (spells["start"] // 10000).clip(lower=years[0]), (spells["end"] // 10000).clip(upper=years[1])
    spans = [list(range(start, end + 1)) for start, end in zip(first, last, strict=True)]
    frame = pd.DataFrame({"member": spells["ccode"], "year": pd.Series(spans, index=spells.index, dtype="object")})
    frame = frame.explode("year").dropna().astype("int64").drop_duplicates(ignore_index=True)
    return frame.assign(region=region(frame["member"].to_numpy()))


def tested(fit: Fit, claim: Claim, found: list[Scheme], seed: int, draws: int = DRAWS) -> list[Randomisation]:
    """Randomisation tests of a fit by its schemes; a product cannot be drawn again, so its draws are bootstrapped.

    Of a moderated claim, treatment and moderator would have to be drawn with their product: a wild bootstrap that
    imposes no effect, by dyad, stands in its place.
    """
    if claim.moderator is None:
        return [randomisation_test(fit, scheme, statistic="t", draws=draws, seed=seed) for scheme in found]
    made = wild_bootstrap(fit, clusters="dyad", draws=draws, seed=seed)
    name = "wild bootstrap by dyad, no effect imposed"
    return [Randomisation(made.term, "t", made.statistic, name, seed, made.flags, made.draws)]


def tabulated(tests: list[Randomisation]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tests, one row each, and the draws of the first: `draw`, `statistic`."""
    rows = []
    for test in tests:
        shares = (test.p_value, test.p_low, test.p_high)
        what = (test.scheme, test.term, test.statistic, test.observed)
        rows.append((*what, len(test.draws), test.seed, *shares, "; ".join(test.flags)))
    return frames.TESTS.frame(rows), frames.DRAWS.frame(enumerate(tests[0].draws) if tests else ())
