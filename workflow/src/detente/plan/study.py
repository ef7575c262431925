"""What the rules of one study read, write and depend on, from raw files to the manifest of its paper."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote

from detente.data.acquire import broken
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.plan.exhibits import COUNTS, files, making, page_code, shown
from detente.report import Kind, Traits, frame_files, traits_of
from detente.study.config import Project, Study
from detente.study.design import as_json, specifications

SHOWN = ("title", "abstract", "world", "samples", "estimators", "vcov", "headline", "window", "simulation")
"""What exhibits say of a study."""


def canonical(content: object) -> str:
    """JSON with one spelling for one content: what a rule reads of the configuration, so that a change reruns it."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class StudyPlan:
    """Inputs, outputs and parameters of the rules of one study; the rest of a rule stands in its .smk file.

    Paths are relative to the folder that the workflow runs in. Parameters hold what a rule depends on and no more,
    so that an edit of anything else reruns nothing.
    """

    project: Project
    study: Study
    options: str

    @property
    def name(self) -> str:
        """Name of the study, which is that of its target and its folders."""
        return self.study.name

    @property
    def simulated(self) -> bool:
        """Whether its world is simulated."""
        return self.study.world == "simulated"

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

    def processed(self, *names: str) -> list[str]:
        """Files below the folder of processed data."""
        return [f"data/processed/{self.name}/{name}" for name in names]

    def report(self, *names: str) -> list[str]:
        """Files below the folder of the report."""
        return [f"reports/{self.name}/{name}" for name in names]

    def arguments(self) -> str:
        """Options that name the project."""
        return self.options

    # Raw files

    def receipts(self) -> list[str]:
        """Receipts of all raw files."""
        return self.processed(*(f"raw/{slug}.json" for slug in self.slugs))

    def simulated_files(self) -> list[str]:
        """Raw files that a simulated world writes."""
        records = self.project.sources_of(self.study).items()
        named = {f"{record.folder or slug}/{f.file}" for slug, record in records for f in record.files}
        return sorted(f"data/simulated/{self.name}/{file}" for file in named)

    def other_slugs(self) -> list[str]:
        """Sources that it does not join, which its robustness may."""
        return [slug for slug in self.project.sources if slug not in self.slugs]

    def records(self) -> str:
        """What `config/sources.yaml` says of every source."""
        return self._records(self.slugs)

    def record(self, slug: str) -> str:
        """What `config/sources.yaml` says of one source."""
        return self._records([slug])

    def _records(self, slugs: Sequence[str]) -> str:
        return canonical({slug: self.project.sources[slug].model_dump(mode="json") for slug in slugs})

    def changed(self) -> list[str]:
        """Raw files that no longer are what an earlier run verified."""
        return broken(sorted(Path(f"data/processed/{self.name}/raw").glob("*.json")))

    def world(self) -> str:
        """What a simulated world is made from."""
        return self._fields("simulation", "seed", "sources")

    # Cleaning

    def raw(self, slug: str) -> list[str]:
        """Receipts of the raw files that a source is cleaned from."""
        slugs = sorted({table.slug or slug for table in REGISTRY[slug].raw})
        return self.processed(*(f"raw/{s}.json" for s in slugs))

    def cleaning_code(self, slug: str) -> list[str]:
        """The command and the one module that cleans this source."""
        return code.cleaning(slug)

    def whittling(self, slug: str) -> str:
        """Options: the rules that leave one dispute per dyad-year, where a source needs them."""
        rules = self.project.sources[slug].whittle
        return "--whittle " + " ".join(map(quote, rules)) if rules else ""

    # Panel

    def tidy(self) -> list[str]:
        """One tidy table per source."""
        return self.processed(*(f"tidy/{slug}.parquet" for slug in self.slugs))

    def attrition_logs(self) -> list[str]:
        """The attrition log of each source."""
        return self.processed(*(f"attrition_log/{slug}.parquet" for slug in self.slugs))

    def panel_code(self) -> list[str]:
        """The builder of panels and the modules of the sources that it joins."""
        return code.panel(self.slugs)

    def joined(self) -> str:
        """Sources that the panel joins, as options."""
        return " ".join(self.slugs)

    def directed(self) -> str:
        """Option that says whether the panel's dyads are directed."""
        return "--directed" if self.project.is_directed(self.study) else ""

    def years(self) -> str:
        """First and last year of the panel."""
        return "{}-{}".format(*self.study.window)

    def lead(self) -> int:
        """Years before the first that lags reach back to."""
        return self.project.longest_lag(self.study)

    def event_tables(self) -> list[str]:
        """Tidy tables of events with many participants."""
        return self.processed(*(f"tidy/{slug}.parquet" for slug in self.events))

    def described(self) -> str:
        """What counts and descriptions of the panel depend on."""
        return self._claims("samples")

    # Estimates

    def estimating_code(self, estimator: str) -> list[str]:
        """The command and the one estimator that is used."""
        return code.estimating(estimator)

    def specifications(self, claim: str, estimator: str) -> str:
        """The specifications of one claim and estimator: all that the job knows of the configuration."""
        return as_json(specifications(self.project, self.study, self.project.claims.claims[claim], estimator))

    def estimates(self) -> list[str]:
        """Estimates of each claim and estimator, in the study's order."""
        return self._each("estimates")

    def failures(self) -> list[str]:
        """Estimates that do not exist, of each claim and estimator."""
        return self._each("failures")

    def attrition(self) -> list[str]:
        """Rows lost on the way to each model."""
        return self._each("attrition")

    def _each(self, kind: str) -> list[str]:
        return self.processed(*(f"{kind}/{model}.parquet" for model in self.models))

    def collected(self) -> str:
        """What the table of estimates says of claims."""
        return self._claims("world")

    def covered(self) -> str:
        """What interval coverage depends on."""
        return self._claims("simulation", "seed", "samples", "headline", "claims")

    # Exhibits

    def described_frames(self) -> list[str]:
        """Counts and descriptions that exhibits are made from."""
        return self.processed(*(f"describe/{frame}.parquet" for frame in (*COUNTS, "failures", "attrition")))

    def shown(self) -> str:
        """What exhibits say of the study and its claims."""
        return self._claims(*SHOWN)

    def coverage(self) -> list[str]:
        """How often intervals hold an effect, where a world was simulated."""
        return self.processed("coverage.parquet") if self.simulated else []

    def truth(self) -> list[str]:
        """The planted effects, where a world was simulated."""
        return self.processed("truth.json") if self.simulated else []

    def truth_option(self) -> str:
        """The same as an option."""
        return " ".join(("--truth", *self.truth())) if self.simulated else ""

    @cached_property
    def traits(self) -> Traits:
        """What decides which exhibits it has."""
        return traits_of(self.project, self.study)

    def tables(self) -> list[str]:
        """Every table in every format."""
        return files(shown(self.traits, "table"), self.name)

    def figures(self) -> list[str]:
        """Every figure in every format."""
        return files(shown(self.traits, "figure"), self.name)

    def table_frames(self) -> list[str]:
        """Frames that its tables are made from."""
        return self._frames("table")

    def figure_frames(self) -> list[str]:
        """Frames that its figures are made from."""
        return self._frames("figure")

    def _frames(self, kind: Kind) -> list[str]:
        needs = [name for exhibit in shown(self.traits, kind) for name in exhibit.needs]
        return frame_files(needs, f"data/processed/{self.name}", f"reports/{self.name}")

    def tables_code(self) -> list[str]:
        """The command and the modules that declare its tables."""
        return making("tables", shown(self.traits, "table"))

    def figures_code(self) -> list[str]:
        """The command and the modules that declare its figures."""
        return making("figures", shown(self.traits, "figure"))

    def paper_code(self) -> list[str]:
        """The command and the modules that declare the exhibits of its paper."""
        return page_code("publish", self.traits, "paper")

    def exhibits(self) -> list[str]:
        """What a reader sees, but for the paper that holds it all."""
        recovery = ["recovery.csv"] if self.simulated else []
        files = self.report("numbers.json", "estimates.csv", "sample_flow.csv", *recovery)
        return [*files, *self.figures(), *self.tables()]

    # Provenance

    def seed(self) -> str:
        """The study's seed."""
        return self._fields("seed")

    def products(self) -> list[str]:
        """All that the study is made of and consists of, but for its raw files: what the manifest lists."""
        return [
            *self.tidy(),
            *self.attrition_logs(),
            *self.processed("attrition_log.parquet", "panel.parquet", "codebook.csv", "estimates.parquet"),
            *(file for kind in ("estimates", "failures", "attrition") for file in self._each(kind)),
            *self.described_frames(),
            *self.truth(),
            *self.coverage(),
            *self.report("paper.pdf", "index.html"),
            *self.exhibits(),
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
        return self.timed(steps)

    def timed(self, steps: Sequence[str]) -> list[str]:
        """Benchmarks of steps."""
        return self.processed(*(f"benchmarks/{step}.tsv" for step in steps))

    def settings(self) -> list[str]:
        """What a user may edit, and what fixes the software: their checksums stand in the manifest."""
        lock = self.project.root / "requirements.lock"
        files = [*self.project.files_of(self.study), *([lock] if lock.is_file() else [])]
        return [os.path.relpath(file) for file in files]

    def _fields(self, *keys: str) -> str:
        """The named fields of the study."""
        return canonical(self.study.model_dump(mode="json", include=set(keys)))

    def _claims(self, *keys: str) -> str:
        """The named fields of the study, its claims with their controls, and its samples."""
        claims, every = self.project.claims_of(self.study), self.project.claims
        used = {name: every.controls[name].model_dump(mode="json") for claim in claims for name in claim.controls}
        said = [claim.model_dump(mode="json") for claim in claims]
        samples = [sample.model_dump(mode="json") for sample in self.project.samples_of(self.study)]
        return canonical([self._fields(*keys), said, used, samples, every.smallest_effect])
