rule provenance:
    input:
        receipts=per_source("raw", "json"),
        code=code("cli.provenance"),
    output:
        "data/processed/{study}/provenance.json",
    log:
        "data/processed/{study}/logs/provenance.log",
    benchmark:
        "data/processed/{study}/benchmarks/provenance.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        sources=lambda w: " ".join(SLUGS[w.study]),
        seed=study_fields("seed"),
        commit=str(commit(ROOT)),
        versions=canonical(versions()),
    message:
        "Recording what {wildcards.study} is made from"
    shell:
        "python -m detente provenance {params.project} --study {wildcards.study} --sources {params.sources}"
        " --receipts data/processed/{wildcards.study}/raw --out {output} > {log} 2>&1"


rule lineage:
    input:
        products=exhibits,
        provenance="data/processed/{study}/provenance.json",
        code=code("cli.lineage"),
    output:
        "data/processed/{study}/lineage.json",
    log:
        "data/processed/{study}/logs/lineage.log",
    benchmark:
        "data/processed/{study}/benchmarks/lineage.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        sources=lambda w: records(w.study),
    message:
        "Recording what made each exhibit of {wildcards.study}"
    shell:
        "python -m detente lineage {params.project} --study {wildcards.study}"
        " --products {input.products} {input.provenance} --out {output} > {log} 2>&1"


rule publish:
    input:
        numbers="reports/{study}/numbers.json",
        tables=tables,
        figures=expand(
            "reports/{{study}}/figures/{name}.{ending}",
            name=FIGURES,
            ending=FIGURE_FORMATS,
        ),
        provenance="data/processed/{study}/provenance.json",
        lineage="data/processed/{study}/lineage.json",
        templates=templates(
            "paper.md.j2", "paper.typ.j2", "site.html.j2", "references.yaml"
        ),
        code=code("cli.publish"),
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
    benchmark:
        "data/processed/{study}/benchmarks/publish.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
    message:
        "Typesetting the paper and the page of {wildcards.study}"
    shell:
        "python -m detente publish {params.project} --study {wildcards.study} --numbers {input.numbers}"
        " --tables reports/{wildcards.study}/tables --figures reports/{wildcards.study}/figures"
        " --provenance {input.provenance} --lineage {input.lineage} --pdf {output.pdf} --html {output.html} > {log} 2>&1"


rule manifest:
    input:
        products=products,
        provenance="data/processed/{study}/provenance.json",
        settings=settings_files,
        code=code("cli.manifest"),
    output:
        "reports/{study}/manifest.json",
    log:
        "data/processed/{study}/logs/manifest.log",
    benchmark:
        "data/processed/{study}/benchmarks/manifest.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        project=ARGUMENTS,
        benchmarks=benchmarks,
    message:
        "Writing the manifest of {wildcards.study}"
    shell:
        "python -m detente manifest {params.project} --study {wildcards.study} --provenance {input.provenance}"
        " --processed data/processed/{wildcards.study} --report reports/{wildcards.study}"
        " --products {input.products} --benchmarks {params.benchmarks} --out {output} > {log} 2>&1"
