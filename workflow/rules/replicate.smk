# One rule for all published tables, a job each: a killed run goes on, and an edited table reruns alone.

if {"replicate", "reports/replicate/index.html"} & set(sys.argv[1:]):
    # A wrong file stops everything before any fit, but no other target.
    try:
        REPLICATION.check()
    except DetenteError as error:
        raise WorkflowError(f"{type(error).__name__}: {error}") from None


rule replicate_table:
    input:
        table=REPLICATION.file,
    output:
        numbers="data/processed/replicate/{table}/replication.csv",
        dyadic="data/processed/replicate/{table}/dyadic.csv",
    log:
        "data/processed/replicate/logs/{table}.log",
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=ran(REPLICATION.code),
        available=REPLICATION.available,
    message:
        "Re-estimating {wildcards.table}"
    shell:
        "python -m detente replicate --tables {input.table} --data data/raw/replication --part"
        " --out data/processed/replicate/{wildcards.table} > {log} 2>&1"


rule replicate_page:
    input:
        numbers=REPLICATION.frames("replication"),
        dyadic=REPLICATION.frames("dyadic"),
        template=PLAN.templates("replication.html.j2"),
    output:
        page="reports/replicate/index.html",
        numbers="reports/replicate/replication.csv",
        dyadic="reports/replicate/dyadic.csv",
        summary="reports/replicate/summary.csv",
        figures=expand("reports/replicate/dyadic.{kind}", kind=["svg", "png"]),
    log:
        "data/processed/replicate/logs/page.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(command("replicate")),
        parts=REPLICATION.folders(),
    message:
        "Setting every printed number beside ours"
    shell:
        "python -m detente replicate --gather {params.parts} --out reports/replicate > {log} 2>&1"


# Every number stands in its log. Apart from the page, so that a number that differs does not take the page away.
rule replicate:
    input:
        page="reports/replicate/index.html",
        numbers="reports/replicate/replication.csv",
    output:
        "data/processed/replicate/met.txt",
    log:
        "data/processed/replicate/logs/check.log",
    localrule: True
    params:
        code=ran(command("replicate")),
    message:
        "Judging every number that differs"
    shell:
        "python -m detente replicate --check --out reports/replicate --met {output} > {log} 2>&1"
