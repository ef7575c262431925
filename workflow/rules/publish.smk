rule provenance:
    input:
        receipts=ROBUSTNESS.receipts_of_paper,
    output:
        "data/processed/{study}/provenance.json",
    log:
        "data/processed/{study}/logs/provenance.log",
    localrule: True
    params:
        code=ran(command("provenance")),
        project=STUDY.arguments,
        sources=ROBUSTNESS.sources_of_paper,
        seed=STUDY.seed,
        commit=PLAN.commit,
    message:
        "Recording what {wildcards.study} is made from"
    shell:
        "python -m detente provenance {params.project} --study {wildcards.study} --sources {params.sources}"
        " --receipts data/processed/{wildcards.study}/raw --out {output} > {log} 2>&1"


rule lineage:
    input:
        products=STUDY.exhibits,
        provenance="data/processed/{study}/provenance.json",
    output:
        "data/processed/{study}/lineage.json",
    log:
        "data/processed/{study}/logs/lineage.log",
    localrule: True
    params:
        code=ran(command("lineage")),
        project=STUDY.arguments,
        sources=STUDY.records,
    message:
        "Recording what made each exhibit of {wildcards.study}"
    shell:
        "python -m detente lineage {params.project} --study {wildcards.study}"
        " --products {input.products} {input.provenance} --out {output} > {log} 2>&1"


rule publish:
    input:
        numbers="reports/{study}/numbers.json",
        tables=STUDY.tables,
        figures=STUDY.figures,
        provenance="data/processed/{study}/provenance.json",
        lineage="data/processed/{study}/lineage.json",
        appendix=ROBUSTNESS.of_appendix,
        templates=PLAN.templates(
            "paper.md.j2",
            "paper.typ.j2",
            "robustness.md.j2",
            "site.html.j2",
            "table.html.j2",
            "table.typ.j2",
            "references.yaml",
        ),
    output:
        pdf=report(
            "reports/{study}/paper.pdf",
            caption="../report/captions/paper.rst",
            category="Paper",
            labels={"study": "{study}", "form": "PDF"},
        ),
        html=report(
            "reports/{study}/index.html",
            caption="../report/captions/site.rst",
            category="Paper",
            labels={"study": "{study}", "form": "page"},
        ),
    log:
        "data/processed/{study}/logs/publish.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=ran(STUDY.paper_code),
        appendix_code=ran(ROBUSTNESS.appendix_code),
        project=STUDY.arguments,
        front=STUDY.of_the_paper,
        appendix=STUDY.appendix_option,
    message:
        "Typesetting the paper and the page of {wildcards.study}"
    shell:
        "python -m detente publish {params.project} --study {wildcards.study} --shown reports/{wildcards.study}"
        " --provenance {input.provenance} --lineage {input.lineage} --pdf {output.pdf} --html {output.html}"
        " {params.appendix} > {log} 2>&1"


rule manifest:
    input:
        products=STUDY.products,
        provenance="data/processed/{study}/provenance.json",
        settings=STUDY.settings,
    output:
        "reports/{study}/manifest.json",
    log:
        "data/processed/{study}/logs/manifest.log",
    resources:
        mem_mb=3000,
        runtime=15,
    params:
        code=ran(command("manifest")),
        project=STUDY.arguments,
    message:
        "Writing the manifest of {wildcards.study}"
    shell:
        "python -m detente manifest {params.project} --study {wildcards.study} --provenance {input.provenance}"
        " --processed data/processed/{wildcards.study} --report reports/{wildcards.study}"
        " --products {input.products} --out {output} > {log} 2>&1"
