TABLES = ["sample_flow", "descriptives", "main", "samples"]
FIGURES = ["coefficients", "timeline", "partners", "raw_risk"]
FRAMES = ["sample_flow", "descriptives", "timeline", "partners", "raw_risk", "failures", "attrition"]
EVIDENCE = "--estimates data/processed/{wildcards.study}/estimates.parquet --describe data/processed/{wildcards.study}/describe"
SETTINGS = configuration("title", "abstract", "world", "samples", "estimators", "headline", "window", "simulation")


def evidence(wildcards):
    """What exhibits are made from: tidy estimates and counts, nothing else."""
    folder = f"data/processed/{wildcards.study}"
    return [f"{folder}/estimates.parquet", *(f"{folder}/describe/{frame}.parquet" for frame in FRAMES)]


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


rule tables:
    input:
        evidence=evidence,
        templates=templates("table.html.j2", "table.tex.j2", "table.typ.j2"),
        code=code("cli.tables"),
    output:
        shown=[exhibit("tables", name, "html") for name in TABLES],
        others=expand("reports/{{study}}/tables/{name}.{ending}", name=TABLES, ending=["tex", "typ", "csv"]),
    log:
        "data/processed/{study}/logs/tables.log",
    benchmark:
        "data/processed/{study}/benchmarks/tables.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        settings=SETTINGS,
    message:
        "Rendering the tables of {wildcards.study}"
    shell:
        f"python -m detente tables {{ARGUMENTS}} --study {{wildcards.study}} {EVIDENCE}"
        " --out reports/{wildcards.study}/tables > {log} 2>&1"


rule figures:
    input:
        evidence=evidence,
        style=os.path.relpath(SOURCE_ROOT / "detente" / "exhibits" / "style.mplstyle"),
        code=code("cli.figures"),
    output:
        shown=[exhibit("figures", name, "svg") for name in FIGURES],
        others=expand("reports/{{study}}/figures/{name}.{ending}", name=FIGURES, ending=["pdf", "png"]),
    log:
        "data/processed/{study}/logs/figures.log",
    benchmark:
        "data/processed/{study}/benchmarks/figures.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        settings=SETTINGS,
    message:
        "Drawing the figures of {wildcards.study}"
    shell:
        f"python -m detente figures {{ARGUMENTS}} --study {{wildcards.study}} {EVIDENCE}"
        " --out reports/{wildcards.study}/figures > {log} 2>&1"


def truth(wildcards):
    """The planted effects, where a world was simulated."""
    return [f"data/processed/{wildcards.study}/truth.json"] if wildcards.study in SIMULATED else []


rule numbers:
    input:
        evidence=evidence,
        truth=truth,
        code=code("cli.numbers"),
    output:
        "reports/{study}/numbers.json",
    log:
        "data/processed/{study}/logs/numbers.log",
    benchmark:
        "data/processed/{study}/benchmarks/numbers.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        settings=SETTINGS,
        sources=records,
        truth=lambda w, input: f"--truth {input.truth}" if input.truth else "",
    message:
        "Writing the numbers of {wildcards.study}"
    shell:
        f"python -m detente numbers {{ARGUMENTS}} --study {{wildcards.study}} {EVIDENCE}"
        " {params.truth} --out {output} > {log} 2>&1"


rule recovery:
    input:
        evidence=evidence,
        truth="data/processed/{study}/truth.json",
        code=code("cli.recovery"),
    output:
        report(
            "reports/{study}/recovery.csv",
            caption="../report/captions/recovery.rst",
            category="Tables",
            labels={"study": "{study}", "exhibit": "recovery"},
        ),
    log:
        "data/processed/{study}/logs/recovery.log",
    benchmark:
        "data/processed/{study}/benchmarks/recovery.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        settings=SETTINGS,
    message:
        "Comparing planted with estimated effects of {wildcards.study}"
    shell:
        f"python -m detente recovery {{ARGUMENTS}} --study {{wildcards.study}} {EVIDENCE}"
        " --truth {input.truth} --out {output} > {log} 2>&1"
