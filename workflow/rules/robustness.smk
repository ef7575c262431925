# Every defensible specification of every claim that a study examines.


for name in PLAN.observed:

    rule:
        name:
            f"acquire_robustness_{name}"
        output:
            f"data/processed/{name}/raw/{{slug}}.json",
        log:
            f"data/processed/{name}/logs/acquire.{{slug}}.log",
        wildcard_constraints:
            slug=alternatives(PLAN.studies[name].other_slugs()),
        localrule: True
        params:
            code=ran(command("acquire")),
            project=STUDY.of(name).arguments,
            study=name,
            record=STUDY.of(name).record,
            changed=STUDY.of(name).changed,
        message:
            "Finding and verifying the raw files of {wildcards.slug}"
        shell:
            "python -m detente acquire {params.project} --study {params.study} --raw data/raw --only {wildcards.slug}"
            " --receipts data/processed/{params.study}/raw --progress > {log} 2> >(tee -a {log} >&2)"


rule robustness_panel:
    input:
        tidy=ROBUSTNESS.tidy,
        attrition=ROBUSTNESS.attrition_logs,
    output:
        "data/processed/{study}/robustness/{unit}.parquet",
    log:
        "data/processed/{study}/logs/robustness_panel.{unit}.log",
    resources:
        mem_mb=2750,
        runtime=15,
    params:
        code=ran(ROBUSTNESS.panel_code),
        panel=ROBUSTNESS.panel_options,
    message:
        "Building the panel of {wildcards.unit}s for all specifications of {wildcards.study}"
    shell:
        "python -m detente panel {params.panel} --tidy data/processed/{wildcards.study}/tidy"
        " --attrition-logs data/processed/{wildcards.study}/attrition_log --out {output} > {log} 2>&1"


# Parts read the plan, if it is there, to say how much is left; it is no input, as no part is fitted again for its sake.
rule plan_multiverse:
    output:
        "data/processed/{study}/multiverse/plan.json",
    log:
        "data/processed/{study}/logs/plan_multiverse.log",
    priority: 100
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(fitting("grid")),
        project=STUDY.arguments,
        sizes=ROBUSTNESS.sizes,
    message:
        "Counting the specifications of {wildcards.study}"
    shell:
        "python -m detente grid {params.project} --study {wildcards.study} --plan {output} > {log} 2>&1"


rule multiverse:
    input:
        panels=ROBUSTNESS.panels_of,
    output:
        "data/processed/{study}/multiverse/{claim}.{shard}.parquet",
    log:
        "data/processed/{study}/logs/multiverse.{claim}.{shard}.log",
    resources:
        mem_mb=3250,
        runtime=120,
    params:
        code=ran(fitting("multiverse")),
        project=STUDY.arguments,
        specifications=ROBUSTNESS.specifications,
    message:
        "Fitting shard {wildcards.shard} of the specifications of {wildcards.claim}"
    shell:
        "python -m detente multiverse {params.project}"
        " --study {wildcards.study} --claim {wildcards.claim}"
        " --shard {wildcards.shard} --panels data/processed/{wildcards.study}/robustness"
        " --plan data/processed/{wildcards.study}/multiverse/plan.json"
        " --out {output} > {log} 2>&1"


rule gather_multiverse:
    input:
        parts=ROBUSTNESS.shards,
        plan="data/processed/{study}/multiverse/plan.json",
        registered=PLAN.registrations(),
    output:
        parquet="reports/{study}/multiverse.parquet",
        csv="reports/{study}/multiverse.csv",
    log:
        "data/processed/{study}/logs/gather_multiverse.log",
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=ran(command("gather")),
        project=STUDY.arguments,
        decided=ROBUSTNESS.decided,
    message:
        "Gathering the specifications of {wildcards.study}"
    shell:
        "python -m detente gather {params.project} --study {wildcards.study} --parts {input.parts}"
        " --out {output.parquet} --csv {output.csv} > {log} 2>&1"


rule joint:
    input:
        parts=ROBUSTNESS.shards_of,
        panels=ROBUSTNESS.panels_of,
        exercises=ROBUSTNESS.events,
        states="data/processed/{study}/tidy/cow-state-system.parquet",
    output:
        joint="data/processed/{study}/robustness/joint.{claim}.parquet",
        redrawn="data/processed/{study}/robustness/joint_draws.{claim}.parquet",
        decisions="data/processed/{study}/robustness/decisions.{claim}.parquet",
        options="data/processed/{study}/robustness/options.{claim}.parquet",
    log:
        "data/processed/{study}/logs/joint.{claim}.log",
    resources:
        mem_mb=1750,
        runtime=60,
    params:
        code=ran(fitting("joint")),
        project=STUDY.arguments,
        seed=ROBUSTNESS.seed,
    message:
        "Judging the equivalent specifications of {wildcards.claim} together"
    shell:
        "python -m detente joint {params.project} --study {wildcards.study} --claim {wildcards.claim}"
        " --multiverse {input.parts} --panels data/processed/{wildcards.study}/robustness"
        " --exercises {input.exercises} --states {input.states} --joint {output.joint} --redrawn {output.redrawn}"
        " --decisions {output.decisions} --options {output.options} > {log} 2>&1"


rule curves:
    input:
        multiverse="reports/{study}/multiverse.parquet",
    output:
        [
            f"reports/{{study}}/robustness/curve.{{claim}}.{e}"
            for e in PLAN.figure_formats
        ],
    log:
        "data/processed/{study}/logs/curves.{claim}.log",
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=ran(command("curves")),
        project=STUDY.arguments,
    message:
        "Drawing the specification curves of {wildcards.claim}"
    shell:
        "python -m detente curves {params.project} --study {wildcards.study}"
        " --claim {wildcards.claim} --out reports/{wildcards.study}/robustness > {log} 2>&1"
