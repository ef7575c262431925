"""What is judged of several estimates at once: equivalent specifications of a claim, and the claims of a family."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError
from detente.base.types import Array, Codes
from detente.stats.resampling import CircularShift, Randomisation
from detente.study.config import Project, load_multiverse
from detente.study.design import HEADLINE, Specification
from detente.study.multiverse import JOINT, JOINT_DRAWS, Panels, joint_test
from detente.study.multiverse import curve as curves
from detente.study.multiverse.curve import Curve
from detente.study.robustness import Examination, Record, schemes
from detente.study.verdicts import families
from detente.study.verdicts.schema import FAMILIES

WILD = "wild bootstrap by dyad, no effect imposed"


def under_headline(project: Project, multiverse: pd.DataFrame) -> pd.DataFrame:
    """The multiverse; a fit that stands in it under several covariances is counted once, under the headline's."""
    headline = load_multiverse(project.root, project).nodes["vcov"].headline
    return multiverse.assign(equivalent=multiverse["equivalent"] & (multiverse["vcov"] == headline))


@dataclass(frozen=True)
class Redrawn:
    """Specifications S of a claim under treatments that one scheme draws.

    `places` of them among all; `observed` (S,) their dyadic t, `draws` (B, S) those of drawn treatments, missing where
    there is none.
    """

    scheme: str
    places: Codes
    observed: Array
    draws: Array


@dataclass(frozen=True)
class Together:
    """Equivalent specifications of a claim, judged together: their curve is held against curves of drawn treatments.

    `curve` of `specs`, whose models are fitted on `panels`; `record`: exercises
    and states, from which treatments are drawn.
    """

    specs: Sequence[Specification]
    panels: Panels
    record: Record
    curve: Curve

    def tests(self, draws: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
        """Joint tests by each scheme, as `JOINT`, and why there is none by others."""
        return self.tests_of(self.redrawn(draws, seed))

    def tests_of(self, redrawn: Iterable[Redrawn]) -> tuple[pd.DataFrame, list[str]]:
        """The same of draws that were made before."""
        made, lost = [], []
        for of in redrawn:
            try:
                made.append(joint_test(of.observed, of.draws).assign(scheme=of.scheme, claim=self.specs[0].claim.id))
            except EstimationError as error:
                lost.append(f"{of.scheme}: no joint test: {error}")
        return pd.concat(made, ignore_index=True)[list(JOINT.columns)] if made else JOINT.empty(), lost

    def redrawn(self, draws: int, seed: int) -> Iterator[Redrawn]:
        """By scheme, specifications that have a t and whose treatment it can draw, and their draws.

        A shift in time draws any treatment, other schemes that of the headline alone.
        """
        found, specs = self.curve, self.specs
        has = np.isfinite(found.statistic)
        if specs[0].claim.moderator is not None:
            yield Redrawn(WILD, np.flatnonzero(has), found.statistic[has], found.under_null(draws, seed)[:, has])
            return
        own = next((i for i, spec in enumerate(specs) if spec.name == HEADLINE), 0)
        headline, treatments = specs[own].claim, [(s.claim.treatment, s.claim.lag, s.claim.unit) for s in specs]
        years = next(iter(self.panels.values()))["year"]
        span, record = (int(years.min()), int(years.max())), self.record
        for scheme in schemes(headline, self.panels[headline.unit], record.exercises, record.states, span):
            any_treatment = isinstance(scheme, CircularShift)
            alike = np.array([any_treatment or treated == treatments[own] for treated in treatments])
            mine = np.flatnonzero(alike & has)
            if len(mine):
                drawn = curves.drawn(self.panels, [specs[int(i)] for i in mine], scheme, draws, seed)
                yield Redrawn(scheme.name, mine, found.statistic[mine], drawn)


def draws_of(redrawn: Iterable[Redrawn], spec_ids: Sequence[str]) -> pd.DataFrame:
    """Draws as `JOINT_DRAWS`, one row per scheme, specification and draw; `spec_ids` are of all specifications."""
    frames = [JOINT_DRAWS.empty()]
    for of in redrawn:
        count = len(of.draws)
        frame = {
            "scheme": of.scheme, "spec_id": np.repeat([spec_ids[int(i)] for i in of.places], count),
            "draw": np.tile(np.arange(count), len(of.places)), "statistic": of.draws.T.ravel(),
            "observed": np.repeat(of.observed, count),
        }  # fmt: skip
        frames.append(pd.DataFrame(frame))
    return JOINT_DRAWS.validated(pd.concat(frames[1:] or frames, ignore_index=True))


def families_of(project: Project, examined: Mapping[str, Examination]) -> pd.DataFrame:
    """P-values within each declared family, from the draws of its claims' first randomisation tests; as `FAMILIES`."""
    members: dict[str, dict[str, Randomisation]] = {}
    for name, frames in examined.items():
        for row in frames.tests.head(1).to_dict("records"):
            members.setdefault(project.claims.claims[name].family, {})[name] = Randomisation(
                term=row["term"], statistic="t", observed=row["observed"], scheme=row["scheme"], seed=row["seed"],
                flags=(), draws=frames.draws["statistic"].to_numpy(dtype=np.float64),
            )  # fmt: skip
    found = [families.family(name, tests) for name, tests in members.items()]
    return pd.concat(found, ignore_index=True) if found else FAMILIES.empty()
