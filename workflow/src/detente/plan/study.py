"""What the rules of one study read, write and depend on, from raw files to the manifest of its paper."""

import os
from dataclasses import dataclass, replace
from functools import cached_property, partialmethod
from pathlib import Path
from shlex import quote

from detente.data.acquire import broken
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.plan.stages import ASKED, Stages, canonical
from detente.report import Kind, frame_files
from detente.study.config import MULTIVERSE, OF_THE_PAPER
from detente.study.design import as_json, specification, specifications
from detente.study.robustness import OF_DESIGNS

COUNTS = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk")
# What exhibits say of a study.
SHOWN = ("title", "abstract", "world", "samples", "estimators", "vcov", "headline", "window", "windows", "simulation")


@dataclass(frozen=True)
class StudyPlan(Stages):
    """Inputs, outputs and parameters of the rules of one study."""

    cleaning_code = staticmethod(code.cleaning)
    estimating_code = staticmethod(code.estimating)
    windows_code = staticmethod(code.in_windows)
    receipts = partialmethod(Stages.files, "raw/{slug}.json")
    receipts_of_record = partialmethod(Stages.files, "raw/{recorded_slug}.json")
    tidy = partialmethod(Stages.files, "tidy/{slug}.parquet")
    attrition_logs = partialmethod(Stages.files, "attrition_log/{slug}.parquet")
    event_tables = partialmethod(Stages.files, "tidy/{event}.parquet")
    estimates = partialmethod(Stages.files, "estimates/{model}.parquet")
    failures = partialmethod(Stages.files, "failures/{model}.parquet")
    attrition = partialmethod(Stages.files, "attrition/{model}.parquet")
    described_frames = partialmethod(Stages.files, "describe/{description}.parquet")
    windows = partialmethod(Stages.own_windows, "windows.parquet")
    designs = partialmethod(Stages.files, "designs/{own_claim}/{design_frame}.parquet")
    coverage = partialmethod(Stages.simulated_files, "coverage.parquet")
    truth = partialmethod(Stages.simulated_files, "truth.json")

    seed = partialmethod(Stages.fields, "seed")
    described = partialmethod(Stages.fields_and_claims, "samples", "window")
    collected = partialmethod(Stages.fields_and_claims, "world")
    covered = partialmethod(Stages.fields_and_claims, "simulation", "seed", "samples", "headline", "claims")
    shown = partialmethod(Stages.fields_and_claims, *SHOWN)

    tables = partialmethod(Stages.exhibit_files, "table")
    figures = partialmethod(Stages.exhibit_files, "figure")
    tables_code = partialmethod(Stages.exhibit_code, "tables", "table")
    figures_code = partialmethod(Stages.exhibit_code, "figures", "figure")
    paper_code = partialmethod(Stages.page_code, "publish", "paper")

    design_frames = tuple(OF_DESIGNS)

    @cached_property
    def slugs(self) -> list[str]:
        """Sources that it joins, in the order of `config/sources.yaml`."""
        return list(self.project.sources_of(self.study))

    @property
    def recorded_slugs(self) -> list[str]:
        """Those of the public record."""
        return [slug for slug in self.slugs if slug not in self.project.data]

    @property
    def own_slugs(self) -> list[str]:
        """Tables of the user's own among them."""
        return [slug for slug in self.slugs if slug in self.project.data]

    def world(self) -> str:
        """What the simulated world is made of."""
        return canonical([self.fields("simulation", "seed"), self.recorded_slugs])

    def table(self, slug: str) -> list[str]:
        """The file of a table of the user's own."""
        return [os.path.relpath(self.project.data[slug].path)]

    def definition(self, slug: str) -> str:
        """What is said of a table of the user's own."""
        return self.declared([slug])[0]

    @cached_property
    def models(self) -> list[str]:
        """Every claim and estimator, as their files are called."""
        return [f"{c}.{e}" for c in self.study.claims for e in self.study.estimators]

    @property
    def own_claims(self) -> tuple[str, ...]:
        """Ids of its claims."""
        return self.study.claims

    @cached_property
    def events(self) -> list[str]:
        """Sources of events with many participants among those that it joins."""
        return [slug for slug in self.recorded_slugs if REGISTRY[slug].key == "event"]

    @property
    def descriptions(self) -> tuple[str, ...]:
        """Counts and descriptions that exhibits are made from."""
        return (*COUNTS, "failures", "attrition")

    def simulated_raw(self) -> list[str]:
        """Raw files that a simulated world writes."""
        if not self.simulated:
            return []
        records = ((slug, self.project.sources[slug]) for slug in self.recorded_slugs)
        named = {f"{record.folder or slug}/{f.file}" for slug, record in records for f in record.files}
        return sorted(f"data/simulated/{self.name}/{file}" for file in named)

    def other_slugs(self) -> list[str]:
        """Sources that it does not join, which its robustness may."""
        return [slug for slug in self.project.sources if slug not in self.slugs]

    def records(self) -> str:
        """What `config/sources.yaml` says of every source that it joins."""
        return canonical({slug: self.project.sources[slug].model_dump(mode="json") for slug in self.slugs})

    def recorded(self) -> str:
        """The same of those of the public record."""
        return canonical({slug: self.project.sources[slug].model_dump(mode="json") for slug in self.recorded_slugs})

    def record(self, slug: str) -> str:
        """What it says of one source."""
        return canonical({slug: self.project.sources[slug].model_dump(mode="json")})

    def changed(self) -> list[str]:
        """Raw files that no longer are what an earlier run verified."""
        return broken(sorted(Path(f"data/processed/{self.name}/raw").glob("*.json")))

    def raw(self, slug: str) -> list[str]:
        """Receipts of the raw files that a source is cleaned from."""
        return self.processed(*(f"raw/{s}.json" for s in code.raw_sources([slug])))

    def whittling(self, slug: str) -> str:
        """Options: the rules that leave one dispute per dyad-year, where a source needs them."""
        rules = self.project.sources[slug].whittle
        return "--whittle " + " ".join(map(quote, rules)) if rules else ""

    def promised(self, slug: str) -> str:
        """Option: tidy rows that the pinned bytes of a source clean to; of a simulated world nothing is promised."""
        rows = self.project.sources[slug].rows
        return "" if rows is None or self.study.world == "simulated" else f"--rows {rows}"

    def panel_code(self) -> list[str]:
        """The builder of panels and the modules of the sources that it joins."""
        return code.panel(self.slugs)

    def panel_options(self) -> str:
        """What the panel is of: dyads, years with those before the first that lags reach back to, sources."""
        (first, last), lead = self.project.years_of(self.study), self.project.longest_lag(self.study)
        unit = ASKED[self.project.unit_of(self.study)]
        return f"{unit}--years {first}-{last} --lead-in {lead} {self.joining(self.slugs)}{self.defined()}"

    def of_the_paper(self) -> str:
        """Title, authors, date and keywords of the paper, and what is said of its hypotheses."""
        said = self.project.hypotheses
        own = {c: said[c].model_dump(mode="json") for c in self.study.claims if c in said}
        return canonical([self.fields("title", *OF_THE_PAPER), own])

    def specifications(self, claim: str, estimator: str) -> str:
        """The specifications of one claim and estimator: all that the job knows of the configuration."""
        return as_json(specifications(self.project, self.study, self.project.claims.claims[claim], estimator))

    def headlines(self) -> str:
        """Headlines in the years of their claims, and beside them in those of the study where these are others."""
        own = [specification(self.project, self.study, claim) for claim in self.project.claims_of(self.study)]
        both = ((spec, replace(spec, window=self.study.window)) for spec in own)
        return as_json([spec for pair in both for spec in dict.fromkeys(pair)])

    def truth_option(self) -> str:
        """The planted effects as an option, where a world was simulated."""
        return " ".join(("--truth", *self.truth())) if self.simulated else ""

    def exhibit_frames(self, kind: Kind) -> list[str]:
        """Frames that its exhibits of a kind are made from."""
        needs = [name for exhibit in self.exhibits_of(kind) for name in exhibit.frames(self.traits)]
        claims = [claim.id for claim in self.project.examined(self.study)]
        described = [claim.id for claim in self.project.described_by(self.study)]
        folders = (f"data/processed/{self.name}", f"reports/{self.name}")
        return frame_files(needs, *folders, claims, described, self.study.claims)

    table_frames = partialmethod(exhibit_frames, "table")
    figure_frames = partialmethod(exhibit_frames, "figure")

    def settings(self) -> list[str]:
        """What a user may edit, with the decisions that an appendix tries."""
        decisions = [os.path.relpath(self.project.root / MULTIVERSE)] if self.appendix else []
        return [*super().settings(), *decisions]

    def exhibits(self) -> list[str]:
        """What a reader sees, but for the paper that holds it all."""
        recovery = ["recovery.csv"] if self.simulated else []
        files = self.report("numbers.json", "estimates.csv", "sample_flow.csv", *recovery)
        return [*files, *self.figures(), *self.tables()]

    def products(self) -> list[str]:
        """All that the study is made of and consists of, but for its raw files: what the manifest lists."""
        return [
            *self.tidy(),
            *self.attrition_logs(),
            *self.processed("attrition_log.parquet", "panel.parquet", "codebook.csv", "estimates.parquet"),
            *(file for part in (self.estimates, self.failures, self.attrition) for file in part()),
            *self.described_frames(),
            *self.designs(),
            *self.windows(),
            *self.truth(),
            *self.coverage(),
            *self.report("paper.pdf", "index.html"),
            *self.exhibits(),
        ]

    def made(self) -> list[str]:
        """All that the workflow makes of the study, from the receipts of its raw files on."""
        return [
            *self.receipts(),
            *self.simulated_raw(),
            *self.products(),
            *self.processed("provenance.json", "lineage.json"),
        ]
