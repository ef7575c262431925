"""Names, roles and timing in claims: what is not defined, or has no place in a model, is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base import strict
from detente.base.errors import choices
from detente.base.units import UNITS
from detente.data.panel import catalogue
from detente.data.panel.outcomes import DURATIONS as CODED
from detente.data.sources import REGISTRY
from detente.report.paper.document import References
from detente.study.config.claims import ClaimsFile
from detente.study.project import load

from support.builders import REPOSITORY, change, line
from support.configured import CLAIMS_FILE, DEMO, PAPER, TINY, refusal
from support.pages import WORKS

WIDTH = 120
SHIPPED = strict.read(REPOSITORY / CLAIMS_FILE, ClaimsFile)
OFFERED = {unit: catalogue(list(REGISTRY.values()), unit) for unit in UNITS}


@pytest.mark.fault("configuration")
def test_claims_effects_and_controls_that_are_not_defined_are_reported_together(bare: Path):
    control = change(bare / CLAIMS_FILE, "controls: [rivalry, democracy", "controls: [rivalri, democracy")
    effect = change(bare / DEMO, "    exercise: -0.03", "    exercize: -0.03")
    claim = change(bare / PAPER, "claims: [exercise, defence_pact", "claims: [exercise, defense_pact")

    demo = f"simulation › effects: 'exercize' is not a claim; {choices('exercize', SHIPPED.claims)}"
    assert refusal(bare).removeprefix("ConfigError: ").splitlines() == [
        f"{CLAIMS_FILE}:{control} › claims › exercise › controls: 'rivalri' is not defined under `controls`; "
        f"{choices('rivalri', SHIPPED.controls)}",
        f"{DEMO}:{effect} › {demo}",
        f"{PAPER}:{claim} › claims: 'defense_pact' is not a claim of config/claims.yaml; "
        f"{choices('defense_pact', SHIPPED.claims)}",
        f"{TINY}:{line(bare / TINY, 'simulation')} › {demo}",
    ]


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "where", "name", "nearest"),
    [
        (
            "    treatment: exercise_any",
            "    treatment: exercise_anny",
            "claims › exercise › treatment",
            "exercise_anny",
            "exercise_any",
        ),
        ("    outcome: onset_gml", "    outcome: onset_gmll", "claims › exercise › outcome", "onset_gmll", "onset_gml"),
        (
            "    variable: democracy_low",
            "    variable: democracy_lo",
            "controls › democracy › variable",
            "democracy_lo",
            "democracy_low",
        ),
    ],
)
def test_a_variable_that_the_panel_lacks_is_refused(
    copied: Path, old: str, new: str, where: str, name: str, nearest: str
):
    at = change(copied / CLAIMS_FILE, old, new)

    every = set().union(*OFFERED.values())
    legal = every if where.startswith("controls") else {*OFFERED["dyad-year"]}
    assert choices(name, legal).endswith(f"nearest: {nearest!r}")
    fault = f"{name!r} is not a variable of the panel; {choices(name, legal)}"
    assert refusal(copied) == f"UnknownVariable: {CLAIMS_FILE}:{at} › {where}: {fault}"


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("old", "new", "name", "fault"),
    [
        (
            "    lag: 2\n    label: Strategic",
            "    lag: 1\n    label: Strategic",
            "rivalry",
            "measured 1 and the treatment 1 years before the outcome; "
            "a confounder must come before the treatment: use lag 2 or more",
        ),
        (
            "    lag: 2\n    label: Strategic",
            "    lag: 0\n    label: Strategic",
            "rivalry",
            "measured 0 and the treatment 1 years before the outcome; "
            "a confounder must come before the treatment: use lag 2 or more",
        ),
        (
            "    role: confounder",
            "    role: mediator",
            "rivalry",
            "a mediator never enters a total-effect model; take it out, or give it the role it has",
        ),
        (
            "    role: confounder",
            "    role: moderator",
            "rivalry",
            "a moderator enters through an interaction, not as a control",
        ),
        (
            "    variable: rivalry\n    role: confounder\n    lag: 2",
            "    variable: onset_gml\n    role: confounder\n    lag: 1",
            "rivalry",
            "'onset_gml' is the claim's own outcome or treatment",
        ),
        (
            "    variable: peace_years",
            "    variable: peace_years_cow",
            "peace_years",
            "'peace_years_cow' counts by another coding of disputes than 'onset_gml'; use 'peace_years'",
        ),
    ],
)
def test_a_control_measured_too_late_or_in_the_wrong_role_is_refused(
    copied: Path, old: str, new: str, name: str, fault: str
):
    change(copied / CLAIMS_FILE, old, new)

    lines = refusal(copied).removeprefix("RoleError: ").splitlines()
    concerned = [claim for claim in SHIPPED.claims.values() if name in claim.controls]
    assert [row.split(" › ")[2] for row in lines] == [claim.id for claim in concerned]
    for row, claim in zip(lines, concerned, strict=True):
        if claim.outcome == "onset_gml":
            place = ["claims", claim.id, "controls", claim.controls.index(name)]
            where = strict.located(copied / CLAIMS_FILE, list(place))
            assert row == f"{where} › claims › {claim.id} › controls › {name}: {fault}"


@pytest.mark.fault("configuration")
def test_a_control_that_is_fine_for_one_coding_is_refused_for_another(copied: Path):
    change(copied / CLAIMS_FILE, "    outcome: onset_gml", "    outcome: onset_cow")

    assert refusal(copied).endswith(
        "exercise › controls › peace_years: 'peace_years' counts by another coding of disputes than 'onset_cow'; "
        "use 'peace_years_cow'"
    )


ONSETS = ", ".join(sorted(n for n, e in OFFERED["dyad-year"].items() if e.variable.role == "outcome"))


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("outcome", "nearest"),
    [
        ("new_gml", "; nearest: 'onset_gml'"),
        ("ongoing_gml", "; nearest: 'onset_gml'"),
        ("fatal_gml", "; nearest: 'onset_fatal_gml'"),
        ("fought_before", ""),
        ("distance_km", ""),
        ("peace_years", ""),
    ],
)
def test_an_outcome_must_be_an_onset_among_dyads_at_risk(copied: Path, outcome: str, nearest: str):
    at = change(copied / CLAIMS_FILE, "    outcome: onset_gml", f"    outcome: {outcome}")

    assert refusal(copied) == (
        f"RoleError: {CLAIMS_FILE}:{at} › claims › exercise › outcome: {outcome!r} is not an onset among dyads at "
        f"risk; legal values: {ONSETS}{nearest}"
    )


GEOGRAPHY = "contiguity_type, contiguous, distance_km, land_contiguous, log_distance"
DURATIONS = ", ".join(sorted(set(CODED.values())))


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("variable", "role", "legal"),
    [
        ("ongoing_gml", "geography", GEOGRAPHY),
        ("exercise_bilateral", "geography", GEOGRAPHY),
        ("peace_years", "geography", GEOGRAPHY),
        ("ongoing_gml", "duration", DURATIONS),
        ("fought_before", "duration", DURATIONS),
        ("contiguous", "duration", DURATIONS),
    ],
)
def test_a_role_that_exempts_from_timing_is_for_variables_that_have_it(
    copied: Path, variable: str, role: str, legal: str
):
    old = "    variable: rivalry\n    role: confounder\n    lag: 2"
    change(copied / CLAIMS_FILE, old, f"    variable: {variable}\n    role: {role}\n    lag: 0")

    at = line(copied / CLAIMS_FILE, f"    role: {role}")
    assert refusal(copied) == (
        f"RoleError: {CLAIMS_FILE}:{at} › controls › rivalry › role: {variable!r} cannot be {role}; "
        f"legal values: {legal}"
    )


@pytest.mark.parametrize(
    ("variable", "role", "outcome"),
    [
        ("land_contiguous", "geography", "onset_gml"),
        ("distance_km", "geography", "onset_cow"),
        ("contiguity_type", "geography", "onset_gml_strict"),
        ("peace_years", "duration", "onset_fatal_gml"),
        ("peace_years_cow", "duration", "onset_cow"),
    ],
)
def test_a_role_that_a_variable_has_is_legal(copied: Path, variable: str, role: str, outcome: str):
    path = copied / CLAIMS_FILE
    text = path.read_text(encoding="utf-8").replace("    outcome: onset_gml", f"    outcome: {outcome}")
    old = "    variable: peace_years\n    role: duration"
    path.write_text(text.replace(old, f"    variable: {variable}\n    role: {role}"), encoding="utf-8")

    assert load(copied).claims.controls["peace_years"].role == role


def test_a_treatment_measured_earlier_pushes_its_confounders_back(copied: Path):
    change(copied / CLAIMS_FILE, "    lag: 1\n    outcome", "    lag: 2\n    outcome")

    text = refusal(copied)

    assert [row.split(" › ")[4].split(":")[0] for row in text.splitlines()] == [
        "rivalry",
        "democracy",
        "capability_ratio",
        "major_power",
        "defence_pact",
    ]
    assert "measured 2 and the treatment 2 years before the outcome" in text
    assert "use lag 3 or more" in text


def test_a_mediator_may_be_defined_as_long_as_no_claim_controls_for_it(copied: Path):
    assert load(copied).claims.controls["exercise"].role == "mediator"


# Claims that are moderated, directed or not tested

EXERCISE = "    lag: 1\n    outcome: onset_gml\n    expected: lowers\n"
MODERATOR = "    moderator: {variable: rivalry, lag: 2, label: Strategic rivalry (t−2)}\n"


def spoilt(root: Path, old: str, new: str) -> str:
    change(root / CLAIMS_FILE, old, new)
    return refusal(root)


@pytest.mark.fault("configuration")
def test_a_moderator_measured_after_the_treatment_is_refused(copied: Path):
    text = spoilt(copied, EXERCISE, EXERCISE.replace("lag: 1", "lag: 3") + MODERATOR)

    assert "claims › exercise" in text
    assert "the moderator is measured 2 and the treatment 3 years before" in text


def test_a_moderator_of_the_treatment_s_own_year_is_legal(copied: Path):
    change(copied / CLAIMS_FILE, EXERCISE, EXERCISE + MODERATOR.replace("lag: 2", "lag: 1"))
    change(copied / CLAIMS_FILE, "    kads: exercise\n", "")

    moderator = load(copied).claims.claims["exercise"].moderator
    assert moderator is not None
    assert moderator.lag == 1


@pytest.mark.fault("configuration")
def test_the_same_code_twice_is_refused(copied: Path):
    assert "'A2' must be listed only once" in spoilt(copied, "    code: A12", "    code: A2")


@pytest.mark.fault("configuration")
def test_a_code_of_a_tested_and_an_untested_claim_is_refused(copied: Path):
    assert "'A12' must be listed only once" in spoilt(copied, "    code: A7\n", "    code: A12\n")


@pytest.mark.fault("configuration")
def test_a_claim_is_tested_or_not(copied: Path):
    text = spoilt(copied, "  confidence_building:", "  exercise:")

    assert "'exercise' must be either under `claims` or under `untested`" in text


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("extra", "what"),
    [
        ("    placebos: [{variable: exercise_anny, lag: 1, label: x}]\n", "placebos › 0 › variable: 'exercise_anny'"),
        ("    moderator: {variable: rivalri, lag: 2, label: x}\n", "moderator › variable: 'rivalri'"),
    ],
)
def test_a_placebo_or_moderator_that_the_panel_lacks_is_refused(copied: Path, extra: str, what: str):
    text = spoilt(copied, "    code: A21\n", "    code: A21\n" + extra)

    assert f"claims › mediation › {what} is not a variable of the panel" in text


@pytest.mark.fault("configuration")
def test_a_directed_claim_takes_an_initiation_and_an_undirected_one_does_not(copied: Path):
    text = spoilt(copied, EXERCISE, EXERCISE.replace("onset_gml", "initiation_gml"))

    assert "claims › exercise › outcome: 'initiation_gml' is not a variable of the panel" in text
    assert "initiation_gml" in OFFERED["directed-dyad-year"]


@pytest.mark.fault("configuration")
def test_a_directed_claim_with_variables_of_undirected_dyads_is_refused(copied: Path):
    extra = "    directed: true\n    placebos: [{variable: initiated_gml_12, lag: 1, label: x}]\n"
    text = spoilt(copied, "    code: A21\n", "    code: A21\n" + extra)

    assert "claims › mediation › placebos › 0 › variable: 'initiated_gml_12' is not a variable of the panel" in text


@pytest.mark.fault("configuration")
def test_an_undirected_claim_with_a_directed_control_is_refused(copied: Path):
    text = spoilt(copied, "    controls: [rivalry,", "    controls: [capability_share,")

    assert "claims › exercise › controls › 0: 'capability_share' is not a variable of the panel" in text


def test_a_sample_of_a_claim_is_one_that_designs_have(copied: Path):
    text = spoilt(copied, EXERCISE, EXERCISE + "    sample: allied\n")

    assert "claims › exercise › sample" in text
    assert "nearest: 'allies'" in text


# The shipped list


def test_every_claim_has_a_code_a_class_and_a_reason():
    everything = SHIPPED.every

    codes = {claim.code for claim in everything}
    parts = {"A": 29, "B": 6, "C": 11, "D": 6}
    assert codes == {f"{letter}{number}" for letter, last in parts.items() for number in range(1, last + 1)}
    assert all(len(claim.label) <= 30 and claim.why.endswith(".") for claim in everything)
    assert all(claim.statement.endswith(".") and claim.statement.count(". ") == 0 for claim in everything)
    assert all(claim.needs.endswith(".") for claim in SHIPPED.untested.values())


def test_no_control_is_the_treatment_or_the_moderator_at_its_own_time():
    for claim in SHIPPED.claims.values():
        named = {(SHIPPED.controls[name].variable, SHIPPED.controls[name].lag) for name in claim.controls}
        assert claim.treatment not in {variable for variable, _ in named}, claim.id
        assert claim.outcome not in {variable for variable, _ in named}, claim.id


def test_a_control_is_defined_because_a_claim_uses_it():
    used = {name for claim in SHIPPED.claims.values() for name in claim.controls}

    assert {name for name in SHIPPED.controls if name not in used} == {"exercise"}
    assert SHIPPED.controls["exercise"].role == "mediator"


def test_moderated_claims_and_contrasts_are_families_of_their_own():
    for claim in SHIPPED.claims.values():
        assert (claim.family == "moderators") == (claim.moderator is not None), claim.id
        assert (claim.family == "deterrence") == claim.directed, claim.id


def test_lines_of_the_claims_are_as_wide_as_lines_of_code() -> None:
    lines = (REPOSITORY / CLAIMS_FILE).read_text(encoding="utf-8").splitlines()

    assert [number for number, text in enumerate(lines, start=1) if len(text) > WIDTH] == []


def test_works_that_described_claims_follow_are_in_the_list_of_references() -> None:
    """A work is linked where its authors and year stand in a text, as the page prints designs."""
    works = References(WORKS, [])
    for claim in SHIPPED.described.values():
        works.linked(claim.design)

    assert {"fortna2004", "gibler2006", "acharya2016", "leeds2003", "kenwick2015"} <= works.cited
