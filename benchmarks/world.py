"""The data of a run: the observed record where it is at hand, else a simulated world and made sources of its size."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from detente.base.errors import RawFilesUnavailable
from detente.base.files import write_frame, write_json
from detente.cli.formats import write_raw
from detente.cli.raw import mirror_folders
from detente.data.acquire import verify
from detente.data.panel import build_panel
from detente.data.sources import REGISTRY
from detente.simulate import simulate_world
from detente.stats.contract import with_fixed_effects
from detente.stats.frame import ModelFrame
from detente.stats.registry import get
from detente.study.config.project import Project, Study, load_project
from detente.study.design import build_design, specifications

from benchmarks.data import JOINED, cleanable, cleaner, design_path, joined, tidy_path
from benchmarks.dyads import write_dyads
from benchmarks.made import made_world
from benchmarks.switches import write_switches
from benchmarks.tasks import ROOT

CLAIM, ESTIMATOR = "exercise", "lpm"
SAMPLES = ("relevant", "all")
OBSERVED, SIMULATED = "observed record", "SIMULATED WORLD"
# Years and states of the panels; of a quick run's, small enough for a test.
WINDOW, STATES = (1816, 2014), 199
QUICK_WINDOW, QUICK_STATES = (1970, 2012), 15


def main() -> None:
    """Find or simulate raw files below `folder`, and prepare what the tasks start from."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    folder, project = arguments.folder, load_project(ROOT)
    study, paths = _simulated(project.study("tiny"), folder) if arguments.quick else _best(project, folder)
    observed = study.world == "observed"
    window = QUICK_WINDOW if arguments.quick else WINDOW
    about = {
        "world": OBSERVED if observed else SIMULATED,
        "window": window,
        "paths": {name: str(path) for name, path in paths.items()},
    }
    write_json(about, folder / "world.json")
    clean = cleaner(paths)
    wanted = {*study.sources, *(JOINED if observed else ())}
    tidy = {slug: clean(source) for slug, source in REGISTRY.items() if slug in wanted}
    _write_designs(project, study, tidy, folder)
    write_dyads(folder, quick=arguments.quick)
    write_switches(folder, quick=arguments.quick)
    states = QUICK_STATES if arguments.quick else STATES
    panels = tidy if observed else made_world(joined(), states, window)
    for source in joined():
        write_frame(panels[source.slug], tidy_path(folder, source.slug))


def _write_designs(project: Project, study: Study, tidy: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """What the regressions start from."""
    panel = build_panel(tidy, [REGISTRY[slug] for slug in REGISTRY if slug in study.sources], study.window).frame
    lpm = specifications(project, study, project.claims.claims[CLAIM], ESTIMATOR)
    for spec in lpm:
        if spec.sample.name in SAMPLES:
            write_frame(_columns(build_design(panel, spec)), design_path(folder, f"lpm-{spec.sample.name}"))


def _columns(design: ModelFrame) -> pd.DataFrame:
    """Outcome, keys and the regressors that vary within effects: libraries part ways over the others."""
    frame = pd.DataFrame({"y": design.y, "a": design.side1, "b": design.side2, "year": design.time})
    frame["dyad"] = frame.groupby(["a", "b"]).ngroup()
    estimator = get(ESTIMATOR)
    kept = estimator.fit(with_fixed_effects(design, estimator)).terms
    values = {term: design.x[:, design.terms.index(term)] for term in kept}
    return frame.assign(**values)


def _best(project: Project, folder: Path) -> tuple[Study, dict[str, Path]]:
    """Study of the observed record if its raw files are at hand, else of the simulated world."""
    study = project.study("paper")
    try:
        return study, _observed(project, study)
    except RawFilesUnavailable as error:
        print(f"{error}: simulating a world instead", flush=True)
    return _simulated(project.study("demo"), folder)


def _observed(project: Project, study: Study) -> dict[str, Path]:
    """Path of every raw file at hand, verified; raises RawFilesUnavailable unless all that panels need are."""
    places = [*mirror_folders(ROOT, study), ROOT / "data" / "raw"]
    paths = {}
    for slug, record in project.sources.items():
        for pin in record.files:
            candidates = (place / (record.folder or slug) / pin.file for place in places)
            found = next((path for path in candidates if not verify(path, pin)), None)
            if found is not None:
                paths[f"{slug}/{pin.file}"] = found
    at_hand = {source.slug for source in cleanable(paths)}
    if missing := {*JOINED, *study.sources} - at_hand:
        raise RawFilesUnavailable(f"raw files of the observed record are not at hand ({', '.join(sorted(missing))})")
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
