rule clean:
    input:
        receipts=STUDY.raw,
    output:
        tidy="data/processed/{study}/tidy/{slug}.parquet",
        attrition="data/processed/{study}/attrition_log/{slug}.parquet",
    log:
        "data/processed/{study}/logs/clean.{slug}.log",
    wildcard_constraints:
        slug=alternatives(PLAN.recorded),
    resources:
        mem_mb=1250,
        runtime=10,
    params:
        code=ran(STUDY.cleaning_code),
        whittle=STUDY.whittling,
        rows=STUDY.promised,
    message:
        "Cleaning {wildcards.slug}"
    shell:
        "python -m detente clean --source {wildcards.slug} --receipts data/processed/{wildcards.study}/raw"
        " {params.whittle} {params.rows} --tidy {output.tidy} --attrition {output.attrition} > {log} 2>&1"


# Of tables of the user's own, records are placed by the list of states.
for name in PLAN.with_data:

    rule:
        name:
            f"clean_own_{name}"
        input:
            receipt=f"data/processed/{name}/raw/{{slug}}.json",
            states=f"data/processed/{name}/tidy/cow-state-system.parquet",
        output:
            tidy=f"data/processed/{name}/tidy/{{slug}}.parquet",
            attrition=f"data/processed/{name}/attrition_log/{{slug}}.parquet",
        log:
            f"data/processed/{name}/logs/clean.{{slug}}.log",
        wildcard_constraints:
            slug=alternatives(PLAN.studies[name].own_slugs),
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=ran(command("clean_own")),
            study=name,
            definition=STUDY.of(name).definition,
        message:
            "Cleaning {wildcards.slug}"
        shell:
            "python -m detente clean_own --definition {params.definition:q} --receipts data/processed/{params.study}/raw"
            " --states {input.states} --tidy {output.tidy} --attrition {output.attrition} > {log} 2> >(tee -a {log} >&2)"
