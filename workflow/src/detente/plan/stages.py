"""What the plans of a study and of its robustness share: files, configuration, exhibits."""

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import get_args

from detente.base.files import sha256
from detente.base.units import Unit
from detente.plan import code
from detente.report import Exhibit, Kind, Page, Per, Traits, exhibits_of, traits_of
from detente.study.config import Project, Study

# How a panel of each unit is asked for.
ASKED: Mapping[Unit, str] = {"dyad-year": "", "directed-dyad-year": "--directed ", "state-year": "--unit state-year "}
# What sites show where it was made, and do not ask for.
COMPARED, VERIFIED = "reports/replicate/replication.csv", "robustness/verification.html"
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

    def own_windows(self, *names: str) -> list[str]:
        """Processed files that a study has whose claims have years of their own."""
        return self.processed(*names) if self.traits.windows else []

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

    def joining(self, slugs: Iterable[str]) -> str:
        """Options: sources that a panel joins, tables of the user's own as they are declared."""
        listed = list(slugs)
        recorded = " ".join(slug for slug in listed if slug not in self.project.data)
        tables = " ".join(map(quote, self.declared(slug for slug in listed if slug in self.project.data)))
        return f"--add {recorded} --own {tables}" if tables else f"--add {recorded}"

    def declared(self, slugs: Iterable[str]) -> list[str]:
        """What is said of tables of the user's own."""
        return [canonical(self.project.data[slug].definition.model_dump(mode="json")) for slug in slugs]

    def defined(self, wanted: Collection[str] | None = None) -> str:
        """Options: variables that the study makes of those of the panel; of some that are `wanted`, and their parts."""
        known = self.project.variables
        used = set(known if wanted is None else wanted)
        while more := {need for name in used & known.keys() for need in known[name].needs} - used:
            used |= more
        said = (canonical(item.model_dump(mode="json")) for name, item in known.items() if name in used)
        options = " ".join(map(quote, said))
        return f" --define {options}" if options else ""

    def verified(self) -> str:
        """The option that names the page of a second build, where there was one."""
        pages = [page for page in self.report(VERIFIED) if Path(page).is_file()]
        return f"--verified {pages[0]}" if pages else ""

    def beside(self) -> str:
        """Checksums of what the site shows where it is there, and does not ask for: a change makes it again."""
        files = [Path(file) for file in (COMPARED, *self.report(VERIFIED))]
        return canonical({file.as_posix(): sha256(file) for file in files if file.is_file()})

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

    def page_code(self, command: str, *pages: Page) -> list[str]:
        """A command that makes pages, with the modules of every exhibit there, which hold its captions."""
        exhibits = [e for page in pages for per in get_args(Per) for e in exhibits_of(self.traits, page, per=per)]
        return code.command(command, *sorted({exhibit.module for exhibit in exhibits}))


def registrations(root: Path) -> list[str]:
    """Registered claims, if there are any."""
    return sorted(os.path.relpath(file) for file in (root / "config/registered").glob("*.yaml"))
