# From the headline and the multiverse of every claim that a study examines to its verdict.


rule examine:
    input:
        panel=claim_panel,
        exercises="data/processed/{study}/tidy/mme.parquet",
        states="data/processed/{study}/tidy/cow-state-system.parquet",
        code=multiverse_code("cli.examine"),
    output:
        [
            f"data/processed/{{study}}/robustness/examined/{{claim}}/{f}.parquet"
            for f in EXAMINED
        ],
    log:
        "data/processed/{study}/logs/examine.{claim}.log",
    benchmark:
        "data/processed/{study}/benchmarks/examine.{claim}.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        claim=claim_content,
    message:
        "Examining the headline of {wildcards.claim}"
    shell:
        "python -m detente examine {params.project} --study {wildcards.study} --claim {wildcards.claim}"
        " --panel {input.panel} --exercises {input.exercises} --states {input.states}"
        " --out data/processed/{wildcards.study}/robustness/examined/{wildcards.claim} > {log} 2>&1"


rule predict:
    input:
        panel="data/processed/{study}/robustness/dyad-year.parquet",
        code=multiverse_code("cli.predict"),
    output:
        metrics="data/processed/{study}/robustness/prediction.parquet",
        separation="data/processed/{study}/robustness/separation.parquet",
    log:
        "data/processed/{study}/logs/predict.log",
    benchmark:
        "data/processed/{study}/benchmarks/predict.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        claims=claims_content,
        seed=study_fields("seed", "window", "headline"),
    message:
        "Predicting onsets that no model of {wildcards.study} has seen"
    shell:
        "python -m detente predict {params.project} --study {wildcards.study} --panel {input.panel}"
        " --metrics {output.metrics} --separation {output.separation} > {log} 2>&1"


rule ledger:
    input:
        examined=examinations,
        joint=per_claim("joint"),
        multiverse="reports/{study}/multiverse.parquet",
        truth=truth,
        registered=registrations,
        code=code("cli.ledger"),
    output:
        frames=[
            f"data/processed/{{study}}/robustness/{f}.parquet" for f in LEDGER_FRAMES
        ],
        csv="reports/{study}/claims_ledger.csv",
    log:
        "data/processed/{study}/logs/ledger.log",
    benchmark:
        "data/processed/{study}/benchmarks/ledger.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        claims=claims_content,
        truth=lambda w, input: f"--truth {input.truth}" if input.truth else "",
    message:
        "Writing the claims ledger of {wildcards.study}"
    shell:
        "python -m detente ledger {params.project} --study {wildcards.study} {params.truth}"
        " --examined data/processed/{wildcards.study}/robustness/examined"
        " --joint data/processed/{wildcards.study}/robustness --multiverse {input.multiverse}"
        " --out data/processed/{wildcards.study}/robustness --csv {output.csv} > {log} 2>&1"


rule robustness_report:
    input:
        ledger=[
            f"data/processed/{{study}}/robustness/{f}.parquet" for f in LEDGER_FRAMES
        ],
        examined=examinations,
        decisions=per_claim("decisions"),
        prediction="data/processed/{study}/robustness/prediction.parquet",
        curves=lambda w: curves(w.study),
        templates=templates(
            "robustness.md.j2",
            "site.html.j2",
            "references.yaml",
            "table.html.j2",
            "table.tex.j2",
            "table.typ.j2",
        ),
        style=os.path.relpath(SOURCE_ROOT / "detente" / "report" / "figures" / "style.mplstyle"),
        code=code("cli.robustness"),
    output:
        page=report(
            "reports/{study}/robustness.html",
            caption="../report/captions/robustness.rst",
            category="Robustness",
            labels={"study": "{study}", "form": "page"},
        ),
        tables=[
            f"reports/{{study}}/robustness/{t}.{e}"
            for t in LEDGER_TABLES
            for e in TABLE_FORMATS
        ],
        figures=[
            f"reports/{{study}}/robustness/{f}.{e}"
            for f in LEDGER_FIGURES
            for e in FIGURE_FORMATS
        ],
    log:
        "data/processed/{study}/logs/robustness_report.log",
    benchmark:
        "data/processed/{study}/benchmarks/robustness_report.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        claims=claims_content,
    message:
        "Typesetting the robustness of {wildcards.study}"
    shell:
        "python -m detente robustness {params.project} --study {wildcards.study}"
        " --processed data/processed/{wildcards.study}/robustness --multiverse reports/{wildcards.study}/multiverse.parquet"
        " --shown reports/{wildcards.study}/robustness --html {output.page} > {log} 2>&1"


use rule provenance as robustness_provenance with:
    input:
        receipts=robustness_receipts,
        code=code("cli.provenance"),
    output:
        "data/processed/{study}/robustness/provenance.json",
    log:
        "data/processed/{study}/logs/robustness_provenance.log",
    benchmark:
        "data/processed/{study}/benchmarks/robustness_provenance.tsv"
    params:
        project=ARGUMENTS,
        sources=lambda w, input: " ".join(Path(f).stem for f in input.receipts),
        seed=study_fields("seed"),
        commit=str(commit(ROOT)),
        versions=canonical(versions()),
    message:
        "Recording what the robustness of {wildcards.study} is made from"


use rule manifest as robustness_manifest with:
    input:
        products=robustness_products,
        provenance="data/processed/{study}/robustness/provenance.json",
        settings=robustness_settings,
        code=code("cli.manifest"),
    output:
        "reports/{study}/robustness/manifest.json",
    log:
        "data/processed/{study}/logs/robustness_manifest.log",
    benchmark:
        "data/processed/{study}/benchmarks/robustness_manifest.tsv"
    params:
        project=ARGUMENTS,
        benchmarks=robustness_benchmarks,
    message:
        "Writing the manifest of the robustness of {wildcards.study}"
