"""What the rules of a study's robustness read, write and depend on, from its panels to its manifest."""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, partialmethod

from detente.base.units import DYADS, UNITS, Unit
from detente.data.kads import KINDS
from detente.data.panel import STATES
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.plan.checking import require_pairs
from detente.plan.published import PublishedPlan
from detente.plan.stages import ASKED, Stages, canonical
from detente.plan.study import StudyPlan
from detente.report import FORMATS, Evidence, frame_files, of_single_claims
from detente.report.explorer import site_files, site_frames
from detente.study.config import MULTIVERSE, Described
from detente.study.described import sources_of as described_from
from detente.study.multiverse import Outline, outlines_of, sources_of, variables_of, years_of
from detente.study.robustness import EXAMINED, OF_DESIGNS

FINDING_FRAMES = ("findings", "series")
LEDGER_FRAMES = ("ledger", "checks", "families", "pooled", "pooled_claims", "score")


@dataclass(frozen=True)
class RobustnessPlan(PublishedPlan):
    """Inputs, outputs and parameters of the rules of one study's robustness; multiverses are made when asked for."""

    receipts = partialmethod(Stages.files, "raw/{raw_source}.json")
    receipts_of_paper = partialmethod(Stages.files, "raw/{paper_source}.json")
    events = partialmethod(Stages.files, "tidy/{event_source}.parquet")
    findings = partialmethod(Stages.files, "described/{described_claim}/{finding_frame}.parquet")
    examinations = partialmethod(Stages.files, "robustness/examined/{claim}/{examined_frame}.parquet")
    joint = partialmethod(Stages.files, "robustness/joint.{claim}.parquet")
    joint_draws = partialmethod(Stages.files, "robustness/joint_draws.{claim}.parquet")
    decisions = partialmethod(Stages.files, "robustness/decisions.{claim}.parquet")
    option_frames = partialmethod(Stages.files, "robustness/options.{claim}.parquet")
    ledger = partialmethod(Stages.files, "robustness/{ledger_frame}.parquet")
    tried_designs = partialmethod(Stages.simulated_files, "robustness/design_coverage.parquet")

    predicted = partialmethod(Stages.fields, "seed", "window", "headline")
    tried = partialmethod(Stages.fields, "seed", "simulation")
    tables = partialmethod(Stages.exhibit_files, "table", "robustness")
    robustness_code = partialmethod(Stages.page_code, "robustness", "robustness")
    site_code = partialmethod(Stages.page_code, "site", "robustness", "site")

    ledger_frames = LEDGER_FRAMES
    examined_frames = EXAMINED
    finding_frames = FINDING_FRAMES

    @cached_property
    def claims(self) -> list[str]:
        """Ids of the claims that the study examines."""
        return [claim.id for claim in self.project.examined(self.study)]

    @cached_property
    def described_claims(self) -> list[str]:
        """Ids of the claims that the study describes."""
        return [claim.id for claim in self.project.described_by(self.study)]

    def figures(self) -> list[str]:
        """Figures of the page, and those of each claim of the study's paper and of each that is described."""
        examined = [claim for claim in self.claims if claim in self.study.claims]
        single = {"claim": examined, "described": self.described_claims}
        files = (file for e in of_single_claims(self.traits) for c in single[e.per] for file in e.files(self.name, c))
        return [*self.exhibit_files("figure", "robustness"), *files]

    def tidy_of_described(self, claim: str) -> list[str]:
        """Tidy tables that a claim is described from."""
        return self.processed(*(f"tidy/{slug}.parquet" for slug in described_from(self._described(claim))))

    def describing_code(self, claim: str) -> list[str]:
        """What describing a claim runs."""
        return code.describing(self._described(claim).method)

    def described_claim(self, claim: str) -> str:
        """A claim that is described, and the study's seed."""
        return canonical([self._described(claim).model_dump(mode="json"), self.fields("seed")])

    def _described(self, claim: str) -> Described:
        return self.project.claims.described[claim]

    @cached_property
    def outlines(self) -> dict[str, Outline]:
        """Multiverses of those claims; raises ConfigError for a study of state-years."""
        require_pairs(self.project, self.study)
        return {outline.claim: outline for outline in outlines_of(self.project, self.study)}

    @cached_property
    def _variables(self) -> dict[Unit, list[str]]:
        return variables_of(self.project, self.study, list(self.outlines.values()))

    @cached_property
    def _sources(self) -> dict[Unit, list[str]]:
        return sources_of(self.project, self.study, self._variables)

    def _of_sources(self, folder: str, unit: Unit) -> list[str]:
        return self.processed(*(f"{folder}/{slug}.parquet" for slug in self._sources[unit]))

    tidy = partialmethod(_of_sources, "tidy")
    attrition_logs = partialmethod(_of_sources, "attrition_log")

    def panel_code(self, unit: Unit) -> list[str]:
        """The builder of panels and the modules of the sources that it joins."""
        return code.panel(self._sources[unit])

    def panel_options(self, unit: Unit) -> str:
        """What a panel is of: dyads, years with those before the first, sources, variables."""
        first, last, lead = years_of(self.study, list(self.outlines.values()))
        variables = " ".join(self._variables[unit])
        asked = f"{self.joining(self._sources[unit])} --variables {variables}{self.defined(self._variables[unit])}"
        return f"{ASKED[unit]}--years {first}-{last} --lead-in {lead} {asked}"

    @property
    def slugs(self) -> list[str]:
        """Sources of all panels, described claims and k-ads, in the order of `config/sources.yaml`."""
        described = map(described_from, self.project.described_by(self.study))
        used = {STATES, *self.group_sources}.union(*self._sources.values(), *described)
        return [slug for slug in self.project.sources if slug in used]

    @property
    def event_sources(self) -> list[str]:
        """Those of events with many participants, which can be drawn again one by one."""
        return [slug for slug in self.slugs if slug not in self.project.data and REGISTRY[slug].key == "event"]

    def _groups(self, claims: Iterable[str]) -> list[str]:
        """Sources of members by which k-ads of the claims are known, where the study's world has them."""
        named = dict.fromkeys(c.kads for c in map(self.project.claims.claims.__getitem__, claims) if c.kads)
        slugs = [KINDS[kind].source for kind in named if REGISTRY[KINDS[kind].source].key == "group"]
        return [slug for slug in slugs if not self.simulated or slug in self.study.sources]

    @property
    def group_sources(self) -> list[str]:
        """Those of the members of k-ads that are no exercises."""
        return self._groups(self.claims)

    def groups_of(self, claim: str) -> list[str]:
        """The table of the members of a claim's k-ads, if it has one of its own."""
        return self.processed(*(f"tidy/{slug}.parquet" for slug in self._groups([claim])))

    @property
    def raw_sources(self) -> list[str]:
        """Sources whose raw files robustness is made from."""
        return code.raw_sources(self.slugs)

    @property
    def units(self) -> list[Unit]:
        """Units of the panels that the specifications need."""
        return list(self._variables)

    def panels_of(self, claim: str) -> list[str]:
        """Panels that a claim's specifications need."""
        return self._panels(self.outlines[claim].variables)

    def panel_of(self, claim: str) -> list[str]:
        """The panel of a claim's own unit."""
        return self._panels({self.project.claims.claims[claim].unit})

    def predicted_panel(self) -> list[str]:
        """The panel of undirected dyads, where a claim is about them."""
        return self._panels({DYADS} & set(self._variables))

    def _panels(self, units: Collection[Unit]) -> list[str]:
        return self.processed(*(f"robustness/{unit}.parquet" for unit in UNITS if unit in units))

    def sizes(self) -> str:
        """Shards of each claim: how many specifications, and what they cost."""
        return canonical({claim: [[p.specifications, p.cost] for p in o.parts] for claim, o in self.outlines.items()})

    def specifications(self, claim: str, shard: str) -> str:
        """A shard's specifications, and what it says of their options: a change of any reruns it."""
        return self.outlines[claim].parts[int(shard)].digest

    def decided(self) -> str:
        """Claims, and the options of their decisions, the headline's first: how rows stand to what was registered."""
        return canonical([self.every_claim(), {claim: dict(o.nodes) for claim, o in self.outlines.items()}])

    def shards(self) -> list[str]:
        """Shards of all claims' multiverses."""
        return [file for claim in self.outlines for file in self.shards_of(claim)]

    def shards_of(self, claim: str) -> list[str]:
        """Shards of one claim's multiverse."""
        count = len(self.outlines[claim].parts)
        return self.processed(*(f"multiverse/{claim}.{i}.parquet" for i in range(count)))

    def published_panel(self) -> str:
        """The option that says where the panel of undirected dyads is, if there is one."""
        return " ".join(("--panel", *panel)) if (panel := self.predicted_panel()) else ""

    def seed(self) -> int:
        """The study's seed."""
        return self.study.seed

    def curves(self) -> list[str]:
        """What is shown of the multiverse, and made to be shown."""
        drawn = (f"robustness/curve.{claim}.{ending}" for claim in self.claims for ending in FORMATS["figure"])
        return [*self.report(*drawn), *self.joint(), *self.report("multiverse.parquet")]

    def evidence(self) -> list[str]:
        """All that the page of robustness is made from."""
        frames = self.processed("robustness/prediction.parquet", "robustness/separation.parquet")
        return [
            *self.ledger(),
            *self.published(),
            *self.findings(),
            *self.examinations(),
            *self.decisions(),
            *self.option_frames(),
            *self.tried_designs(),
            *frames,
            *self.curves(),
        ]

    def site(self) -> list[str]:
        """Every file of the explorable site."""
        return self.report(*(f"site/{name}" for name in site_files(self._shown)))

    def site_frames(self) -> list[str]:
        """Frames and curves that it is made from."""
        folders = (f"data/processed/{self.name}", f"reports/{self.name}")
        needs = site_frames(self._shown)
        frames = frame_files(needs, *folders, self.claims, self.described_claims, self.study.claims)
        return [*frames, *self.report(*(f"robustness/curve.{claim}.png" for claim in self.claims))]

    def shown_on_site(self) -> list[str]:
        """What the site shows and is made from, whose lineage it shows: frames, curves, and the paper's exhibits."""
        paper = StudyPlan(self.project, self.study, self.options, self.quick)
        return list(dict.fromkeys([*self.site_frames(), *paper.exhibits()]))

    @cached_property
    def _shown(self) -> Evidence:
        """The study as its exhibits see it, without a frame."""
        return Evidence(self.project, self.study, {})

    def of_appendix(self) -> list[str]:
        """The same, where the paper has an appendix that is made from it."""
        return self.evidence() if self.appendix else []

    def appendix_code(self) -> list[str]:
        """What makes that appendix."""
        return self.robustness_code() if self.appendix else []

    @property
    def paper_sources(self) -> list[str]:
        """Sources of the paper, with those that its appendix needs."""
        return list(dict.fromkeys([*self.project.sources_of(self.study), *(self.raw_sources if self.appendix else ())]))

    def sources_of_paper(self) -> str:
        """The same, as options."""
        return " ".join(self.paper_sources)

    def claim(self, claim: str) -> str:
        """A claim and its controls, as they are configured."""
        every = self.project.claims
        mine = every.claims[claim]
        controls = [every.controls[c].model_dump(mode="json") for c in mine.controls]
        sample = self.project.headline_sample(self.study, mine).model_dump(mode="json")
        study = self.fields("seed", "window", "windows", "headline", "vcov")
        return canonical([mine.model_dump(mode="json"), controls, sample, every.smallest_effect, study])

    def designs_of(self, claim: str) -> list[str]:
        """A claim by other designs, where it is one of the study's paper, which has that made."""
        return self.processed(*(f"designs/{claim}/{n}.parquet" for n in OF_DESIGNS if claim in self.study.claims))

    def designs_option(self, claim: str) -> str:
        """The option that says where they are."""
        return f"--designs data/processed/{self.name}/designs/{claim}" if self.designs_of(claim) else ""

    def every_claim(self) -> str:
        """All claims, tested or not, and the study's choice of them."""
        own = self.fields("headline", "claims")
        return canonical([self.project.claims.model_dump(mode="json"), self.claims, self.described_claims, own])

    def raw_options(self) -> str:
        """Sources whose raw files robustness is made from, as options."""
        return " ".join(self.raw_sources)

    def settings(self) -> list[str]:
        """What a user may edit, with the grid."""
        return [*super().settings(), os.path.relpath(self.project.root / MULTIVERSE)]

    def products(self) -> list[str]:
        """What robustness shows and what that is made of: shards and examinations stand in the lineage of these."""
        return [
            *self.processed(*(f"robustness/{frame}.parquet" for frame in (*self.units, "prediction", "separation"))),
            *self.ledger(),
            *self.published(),
            *self.tried_designs(),
            *self.joint_draws(),
            *(file for frames in (self.joint, self.decisions, self.option_frames) for file in frames()),
            *(file for file in self.curves() if file.startswith("reports/")),
            *self.tables(),
            *self.figures(),
            *self.report("multiverse.csv", "claims_ledger.csv", "robustness.html"),
        ]

    def made(self) -> list[str]:
        """All that the workflow makes of the study's robustness, from the receipts of its raw files on."""
        tables = (self._of_sources(folder, unit) for folder in ("tidy", "attrition_log") for unit in self.units)
        grouped = (f"{folder}/{slug}.parquet" for folder in ("tidy", "attrition_log") for slug in self.group_sources)
        tidy = [*(file for files in tables for file in files), *self.processed(*grouped)]
        parts = [
            *self.shards(),
            *self.examinations(),
            *self.findings(),
            *self.processed("multiverse/plan.json", "robustness/provenance.json"),
        ]
        return [*dict.fromkeys([*self.receipts(), *tidy, *parts, *self.products()])]

    def made_for_appendix(self) -> list[str]:
        """The same, where the paper has an appendix that is made from it; its pages and record apart."""
        apart = {
            *self.processed("robustness/provenance.json"),
            *self.report("robustness.html"),
            *self.tables(),
            *self.figures(),
        }
        return [file for file in self.made() if file not in apart] if self.appendix else []
