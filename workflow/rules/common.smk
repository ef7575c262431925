import json
import os
import sys
from functools import cache
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
SOURCE_ROOT = ROOT / "workflow" / "src"
sys.path.insert(0, str(SOURCE_ROOT))

from detente.data.acquire import broken
from detente.study.project import load
from detente.study.design.specification import as_json, specifications
from detente.base.errors import DetenteError
from detente.stats.registry import get
from detente.provenance import commit, versions
from detente.base.code import modules_used
from detente.study.robustness.frames import EXAMINED
from detente.data.sources import REGISTRY

# Jobs run the interpreter that runs Snakemake, activated or not, and the package of this checkout.
shell.prefix(
    f'set -euo pipefail; export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"'
    f" PYTHONPATH={quote(str(SOURCE_ROOT))} PYTHONHASHSEED=0; "
)

# A study of one's own comes as --configfile; it is a study file, checked as strictly as the shipped ones.
OVERRIDES = [Path(f) for f in workflow.configfiles]
if len(OVERRIDES) > 1:
    raise WorkflowError(
        "give one study file with --configfile; use `extends:` to start from another"
    )
OVERRIDE = OVERRIDES[0] if OVERRIDES else None

try:
    PROJECT = load(ROOT, OVERRIDE)
except DetenteError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}") from None

STUDIES = PROJECT.studies
OBSERVED = [name for name, study in STUDIES.items() if study.world == "observed"]
SIMULATED = [name for name, study in STUDIES.items() if study.world == "simulated"]
SLUGS = {name: list(PROJECT.sources_of(study)) for name, study in STUDIES.items()}
ARGUMENTS = f"--root {quote(os.path.relpath(ROOT))}" + (
    f" --override {quote(os.path.relpath(OVERRIDE))}" if OVERRIDE else ""
)


wildcard_constraints:
    study="[a-z][a-z0-9_]*",
    claim="[a-z][a-z0-9_]*",
    estimator="[a-z][a-z0-9_]*",
    slug="[a-z0-9][a-z0-9.-]*",


def code(*entries, registries=()):
    """Files of the package that a rule runs, relative, so that a moved checkout reruns nothing.

    The dispatcher is left out: a new verb changes no result.
    """
    lists = ["detente.cli", *registries]
    files = {
        f
        for e in entries
        for f in modules_used(SOURCE_ROOT / "detente", f"detente.{e}", lists)
    }
    return sorted(os.path.relpath(f) for f in files)


