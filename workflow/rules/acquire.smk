def alternatives(names):
    """A wildcard constraint that matches just these names."""
    return "|".join(names) or "$^"


def records(wildcards):
    """What config/sources.yaml says of every file."""
    return canonical({slug: record.model_dump(mode="json") for slug, record in PROJECT.sources.items()})


def changed_since(wildcards):
    """Raw files that no longer are what an earlier run verified."""
    return broken(sorted(Path(f"data/processed/{wildcards.study}/raw").glob("*.json")))


rule acquire:
    input:
        code=code("cli.acquire"),
    output:
        receipts=expand("data/processed/{{study}}/raw/{slug}.json", slug=SLUGS),
    log:
        "data/processed/{study}/logs/acquire.log",
    benchmark:
        "data/processed/{study}/benchmarks/acquire.tsv"
    conda:
        "../envs/analysis.yaml"
    wildcard_constraints:
        study=alternatives(OBSERVED),
    params:
        records=records,
        changed=changed_since,
    message:
        "Finding and verifying the raw files of {wildcards.study}"
    shell:
        "python -m detente acquire {ARGUMENTS} --study {wildcards.study} --raw data/raw"
        " --receipts data/processed/{wildcards.study}/raw > {log} 2> >(tee -a {log} >&2)"


rule simulate:
    input:
        code=code("cli.simulate"),
    output:
        receipts=expand("data/processed/{{study}}/raw/{slug}.json", slug=SLUGS),
        raw=[f"data/simulated/{{study}}/{slug}/{f.file}" for slug, r in PROJECT.sources.items() for f in r.files],
        truth="data/processed/{study}/truth.json",
    log:
        "data/processed/{study}/logs/simulate.log",
    benchmark:
        "data/processed/{study}/benchmarks/simulate.tsv"
    conda:
        "../envs/analysis.yaml"
    wildcard_constraints:
        study=alternatives(SIMULATED),
    params:
        world=configuration("simulation", "seed"),
    message:
        "Simulating the world of {wildcards.study}"
    shell:
        "python -m detente simulate {ARGUMENTS} --study {wildcards.study} --out data/simulated/{wildcards.study}"
        " --receipts data/processed/{wildcards.study}/raw --truth {output.truth} > {log} 2>&1"
