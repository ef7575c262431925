"""The evidence on claims: each examined, onsets predicted, the claims ledger, and the claims' registration."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.base.files import read_frame, read_json, write_bytes, write_csv, write_text
from detente.base.units import DYADS
from detente.cli.command import CSV, PARQUET, Home, Option, Output, RecordOptions, StudyOptions, command
from detente.data import project_root
from detente.study import load
from detente.study.config import CLAIMS, ClaimsFile, Project, Study
from detente.study.design import Specification, duration_terms, specification
from detente.study.estimation import designed
from detente.study.multiverse import columns_of
from detente.study.robustness import (
    OF_DESIGNS,
    PREDICTION,
    SEPARATION,
    Examination,
    Extent,
    Record,
    by_events,
    compared,
    examined_models,
    forecast,
    separation,
    task,
)
from detente.study.robustness import examine as examined

ESTIMATOR = "logit"
# Of the dyad-years of the first instrument: one that is coded in fewer would decide which rows all are judged on.
COMMON = 0.9
HEAD = """\
# Claims as they were frozen: `python -m detente register`. The checksum is of what a file says, not of its bytes; the
# first registration is the one that estimates are held against. Do not edit.
registrations:
"""


@command("step", "--study tiny --claim exercise --panel panel.parquet --states states.parquet --out designs/exercise")
def designs(
    of: StudyOptions,
    claim: Annotated[str, "id of the claim"],
    panel: Annotated[Path, "panel of its unit, parquet"],
    record: RecordOptions,
    out: Annotated[Path, Output("folder for designs.parquet and design_effects.parquet", folder=True)],
) -> None:
    """Compare a claim's headline with other designs, for treatments that switch.

    A design that the claim cannot have is a row that says why.
    """
    project, study = of.checked()
    about = project.claims.claims[claim]
    spec = specification(project, study, about)
    rows = read_frame(panel, columns_of([spec])[about.unit])
    events = by_events(about, rows, *record.read())
    made = compared(rows, spec, study.seed_of(about.id), events)
    for name, frame in made.items():
        OF_DESIGNS[name].write(frame, out / f"{name}.parquet")
    for design, failure in made["designs"][["design", "failure"]].astype("str").itertuples(index=False, name=None):
        if failure:
            print(f"{about.id}, {design}: {failure}")


@command("step", "--study tiny --claim exercise --panel panel.parquet --states states.parquet --out examined/exercise")
def examine(
    of: StudyOptions,
    claim: Annotated[str, "id of the claim"],
    panel: Annotated[Path, "panel of its unit, parquet"],
    record: RecordOptions,
    out: Annotated[Path, Output("folder for one parquet a frame", folder=True)],
    designs: Annotated[Path | None, "folder of the claim by other designs (default: estimated here)"] = None,
    groups: Annotated[
        Sequence[Path], Option("tidy members of its k-ads, parquet, if they are no exercises", nargs="*")
    ] = (),
) -> None:
    """Examine a claim's headline: power, confounders, negative controls, influence, randomisation, other designs.

    A frame that does not exist for this claim is empty, and `failures` says why.
    """
    project, study = of.checked()
    about = project.claims.claims[claim]
    members = read_frame(groups[0]) if groups else None
    spec = specification(project, study, about)
    needed = columns_of(examined_models(spec))[about.unit]
    rows = Record(read_frame(panel, needed), *record.read(), members)
    ready = {n: schema.read(designs / f"{n}.parquet") for n, schema in OF_DESIGNS.items()} if designs else {}
    examination = examined(rows, spec, study.seed_of(about.id), study.seed_of(about.family), Extent(ready=ready))
    examination.write(out)
    for row in examination.failures.itertuples():
        print(f"{about.id}, {row.part}: {row.error}: {row.message}")


@command("step", "--study tiny --panel panel.parquet --metrics prediction.parquet --separation separation.parquet")
def predict(
    of: StudyOptions,
    metrics: Annotated[Path, Output("table to write: how good each model is", endings=PARQUET)],
    separation_: Annotated[Path, Output("table to write: onsets by predicted risk", endings=PARQUET)],
    panel: Annotated[
        Path | None, Option("panel of dyad-years, parquet; none where no claim is about them", nargs="?")
    ] = None,
) -> None:
    """Predict onsets that models have not seen, with and without each instrument.

    On the study's headline sample; an instrument that is coded in too few years is left out, and named.
    """
    project, study = of.checked()
    specs = predicted(project, study)
    if not specs:
        print("no claim that is examined is about an instrument between two states: nothing is predicted")
        PREDICTION.write(PREDICTION.empty(), metrics)
        SEPARATION.write(SEPARATION.empty(), separation_)
        return
    if panel is None:
        raise ConfigError("--panel: name the panel of dyad-years, as claims about them are examined")
    rows = read_frame(panel, columns_of(specs)[DYADS])
    # What an instrument adds to a prediction hangs on no contrast of it, so that one without length does no harm.
    designs = {spec.claim.id: designed(rows, spec)[0] for spec in specs}
    whole = len(designs[specs[0].claim.id].y)
    for name in [n for n, d in designs.items() if len(d.y) < COMMON * whole]:
        print(f"{name}: coded in {len(designs.pop(name).y):,} of {whole:,} dyad-years, left out")
    made = forecast(task(designs, _base(specs[0])), seed=study.seed_of("prediction"))
    PREDICTION.write(made.metrics, metrics)
    SEPARATION.write(separation(made.predictions), separation_)


def predicted(project: Project, study: Study) -> list[Specification]:
    """Of the examined claims about an instrument between two states, those of one outcome; the study's own first."""
    named = {claim.id: claim for claim in project.examined(study)}
    ordered = dict.fromkeys([*(name for name in study.claims if name in named), *named])
    claims = [c for c in map(named.__getitem__, ordered) if c.family == "instruments"]
    claims = [c for c in claims if c.unit == DYADS and c.moderator is None]
    same = (c for c in claims if c.outcome == claims[0].outcome)
    specs = (specification(project, study, claim, ESTIMATOR, study.headline) for claim in same)
    # Instruments are compared in the same years.
    return [replace(spec, window=study.window) for spec in specs]