def canonical(content):
    """JSON with one spelling for one content: what a rule reads of the configuration, so that a change reruns it."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def verbatim(text):
    """A params function: this very text, braces and all."""
    return lambda wildcards: text


def study_content(study, *keys):
    """The named fields of a study."""
    return canonical(STUDIES[study].model_dump(mode="json", include=set(keys)))


def study_fields(*keys):
    """A params function: the named fields of the study."""
    return lambda wildcards: study_content(wildcards.study, *keys)


def with_claims(*keys):
    """A params function: the named fields of the study, its claims and their controls."""

    def content(wildcards):
        study = STUDIES[wildcards.study]
        claims = [c.model_dump(mode="json") for c in PROJECT.claims_of(study)]
        controls = {
            k: v.model_dump(mode="json") for k, v in PROJECT.claims.controls.items()
        }
        return canonical(
            [
                study_fields(*keys)(wildcards),
                claims,
                controls,
                PROJECT.claims.smallest_effect,
            ]
        )

    return content


TABLES = {"observed": ["sample_flow", "descriptives", "main", "samples"]}
TABLES["simulated"] = [*TABLES["observed"], "coverage"]
FIGURES = ["coefficients", "timeline", "partners", "raw_risk"]
TABLE_FORMATS = ["html", "tex", "typ", "csv"]
FIGURE_FORMATS = ["svg", "pdf", "png"]
COUNTS = ["sample_flow", "descriptives", "timeline", "partners", "raw_risk"]
SETTINGS = with_claims(
    "title",
    "abstract",
    "world",
    "samples",
    "estimators",
    "covariances",
    "headline",
    "window",
    "simulation",
)


def alternatives(names):
    """A wildcard constraint that matches just these names."""
    return "|".join(names) or "$^"


def per_source(kind, ending):
    """An input function: one file a source of the study, e.g. tidy/<slug>.parquet."""

    def files(wildcards):
        folder = f"data/processed/{wildcards.study}/{kind}"
        return [f"{folder}/{slug}.{ending}" for slug in SLUGS[wildcards.study]]

    return files


def receipts_of(study):
    """Receipts of all raw files of a study."""
    return [f"data/processed/{study}/raw/{slug}.json" for slug in SLUGS[study]]


def simulated_files(study):
    """Raw files that a simulated world writes for the sources of a study."""
    records = PROJECT.sources_of(STUDIES[study]).items()
    return sorted(
        {
            f"data/simulated/{study}/{record.folder or slug}/{f.file}"
            for slug, record in records
            for f in record.files
        }
    )


def records(study):
    """What config/sources.yaml says of every source of a study."""
    chosen = PROJECT.sources_of(STUDIES[study])
    return canonical(
        {slug: record.model_dump(mode="json") for slug, record in chosen.items()}
    )


def changed_since(study):
    """Raw files that no longer are what an earlier run verified."""
    return broken(sorted(Path(f"data/processed/{study}/raw").glob("*.json")))


def receipts(wildcards):
    """Receipts of the raw files that a source is cleaned from."""
    slugs = {table.slug or wildcards.slug for table in REGISTRY[wildcards.slug].raw}
    return [
        f"data/processed/{wildcards.study}/raw/{slug}.json" for slug in sorted(slugs)
    ]


def cleaning_code(wildcards):
    """The front desk and the one module that cleans this source."""
    cleaner = REGISTRY[wildcards.slug].clean.__module__.removeprefix("detente.")
    return code("cli.clean", cleaner, "data.sources.schema", registries=["detente.data.sources"])


def whittling(wildcards):
    """The rules that leave one dispute a dyad-year, where a source needs them."""
    rules = PROJECT.sources[wildcards.slug].whittle
    return "--whittle " + " ".join(quote(rule) for rule in rules) if rules else ""


def panel_code(wildcards):
    """The builder of panels and the modules of the sources that the study joins."""
    modules = {REGISTRY[slug].clean.__module__ for slug in SLUGS[wildcards.study]}
    names = [name.removeprefix("detente.") for name in sorted(modules)]
    return code("cli.panel", *names, registries=["detente.data.sources"])


def estimating_code(wildcards):
    """The front desk and the one estimator that is used."""
    return code(
        "cli.estimate",
        f"{get(wildcards.estimator).module}",
        registries=["detente.stats.registry"],
    )


def specifications_json(wildcards):
    """The specifications of one claim and estimator: all that the job knows of the configuration."""
    claim = PROJECT.claims.claims[wildcards.claim]
    study = STUDIES[wildcards.study]
    return as_json(specifications(PROJECT, study, claim, wildcards.estimator))


def parts(kind):
    """An input function: one file a claim and estimator, in the study's order."""

    def files(wildcards):
        folder = f"data/processed/{wildcards.study}/{kind}"
        return [f"{folder}/{model}.parquet" for model in models(wildcards)]

    return files


def evidence(wildcards):
    """What exhibits are made from: tidy estimates and counts, nothing else."""
    folder = f"data/processed/{wildcards.study}"
    frames = [*COUNTS, "failures", "attrition"]
    return [
        f"{folder}/estimates.parquet",
        *(f"{folder}/describe/{frame}.parquet" for frame in frames),
    ]


def evidence_options(wildcards, input):
    """Where a verb finds its evidence."""
    estimates = next(f for f in input.evidence if f.endswith("estimates.parquet"))
    return f"{ARGUMENTS} --study {wildcards.study} --estimates {estimates} --describe {Path(estimates).parent}/describe"


def settings_files(wildcards):
    """What a user may edit, and what fixes the software: their checksums stand in the manifest."""
    files = PROJECT.files_of(STUDIES[wildcards.study])
    lock = ROOT / "requirements.lock"
    return [os.path.relpath(f) for f in [*files, *([lock] if lock.is_file() else [])]]


def templates(*names):
    """Templates, relative like code."""
    return [os.path.relpath(ROOT / "workflow" / "report" / name) for name in names]


