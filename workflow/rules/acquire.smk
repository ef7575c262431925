# One rule a study, because each has sources of its own.

for name in OBSERVED:

    rule:
        name:
            f"acquire_{name}"
        input:
            code=code("cli.acquire"),
        output:
            receipts=receipts_of(name),
        log:
            f"data/processed/{name}/logs/acquire.log",
        benchmark:
            f"data/processed/{name}/benchmarks/acquire.tsv"
        conda:
            "../envs/analysis.yaml"
        params:
            project=ARGUMENTS,
            study=name,
            records=verbatim(records(name)),
            changed=changed_since(name),
        message:
            f"Finding and verifying the raw files of {name}"
        shell:
            "python -m detente acquire {params.project} --study {params.study} --raw data/raw"
            " --receipts data/processed/{params.study}/raw --progress > {log} 2> >(tee -a {log} >&2)"


for name in SIMULATED:

    rule:
        name:
            f"simulate_{name}"
        input:
            code=code("cli.simulate"),
        output:
            receipts=receipts_of(name),
            raw=simulated_files(name),
            truth=f"data/processed/{name}/truth.json",
        log:
            f"data/processed/{name}/logs/simulate.log",
        benchmark:
            f"data/processed/{name}/benchmarks/simulate.tsv"
        conda:
            "../envs/analysis.yaml"
        params:
            project=ARGUMENTS,
            study=name,
            world=verbatim(study_content(name, "simulation", "seed", "sources")),
        message:
            f"Simulating the world of {name}"
        shell:
            "python -m detente simulate {params.project} --study {params.study} --out data/simulated/{params.study}"
            " --receipts data/processed/{params.study}/raw --truth {output.truth} > {log} 2>&1"
