# The explorable site of a study: a page per claim, each with every specification of it.


for name in PLAN.studies:

    rule:
        name:
            f"site_{name}"
        input:
            frames=ROBUSTNESS.of(name).site_frames,
            templates=PLAN.site_templates,
            style=package_file("report", "figures", "style.mplstyle"),
            code=ROBUSTNESS.of(name).site_code,
        output:
            PLAN.robustness_of[name].site(),
        log:
            f"data/processed/{name}/logs/site.log",
        benchmark:
            f"data/processed/{name}/benchmarks/site.tsv"
        conda:
            "../envs/analysis.yaml"
        params:
            project=STUDY.of(name).arguments,
            study=name,
            claims=ROBUSTNESS.of(name).every_claim,
            said=STUDY.of(name).shown,
        message:
            f"Writing the site of {name}"
        shell:
            "python -m detente site {params.project} --study {params.study}"
            " --curves reports/{params.study}/robustness --out reports/{params.study}/site > {log} 2>&1"
