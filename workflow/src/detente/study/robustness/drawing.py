"""How nature would draw a claim's treatment: exercise by exercise where it is made of them, in time elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detente.data.panel.kadic import LARGE, SMALL
from detente.data.sources.power.states import region
from detente.stats.resampling.randomisation import Randomisation, Scheme, randomisation_test
from detente.stats.resampling.redraw import Measure, kad_redraw
from detente.stats.resampling.schemes import circular_shift, state_labels
from detente.stats.resampling.wild import wild_bootstrap
from detente.stats.result import Fit
from detente.study.config.claims import Claim

DRAWS = 999
Rows = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Made:
    """How a treatment is made of exercises: from which of them, and by which measure."""

    of: Rows
    measure: Measure = "any"


MADE: Mapping[str, Made] = {
    "exercise_any": Made(lambda e: e["parties"] >= 0),
    "exercise_bilateral": Made(lambda e: e["parties"] == 2),
    "exercise_small": Made(lambda e: e["parties"] <= SMALL),
    "exercise_large": Made(lambda e: e["parties"] >= LARGE),
    "exercise_weight": Made(lambda e: e["parties"] >= 0, "weight"),
    "exercise_count": Made(lambda e: e["parties"] >= 0, "count"),
}
"""Treatments of two states that are made of exercises alone."""
BILATERAL = frozenset({"defence_agreement", "agreement_commission", "agreement_training", "crisis_mediated"})
"""Treatments that two states have by themselves, so that dyads may be drawn apart."""
AMONG_EXERCISERS = frozenset({"exercise_soft", "exercise_dose", "exercise_multilateral_only"})
"""Treatments that only dyads with an exercise have, and share with its other parties: no scheme here suits them."""


def schemes(
    claim: Claim, panel: pd.DataFrame, exercises: pd.DataFrame, states: pd.DataFrame, years: tuple[int, int]
) -> list[Scheme]:
    """Schemes that suit a claim's treatment, the first the one that its family is judged by; none if none suits.

    Participants are drawn again exercise by exercise, within region and year, where the treatment is made of exercises
    of the two states (Poast 2010). What two states agree on by themselves is shifted in time within their dyad. Other
    treatments are shared by dyads (of one alliance, forum or host), which shifts would draw apart: of these, states
    exchange their places in the network within their region.

    Parameters
    ----------
    panel
        All dyad-years, with the treatment.
    exercises, states
        Tidy frames of exercises and of the state system.
    years
        First and last year in which a state can take part.
    """
    shift = circular_shift()
    if claim.treatment in AMONG_EXERCISERS:
        return []
    if claim.treatment in BILATERAL:
        return [shift]
    if claim.directed or claim.treatment not in MADE:
        return [state_labels(network(panel, claim), regions(panel))]
    made = MADE[claim.treatment]
    events = exercises[made.of(exercises)].rename(columns={"ccode": "state"})
    return [kad_redraw(events, candidates(states, years), lag=claim.lag, measure=made.measure), shift]


def network(panel: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """A claim's treatment of all dyads of a panel, lagged: a, b, year, value; where it is not known, no row."""
    frame = pd.DataFrame(
        {
            "a": panel["ccode1"],
            "b": panel["ccode2"],
            "year": panel["year"] + claim.lag,
            "value": panel[claim.treatment],
        }
    )
    return frame.dropna(subset=["value"]).astype({"value": "float64"})


def regions(panel: pd.DataFrame) -> dict[int, int]:
    """Region of every state of a panel, as a number."""
    codes = np.union1d(*(panel[side].to_numpy(dtype=np.int64) for side in ("ccode1", "ccode2")))
    return dict(zip(codes.tolist(), np.unique(region(codes), return_inverse=True)[1].tolist(), strict=True))


def candidates(states: pd.DataFrame, years: tuple[int, int]) -> pd.DataFrame:
    """Members of the system by year, with their region: `state`, `year`, `region`."""
    spells = states[states["status"] == "member"]
    first = np.maximum(spells["start"].to_numpy() // 10000, years[0])
    last = np.minimum(spells["end"].to_numpy() // 10000, years[1])
    lengths = np.maximum(last - first + 1, 0)
    state = np.repeat(spells["ccode"].to_numpy(dtype=np.int64), lengths)
    ends = np.cumsum(lengths)
    year = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths) + np.repeat(first, lengths)
    frame = pd.DataFrame({"state": state, "year": year}).drop_duplicates(ignore_index=True)
    return frame.assign(region=region(frame["state"].to_numpy()))


def drawn(fit: Fit, claim: Claim, found: list[Scheme], seed: int, draws: int = DRAWS) -> list[Randomisation]:
    """Randomisation tests of a fit by its schemes; a product cannot be drawn again, so its draws are bootstrapped.

    Of a moderated claim, treatment and moderator would have to be drawn with their product: a wild bootstrap that
    imposes no effect, by dyad, stands in its place.
    """
    if claim.moderator is None:
        return [randomisation_test(fit, scheme, statistic="t", draws=draws, seed=seed) for scheme in found]
    made = wild_bootstrap(fit, clusters="dyad", draws=draws, seed=seed)
    name = "wild bootstrap by dyad, no effect imposed"
    return [Randomisation(made.term, "t", made.statistic, name, seed, made.flags, made.draws)]


def frame(tests: list[Randomisation]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tests, one row each, and the draws of the first: `draw`, `statistic`."""
    rows: list[dict[str, Any]] = [
        {
            "scheme": t.scheme,
            "term": t.term,
            "statistic": t.statistic,
            "observed": t.observed,
            "draws": len(t.draws),
            "seed": t.seed,
            "p_value": t.p_value,
            "p_low": t.p_low,
            "p_high": t.p_high,
            "flags": "; ".join(t.flags),
        }
        for t in tests
    ]
    draws: npt.NDArray[Any] = tests[0].draws if tests else np.empty(0)
    return pd.DataFrame(rows, columns=list(TESTS)), pd.DataFrame({"draw": np.arange(len(draws)), "statistic": draws})


TESTS = ("scheme", "term", "statistic", "observed", "draws", "seed", "p_value", "p_low", "p_high", "flags")
