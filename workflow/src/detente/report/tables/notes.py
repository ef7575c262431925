"""Notes that tables of estimates share: what does not exist and why, and which models rest on few dyads."""

from detente.base.numerics import LEVEL, MDE_FACTOR
from detente.report.evidence import FEW_SWITCHERS, Cell, Evidence
from detente.report.formats import decimal, percent
from detente.report.labels import estimator_label, listed, lower_first

NOT_ESTIMABLE = "n.e."


INTERVAL = f"{percent(LEVEL)} interval"


MDE = f"MDE: minimum detectable effect, {decimal(MDE_FACTOR, 1)}"


def few_switchers(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Warn of models with dyad effects that learn from very few dyads, claim by claim."""
    told: dict[str, list[int]] = {}
    for m in models:
        if m.few_switchers and estimator_label(m.estimator).within:
            name = f"{evidence.project.claims.claims[m.claim].label}, {estimator_label(m.estimator).short}"
            told.setdefault(name, []).append(m.switching_dyads)
    found = [f"{name} ({listed(str(n) for n in dict.fromkeys(counts))})" for name, counts in told.items()]
    warning = f"Fewer than {FEW_SWITCHERS} dyads switch, so that one of them can decide the estimate"
    return [f"{warning}: {'; '.join(found)}."] if found else []


def failure_notes(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Say which numbers do not exist, and why; models that share the reason together."""
    told: dict[tuple[str, str], list[str]] = {}
    for m in models:
        if m.failure:
            lost = "No risk ratio" if m.estimated else "No effect on risk" if m.fitted else "not estimable"
            claim = evidence.project.claims.claims[m.claim].label
            where = f"{claim}, {lower_first(m.sample_label)}, {estimator_label(m.estimator).short}"
            told.setdefault((lost, m.message.rstrip(".")), []).append(where)
    marks = {"not estimable": f"{NOT_ESTIMABLE}, ", "No effect on risk": f"{NOT_ESTIMABLE}: "}
    return [f"{marks.get(lost, '')}{lost}: {'; '.join(where)}: {why}." for (lost, why), where in told.items()]
