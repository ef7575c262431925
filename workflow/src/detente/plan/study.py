"""What the rules of one study read, write and depend on, from raw files to the manifest of its paper."""

import json
import os
import re
from dataclasses import dataclass
from functools import cached_property, partialmethod
from pathlib import Path
from shlex import quote

from detente.data.acquire import broken
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.report import Exhibit, Kind, Page, Traits, exhibits_of, frame_files, traits_of
from detente.study.config import MULTIVERSE, OF_THE_PAPER, Project, Study
from detente.study.design import as_json, specifications

COUNTS = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk")
# What exhibits say of a study.
SHOWN = ("title", "abstract", "world", "samples", "estimators", "vcov", "headline", "window", "simulation")
FIELD = re.compile(r"\{(\w+)\}")


def canonical(content: object) -> str:
    """JSON with one spelling for one content: what a rule reads of the configuration, so that a change reruns it."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class Stages:
    """What the plans of a study and of its robustness share: files, configuration, exhibits.

    A subclass declares what rules ask for so: files as `partialmethod(Stages.files, "tidy/{slug}.parquet")`,
    and what a rule depends on as `partialmethod(Stages.fields, "seed")`: that and no more, so that an edit of anything
    else reruns nothing. Paths are relative to the folder that the workflow runs in.
    """

    project: Project
    study: Study
    options: str
    quick: bool = False

    @property
    def appendix(self) -> bool:
        """Whether its paper has an appendix on robustness: as the study says, unless a quick build is asked for."""
        return self.study.appendix and not self.quick

    @property
    def name(self) -> str:
        """Name of the study, which is that of its target and its folders."""
        return self.study.name

    @property
    def simulated(self) -> bool:
        """Whether its world is simulated."""
        return self.study.world == "simulated"

    @cached_property
    def traits(self) -> Traits:
        """What decides which exhibits it has."""
        return traits_of(self.project, self.study, appendix=self.appendix)

    def appendix_option(self) -> str:
        """The option that asks for that appendix, or for numbers of it beside others."""
        return "--appendix" if self.appendix else ""

    def arguments(self) -> str:
        """Options that name the project."""
        return self.options

    def processed(self, *names: str) -> list[str]:
        """Files below the folder of processed data."""
        return [f"data/processed/{self.name}/{name}" for name in names]

    def report(self, *names: str) -> list[str]:
        """Files below the folder of the report."""
        return [f"reports/{self.name}/{name}" for name in names]

    def simulated_files(self, *names: str) -> list[str]:
        """Processed files that only a simulated world has."""
        return self.processed(*names) if self.simulated else []

    def files(self, *patterns: str) -> list[str]:
        """Processed files of patterns, in which `{slug}` stands for each of the plan's `slugs`, and so on."""
        return self.processed(*(name for pattern in patterns for name in self._named(pattern)))

    def _named(self, pattern: str) -> list[str]:
        field = FIELD.search(pattern)
        if field is None:
            return [pattern]
        return [n for value in getattr(self, f"{field[1]}s") for n in self._named(pattern.replace(field[0], value))]

    def fields(self, *keys: str) -> str:
        """The named fields of the study."""
        return canonical(self.study.model_dump(mode="json", include=set(keys)))

    def fields_and_claims(self, *keys: str) -> str:
        """The same with its claims and their controls, its samples, and the smallest effect size of interest."""
        claims, every = self.project.claims_of(self.study), self.project.claims
        used = {name: every.controls[name].model_dump(mode="json") for claim in claims for name in claim.controls}
        said = [claim.model_dump(mode="json") for claim in claims]
        samples = [sample.model_dump(mode="json") for sample in self.project.samples_of(self.study)]
        return canonical([self.fields(*keys), said, used, samples, every.smallest_effect])

    def settings(self) -> list[str]:
        """What a user may edit, what was registered, what fixes the software: their checksums stand in the manifest."""
        root = self.project.root
        lock = root / "requirements.lock"
        files = [*self.project.files_of(self.study), *([lock] if lock.is_file() else [])]
        return [*(os.path.relpath(file) for file in files), *registrations(root)]

    def exhibits_of(self, kind: Kind, page: Page = "paper") -> list[Exhibit]:
        """Its exhibits of a kind on a page that have files of their own."""
        return [exhibit for exhibit in exhibits_of(self.traits, page) if exhibit.kind == kind and exhibit.formats]

    def exhibit_files(self, kind: Kind, page: Page = "paper") -> list[str]:
        """Files of those exhibits, in every format."""
        return [file for exhibit in self.exhibits_of(kind, page) for file in exhibit.files(self.name)]

    def exhibit_code(self, command: str, kind: Kind) -> list[str]:
        """A command that makes exhibits of a kind, with the modules that declare them."""
        return code.command(command, *sorted({exhibit.module for exhibit in self.exhibits_of(kind)}))

    def page_code(self, command: str, page: Page) -> list[str]:
        """A command that makes a page, with the modules of every exhibit there, which hold its captions."""
        exhibits = [e for per_claim in (False, True) for e in exhibits_of(self.traits, page, per_claim=per_claim)]
        return code.command(command, *sorted({exhibit.module for exhibit in exhibits}))