def exhibit(kind, name, ending):
    """One exhibit, labelled for `snakemake --report`."""
    return report(
        f"reports/{{study}}/{kind}/{name}.{ending}",
        caption=f"../report/captions/{name}.rst",
        category=kind.capitalize(),
        labels={"study": "{study}", "exhibit": name.replace("_", " ")},
    )


def tables(wildcards):
    """Every table of a study in every format; a simulated world has more."""
    return [
        f"reports/{wildcards.study}/tables/{name}.{ending}"
        for name in TABLES[STUDIES[wildcards.study].world]
        for ending in TABLE_FORMATS
    ]


def coverage(wildcards):
    """How often intervals hold an effect, where a world was simulated."""
    return (
        [f"data/processed/{wildcards.study}/coverage.parquet"]
        if wildcards.study in SIMULATED
        else []
    )


def truth(wildcards):
    """The planted effects, where a world was simulated."""
    return (
        [f"data/processed/{wildcards.study}/truth.json"]
        if wildcards.study in SIMULATED
        else []
    )


def models(wildcards):
    """Every claim and estimator of a study, as their files are called."""
    study = STUDIES[wildcards.study]
    return [f"{c}.{e}" for c in study.claims for e in study.estimators]


def exhibits(wildcards):
    """What a reader sees of a study, but for the paper that holds it all."""
    study = wildcards.study
    shown = ["numbers.json", "estimates.csv", "sample_flow.csv"]
    shown += ["recovery.csv"] if study in SIMULATED else []
    shown += [f"figures/{f}.{ending}" for f in FIGURES for ending in FIGURE_FORMATS]
    return [*(f"reports/{study}/{f}" for f in shown), *tables(wildcards)]


def products(wildcards):
    """All that a study is made of and consists of, but for its raw files: what the manifest lists."""
    simulated = wildcards.study in SIMULATED
    processed = [
        *(
            f"{kind}/{slug}.parquet"
            for kind in ("tidy", "ledger")
            for slug in SLUGS[wildcards.study]
        ),
        *("ledger.parquet", "panel.parquet", "codebook.csv", "estimates.parquet"),
        *(
            f"{kind}/{model}.parquet"
            for kind in ("estimates", "failures", "attrition")
            for model in models(wildcards)
        ),
        *(f"describe/{frame}.parquet" for frame in (*COUNTS, "failures", "attrition")),
        *(["truth.json", "coverage.parquet"] if simulated else []),
    ]
    study = wildcards.study
    return [
        *(f"data/processed/{study}/{f}" for f in processed),
        *(f"reports/{study}/{f}" for f in ("paper.pdf", "index.html")),
        *exhibits(wildcards),
    ]


def benchmarks(wildcards):
    """Benchmarks of the steps that lead to a study's manifest, some of which may be gone."""
    simulated = wildcards.study in SIMULATED
    steps = [
        "simulate" if simulated else "acquire",
        *(f"clean.{slug}" for slug in SLUGS[wildcards.study]),
        *("panel", "describe"),
        *(f"estimate.{model}" for model in models(wildcards)),
        *("collect", "tables", "figures", "numbers"),
        *(["coverage", "recovery"] if simulated else []),
        *("provenance", "lineage", "publish"),
    ]
    return [f"data/processed/{wildcards.study}/benchmarks/{step}.tsv" for step in steps]


# Of all specifications: grids are made when a rule asks for them; other targets do without.
UNITS = {"dyad-year": False, "directed-dyad-year": True}
CURVE_FORMATS = ["pdf", "svg", "png"]
MULTIVERSE_TABLES = ["multiverse_samples", "multiverse_shares"]


@cache
def grids(study):
    """Grids of the claims that a study examines, by claim."""
    from detente.study.multiverse.grids import grids_of

    try:
        return {grid.claim: grid for grid in grids_of(PROJECT, STUDIES[study])}
    except DetenteError as error:
        raise WorkflowError(f"{type(error).__name__}: {error}") from None


def examined(study):
    """Ids of the claims that a study examines."""
    return [claim.id for claim in PROJECT.examined(STUDIES[study])]


@cache
def panel_variables(study):
    """Variables of the panels, by whether they are directed."""
    from detente.study.multiverse.grids import variables_of

    return variables_of(PROJECT, STUDIES[study], list(grids(study).values()))


