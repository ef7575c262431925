rule panel:
    input:
        tidy=expand("data/processed/{{study}}/tidy/{slug}.parquet", slug=SLUGS),
        ledgers=expand("data/processed/{{study}}/ledger/{slug}.parquet", slug=SLUGS),
        code=code("cli.panel"),
    output:
        panel="data/processed/{study}/panel.parquet",
        ledger="data/processed/{study}/ledger.parquet",
        codebook="data/processed/{study}/codebook.csv",
    log:
        "data/processed/{study}/logs/panel.log",
    benchmark:
        "data/processed/{study}/benchmarks/panel.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        lead=lambda w: PROJECT.longest_lag(STUDIES[w.study]),
        window=study_fields("window"),
    message:
        "Building the panel of dyad-years of {wildcards.study}"
    shell:
        "python -m detente panel {params.project} --study {wildcards.study} --tidy data/processed/{wildcards.study}/tidy"
        " --ledgers data/processed/{wildcards.study}/ledger --panel {output.panel} --ledger {output.ledger}"
        " --codebook {output.codebook} > {log} 2>&1"


rule describe:
    input:
        panel="data/processed/{study}/panel.parquet",
        codebook="data/processed/{study}/codebook.csv",
        exercises="data/processed/{study}/tidy/mme.parquet",
        states="data/processed/{study}/tidy/cow-state-system.parquet",
        code=code("cli.describe"),
    output:
        frames=expand(
            "data/processed/{{study}}/describe/{frame}.parquet",
            frame=COUNTS,
        ),
        csv="reports/{study}/sample_flow.csv",
    log:
        "data/processed/{study}/logs/describe.log",
    benchmark:
        "data/processed/{study}/benchmarks/describe.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        samples=with_claims("samples"),
    message:
        "Describing the panel of {wildcards.study}"
    shell:
        "python -m detente describe {params.project} --study {wildcards.study} --panel {input.panel}"
        " --codebook {input.codebook} --tidy data/processed/{wildcards.study}/tidy"
        " --out data/processed/{wildcards.study}/describe --csv {output.csv} > {log} 2>&1"
