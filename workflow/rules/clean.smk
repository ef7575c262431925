from detente.sources import REGISTRY


def receipts(wildcards):
    """Receipts of the raw files that a source is cleaned from."""
    slugs = {table.slug or wildcards.slug for table in REGISTRY[wildcards.slug].raw}
    return [f"data/processed/{wildcards.study}/raw/{slug}.json" for slug in sorted(slugs)]


def cleaning_code(wildcards):
    """The front desk and the one module that cleans this source."""
    cleaner = REGISTRY[wildcards.slug].clean.__module__.removeprefix("detente.")
    return code("cli.clean", cleaner, "sources.base", registries=["detente.sources"])


rule clean:
    input:
        receipts=receipts,
        code=cleaning_code,
    output:
        tidy="data/processed/{study}/tidy/{slug}.parquet",
        ledger="data/processed/{study}/ledger/{slug}.parquet",
    log:
        "data/processed/{study}/logs/clean.{slug}.log",
    benchmark:
        "data/processed/{study}/benchmarks/clean.{slug}.tsv"
    conda:
        "../envs/analysis.yaml"
    message:
        "Cleaning {wildcards.slug}"
    shell:
        "python -m detente clean --source {wildcards.slug} --receipts data/processed/{wildcards.study}/raw"
        " --tidy {output.tidy} --ledger {output.ledger} > {log} 2>&1"