def _base(spec: Specification) -> list[str]:
    """Terms of geography and of years at peace."""
    terms = [c.variable for c in spec.controls if c.role == "geography"]
    counted = (duration_terms(c.variable, np.empty(0), spec.duration) for c in spec.controls if c.role == "duration")
    return [*terms, *(term for terms in counted for term in terms)]


@command("step", "--study claims --claim growing_multilateralism --tidy tidy --out described/growing_multilateralism")
def described(
    of: StudyOptions,
    claim: Annotated[str, "the claim to describe"],
    tidy: Annotated[Path, "folder of tidy tables, <source>.parquet"],
    out: Annotated[Path, Output("folder for findings and series", folder=True)],
) -> None:
    """Estimate or show a claim that no onset among dyads at risk can answer, by the method that it names."""
    from detente.study.described import FINDINGS, SERIES, sources_of
    from detente.study.described import described as found

    project, study = of.declared()
    if claim not in project.claims.described:
        raise ConfigError(
            f"--claim: {claim!r} is not described in {CLAIMS}; {choices(claim, project.claims.described)}"
        )
    about = project.claims.described[claim]
    tables = {slug: read_frame(tidy / f"{slug}.parquet") for slug in sources_of(about)}
    findings, series = found(about, tables, study.seed_of(claim)).frames(claim)
    FINDINGS.write(findings, out / "findings.parquet")
    SERIES.write(series, out / "series.parquet")
    for row in findings.itertuples():
        print(f"{row.quantity}: {row.estimate:.4g} ({row.conf_low:.4g} to {row.conf_high:.4g}) {row.unit}")


@dataclass(frozen=True)
class Evidence:
    """What the ledger is written from."""

    examined: Annotated[Path, "folder with one folder a claim"]
    joint: Annotated[Path, "folder of joint tests, joint.<claim>.parquet"]
    multiverse: Annotated[Path, "multiverse.parquet"]
    described: Annotated[Path | None, "folder with one folder a described claim"] = None
    truth: Annotated[Path | None, "truth.json of a simulated world"] = None

    def findings(self, claim: str) -> Path:
        """Findings of a described claim; raises ConfigError if no folder is named."""
        if self.described is None:
            raise ConfigError(f"--described: name the folder of described claims, as {claim!r} is one of the study's")
        return self.described / claim / "findings.parquet"


