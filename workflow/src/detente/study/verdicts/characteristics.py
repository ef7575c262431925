"""Operating characteristics of the verdict rule: which words it gives, and how often, where the effect is known.

Dyad-years, treatments and controls of a simulated world stay as they are; onsets are drawn again under an effect of so
many smallest effects of interest, and the rule is applied to every draw by the code that applies it to a study: the
headline is estimated and examined, its equivalent specifications are fitted and tested together, treatments of its
family are re-randomised, and the claims ledger judges. Nothing of the rule is repeated here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from detente.base.errors import ConfigError
from detente.base.frames import Column, FrameSchema, count, number, share, text
from detente.base.numerics import monte_carlo_error
from detente.base.types import Codes
from detente.base.units import DYADS
from detente.simulate import Hazard, World, coded_again, hazard, stream
from detente.stats import ModelFrame
from detente.study.config import Project, Study
from detente.study.design import Specification, build_design, lagged, specification
from detente.study.estimation import VERDICTS
from detente.study.multiverse import Grid, Held, curve, fitted, grids_of, multiverse_schema, variables_of
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.schema import JOINT
from detente.study.robustness import Examination, Extent, Record, examine
from detente.study.verdicts.checks import CHECKS, needed
from detente.study.verdicts.ledger import Findings, checks, ledger
from detente.study.verdicts.schema import FAMILIES
from detente.study.verdicts.together import Together, families_of, under_headline

# Effects, in smallest effects of interest.
TIMES = (0.0, 1.0, 2.0, 3.0)
# The part of an examination that a check reads. The others read the multiverse, joint tests and the family.
PARTS = {
    "power": "power", "randomisation": "randomisation", "benchmark": "sensitivity", "negative_controls": "placebos",
    "influence": "influence", "designs_agree": "designs",
}  # fmt: skip
# Draws of every test: fewer than a study makes.
DRAWS = 199
# What raises the hazard of a simulated world beside the treatment, and two years later.
THREAT = ("rivalry", 2)
CODED, CODED_AGAIN = "onset_gml", "onset_cow"
KEY = ("side1", "side2", "year")
NUMBERS = ("estimate", "std_error", "smallest_effect", "power_at_smallest")
STRENGTHS = ("robust", "fragile", "untested")
JUDGED = FrameSchema(
    "judged draws",
    {
        "times": number("planted effect, in smallest effects of interest", low=0),
        "draw": count("outcomes drawn, from 0; the same luck under every effect"),
        "estimate": number("of the headline"),
        "std_error": number("its standard error", low=0),
        "smallest_effect": number("smallest effect of interest", low=0),
        "power_at_smallest": number("power at it", low=0),
        "verdict": Column("str", "by the rule", allowed=(*VERDICTS, "not tested")),
        "strength": Column("str", "how far it can be leaned on", allowed=("", *STRENGTHS)),
        **{name: Column("str", "outcome of the check", allowed=("", "pass", "fail", "not made")) for name in CHECKS},
    },
    key=("times", "draw"),
)
CHARACTERISTICS = FrameSchema(
    "characteristics",
    {
        "times": number("planted effect, in smallest effects of interest", low=0),
        "what": text("a verdict; a verdict and its second word; or a check, of draws that lower or raise"),
        "draws": count("draws that the share is of"),
        "share": share("how often it is given, or passes"),
        "share_error": number("Monte Carlo error", low=0),
    },
    key=("times", "what"),
)


@dataclass(frozen=True)
class Setting:
    """A claim in a simulated study: what stays as it is. The study's `headline` names the sample.

    `onsets`: how many times as many as in the study's world; shocks go with them.
    """

    project: Project
    study: Study
    claim: str
    record: Record
    onsets: float = 1.0

    @cached_property
    def spec(self) -> Specification:
        """The headline."""
        return specification(self.project, self.study, self.project.claims.claims[self.claim])

    @cached_property
    def grid(self) -> Grid:
        """The claim's multiverse."""
        return grids_of(self.project, self.study, [self.claim])[0]

    @cached_property
    def equivalent(self) -> tuple[Variant, ...]:
        """Its equivalent specifications."""
        return tuple(variant for variant in self.grid.variants if variant.equivalent)

    @cached_property
    def family(self) -> tuple[Specification, ...]:
        """Headlines of the other claims of its family that the study examines."""
        family = self.project.claims.claims[self.claim].family
        others = (c for c in self.project.examined(self.study) if c.family == family and c.id != self.claim)
        return tuple(specification(self.project, self.study, claim) for claim in others)

    @cached_property
    def columns(self) -> list[str]:
        """Columns of the panel that the claims of the study and their equivalent specifications use."""
        every = grids_of(self.project, self.study)
        used = variables_of(self.project, self.study, every)[DYADS]
        return [name for name in self.record.panel if name in {"ccode1", "ccode2", "year", "in_window", *used}]

    @property
    def world(self) -> World:
        """The simulated world; raises ConfigError if there is none."""
        if self.study.simulation is None:
            raise ConfigError(f"study {self.study.name!r} is set in the observed world, whose effects are not known")
        return self.study.simulation

    @cached_property
    def design(self) -> ModelFrame:
        """Rows in which outcomes are drawn: those of the headline with the one control that moves the hazard."""
        variable, lag = THREAT
        own = tuple(c for c in self.spec.controls if (c.variable, c.lag) == (variable, lag))
        if not own:
            raise ConfigError(f"{self.claim}: {variable!r} of t−{lag} is no control, and outcomes here hang on it")
        return build_design(self.record.panel, replace(self.spec, controls=own))

    @cached_property
    def places(self) -> Codes:
        """Places of these rows in the panel."""
        keys = pd.MultiIndex.from_frame(self.record.panel[["ccode1", "ccode2", "year"]])
        rows = [self.design.factor(name) for name in KEY]
        return keys.get_indexer(pd.MultiIndex.from_arrays(rows)).astype(np.int64)

    @cached_property
    def hazard(self) -> Hazard:
        """The hazard of these rows without the treatment; raises ConfigError if there is no simulated world."""
        a, b, year = (self.design.factor(name) for name in KEY)
        threat = self.design.x[:, self.design.terms.index(lagged(*THREAT))]
        of_world = hazard(self.world, self.study.seed, a, b, year, self.world.threat_on_onset * threat)
        scaled = {name: self.onsets * getattr(of_world, name) for name in ("mean", "state_shock", "year_swing")}
        return replace(of_world, **scaled)

    def drawn(self, times: float, draw: int) -> Record:
        """The record with outcomes of one draw; no outcome is known where none is drawn.

        The treatment lowers the risk of every treated row by the same share, `times` the smallest effect of interest.
        """
        luck = stream(self.study.seed, f"characteristics {self.claim} {draw}")
        lowered = 1 - times * self.spec.smallest_effect * self.design.treatment
        onset = replace(self.hazard, mean=self.hazard.mean * lowered).draw(luck, 1)[:, 0]
        panel = self.record.panel[self.columns].copy(deep=False)
        for name, values in ((CODED, onset), (CODED_AGAIN, coded_again(onset, luck))):
            column = np.full(len(panel), np.nan)
            column[self.places] = values
            panel[name] = panel[name].where(panel[name].isna(), column)
        return replace(self.record, panel=panel)