def panel_sources(wildcards):
    """Sources that a panel is made from."""
    from detente.study.multiverse.grids import sources_of

    variables = panel_variables(wildcards.study)
    return sources_of(STUDIES[wildcards.study], variables)[UNITS[wildcards.unit]]


def panel_inputs(kind):
    """An input function: one file a source of the panel."""

    def files(wildcards):
        folder = f"data/processed/{wildcards.study}/{kind}"
        return [f"{folder}/{slug}.parquet" for slug in panel_sources(wildcards)]

    return files


def panel_modules(wildcards):
    """The builder of panels and the modules of the sources that it joins."""
    modules = {REGISTRY[slug].clean.__module__ for slug in panel_sources(wildcards)}
    names = [name.removeprefix("detente.") for name in sorted(modules)]
    return code("cli.panel", *names, registries=["detente.data.sources"])


def panel_years(wildcards):
    """First and last year, and years before the first."""
    from detente.study.multiverse.grids import years_of

    return years_of(STUDIES[wildcards.study], list(grids(wildcards.study).values()))


def panels(wildcards):
    """Panels that the claim's specifications, or all of the study's, need."""
    units = {directed: unit for unit, directed in UNITS.items()}
    made = grids(wildcards.study)
    mine = [made[wildcards.claim]] if hasattr(wildcards, "claim") else made.values()
    kinds = sorted(
        {v.specification.claim.directed for grid in mine for v in grid.variants}
    )
    folder = f"data/processed/{wildcards.study}/robustness"
    return [f"{folder}/{units[kind]}.parquet" for kind in kinds]


def part_ids(wildcards):
    """Ids of a part's specifications: a change of any reruns the part."""
    from detente.study.multiverse.grid import shards

    parts = shards(grids(wildcards.study)[wildcards.claim])
    return canonical([v.spec_id for v in parts[int(wildcards.shard)]])


def multiverse_parts(wildcards):
    """Parts of a claim's multiverse, or of all claims'."""
    from detente.study.multiverse.grid import shards

    made = grids(wildcards.study)
    mine = [wildcards.claim] if hasattr(wildcards, "claim") else list(made)
    folder = f"data/processed/{wildcards.study}/multiverse"
    return [
        f"{folder}/{c}.{i}.parquet" for c in mine for i in range(len(shards(made[c])))
    ]


def multiverse_code(*entries):
    """The engines, and the two estimators that they stand in for."""
    estimators = [f"{get(name).module}" for name in ("lpm", "logit")]
    return code(
        *entries, *estimators, registries=["detente.stats.registry", "detente.data.sources"]
    )


def curves(study):
    """What `make robustness` shows of the multiverse."""
    folder = f"reports/{study}/robustness"
    return [
        *(f"{folder}/curve.{c}.{e}" for c in examined(study) for e in CURVE_FORMATS),
        *(f"{folder}/{t}.{e}" for t in MULTIVERSE_TABLES for e in TABLE_FORMATS),
        *(
            f"data/processed/{study}/robustness/joint.{c}.parquet"
            for c in examined(study)
        ),
        f"reports/{study}/multiverse.parquet",
    ]


def claim_panel(wildcards):
    """The panel of a claim's unit."""
    unit = (
        "directed-dyad-year"
        if PROJECT.claims.claims[wildcards.claim].directed
        else "dyad-year"
    )
    return f"data/processed/{wildcards.study}/robustness/{unit}.parquet"


def examinations(wildcards):
    """Every frame of every claim's examination."""
    folder = f"data/processed/{wildcards.study}/robustness/examined"
    return [
        f"{folder}/{c}/{f}.parquet" for c in examined(wildcards.study) for f in EXAMINED
    ]


def per_claim(kind):
    """An input function: one file of a kind for each claim."""

    def files(wildcards):
        folder = f"data/processed/{wildcards.study}/robustness"
        return [f"{folder}/{kind}.{c}.parquet" for c in examined(wildcards.study)]

    return files


def claim_content(wildcards):
    """A claim and its controls, as they are configured."""
    claim = PROJECT.claims.claims[wildcards.claim]
    controls = [
        PROJECT.claims.controls[c].model_dump(mode="json") for c in claim.controls
    ]
    said = [
        claim.model_dump(mode="json"),
        controls,
        PROJECT.claims.smallest_effect,
        study_content(wildcards.study, "seed", "window", "headline", "covariances"),
    ]
    return canonical(said)


