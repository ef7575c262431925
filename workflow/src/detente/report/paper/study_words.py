"""What the text may say of a study as such: each fact that decides whether a sentence is true of it, and its words."""

import re
from typing import Any

from detente.base import strict
from detente.base.numerics import EQUIVALENCE_LEVEL, LEVEL, POWER
from detente.base.units import DYADS
from detente.base.wording import lower_first
from detente.data.panel import EXERCISES
from detente.report.evidence import Evidence
from detente.report.formats import PER, count, decimal, number, numbered, percent, spelled, year
from detente.report.labels import BASE_RISK, PEACE_UNIT, estimator_label, event_words, listed
from detente.report.models import FEW_SWITCHERS
from detente.stats import get
from detente.study.config import Claim, Control, Project, Study

MAKE_TARGETS = ("demo", "paper")
"""Studies that the Makefile builds by name."""
SUMMARISED = ("claims", "window", "windows", "samples", "headline", "world", "estimators", "vcov")
"""What an abstract may speak of: a study that changes any of these has no use for the abstract of another."""
MAIN_OUTCOME = "onset_gml"


# What the label of a moderator says of the year that it is measured in.
_TIMING = re.compile(r" \(t[^)]*\)$")
_LIKELY = {"lowers": "less likely", "raises": "more likely"}


def study_words(evidence: Evidence) -> dict[str, Any]:
    """Name, title and abstract of the study, and the facts that sentences depend on."""
    study, claims = evidence.study, evidence.claims
    shipped = study.name in MAKE_TARGETS
    command = f"make {study.name}" if shipped else f".venv/bin/snakemake {study.name} --cores all"
    return {
        "name": study.name,
        "command": command,
        "quick": f"{command} {'QUICK=1' if shipped else '--config quick=1'}",
        "shipped": shipped,
        # Whether it asks for an appendix, which a quick build leaves out.
        "appendix": study.appendix,
        "title": study.title,
        "abstract": abstract_of(evidence.project, study),
        "keywords": ", ".join(study.keywords),
        "simulated": evidence.simulated,
        "own_data": listed(evidence.project.sources[slug].title for slug in evidence.study.data),
        "exercises": evidence.traits.exercises,
        "exercise_claims": number(sum(EXERCISES in made_from(evidence, c.treatment) for c in claims), count),
        "directed": all(c.directed for c in claims),
        "undirected": all(c.unit == DYADS for c in claims),
        "unit": evidence.traits.unit,
        "states": not evidence.pairs,
        **numbered({"first_year": study.window[0], "last_year": study.window[1], "seed": study.seed}, year),
        "preferred": evidence.said(estimator_label(evidence.preferred).long),
        "estimators": [evidence.said(estimator_label(e).long) for e in study.estimators],
        "logit_and_lpm": sorted(get(e).engine or "" for e in study.estimators) == ["linear", "logit"],
        **numbered({"claim_count": len(claims), "sample_count": len(study.samples)}, spelled),
        "varied": listed(what for what in ("claims", "samples", "estimators") if len(getattr(study, what)) > 1),
        "main_outcome": evidence.pairs and {c.outcome for c in claims} == {MAIN_OUTCOME},
        "outcomes": [label_of(evidence, name) for name in dict.fromkeys(c.outcome for c in claims)],
        "one_coding": len({(c.outcome, c.lag) for c in claims}) == 1,
        **event_words({c.outcome for c in claims}),
        "likely": _LIKELY.get("".join({c.expected for c in claims}), "more or less likely"),
    }


def method_words(evidence: Evidence) -> dict[str, Any]:
    """Constants of the method, so that the prose holds none of its own."""
    used = [c for c in controls(evidence) if c["used"]]
    known = evidence.project.claims.controls
    gaps = {known[n].lag - c.lag for c in evidence.claims for n in c.controls if known[n].role == "confounder"}
    levels = {"interval": LEVEL, "level": 1 - LEVEL, "equivalence": EQUIVALENCE_LEVEL, "power": POWER}
    return {
        **numbered(levels | {"smallest_effect": evidence.project.claims.smallest_effect}, percent),
        **numbered({"few_switchers": FEW_SWITCHERS, "per": PER}, count),
        **effective_words(evidence),
        "base_risk": BASE_RISK,
        "peace_unit": PEACE_UNIT,
        "treatment_time": before({c.lag for c in evidence.claims}),
        "year_before": {c.lag for c in evidence.claims} == {1},
        "confounder_time": before({c["lag"] for c in used if c["role"] == "confounder"}),
        # Whether every confounder is measured one year before the treatment.
        "year_between": gaps == {1},
        "durations": [c["label"] for c in used if c["role"] == "duration"],
        "same_year": _same_year(evidence),
        "leads": any(p.lag < 0 for c in evidence.claims for p in c.placebos),
    }