def characteristics(setting: Setting, draws: range, times: Sequence[float] = TIMES, tests: int = DRAWS) -> pd.DataFrame:
    """Judge outcomes drawn again; one row per effect and draw, as `JUDGED`.

    `draws` numbers them, each with its luck; `tests`: draws of every test that draws.
    """
    return JUDGED.frame(_judged(setting, k, draw, tests) for k in times for draw in draws)


def _judged(setting: Setting, times: float, draw: int, tests: int) -> dict[str, object]:
    """Verdict, second word and outcome of every check that the verdict needs, of one draw."""
    findings = {setting.claim: found_in(setting, setting.drawn(times, draw), draw, tests)}
    whole = ledger(setting.project.claims, setting.study.headline, findings, {})
    (row,) = whole[whole["claim"] == setting.claim].to_dict("records")
    made = checks(setting.project.claims, findings).set_index("check")["outcome"]
    numbers = {name: float(row[name]) for name in NUMBERS}
    words = {"verdict": str(row["verdict"]), "strength": str(row["strength"]) if row["strength"] in STRENGTHS else ""}
    return {"times": times, "draw": draw, **numbers, **words, **{name: made.get(name, "") for name in CHECKS}}


def found_in(setting: Setting, record: Record, draw: int, tests: int = DRAWS) -> Findings:
    """All that the verdict on the claim rests on: its headline, and what the checks read that this verdict needs."""
    seed, vcov = setting.study.seed_of(f"characteristics {draw}"), setting.spec.vcov[0]
    first = examine(record, setting.spec, seed, seed, Extent(parts=("headline",)))
    found = first.headline.loc[(first.headline["vcov"] == vcov) & (first.headline["verdict"] != ""), "verdict"]
    wanted = {check.name for verdict in found for check in needed(verdict)}
    if not wanted:
        empty = multiverse_schema(list(setting.grid.nodes)).empty()
        return Findings(vcov, first, empty, JOINT.empty(), FAMILIES.empty())
    extent = Extent([PARTS[name] for name in PARTS if name in wanted], (), power=tests, randomisation=tests)
    whole = replace(examine(record, setting.spec, seed, seed, extent), headline=first.headline)
    panels = Held({DYADS: record.panel})
    multiverse = under_headline(setting.project, fitted(panels, setting.equivalent, list(setting.grid.nodes)))
    family, joint = FAMILIES.empty(), JOINT.empty()
    if "family" in wanted:
        family = _family(setting, record, whole, seed, tests)
    if "joint" in wanted:
        kept = multiverse["error"] == ""
        specs = [v.specification for v, estimated in zip(setting.equivalent, kept, strict=True) if estimated]
        joint, _ = Together(specs, panels, record, curve.curve(panels, specs)).tests(tests, seed)
    return Findings(vcov, whole, multiverse, joint, family)


