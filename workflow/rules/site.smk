# The explorable site of a study: a page per claim, each with every specification of it.


use rule lineage as site_lineage with:
    input:
        products=ROBUSTNESS.shown_on_site,
        provenance="data/processed/{study}/robustness/provenance.json",
    output:
        "data/processed/{study}/robustness/lineage.json",
    log:
        "data/processed/{study}/logs/site_lineage.log",
    localrule: True
    message:
        "Recording what made the site of {wildcards.study}"


for name in PLAN.studies:

    rule:
        name:
            f"site_{name}"
        input:
            frames=ROBUSTNESS.of(name).site_frames,
            lineage=f"data/processed/{name}/robustness/lineage.json",
            provenance=f"data/processed/{name}/robustness/provenance.json",
            paper=[f"reports/{name}/index.html", f"reports/{name}/paper.pdf"],
            published=PLAN.replication.files(),
            templates=PLAN.site_templates,
            style=package_file("report", "figures", "style.mplstyle"),
        output:
            PLAN.robustness_of[name].site(),
        log:
            f"data/processed/{name}/logs/site.log",
        resources:
            mem_mb=1500,
            runtime=60,
        params:
            code=ran(ROBUSTNESS.of(name).site_code),
            project=STUDY.of(name).arguments,
            study=name,
            claims=ROBUSTNESS.of(name).every_claim,
            said=STUDY.of(name).shown,
            replicated=PLAN.replication.compared,
            verified=ROBUSTNESS.of(name).verified,
            beside=ROBUSTNESS.of(name).beside,
        message:
            f"Writing the site of {name}"
        shell:
            "python -m detente site {params.project} --study {params.study}"
            " --curves reports/{params.study}/robustness --lineage {input.lineage} --provenance {input.provenance}"
            " --paper reports/{params.study} {params.replicated} {params.verified} --out reports/{params.study}/site > {log} 2>&1"
