# From the headline and the multiverse of every claim that a study examines to its verdict.


rule examine:
    input:
        panel=ROBUSTNESS.panel_of,
        exercises=ROBUSTNESS.events,
        groups=ROBUSTNESS.groups_of,
        states="data/processed/{study}/tidy/cow-state-system.parquet",
        designs=ROBUSTNESS.designs_of,
    output:
        [
            f"data/processed/{{study}}/robustness/examined/{{claim}}/{f}.parquet"
            for f in PLAN.examined_frames
        ],
    log:
        "data/processed/{study}/logs/examine.{claim}.log",
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        code=ran(fitting("examine")),
        project=STUDY.arguments,
        claim=ROBUSTNESS.claim,
        designs=ROBUSTNESS.designs_option,
    message:
        "Examining the headline of {wildcards.claim}"
    shell:
        "python -m detente examine {params.project} --study {wildcards.study} --claim {wildcards.claim}"
        " --panel {input.panel} --exercises {input.exercises} --groups {input.groups} --states {input.states}"
        " {params.designs}"
        " --out data/processed/{wildcards.study}/robustness/examined/{wildcards.claim} > {log} 2>&1"


rule predict:
    input:
        panel=ROBUSTNESS.predicted_panel,
    output:
        metrics="data/processed/{study}/robustness/prediction.parquet",
        separation="data/processed/{study}/robustness/separation.parquet",
    log:
        "data/processed/{study}/logs/predict.log",
    resources:
        mem_mb=1250,
        runtime=60,
    params:
        code=ran(fitting("predict")),
        project=STUDY.arguments,
        claims=ROBUSTNESS.every_claim,
        seed=ROBUSTNESS.predicted,
    message:
        "Predicting onsets that no model of {wildcards.study} has seen"
    shell:
        "python -m detente predict {params.project} --study {wildcards.study} --panel {input.panel}"
        " --metrics {output.metrics} --separation {output.separation} > {log} 2>&1"


rule described:
    input:
        tidy=ROBUSTNESS.tidy_of_described,
    output:
        [
            f"data/processed/{{study}}/described/{{claim}}/{f}.parquet"
            for f in PLAN.finding_frames
        ],
    log:
        "data/processed/{study}/logs/described.{claim}.log",
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        code=ran(ROBUSTNESS.describing_code),
        project=STUDY.arguments,
        claim=ROBUSTNESS.described_claim,
    message:
        "Describing {wildcards.claim}"
    shell:
        "python -m detente described {params.project} --study {wildcards.study} --claim {wildcards.claim}"
        " --tidy data/processed/{wildcards.study}/tidy"
        " --out data/processed/{wildcards.study}/described/{wildcards.claim} > {log} 2>&1"


rule published:
    input:
        tables=ROBUSTNESS.published_tables,
        panel=ROBUSTNESS.predicted_panel,
    output:
        "data/processed/{study}/robustness/published.parquet",
    log:
        "data/processed/{study}/logs/published.log",
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=ran(ROBUSTNESS.published_code),
        project=STUDY.arguments,
        claims=ROBUSTNESS.every_claim,
        panel=ROBUSTNESS.published_panel,
    message:
        "Setting published findings beside the panel of {wildcards.study}"
    shell:
        "python -m detente published {params.project} --study {wildcards.study}"
        " {params.panel} --tables {input.tables} --out {output} > {log} 2>&1"


rule design_coverage:
    output:
        "data/processed/{study}/robustness/design_coverage.parquet",
    log:
        "data/processed/{study}/logs/design_coverage.log",
    wildcard_constraints:
        study=alternatives(PLAN.simulated),
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        code=ran(command("design_coverage")),
        project=STUDY.arguments,
        tried=ROBUSTNESS.tried,
    message:
        "Trying designs in worlds with known effects, beside {wildcards.study}"
    shell:
        "python -m detente design_coverage {params.project}"
        " --study {wildcards.study} --out {output} > {log} 2>&1"


rule ledger:
    input:
        examined=ROBUSTNESS.examinations,
        described=ROBUSTNESS.findings,
        joint=ROBUSTNESS.joint,
        multiverse="reports/{study}/multiverse.parquet",
        truth=STUDY.truth,
        registered=PLAN.registrations(),
    output:
        frames=[
            f"data/processed/{{study}}/robustness/{f}.parquet"
            for f in PLAN.ledger_frames
        ],
        csv="reports/{study}/claims_ledger.csv",
    log:
        "data/processed/{study}/logs/ledger.log",
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=ran(command("ledger")),
        project=STUDY.arguments,
        claims=ROBUSTNESS.every_claim,
        truth=STUDY.truth_option,
    message:
        "Writing the claims ledger of {wildcards.study}"
    shell:
        "python -m detente ledger {params.project} --study {wildcards.study} {params.truth}"
        " --examined data/processed/{wildcards.study}/robustness/examined"
        " --joint data/processed/{wildcards.study}/robustness --multiverse {input.multiverse}"
        " --described data/processed/{wildcards.study}/described"
        " --out data/processed/{wildcards.study}/robustness --csv {output.csv} > {log} 2>&1"


for name in PLAN.studies:

    rule:
        name:
            f"robustness_report_{name}"
        input:
            evidence=ROBUSTNESS.of(name).evidence,
            templates=PLAN.templates(
                "robustness.md.j2",
                "site.html.j2",
                "references.yaml",
                "table.html.j2",
                "table.tex.j2",
                "table.typ.j2",
            ),
            style=package_file("report", "figures", "style.mplstyle"),
        output:
            page=report(
                f"reports/{name}/robustness.html",
                caption="../report/captions/robustness.rst",
                category="Robustness",
                labels={"study": name, "form": "page"},
            ),
            tables=PLAN.robustness_of[name].tables(),
            figures=PLAN.robustness_of[name].figures(),
        log:
            f"data/processed/{name}/logs/robustness_report.log",
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            code=ran(ROBUSTNESS.of(name).robustness_code),
            project=STUDY.of(name).arguments,
            study=name,
            claims=ROBUSTNESS.of(name).every_claim,
        message:
            f"Typesetting the robustness of {name}"
        shell:
            "python -m detente robustness {params.project} --study {params.study}"
            " --shown reports/{params.study}/robustness --html {output.page} > {log} 2>&1"


use rule provenance as robustness_provenance with:
    input:
        receipts=ROBUSTNESS.receipts,
    output:
        "data/processed/{study}/robustness/provenance.json",
    log:
        "data/processed/{study}/logs/robustness_provenance.log",
    localrule: True
    params:
        code=ran(command("provenance")),
        project=STUDY.arguments,
        sources=ROBUSTNESS.raw_options,
        seed=STUDY.seed,
        commit=PLAN.commit,
    message:
        "Recording what the robustness of {wildcards.study} is made from"


use rule manifest as robustness_manifest with:
    input:
        products=ROBUSTNESS.products,
        provenance="data/processed/{study}/robustness/provenance.json",
        settings=ROBUSTNESS.settings,
    output:
        "reports/{study}/robustness/manifest.json",
    log:
        "data/processed/{study}/logs/robustness_manifest.log",
    params:
        code=ran(command("manifest")),
        project=STUDY.arguments,
    message:
        "Writing the manifest of the robustness of {wildcards.study}"
