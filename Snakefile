# The entry point: reads and validates the studies, includes the rules, names the targets.
#
#   snakemake demo                        the whole paper on a simulated world
#   snakemake paper                       the whole paper on the observed record
#   snakemake robustness_paper            every defensible specification of every claim, and the claims ledger
#   snakemake site_paper                  the explorable site of a study: a page per claim with its specifications
#   snakemake replicate                   published tables re-estimated, number by number
#   snakemake mine --configfile mine.yaml your own study (start it with `extends: paper` or `extends: demo`)

from snakemake.utils import min_version

min_version("9.0")


report: "workflow/report/captions/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/clean.smk"
include: "workflow/rules/panel.smk"
include: "workflow/rules/estimate.smk"
include: "workflow/rules/exhibits.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/replicate.smk"
include: "workflow/rules/robustness.smk"
include: "workflow/rules/ledger.smk"
include: "workflow/rules/site.smk"


# A target names all that it is made of, so that what was deleted is made again though what follows from it is there.
for name in PLAN.studies:

    rule:
        name:
            name
        default_target: name == "demo"
        input:
            f"reports/{name}/manifest.json",
            STUDY.of(name).made,
            ROBUSTNESS.of(name).made_for_appendix,
        localrule: True
        message:
            f"reports/{name} is complete"

    rule:
        name:
            f"robustness_{name}"
        input:
            f"reports/{name}/robustness/manifest.json",
            ROBUSTNESS.of(name).made,
        localrule: True
        message:
            f"reports/{name}/robustness.html is complete"
