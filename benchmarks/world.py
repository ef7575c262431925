"""The data of a run: the observed record where it is at hand, else a simulated world."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from detente.acquire import verify
from detente.cli.acquire import mirror_folder
from detente.files import write_frame, write_json
from detente.cli.rawformats import write_raw
from detente.config import Project, Study, load_project
from detente.design import Design, build_design, specifications
from detente.errors import RawFilesUnavailable
from detente.estimators import get
from detente.panel import build_panel
from detente.simulate import simulate_world

from benchmarks.data import cleaned, design_path, load_raw
from benchmarks.tasks import ROOT

CLAIM, ESTIMATOR = "exercise", "lpm"
SAMPLES = ("relevant", "all")


def main() -> None:
    """Find or simulate raw files below `folder`, and prepare what the tasks start from."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    project = load_project(ROOT)
    choose = _tiny if arguments.quick else _best
    study, paths = choose(project, arguments.folder)
    world = "observed record" if study.world == "observed" else "SIMULATED WORLD"
    about = {"world": world, "window": study.window, "paths": {k: str(v) for k, v in paths.items()}}
    write_json(about, arguments.folder / "world.json")
    tidy = cleaned(load_raw(arguments.folder))
    for slug, frame in tidy.items():
        write_frame(frame, arguments.folder / f"tidy.{slug}.parquet")
    panel = build_panel(tidy, study.window).frame
    lpm = specifications(study, project.claims, project.claims.claims[CLAIM], ESTIMATOR, absorbs_dyads=True)
    for spec in lpm:
        if spec.sample in SAMPLES:
            path = design_path(arguments.folder, f"lpm-{spec.sample}")
            write_frame(_columns(build_design(panel, spec)), path)


def _columns(design: Design) -> pd.DataFrame:
    """Outcome, keys and the regressors that vary within effects: libraries part ways over the others."""
    frame = pd.DataFrame({"y": design.y, "a": design.a, "b": design.b, "year": design.year})
    frame["dyad"] = frame.groupby(["a", "b"]).ngroup()
    kept = get(ESTIMATOR).fit(design).terms
    values = {term: design.x[:, design.terms.index(term)] for term in kept}
    return frame.assign(**values)


def _best(project: Project, folder: Path) -> tuple[Study, dict[str, Path]]:
    """Study of the observed record if every raw file is at hand, else of the simulated world."""
    study = project.study("paper")
    try:
        return study, _observed(project, study)
    except RawFilesUnavailable as error:
        print(f"{error}: simulating a world instead", flush=True)
    return _simulated(project.study("demo"), folder)


def _tiny(project: Project, folder: Path) -> tuple[Study, dict[str, Path]]:
    return _simulated(project.study("tiny"), folder)


def _observed(project: Project, study: Study) -> dict[str, Path]:
    """Path of every raw file, verified; raises RawFilesUnavailable naming the first that is not there."""
    mirror = mirror_folder(ROOT, study)
    places = [p for p in (mirror, ROOT / "data" / "raw") if p is not None]
    paths = {}
    for slug, record in project.sources.items():
        for pin in record.files:
            found = next((p / slug / pin.file for p in places if not verify(p / slug / pin.file, pin)), None)
            if found is None:
                raise RawFilesUnavailable(f"{slug}/{pin.file} of the observed record is not at hand")
            paths[f"{slug}/{pin.file}"] = found
    return paths


def _simulated(study: Study, folder: Path) -> tuple[Study, dict[str, Path]]:
    assert study.simulation is not None
    paths = {}
    for (slug, file), tables in simulate_world(study.simulation, study.seed).tables.items():
        paths[f"{slug}/{file}"] = folder / "raw" / slug / file
        write_raw(paths[f"{slug}/{file}"], tables)
    return study, paths


if __name__ == "__main__":
    main()