def claims_content(wildcards):
    """All claims, tested or not, and the study's choice of them."""
    said = [PROJECT.claims.model_dump(mode="json"), examined(wildcards.study)]
    return canonical([*said, study_content(wildcards.study, "headline", "claims")])


def registrations(wildcards):
    """Frozen claims, if there are any."""
    return sorted(
        os.path.relpath(f) for f in (ROOT / "config/registered").glob("*.yaml")
    )


LEDGER_FRAMES = ["ledger", "checks", "families", "score"]
LEDGER_TABLES = [
    "ledger",
    "untested",
    "power",
    "confounders",
    "placebos",
    "influence",
    "prediction",
    "deviations",
]
LEDGER_FIGURES = ["claims", "power", "separation"]


def robustness_units(wildcards):
    """Units of the panels that a study's specifications need."""
    return [
        unit
        for unit, directed in UNITS.items()
        if directed in panel_variables(wildcards.study)
    ]


def robustness_sources(wildcards):
    """Sources of a study's panels for all specifications, and of what is drawn anew; in the order of the registry."""
    from detente.study.multiverse.grids import sources_of

    joined = sources_of(STUDIES[wildcards.study], panel_variables(wildcards.study))
    used = {"mme", "cow-state-system"}.union(*joined.values())
    return [slug for slug in PROJECT.sources if slug in used]


def robustness_receipts(wildcards):
    """Receipts of all raw files that robustness is made from."""
    slugs = {
        table.slug or slug
        for slug in robustness_sources(wildcards)
        for table in REGISTRY[slug].raw
    }
    return [
        f"data/processed/{wildcards.study}/raw/{slug}.json" for slug in sorted(slugs)
    ]


def robustness_settings(wildcards):
    """What a user may edit, with the grid and the frozen claims."""
    grid = os.path.relpath(ROOT / "config" / "multiverse.yaml")
    return [*settings_files(wildcards), grid, *registrations(wildcards)]


def robustness_products(wildcards):
    """What robustness shows and what that is made of: parts and examinations stand in the lineage of these."""
    study = wildcards.study
    processed = [
        *robustness_units(wildcards),
        *(
            f"{f}.{c}"
            for f in ("joint", "decisions", "options")
            for c in examined(study)
        ),
        *("prediction", "separation", *LEDGER_FRAMES),
    ]
    shown = [
        *(f"{t}.{e}" for t in LEDGER_TABLES for e in TABLE_FORMATS),
        *(f"{f}.{e}" for f in LEDGER_FIGURES for e in FIGURE_FORMATS),
    ]
    files = [
        *(f"data/processed/{study}/robustness/{f}.parquet" for f in processed),
        *(f for f in curves(study) if f.startswith("reports/")),
        *(f"reports/{study}/robustness/{f}" for f in shown),
        *(
            f"reports/{study}/{f}"
            for f in ("multiverse.csv", "claims_ledger.csv", "robustness.html")
        ),
    ]
    return files


def robustness_benchmarks(wildcards):
    """Benchmarks of the steps that lead to the manifest of robustness, some of which may be gone."""
    names = examined(wildcards.study)
    steps = [
        *(
            f"{step}.{s}"
            for step in ("acquire", "clean")
            for s in robustness_sources(wildcards)
        ),
        *(f"robustness_panel.{unit}" for unit in robustness_units(wildcards)),
        "plan_multiverse",
        *(f"multiverse.{Path(p).stem}" for p in multiverse_parts(wildcards)),
        *(f"{step}.{c}" for step in ("examine", "joint", "curves") for c in names),
        *("gather_multiverse", "predict", "ledger", "multiverse_tables"),
        *("robustness_report", "robustness_provenance"),
    ]
    return [f"data/processed/{wildcards.study}/benchmarks/{step}.tsv" for step in steps]


def data_at_hand(wildcards):
    """Which files of a table are there: a job that had none runs again once they are."""
    places = [
        ROOT / "data/raw/replication" / wildcards.table,
        Path(os.environ.get("DETENTE_REPLICATION", ROOT.parent / "shared/replication"))
        / wildcards.table,
    ]
    return canonical(
        sorted({f.name for p in places if p.is_dir() for f in p.iterdir()})
    )
