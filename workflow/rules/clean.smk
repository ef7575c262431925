rule clean:
    input:
        receipts=STUDY.raw,
        code=STUDY.cleaning_code,
    output:
        tidy="data/processed/{study}/tidy/{slug}.parquet",
        attrition="data/processed/{study}/attrition_log/{slug}.parquet",
    log:
        "data/processed/{study}/logs/clean.{slug}.log",
    benchmark:
        "data/processed/{study}/benchmarks/clean.{slug}.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        whittle=STUDY.whittling,
        rows=STUDY.promised,
    message:
        "Cleaning {wildcards.slug}"
    shell:
        "python -m detente clean --source {wildcards.slug} --receipts data/processed/{wildcards.study}/raw"
        " {params.whittle} {params.rows} --tidy {output.tidy} --attrition {output.attrition} > {log} 2>&1"