def _family(setting: Setting, record: Record, own: Examination, seed: int, tests: int) -> pd.DataFrame:
    """The claim's row of its family, the others' treatments drawn with the same seed."""
    extent = Extent(parts=("randomisation",), randomisation=tests)
    others = {spec.claim.id: examine(record, spec, seed, seed, extent) for spec in setting.family}
    grouped = families_of(setting.project, {setting.claim: own, **others})
    return grouped[grouped["member"] == setting.claim]


def shares(judged: pd.DataFrame) -> pd.DataFrame:
    """How often each verdict is given, alone and with its second word, and how often each check passes.

    As `CHARACTERISTICS`. A check's share is of the draws whose verdict is that the treatment lowers or raises.
    """
    return CHARACTERISTICS.frame(_shares(judged))


def _shares(judged: pd.DataFrame) -> Iterator[tuple[float, str, int, float, float]]:
    for _, rows in judged.groupby("times"):
        times = float(rows["times"].iloc[0])
        both = rows["verdict"] + " · " + rows["strength"]
        said = {v: rows["verdict"] == v for v in VERDICTS if v}
        said |= {f"{v} · {s}": both == f"{v} · {s}" for v in VERDICTS if v for s in STRENGTHS if v != "inconclusive"}
        found = rows[rows["verdict"].isin(["lowers", "raises"])]
        passed = {name: found[name] == "pass" for name in CHECKS} if len(found) else {}
        for what, held in (said | passed).items():
            yield times, what, len(held), float(held.mean()), monte_carlo_error(float(held.mean()), len(held))
