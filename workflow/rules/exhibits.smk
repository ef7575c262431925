# Rules per study, because each has exhibits of its own.
for name in PLAN.studies:

    rule:
        name:
            f"tables_{name}"
        input:
            frames=STUDY.of(name).table_frames,
            templates=PLAN.templates("table.html.j2", "table.tex.j2", "table.typ.j2"),
        output:
            exhibits(PLAN.studies[name].tables()),
        log:
            f"data/processed/{name}/logs/tables.log",
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=ran(STUDY.of(name).tables_code),
            project=STUDY.of(name).arguments,
            study=name,
            settings=STUDY.of(name).shown,
            appendix=STUDY.of(name).appendix_option,
        message:
            f"Rendering the tables of {name}"
        shell:
            "python -m detente tables {params.project} --study {params.study}"
            " --out reports/{params.study}/tables {params.appendix} > {log} 2>&1"

    rule:
        name:
            f"figures_{name}"
        input:
            frames=STUDY.of(name).figure_frames,
            style=package_file("report", "figures", "style.mplstyle"),
        output:
            exhibits(PLAN.studies[name].figures()),
        log:
            f"data/processed/{name}/logs/figures.log",
        resources:
            mem_mb=1000,
            runtime=15,
        params:
            code=ran(STUDY.of(name).figures_code),
            project=STUDY.of(name).arguments,
            study=name,
            settings=STUDY.of(name).shown,
        message:
            f"Drawing the figures of {name}"
        shell:
            "python -m detente figures {params.project} --study {params.study}"
            " --out reports/{params.study}/figures > {log} 2>&1"


rule numbers:
    input:
        estimates="data/processed/{study}/estimates.parquet",
        described=STUDY.described_frames,
        designs=STUDY.designs,
        truth=STUDY.truth,
        registered=PLAN.registrations(),
    output:
        "reports/{study}/numbers.json",
    log:
        "data/processed/{study}/logs/numbers.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(command("numbers")),
        project=STUDY.arguments,
        settings=STUDY.shown,
        keywords=STUDY.of_the_paper,
        sources=STUDY.records,
    message:
        "Writing the numbers of {wildcards.study}"
    shell:
        "python -m detente numbers {params.project} --study {wildcards.study}"
        " --out {output} > {log} 2>&1"


rule recovery:
    input:
        estimates="data/processed/{study}/estimates.parquet",
        described=STUDY.described_frames,
        truth="data/processed/{study}/truth.json",
    output:
        report(
            "reports/{study}/recovery.csv",
            category="Tables",
            labels={"study": "{study}", "exhibit": "Planted and estimated effects"},
        ),
    log:
        "data/processed/{study}/logs/recovery.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(command("recovery")),
        project=STUDY.arguments,
        settings=STUDY.shown,
    message:
        "Comparing planted with estimated effects of {wildcards.study}"
    shell:
        "python -m detente recovery {params.project} --study {wildcards.study}"
        " --out {output} > {log} 2>&1"
