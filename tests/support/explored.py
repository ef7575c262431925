"""The demo with made-up frames of its robustness: what its site is made from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.numerics import interval
from detente.report import Evidence, read_templates
from detente.report.explorer import ASSETS, site_frames, site_of
from detente.report.frames import FRAMES
from detente.study.multiverse import Grid, grids_of, multiverse_schema
from detente.study.robustness import SETTINGS
from detente.study.verdicts import CHECKS, RESULTS

from support import exhibit_fixtures as made
from support.compared import design_effects
from support.own_studies import robustness
from support.pages import REPORT

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000400013d0c7f3a0000000049454e44ae426082"
)
NODE = shutil.which("node")


@cache
def evidence() -> Evidence:
    """Every frame of the site; the multiverse is that of the demo's grids, with drawn numbers."""
    demo = robustness(made.evidence("demo"))
    claims, nodes = list(demo.examined), list(demo.decisions.nodes)
    frame = pd.concat([_multiverse(grid, i, nodes) for i, grid in enumerate(_grids(demo))], ignore_index=True)
    results = [(claim, name, "fail" if i == 0 else "pass", 0.5, 0.8, "too few agree") for claim in claims
               for i, name in enumerate(CHECKS)]  # fmt: skip
    given = {
        "multiverse": multiverse_schema(nodes).validated(frame),
        "checks": RESULTS.frame(results),
        "design_effects": design_effects("exercise"),
        "headline": demo.estimates,
        "design_coverage": FRAMES["design_coverage"].schema.frame(
            [(next(iter(SETTINGS)), "matching", "dyadic", 200, 50, 0.1, 0.01, 0.01, 0.94, 0.03, 0.02, 0.02, 0)]
        ),
        "ledger": demo.frame("ledger").astype({"strongest_benchmark": object}).fillna({"strongest_benchmark": ""}),
    }
    there = demo.with_frames(**given)
    # Frames that are made up for a sentence alone have too few columns to be drawn.
    schemas = {n: FRAMES[n].schema for n in site_frames(there)}
    lacking = [n for n, s in schemas.items() if not set(s.columns) <= {*there.frames.get(n, pd.DataFrame()), "claim"}]
    empty = {n: schemas[n].empty() for n in lacking if n != "ledger"}
    return there.with_frames(**{n: f if "claim" in f else f.assign(claim="") for n, f in empty.items()})


@cache
def site() -> Mapping[str, bytes]:
    """Every file of its site."""
    return built(evidence())


def built(of: Evidence) -> dict[str, bytes]:
    """Every file of a site."""
    assets = {name: (REPORT / "site" / name).read_text(encoding="utf-8") for name in ASSETS}
    templates = read_templates(REPORT) | read_templates(REPORT / "site")
    return site_of(of, dict.fromkeys(of.examined, PIXEL), assets, templates)


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The site as a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pages(files: Mapping[str, bytes]) -> dict[str, str]:
    """Pages by name."""
    return {name: content.decode("utf-8") for name, content in files.items() if name.endswith(".html")}


def in_node(claim: str, program: str) -> Any:
    """What a program returns that sees `table`, the specifications of a claim, and `Multiverse`."""
    scripts = [*((REPORT / "site" / name).read_text(encoding="utf-8") for name in ("multiverse.js", "parquet.js")),
               "const Explorers = {take(source) {this.source = source}};",
               site()[f"data/{claim}.js"].decode("utf-8"),
               "const table = Multiverse.unpacked(Explorers.source);",
               f"process.stdout.write(JSON.stringify((() => {{ {program} }})()))"]  # fmt: skip
    assert NODE
    done = subprocess.run([NODE, "-"], input="\n".join(scripts), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _grids(demo: Evidence) -> list[Grid]:
    return grids_of(demo.project, demo.study)


def _multiverse(grid: Grid, seed: int, nodes: list[str]) -> pd.DataFrame:
    rng, n = np.random.default_rng(seed), len(grid.variants)
    base, smallest = rng.choice([0.01, 0.02, 0.03], n), 0.2
    frame = pd.DataFrame(
        {
            "spec_id": [v.spec_id for v in grid.variants],
            "specification": [v.specification.name for v in grid.variants],
            "claim": grid.claim,
            **{node: [v.options[i] for v in grid.variants] for i, node in enumerate(nodes)},
            "estimand": [v.estimand for v in grid.variants],
            "equivalent": [v.equivalent for v in grid.variants],
            **dict.fromkeys(("nobs", "dyads", "states", "events", "treated"), 100),
            "mean_risk": base,
            "base_risk": base,
            "estimate": rng.normal(-0.002, 0.003, n),
            "std_error": rng.uniform(0.0005, 0.003, n),
            "df": rng.uniform(5, 60, n),
            "mde": rng.uniform(0.001, 0.02, n),
            "smallest_effect": smallest * base,
            "verdict": "inconclusive",
            "powered": rng.random(n) < 0.3,
            "error": "",
            "message": "",
            "registration": "not registered",
        }
    )
    lost = rng.random(n) < 0.05
    frame.loc[lost, ["estimate", "std_error", "df", "mde"]] = np.nan
    frame.loc[lost, ["error", "message"]] = ("EmptySample", 'no onset in "0" rows, none')
    frame = frame.assign(std_error_unrepaired=frame["std_error"], difference_error=frame["std_error"])
    frame = frame.assign(dyad_std_error=frame["std_error"], statistic=frame["estimate"] / frame["std_error"])
    ends = [interval(r.estimate, r.std_error, r.df) if r.df == r.df else (np.nan, np.nan) for r in frame.itertuples()]
    frame = frame.assign(conf_low=[low for low, _ in ends], conf_high=[high for _, high in ends])
    frame = frame.assign(mde_share=frame["mde"] / base, estimate_of_mean=frame["estimate"] / base, p_value=0.25)
    return frame[list(multiverse_schema(nodes).columns)]


def loaded(page: str) -> list[str]:
    """What a page loads or links to."""
    return re.findall(r'(?:src|href)="([^"]*)"', page)
