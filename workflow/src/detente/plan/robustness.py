"""What the rules of a study's robustness read, write and depend on, from its panels to its manifest."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from detente.data.panel import STATES
from detente.data.sources import REGISTRY
from detente.plan import code
from detente.plan.exhibits import LEDGER_FRAMES, files, page_code, shown
from detente.plan.study import StudyPlan, canonical
from detente.report import FORMATS
from detente.study.config import MULTIVERSE
from detente.study.multiverse import Grid, grids_of, shards, sources_of, variables_of, years_of
from detente.study.robustness import EXAMINED

UNITS = {"dyad-year": False, "directed-dyad-year": True}
"""Whether the dyads of a panel are directed."""


@dataclass(frozen=True)
class RobustnessPlan:
    """Inputs, outputs and parameters of the rules of one study's robustness.

    Grids are made when a rule asks for them; other targets do without.
    """

    main: StudyPlan

    def processed(self, *names: str) -> list[str]:
        """Files below the folder of processed data of robustness."""
        return self.main.processed(*(f"robustness/{name}" for name in names))

    def report(self, *names: str) -> list[str]:
        """Files below the folder of robustness in the report."""
        return self.main.report(*(f"robustness/{name}" for name in names))

    @cached_property
    def claims(self) -> list[str]:
        """Ids of the claims that the study examines."""
        return [claim.id for claim in self.main.project.examined(self.main.study)]

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """Grids of those claims."""
        return {grid.claim: grid for grid in grids_of(self.main.project, self.main.study)}

    @cached_property
    def _variables(self) -> dict[bool, list[str]]:
        return variables_of(self.main.project, self.main.study, list(self.grids.values()))

    @cached_property
    def _sources(self) -> dict[bool, list[str]]:
        return sources_of(self.main.study, self._variables)

    @cached_property
    def _years(self) -> tuple[int, int, int]:
        return years_of(self.main.study, list(self.grids.values()))

    # Panels

    def tidy(self, unit: str) -> list[str]:
        """One tidy table per source of the panel."""
        return self._of_sources("tidy", self._sources[UNITS[unit]])

    def attrition_logs(self, unit: str) -> list[str]:
        """The attrition log of each source of the panel."""
        return self._of_sources("attrition_log", self._sources[UNITS[unit]])

    def _of_sources(self, kind: str, slugs: Iterable[str]) -> list[str]:
        return self.main.processed(*(f"{kind}/{slug}.parquet" for slug in slugs))

    def panel_code(self, unit: str) -> list[str]:
        """The builder of panels and the modules of the sources that it joins."""
        return code.panel(self._sources[UNITS[unit]])

    def years(self) -> str:
        """First and last year of the panels."""
        return "{}-{}".format(*self._years[:2])

    def lead(self) -> int:
        """Years before the first."""
        return self._years[2]

    def joined(self, unit: str) -> str:
        """Sources that a panel joins, as options."""
        return " ".join(self._sources[UNITS[unit]])

    def variables(self, unit: str) -> str:
        """Variables of a panel, as options."""
        return " ".join(self._variables[UNITS[unit]])

    def directed(self, unit: str) -> str:
        """Option that says whether a panel's dyads are directed."""
        return "--directed" if UNITS[unit] else ""

    def events(self) -> list[str]:
        """Tidy tables of events with many participants that a panel joins: these can be drawn again one by one."""
        slugs = [slug for slug in self.slugs() if REGISTRY[slug].key == "event"]
        return self._of_sources("tidy", slugs)

    def slugs(self) -> list[str]:
        """Sources of all panels, in the order of `config/sources.yaml`."""
        used = {STATES}.union(*self._sources.values())
        return [slug for slug in self.main.project.sources if slug in used]

    # Multiverse

    def panels(self) -> list[str]:
        """Panels that the specifications of all claims need."""
        return self._panels(self.grids.values())

    def panels_of(self, claim: str) -> list[str]:
        """Panels that a claim's specifications need."""
        return self._panels([self.grids[claim]])

    def _panels(self, grids: Iterable[Grid]) -> list[str]:
        kinds = {v.specification.claim.directed for grid in grids for v in grid.variants}
        return self.processed(*(f"{unit}.parquet" for unit, directed in UNITS.items() if directed in kinds))

    def panel_of(self, claim: str) -> list[str]:
        """The panel of a claim's own unit."""
        directed = self.main.project.claims.claims[claim].directed
        return self.processed(*(f"{unit}.parquet" for unit, kind in UNITS.items() if kind is directed))

    def predicted_panel(self) -> list[str]:
        """The panel of undirected dyads, where a claim is about them."""
        return self.processed(*(f"{unit}.parquet" for unit in self.units() if not UNITS[unit]))

    def sizes(self) -> str:
        """How many specifications each claim has."""
        return canonical({claim: len(grid.variants) for claim, grid in self.grids.items()})

    def spec_ids(self, claim: str, shard: str) -> str:
        """Ids of a shard's specifications: a change of any reruns it."""
        return canonical([v.spec_id for v in shards(self.grids[claim])[int(shard)]])

    def shards(self) -> list[str]:
        """Shards of all claims' multiverses."""
        return [file for claim in self.grids for file in self.shards_of(claim)]

    def shards_of(self, claim: str) -> list[str]:
        """Shards of one claim's multiverse."""
        count = len(shards(self.grids[claim]))
        return self.main.processed(*(f"multiverse/{claim}.{i}.parquet" for i in range(count)))

    def seed(self) -> int:
        """The study's seed."""
        return self.main.study.seed

    def curves(self) -> list[str]:
        """What is shown of the multiverse, and made to be shown."""
        return [
            *self.report(*(f"curve.{claim}.{e}" for claim in self.claims for e in FORMATS["figure"])),
            *self.joint(),
            *self.main.report("multiverse.parquet"),
        ]

    # Claims ledger

    def examinations(self) -> list[str]:
        """Every frame of every claim's examination."""
        return self.processed(*(f"examined/{c}/{f}.parquet" for c in self.claims for f in EXAMINED))

    def joint(self) -> list[str]:
        """Joint tests of each claim."""
        return self._per_claim("joint")

    def decisions(self) -> list[str]:
        """Decisions that move each claim's estimate."""
        return self._per_claim("decisions")

    def ledger(self) -> list[str]:
        """Frames of the claims ledger."""
        return self.processed(*(f"{frame}.parquet" for frame in LEDGER_FRAMES))

    def _per_claim(self, kind: str) -> list[str]:
        return self.processed(*(f"{kind}.{claim}.parquet" for claim in self.claims))

    def claim(self, claim: str) -> str:
        """A claim and its controls, as they are configured."""
        every = self.main.project.claims
        mine = every.claims[claim]
        controls = [every.controls[c].model_dump(mode="json") for c in mine.controls]
        sample = self.main.project.headline_sample(self.main.study, mine).model_dump(mode="json")
        study = self.main.study.model_dump(mode="json", include={"seed", "window", "headline", "vcov"})
        return canonical([mine.model_dump(mode="json"), controls, sample, every.smallest_effect, canonical(study)])

    def every_claim(self) -> str:
        """All claims, tested or not, and the study's choice of them."""
        study = self.main.study.model_dump(mode="json", include={"headline", "claims"})
        return canonical([self.main.project.claims.model_dump(mode="json"), self.claims, canonical(study)])

    def predicted(self) -> str:
        """What predictions depend on beside the claims."""
        return canonical(self.main.study.model_dump(mode="json", include={"seed", "window", "headline"}))

    def tables(self) -> list[str]:
        """Tables of the page."""
        return files(shown(self.main.traits, "table", "robustness"), self.main.name)

    def figures(self) -> list[str]:
        """Figures of the page."""
        return files(shown(self.main.traits, "figure", "robustness"), self.main.name)

    def page_code(self) -> list[str]:
        """The command and the modules that declare the exhibits of the page."""
        return page_code("robustness", self.main.traits, "robustness")

    # Provenance

    def receipts(self) -> list[str]:
        """Receipts of all raw files that robustness is made from."""
        return self.main.processed(*(f"raw/{slug}.json" for slug in self._raw()))

    def raw_sources(self) -> str:
        """Sources of those raw files, as options."""
        return " ".join(self._raw())

    def _raw(self) -> Sequence[str]:
        return sorted({table.slug or slug for slug in self.slugs() for table in REGISTRY[slug].raw})

    def settings(self) -> list[str]:
        """What a user may edit, with the grid and the registered claims."""
        root = self.main.project.root
        return [*self.main.settings(), os.path.relpath(root / MULTIVERSE), *registrations(root)]

    def units(self) -> list[str]:
        """Units of the panels that the specifications need."""
        return [unit for unit, directed in UNITS.items() if directed in self._variables]

    def products(self) -> list[str]:
        """What robustness shows and what that is made of: shards and examinations stand in the lineage of these."""
        return [
            *self.processed(*(f"{frame}.parquet" for frame in (*self.units(), "prediction", "separation"))),
            *self.ledger(),
            *(file for kind in ("joint", "decisions", "options") for file in self._per_claim(kind)),
            *(file for file in self.curves() if file.startswith("reports/")),
            *self.tables(),
            *self.figures(),
            *self.main.report("multiverse.csv", "claims_ledger.csv", "robustness.html"),
        ]

    def benchmarks(self) -> list[str]:
        """Benchmarks of the steps that lead to the manifest, some of which may be gone."""
        steps = [
            *(f"{step}.{slug}" for step in ("acquire", "clean") for slug in self.slugs()),
            *(f"robustness_panel.{unit}" for unit in self.units()),
            "plan_multiverse",
            *(f"multiverse.{Path(shard).stem}" for shard in self.shards()),
            *(f"{step}.{claim}" for step in ("examine", "joint", "curves") for claim in self.claims),
            *("gather_multiverse", "predict", "ledger"),
            *("robustness_report", "robustness_provenance"),
        ]
        return self.main.timed(steps)


def registrations(root: Path) -> list[str]:
    """Registered claims, if there are any."""
    return sorted(os.path.relpath(file) for file in (root / "config/registered").glob("*.yaml"))
