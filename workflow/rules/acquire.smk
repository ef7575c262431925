# One rule per study, because each has sources of its own.

for name in PLAN.observed:

    rule:
        name:
            f"acquire_{name}"
        output:
            receipts=PLAN.studies[name].receipts_of_record(),
        log:
            f"data/processed/{name}/logs/acquire.log",
        localrule: True
        params:
            code=ran(command("acquire")),
            project=STUDY.of(name).arguments,
            study=name,
            records=STUDY.of(name).recorded,
            changed=STUDY.of(name).changed,
        message:
            f"Finding and verifying the raw files of {name}"
        shell:
            "python -m detente acquire {params.project} --study {params.study} --raw data/raw"
            " --receipts data/processed/{params.study}/raw --progress > {log} 2> >(tee -a {log} >&2)"


# Tables of the user's own stay where they are; their checksums are recorded.
for name in PLAN.with_data:

    rule:
        name:
            f"acquire_own_{name}"
        input:
            table=STUDY.of(name).table,
        output:
            f"data/processed/{name}/raw/{{slug}}.json",
        log:
            f"data/processed/{name}/logs/acquire.{{slug}}.log",
        wildcard_constraints:
            slug=alternatives(PLAN.studies[name].own_slugs),
        localrule: True
        params:
            code=ran(command("acquire")),
            project=STUDY.of(name).arguments,
            study=name,
            record=STUDY.of(name).record,
        message:
            "Recording the bytes of {wildcards.slug}"
        shell:
            "python -m detente acquire {params.project} --study {params.study} --raw data/raw --only {wildcards.slug}"
            " --receipts data/processed/{params.study}/raw > {log} 2>&1"


for name in PLAN.simulated:

    rule:
        name:
            f"simulate_{name}"
        output:
            receipts=PLAN.studies[name].receipts_of_record(),
            raw=PLAN.studies[name].simulated_raw(),
            truth=f"data/processed/{name}/truth.json",
        log:
            f"data/processed/{name}/logs/simulate.log",
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=ran(command("simulate")),
            project=STUDY.of(name).arguments,
            study=name,
            world=STUDY.of(name).world,
        message:
            f"Simulating the world of {name}"
        shell:
            "python -m detente simulate {params.project} --study {params.study} --out data/simulated/{params.study}"
            " --receipts data/processed/{params.study}/raw --truth {output.truth} > {log} 2>&1"
