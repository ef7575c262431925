# One rule for all published tables, a job each: a killed run goes on, and an edited table reruns alone.

REPLICATIONS = sorted(
    path.stem for path in (ROOT / "config/replications").glob("*.yaml")
)
PARTS = "data/processed/replicate/{table}"

if {"replicate", "reports/replicate/index.html"} & set(sys.argv[1:]):
    # A wrong file stops everything before any fit, but no other target.
    from detente.replicate.schema import read_publications

    try:
        read_publications(
            [ROOT / f"config/replications/{name}.yaml" for name in REPLICATIONS]
        )
    except DetenteError as error:
        raise WorkflowError(f"{type(error).__name__}: {error}") from None


rule replicate_table:
    input:
        table="config/replications/{table}.yaml",
        code=code("cli.replicate"),
    output:
        numbers=f"{PARTS}/replication.csv",
        dyadic=f"{PARTS}/dyadic.csv",
    log:
        "data/processed/replicate/logs/{table}.log",
    benchmark:
        "data/processed/replicate/benchmarks/{table}.tsv"
    wildcard_constraints:
        table="[a-z][a-z0-9_]*",
    conda:
        "../envs/analysis.yaml"
    params:
        out=lambda wildcards, output: os.path.dirname(output.numbers),
        at_hand=data_at_hand,
    message:
        "Re-estimating {wildcards.table}"
    shell:
        "python -m detente replicate --tables {input.table} --part --out {params.out} > {log} 2>&1"


rule replicate_page:
    input:
        numbers=expand(f"{PARTS}/replication.csv", table=REPLICATIONS),
        dyadic=expand(f"{PARTS}/dyadic.csv", table=REPLICATIONS),
        template=templates("replication.html.j2"),
        code=code("cli.replicate"),
    output:
        page="reports/replicate/index.html",
        numbers="reports/replicate/replication.csv",
        dyadic="reports/replicate/dyadic.csv",
        summary="reports/replicate/summary.csv",
        figures=expand("reports/replicate/dyadic.{kind}", kind=["svg", "png"]),
    log:
        "data/processed/replicate/logs/page.log",
    benchmark:
        "data/processed/replicate/benchmarks/page.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        parts=lambda wildcards, input: sorted(
            {os.path.dirname(f) for f in input.numbers}
        ),
    message:
        "Setting every printed number beside ours"
    shell:
        "python -m detente replicate --gather {params.parts} --out reports/replicate > {log} 2>&1"


# Prints every number. Apart from the page, so that a number that differs does not take the page away.
rule replicate:
    input:
        page="reports/replicate/index.html",
        numbers="reports/replicate/replication.csv",
        code=code("cli.replicate"),
    output:
        touch("data/processed/replicate/.met"),
    log:
        "data/processed/replicate/logs/check.log",
    benchmark:
        "data/processed/replicate/benchmarks/check.tsv"
    conda:
        "../envs/analysis.yaml"
    message:
        "Judging every number that differs"
    shell:
        "python -m detente replicate --check --out reports/replicate 2>&1 | tee {log}"
