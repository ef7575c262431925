"""What the rules of one study read, write and depend on, from raw files to the manifest of its paper."""

from dataclasses import dataclass
from functools import cached_property, partialmethod
from pathlib import Path
from shlex import quote

from detente.data.acquire import broken
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.plan.stages import Stages, canonical
from detente.report import Kind, frame_files
from detente.study.design import as_json, specifications

COUNTS = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk")
# What exhibits say of a study.
SHOWN = ("title", "abstract", "world", "samples", "estimators", "vcov", "headline", "window", "simulation")


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

    # Raw files

    def simulated_raw(self) -> list[str]:
        """Raw files that a simulated world writes."""
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

    # Cleaning

    def raw(self, slug: str) -> list[str]:
        """Receipts of the raw files that a source is cleaned from."""
        return self.processed(*(f"raw/{s}.json" for s in code.raw_sources([slug])))

    def whittling(self, slug: str) -> str:
        """Options: the rules that leave one dispute per dyad-year, where a source needs them."""
        rules = self.project.sources[slug].whittle
        return "--whittle " + " ".join(map(quote, rules)) if rules else ""

    # Panel

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

    # Estimates and exhibits

    def specifications(self, claim: str, estimator: str) -> str:
        """The specifications of one claim and estimator: all that the job knows of the configuration."""
        return as_json(specifications(self.project, self.study, self.project.claims.claims[claim], estimator))

    def truth_option(self) -> str:
        """The planted effects as an option, where a world was simulated."""
        return " ".join(("--truth", *self.truth())) if self.simulated else ""

    def exhibit_frames(self, kind: Kind) -> list[str]:
        """Frames that its exhibits of a kind are made from."""
        needs = [name for exhibit in self.exhibits_of(kind) for name in exhibit.needs]
        return frame_files(needs, f"data/processed/{self.name}", f"reports/{self.name}")

    table_frames = partialmethod(exhibit_frames, "table")
    figure_frames = partialmethod(exhibit_frames, "figure")

    def exhibits(self) -> list[str]:
        """What a reader sees, but for the paper that holds it all."""
        recovery = ["recovery.csv"] if self.simulated else []
        files = self.report("numbers.json", "estimates.csv", "sample_flow.csv", *recovery)
        return [*files, *self.figures(), *self.tables()]

    # Provenance

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
