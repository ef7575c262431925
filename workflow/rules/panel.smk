rule panel:
    input:
        tidy=STUDY.tidy,
        attrition=STUDY.attrition_logs,
    output:
        panel="data/processed/{study}/panel.parquet",
        attrition="data/processed/{study}/attrition_log.parquet",
        codebook="data/processed/{study}/codebook.csv",
    log:
        "data/processed/{study}/logs/panel.log",
    resources:
        mem_mb=3000,
        runtime=15,
    params:
        code=ran(STUDY.panel_code),
        panel=STUDY.panel_options,
    message:
        "Building the panel of {wildcards.study}"
    shell:
        "python -m detente panel {params.panel}"
        " --tidy data/processed/{wildcards.study}/tidy --attrition-logs data/processed/{wildcards.study}/attrition_log"
        " --out {output.panel} --attrition {output.attrition} --codebook {output.codebook} > {log} 2>&1"


rule describe:
    input:
        panel="data/processed/{study}/panel.parquet",
        codebook="data/processed/{study}/codebook.csv",
        exercises=STUDY.event_tables,
        states="data/processed/{study}/tidy/cow-state-system.parquet",
    output:
        frames=expand(
            "data/processed/{{study}}/describe/{frame}.parquet",
            frame=PLAN.counts,
        ),
        csv="reports/{study}/sample_flow.csv",
    log:
        "data/processed/{study}/logs/describe.log",
    resources:
        mem_mb=3000,
        runtime=15,
    params:
        code=ran(command("describe")),
        project=STUDY.arguments,
        samples=STUDY.described,
    message:
        "Describing the panel of {wildcards.study}"
    shell:
        "python -m detente describe {params.project} --study {wildcards.study} --panel {input.panel}"
        " --codebook {input.codebook} --exercises {input.exercises} --states {input.states}"
        " --out data/processed/{wildcards.study}/describe --csv {output.csv} > {log} 2>&1"