def effective_words(evidence: Evidence) -> dict[str, Any]:
    """Degrees of freedom of the headline effects, and their detectable effects in standard errors, lowest to highest.

    `least_states` of their models; none of them where no effect was estimated.
    """
    rows = evidence.estimates
    effects = rows[(rows["quantity"] == "average_marginal_effect") & (rows["vcov"] == evidence.vcov)]
    effects = effects[effects["sample"] == evidence.study.headline]
    if effects.empty:
        return {"effective": None}
    multiples = effects["mde"] / effects["std_error"]
    ends = {"df_least": effects["df"].min(), "df_most": effects["df"].max()}
    ends |= {"multiple_least": multiples.min(), "multiple_most": multiples.max()}
    return {"effective": numbered(ends, tenth), "states_most": number(effects["states"].max(), count)}


def _same_year(evidence: Evidence) -> list[str]:
    """What is measured in the year of the outcome: geography, and membership of a sample."""
    used = {name for claim in evidence.claims for name in claim.controls}
    known = evidence.project.claims.controls
    named = [n.replace("_", " ") for n, c in known.items() if n in used and c.role == "geography" and c.lag == 0]
    cut = any(evidence.project.samples[s].expression for s in evidence.study.samples)
    return [*named, *(["membership of a sample"] if cut else [])]


def moderator_words(evidence: Evidence, claim: Claim) -> dict[str, str] | None:
    """A claim's moderator inside a sentence, and what a higher value of it is: one, or a standard deviation more."""
    if claim.moderator is None:
        return None
    entry, name = evidence.variables.get(claim.moderator.variable), _TIMING.sub("", lower_first(claim.moderator.label))
    switched = entry is not None and entry.variable.unit == "0/1"
    higher = f"with {name} than without" if switched else f"where {name} is a standard deviation higher"
    return {"label": name, "higher": higher}


def effect_of(evidence: Evidence, claim: Claim) -> str:
    """What estimates of a claim are of: the treatment, or its interaction with the moderator."""
    moderator = moderator_words(evidence, claim)
    return claim.instrument if moderator is None else f"the interaction of {claim.instrument} with {moderator['label']}"


def controls(evidence: Evidence) -> list[dict[str, Any]]:
    """Controls that a claim of the study uses, and mediators that it leaves out, in the order of `claims.yaml`."""
    used = {name for claim in evidence.claims for name in claim.controls}
    found = ((n in used, _between(evidence, c), c) for n, c in evidence.project.claims.controls.items())
    return [
        {**{word: getattr(c, word) for word in ("label", "role", "lag", "why")}, "used": held, "between": between}
        for held, between, c in found
        if held or between
    ]


def _between(evidence: Evidence, control: Control) -> list[str]:
    """Claims of the list between whose treatment and outcome a mediator lies, which the study has data of.

    Of a study's own claims, its file says what lies between.
    """
    sources = set(made_from(evidence, control.variable))
    if control.role != "mediator" or not sources <= set(evidence.study.sources):
        return []
    of_list = [claim for claim in evidence.claims if claim.code]
    return [lower_first(c.label) for c in of_list if not sources & set(made_from(evidence, c.treatment))]


def made_from(evidence: Evidence, variable: str) -> tuple[str, ...]:
    """Sources that a variable is made from."""
    return tuple(entry.sources) if (entry := evidence.variables.get(variable)) else ()


def label_of(evidence: Evidence, variable: str) -> str:
    """What a variable of a panel is called, inside a sentence."""
    return lower_first(evidence.called(variable))


def years_of(evidence: Evidence, claim: Claim) -> str:
    """First and last year of the outcome of a claim whose years are not those of the study; else empty."""
    window = evidence.project.window_of(evidence.study, claim)
    return "" if window == evidence.study.window else f"{window[0]}\u2013{window[1]}"


def abstract_of(project: Project, study: Study) -> str:
    """The abstract that a study states, or that of the study it extends if nothing that it may speak of is changed.

    Otherwise a summary that is made from the study: an inherited one would speak of another.
    """
    for file in project.files[study.name]:
        said = strict.content(file)
        if said.get("abstract"):
            return study.abstract
        if any(key in said for key in SUMMARISED):
            break
    return _summary(project, study)


def _summary(project: Project, study: Study) -> str:
    claims = project.claims_of(study)
    many = f"{spelled(len(claims))} claims" if len(claims) > 1 else "one claim"
    record = "a simulated world" if study.world == "simulated" else "the public record"
    robust = ", with inference that is robust to dependence between dyads that share a state"
    return (
        f"We test {many} of military diplomacy ({listed(lower_first(c.label) for c in claims)}) on "
        f"{project.unit_of(study).replace('directed-', 'directed ')}s of {record}, "
        f"{study.window[0]}–{study.window[1]}{robust if 'dyadic' in study.vcov else ''}."
    )


def before(lags: set[int]) -> str:
    """Years before the outcome: "t−1 or t−2"."""
    return " or ".join(f"t\u2212{lag}" for lag in sorted(lags))


def tenth(value: float) -> str:
    """A number with one digit."""
    return decimal(value, 1)
