rule estimate:
    input:
        panel="data/processed/{study}/panel.parquet",
    output:
        estimates="data/processed/{study}/estimates/{claim}.{estimator}.parquet",
        failures="data/processed/{study}/failures/{claim}.{estimator}.parquet",
        attrition="data/processed/{study}/attrition/{claim}.{estimator}.parquet",
    log:
        "data/processed/{study}/logs/estimate.{claim}.{estimator}.log",
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        code=ran(STUDY.estimating_code),
        specifications=STUDY.specifications,
    message:
        "Estimating the effect of {wildcards.claim} by {wildcards.estimator}"
    shell:
        "python -m detente estimate --panel {input.panel} --specifications {params.specifications:q}"
        " --estimates {output.estimates} --failures {output.failures} --attrition {output.attrition} > {log} 2>&1"


rule windows:
    input:
        panel="data/processed/{study}/panel.parquet",
    output:
        windows="data/processed/{study}/windows.parquet",
    log:
        "data/processed/{study}/logs/windows.log",
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=ran(STUDY.windows_code),
        project=STUDY.arguments,
        specifications=STUDY.headlines,
    message:
        "Estimating the claims of {wildcards.study} in their own years and in common ones"
    shell:
        "python -m detente windows {params.project} --study {wildcards.study} --panel {input.panel}"
        " --specifications {params.specifications:q} --out {output.windows} > {log} 2>&1"


rule collect:
    input:
        estimates=STUDY.estimates,
        failures=STUDY.failures,
        attrition=STUDY.attrition,
        registered=PLAN.registrations(),
    output:
        estimates="data/processed/{study}/estimates.parquet",
        failures="data/processed/{study}/describe/failures.parquet",
        attrition="data/processed/{study}/describe/attrition.parquet",
        csv="reports/{study}/estimates.csv",
    log:
        "data/processed/{study}/logs/collect.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(command("collect")),
        project=STUDY.arguments,
        claims=STUDY.collected,
    message:
        "Gathering the estimates of {wildcards.study}"
    shell:
        "python -m detente collect {params.project} --study {wildcards.study} --estimates {input.estimates} --failures {input.failures}"
        " --attrition {input.attrition} --estimates-out {output.estimates} --failures-out {output.failures}"
        " --attrition-out {output.attrition} --csv {output.csv} > {log} 2>&1"


rule designs:
    input:
        panel="data/processed/{study}/panel.parquet",
        exercises=STUDY.event_tables,
        states="data/processed/{study}/tidy/cow-state-system.parquet",
    output:
        [
            f"data/processed/{{study}}/designs/{{claim}}/{f}.parquet"
            for f in PLAN.design_frames
        ],
    log:
        "data/processed/{study}/logs/designs.{claim}.log",
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=ran(fitting("designs")),
        project=STUDY.arguments,
        claim=ROBUSTNESS.claim,
    message:
        "Comparing starts and ends of {wildcards.claim} with what did not start or end"
    shell:
        "python -m detente designs {params.project} --study {wildcards.study} --claim {wildcards.claim}"
        " --panel {input.panel} --exercises {input.exercises} --states {input.states}"
        " --out data/processed/{wildcards.study}/designs/{wildcards.claim} > {log} 2>&1"


rule coverage:
    input:
        panel="data/processed/{study}/panel.parquet",
    output:
        "data/processed/{study}/coverage.parquet",
    log:
        "data/processed/{study}/logs/coverage.log",
    wildcard_constraints:
        study=alternatives(PLAN.simulated),
    # The longest step of a simulated study begins first.
    priority: 50
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        code=ran(fitting("coverage")),
        project=STUDY.arguments,
        settings=STUDY.covered,
    message:
        "Counting how often intervals hold the effects planted in {wildcards.study}"
    shell:
        "python -m detente coverage {params.project} --study {wildcards.study} --panel {input.panel}"
        " --out {output} > {log} 2>&1"
