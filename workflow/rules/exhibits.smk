# Rules per study, because each has exhibits of its own.
for name in PLAN.studies:

    rule:
        name:
            f"tables_{name}"
        input:
            estimates=f"data/processed/{name}/estimates.parquet",
            described=STUDY.of(name).described_frames,
            coverage=STUDY.of(name).coverage,
            templates=PLAN.templates("table.html.j2", "table.tex.j2", "table.typ.j2"),
            code=command("tables"),
        output:
            exhibits(PLAN.studies[name].tables()),
        log:
            f"data/processed/{name}/logs/tables.log",
        benchmark:
            f"data/processed/{name}/benchmarks/tables.tsv"
        conda:
            "../envs/analysis.yaml"
        params:
            project=STUDY.of(name).arguments,
            study=name,
            coverage=STUDY.of(name).coverage_option,
            settings=STUDY.of(name).shown,
        message:
            f"Rendering the tables of {name}"
        shell:
            "python -m detente tables {params.project} --study {params.study} --estimates {input.estimates}"
            " --describe data/processed/{params.study}/describe {params.coverage}"
            " --out reports/{params.study}/tables > {log} 2>&1"

    rule:
        name:
            f"figures_{name}"
        input:
            estimates=f"data/processed/{name}/estimates.parquet",
            described=STUDY.of(name).described_frames,
            style=package_file("report", "figures", "style.mplstyle"),
            code=command("figures"),
        output:
            exhibits(PLAN.studies[name].figures()),
        log:
            f"data/processed/{name}/logs/figures.log",
        benchmark:
            f"data/processed/{name}/benchmarks/figures.tsv"
        conda:
            "../envs/analysis.yaml"
        params:
            project=STUDY.of(name).arguments,
            study=name,
            settings=STUDY.of(name).shown,
        message:
            f"Drawing the figures of {name}"
        shell:
            "python -m detente figures {params.project} --study {params.study} --estimates {input.estimates}"
            " --describe data/processed/{params.study}/describe"
            " --out reports/{params.study}/figures > {log} 2>&1"


rule numbers:
    input:
        estimates="data/processed/{study}/estimates.parquet",
        described=STUDY.described_frames,
        truth=STUDY.truth,
        code=command("numbers"),
    output:
        "reports/{study}/numbers.json",
    log:
        "data/processed/{study}/logs/numbers.log",
    benchmark:
        "data/processed/{study}/benchmarks/numbers.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=STUDY.arguments,
        settings=STUDY.shown,
        sources=STUDY.records,
        truth=STUDY.truth_option,
    message:
        "Writing the numbers of {wildcards.study}"
    shell:
        "python -m detente numbers {params.project} --study {wildcards.study} --estimates {input.estimates}"
        " --describe data/processed/{wildcards.study}/describe {params.truth} --out {output} > {log} 2>&1"


rule recovery:
    input:
        estimates="data/processed/{study}/estimates.parquet",
        described=STUDY.described_frames,
        truth="data/processed/{study}/truth.json",
        code=command("recovery"),
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
        project=STUDY.arguments,
        settings=STUDY.shown,
    message:
        "Comparing planted with estimated effects of {wildcards.study}"
    shell:
        "python -m detente recovery {params.project} --study {wildcards.study} --estimates {input.estimates}"
        " --describe data/processed/{wildcards.study}/describe --truth {input.truth} --out {output} > {log} 2>&1"