@dataclass(frozen=True)
class StudyPlan(Stages):
    """Inputs, outputs and parameters of the rules of one study."""

    cleaning_code = staticmethod(code.cleaning)
    estimating_code = staticmethod(code.estimating)
    receipts = partialmethod(Stages.files, "raw/{slug}.json")
    tidy = partialmethod(Stages.files, "tidy/{slug}.parquet")
    attrition_logs = partialmethod(Stages.files, "attrition_log/{slug}.parquet")
    event_tables = partialmethod(Stages.files, "tidy/{event}.parquet")
    estimates = partialmethod(Stages.files, "estimates/{model}.parquet")
    failures = partialmethod(Stages.files, "failures/{model}.parquet")
    attrition = partialmethod(Stages.files, "attrition/{model}.parquet")
    described_frames = partialmethod(Stages.files, "describe/{description}.parquet")
    coverage = partialmethod(Stages.simulated_files, "coverage.parquet")
    truth = partialmethod(Stages.simulated_files, "truth.json")

    seed = partialmethod(Stages.fields, "seed")
    world = partialmethod(Stages.fields, "simulation", "seed", "sources")
    described = partialmethod(Stages.fields_and_claims, "samples")
    collected = partialmethod(Stages.fields_and_claims, "world")
    covered = partialmethod(Stages.fields_and_claims, "simulation", "seed", "samples", "headline", "claims")
    shown = partialmethod(Stages.fields_and_claims, *SHOWN)

    tables = partialmethod(Stages.exhibit_files, "table")
    figures = partialmethod(Stages.exhibit_files, "figure")
    tables_code = partialmethod(Stages.exhibit_code, "tables", "table")
    figures_code = partialmethod(Stages.exhibit_code, "figures", "figure")
    paper_code = partialmethod(Stages.page_code, "publish", "paper")

    @cached_property
    def slugs(self) -> list[str]:
        """Sources that it joins, in the order of `config/sources.yaml`."""
        return list(self.project.sources_of(self.study))

    @cached_property
    def models(self) -> list[str]:
        """Every claim and estimator, as their files are called."""
        return [f"{c}.{e}" for c in self.study.claims for e in self.study.estimators]

    @cached_property
    def events(self) -> list[str]:
        """Sources of events with many participants among those that it joins."""
        return [slug for slug in self.slugs if REGISTRY[slug].key == "event"]

    @property
    def descriptions(self) -> tuple[str, ...]:
        """Counts and descriptions that exhibits are made from."""
        return (*COUNTS, "failures", "attrition")

    def simulated_raw(self) -> list[str]:
        """Raw files that a simulated world writes."""
        if not self.simulated:
            return []
        records = self.project.sources_of(self.study).items()
        named = {f"{record.folder or slug}/{f.file}" for slug, record in records for f in record.files}
        return sorted(f"data/simulated/{self.name}/{file}" for file in named)

    def other_slugs(self) -> list[str]:
        """Sources that it does not join, which its robustness may."""
        return [slug for slug in self.project.sources if slug not in self.slugs]

    def records(self) -> str:
        """What `config/sources.yaml` says of every source that it joins."""
        return canonical({slug: self.project.sources[slug].model_dump(mode="json") for slug in self.slugs})

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
        directed = "--directed " if self.project.is_directed(self.study) else ""
        (first, last), lead = self.study.window, self.project.longest_lag(self.study)
        return f"{directed}--years {first}-{last} --lead-in {lead} --add {self.joined()}"

    def joined(self) -> str:
        """Sources that the panel joins, as options."""
        return " ".join(self.slugs)

    def of_the_paper(self) -> str:
        """Title, authors, date and keywords of the paper, and what is said of its hypotheses."""
        said = self.project.hypotheses
        own = {c: said[c].model_dump(mode="json") for c in self.study.claims if c in said}
        return canonical([self.fields("title", *OF_THE_PAPER), own])

    def specifications(self, claim: str, estimator: str) -> str:
        """The specifications of one claim and estimator: all that the job knows of the configuration."""
        return as_json(specifications(self.project, self.study, self.project.claims.claims[claim], estimator))

    def truth_option(self) -> str:
        """The planted effects as an option, where a world was simulated."""
        return " ".join(("--truth", *self.truth())) if self.simulated else ""

    def exhibit_frames(self, kind: Kind) -> list[str]:
        """Frames that its exhibits of a kind are made from."""
        needs = [name for exhibit in self.exhibits_of(kind) for name in exhibit.frames(self.traits)]
        claims = [claim.id for claim in self.project.examined(self.study)]
        return frame_files(needs, f"data/processed/{self.name}", f"reports/{self.name}", claims)

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

    def benchmarks(self) -> list[str]:
        """Benchmarks of the steps that lead to the manifest, some of which may be gone."""
        steps = [
            "simulate" if self.simulated else "acquire",
            *(f"clean.{slug}" for slug in self.slugs),
            *("panel", "describe"),
            *(f"estimate.{model}" for model in self.models),
            *("collect", "tables", "figures", "numbers"),
            *(["coverage", "recovery"] if self.simulated else []),
            *("provenance", "lineage", "publish"),
        ]
        return self.processed(*(f"benchmarks/{step}.tsv" for step in steps))


def registrations(root: Path) -> list[str]:
    """Registered claims, if there are any."""
    return sorted(os.path.relpath(file) for file in (root / "config/registered").glob("*.yaml"))
