rule acquire:
    input:
        code=code("cli.acquire"),
    output:
        receipts=expand("data/processed/{{study}}/raw/{slug}.json", slug=SLUGS),
    log:
        "data/processed/{study}/logs/acquire.log",
    benchmark:
        "data/processed/{study}/benchmarks/acquire.tsv"
    wildcard_constraints:
        study=alternatives(OBSERVED),
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        records=records,
        changed=changed_since,
    message:
        "Finding and verifying the raw files of {wildcards.study}"
    shell:
        "python -m detente acquire {params.project} --study {wildcards.study} --raw data/raw"
        " --receipts data/processed/{wildcards.study}/raw --progress > {log} 2> >(tee -a {log} >&2)"


rule simulate:
    input:
        code=code("cli.simulate"),
    output:
        receipts=expand("data/processed/{{study}}/raw/{slug}.json", slug=SLUGS),
        raw=[
            f"data/simulated/{{study}}/{slug}/{f.file}"
            for slug, r in PROJECT.sources.items()
            for f in r.files
        ],
        truth="data/processed/{study}/truth.json",
    log:
        "data/processed/{study}/logs/simulate.log",
    benchmark:
        "data/processed/{study}/benchmarks/simulate.tsv"
    wildcard_constraints:
        study=alternatives(SIMULATED),
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        world=study_fields("simulation", "seed"),
    message:
        "Simulating the world of {wildcards.study}"
    shell:
        "python -m detente simulate {params.project} --study {wildcards.study} --out data/simulated/{wildcards.study}"
        " --receipts data/processed/{wildcards.study}/raw --truth {output.truth} > {log} 2>&1"