@command("step", "--study tiny --examined examined --joint joint --multiverse all.parquet --out out --csv ledger.csv")
def ledger(
    of: StudyOptions,
    known: Evidence,
    out: Annotated[
        Path, Output("folder for ledger, checks, families, what is pooled of these, and score", folder=True)
    ],
    csv: Annotated[Path, Output("table to write: one row per claim", endings=CSV)],
) -> None:
    """Write the claims ledger: one row per claim, from its headline to its verdict."""
    from detente.study.described import FINDINGS
    from detente.study.robustness import SCORE, score
    from detente.study.verdicts import (
        FAMILIES,
        LEDGER,
        POOLED,
        POOLED_CLAIMS,
        RESULTS,
        Findings,
        checks,
        families_of,
        pooled_families,
        standings,
        under_headline,
    )
    from detente.study.verdicts import ledger as ledger_of

    project, study = of.checked()
    whole = under_headline(project, read_frame(known.multiverse))
    parts = {claim.id: Examination.read(known.examined / claim.id) for claim in project.examined(study)}
    grouped = families_of(project, parts)
    findings = {}
    for name, part in parts.items():
        tests, own = read_frame(known.joint / f"joint.{name}.parquet"), grouped[grouped["member"] == name]
        findings[name] = Findings(study.vcov[0], part, whole[whole["claim"] == name], tests, own)
    judged = {c.id: FINDINGS.read(known.findings(c.id)) for c in project.described_by(study)}
    made = ledger_of(project.claims, study.headline, findings, standings(project), judged)
    LEDGER.write(made, out / "ledger.parquet")
    RESULTS.write(checks(project.claims, findings), out / "checks.parquet")
    FAMILIES.write(grouped, out / "families.parquet")
    pooled, members = pooled_families(project.claims.claims, parts, study.vcov[0])
    POOLED.write(pooled, out / "pooled.parquet")
    POOLED_CLAIMS.write(members, out / "pooled_claims.parquet")
    planted = read_json(known.truth)["effects"] if known.truth is not None else {}
    SCORE.write(score(made, whole, planted), out / "score.parquet")
    write_csv(made, csv)


def day(text: str) -> str:
    """Read a date; returns it as it stands."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-11-22") from None


@command("claims", "--date 2027-01-31")
def register(
    date_: Annotated[str, Option("day of the registration", "YYYY-MM-DD", day)],
    seen: Annotated[str, "what had been seen of results before, in sentences for the reader"] = "",
    estimated: Annotated[Sequence[str], Option("claims that had been estimated before", "CLAIM")] = (),
    root: Home = None,
) -> None:
    """Freeze the claims, with a date and a checksum."""
    from detente.study.verdicts import FOLDER, INDEX, Registration, digest, registered, registrations

    home = root or project_root()
    load(home)
    claims = strict.read(home / CLAIMS, ClaimsFile)
    registered(home)
    earlier = registrations(home)
    for claim in estimated:
        if claim not in claims.claims:
            raise ConfigError(f"--estimated: {claim!r} is no claim; {choices(claim, claims.claims)}")
    file, before = f"claims-{date_}.yaml", tuple(estimated)
    new = Registration(file=file, date=date_, sha256=digest(claims), estimated=before, seen=seen)
    place = FOLDER / new.file
    if (home / place).exists():
        raise ConfigError(f"{place}: claims were registered on {date_}; a registration is not overwritten")
    if earlier and date_ <= earlier[-1].date:
        raise ConfigError(f"--date: {date_} is not after {earlier[-1].date}, the last registration")
    if same := next((each for each in earlier if each.sha256 == new.sha256), None):
        raise ConfigError(f"{CLAIMS}: says what was registered on {same.date}: there is nothing to register")
    write_bytes((home / CLAIMS).read_bytes(), home / place)
    blocks = "".join(
        f'  - file: {each.file}\n    date: "{each.date}"\n    sha256: {each.sha256}\n'
        + (f"    estimated: [{', '.join(each.estimated)}]\n" if each.estimated else "")
        + (f"    seen: {json.dumps(each.seen, ensure_ascii=False)}\n" if each.seen else "")
        for each in (*earlier, new)
    )
    write_text(HEAD + blocks, home / INDEX)
    print(f"{place}: {len(claims.claims)} claims, {len(claims.untested)} untested, sha256 {new.sha256}")
