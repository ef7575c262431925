# One rule a kind of world, because a simulated one has more tables.
for world, names in (("observed", OBSERVED), ("simulated", SIMULATED)):

    rule:
        name:
            f"tables_{world}"
        input:
            evidence=evidence,
            coverage=coverage,
            templates=templates("table.html.j2", "table.tex.j2", "table.typ.j2"),
            code=code("cli.tables"),
        output:
            shown=[exhibit("tables", name, "html") for name in TABLES[world]],
            others=expand(
                "reports/{{study}}/tables/{name}.{ending}",
                name=TABLES[world],
                ending=TABLE_FORMATS[1:],
            ),
        log:
            "data/processed/{study}/logs/tables.log",
        benchmark:
            "data/processed/{study}/benchmarks/tables.tsv"
        wildcard_constraints:
            study=alternatives(names),
        conda:
            "../envs/analysis.yaml"
        params:
            evidence=evidence_options,
            coverage=lambda w, input: (
                f"--coverage {input.coverage}" if input.coverage else ""
            ),
            settings=SETTINGS,
        message:
            "Rendering the tables of {wildcards.study}"
        shell:
            "python -m detente tables {params.evidence} {params.coverage}"
            " --out reports/{wildcards.study}/tables > {log} 2>&1"


rule figures:
    input:
        evidence=evidence,
        style=os.path.relpath(SOURCE_ROOT / "detente" / "report" / "figures" / "style.mplstyle"),
        code=code("cli.figures"),
    output:
        shown=[exhibit("figures", name, "svg") for name in FIGURES],
        others=expand(
            "reports/{{study}}/figures/{name}.{ending}",
            name=FIGURES,
            ending=FIGURE_FORMATS[1:],
        ),
    log:
        "data/processed/{study}/logs/figures.log",
    benchmark:
        "data/processed/{study}/benchmarks/figures.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        evidence=evidence_options,
        settings=SETTINGS,
    message:
        "Drawing the figures of {wildcards.study}"
    shell:
        "python -m detente figures {params.evidence}"
        " --out reports/{wildcards.study}/figures > {log} 2>&1"


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
        evidence=evidence_options,
        settings=SETTINGS,
        sources=lambda w: records(w.study),
        truth=lambda w, input: f"--truth {input.truth}" if input.truth else "",
    message:
        "Writing the numbers of {wildcards.study}"
    shell:
        "python -m detente numbers {params.evidence}"
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
        evidence=evidence_options,
        settings=SETTINGS,
    message:
        "Comparing planted with estimated effects of {wildcards.study}"
    shell:
        "python -m detente recovery {params.evidence}"
        " --truth {input.truth} --out {output} > {log} 2>&1"
