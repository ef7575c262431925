"""The demo with made-up frames of its robustness: what its site is made from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detente.base.numerics import interval
from detente.provenance import ancestry
from detente.replicate import COMPARISON
from detente.report import Evidence, exhibits_of, read_templates
from detente.report.explorer import ASSETS, Origin, Published, site_frames, site_of
from detente.report.frames import FRAMES, frame_files
from detente.study.multiverse import Grid, grids_of, multiverse_schema
from detente.study.robustness import SETTINGS
from detente.study.verdicts import CHECKS, RESULTS

from support import exhibit_fixtures as made
from support.compared import design_effects
from support.own_studies import robustness
from support.pages import REPORT

PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
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
    given["joint_draws"] = _joint_draws(given["multiverse"], demo.frame("ledger")["joint_scheme"].dropna().iloc[0])
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
    return site_of(of, origin(), dict.fromkeys(of.examined, PIXEL), assets, templates)


@cache
def origin() -> Origin:
    """A study of few steps: raw files, a panel, a step for each kind of frame, and the paper's exhibits."""
    of = evidence()
    name, frames = of.study.name, site_frames(of)
    folders = (f"data/processed/{name}", f"reports/{name}")
    files = [f for n in frames for f in frame_files([n], *folders, list(of.examined), [], list(of.study.claims))]
    shown = [e.files(name)[0] for e in exhibits_of(of.traits) if e.files(name)]
    receipt, panel, raw = (f"data/processed/{name}/{end}" for end in ("raw/mme.json", "panel.parquet", "mme.csv"))
    step = {"command": "python -m detente step", "modules": ["workflow/src/detente/cli/raw.py"], "settings": [],
            "software": "one"}  # fmt: skip
    said = {"sha256": "0" * 64, "bytes": 8}
    steps = {
        "acquire.mme": {"rule": "acquire", "inputs": [], **step},
        "panel": {"rule": "panel", "inputs": [receipt], **step},
        "examine": {"rule": "examine", "inputs": [panel], **step},
        "tables": {"rule": "tables", "inputs": files[:3], **step},
    }
    graph = {
        "files": {
            receipt: {**said, "step": "acquire.mme", "raw": [raw]},
            panel: {**said, "step": "panel"},
            **{file: {**said, "step": "examine"} for file in files},
            **{file: {**said, "step": "tables"} for file in shown},
        },
        "raw": {raw: {"source": "mme", "file": "mme.csv", **said, "address": None}},
        "steps": steps,
        "modules": {"workflow/src/detente/cli/raw.py": "1" * 64},
        "software": {"one": {"python": "3.11.7", "packages": {"pandas": "2.3.0"}}},
    }
    return Origin(
        graph=graph, traced=partial(ancestry, graph), made={"commit": "2" * 40, "dirty": False, "seed": 1},
        python="3.11.7", packages={"pandas": "2.3.0"}, verified=(),
        paper={"html": b"<!doctype html>paper\n", "pdf": b"%PDF paper\n"}, published=published(),
    )  # fmt: skip


def published(*, compared: bool = True) -> Published:
    """Two tables: one with an exact and a different number, and one without its data."""
    rows = [
        ("one", "logit", "major", "estimate", "2.43", 2.4334, 0.0034, "exact", "", "0.01", "a"),
        ("one", "logit", "contig", "std_error", "0.16", 0.21, 0.05, "different", "not the same", "0.01", "a"),
        ("two", "probit", "", "nobs", "3,126", None, None, "data not at hand", "see the ways on", "1", "b"),
    ]
    words = {"one": ("First table", "Author 2001", {"one.dta": "https://example.org/one.dta"}),
             "two": ("Second table", "Author 2002", {"two.tab": None})}  # fmt: skip
    return Published(COMPARISON.frame(rows), words, compared=compared)


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The site as a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pages(files: Mapping[str, bytes]) -> dict[str, str]:
    """Pages by name, without the paper."""
    of_paper = "paper/"
    own = {name: content for name, content in files.items() if not name.startswith(of_paper)}
    return {name: content.decode("utf-8") for name, content in own.items() if name.endswith(".html")}


def in_node(claim: str, program: str) -> Any:
    """What a program returns that sees `Multiverse`, `Joint`, a claim's `table` and its `drawn` curves."""
    names = ("packing.js", "multiverse.js", "joint.js", "parquet.js")
    scripts = [*((REPORT / "site" / name).read_text(encoding="utf-8") for name in names),
               "const Explorers = {take(claim, text) {this.text = text}, draw(claim, text) {this.drawn = text}};",
               site()[f"data/{claim}.js"].decode("utf-8"), site()[f"data/{claim}.draws.js"].decode("utf-8"),
               "(async () => { const table = Multiverse.unpacked(await Packing.opened(Explorers.text));",
               "const drawn = Explorers.drawn && Joint.unpacked(await Packing.opened(Explorers.drawn));",
               f"const found = (() => {{ {program} }})();",
               "process.stdout.write(JSON.stringify(found)); })();"]  # fmt: skip
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


def _joint_draws(multiverse: pd.DataFrame, scheme: str) -> pd.DataFrame:
    """Draws of most equivalent specifications of the first claim, alike as those of one curve are, some without a t."""
    rng, claim = np.random.default_rng(7), str(multiverse["claim"].iloc[0])
    mine = multiverse[(multiverse["claim"] == claim) & multiverse["equivalent"] & (multiverse["error"] == "")]
    mine, draws = mine.iloc[:-3], 499
    t = 0.8 * rng.normal(size=(draws, 1)) + 0.6 * rng.normal(size=(draws, len(mine)))
    t[rng.random(t.shape) < 0.02] = np.nan
    t[:3] = np.nan
    frame = {
        "scheme": scheme, "spec_id": np.tile(mine["spec_id"], draws), "draw": np.repeat(np.arange(draws), len(mine)),
        "statistic": t.ravel(), "observed": np.tile(mine["statistic"], draws), "claim": claim,
    }  # fmt: skip
    return pd.DataFrame(frame)


def loaded(page: str) -> list[str]:
    """What a page loads or links to."""
    return re.findall(r'(?:src|href)="([^"]*)"', page)
