"""Names, roles and timing in claims: what is not defined, or has no place in a model, is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.cli.project import load
from detente.panel import catalogue
from detente.sources import REGISTRY

from builders import change, line
from configured import CLAIMS_FILE, DEMO, PAPER, TINY, refusal

CLAIMS = "defence_agreement, defence_pact, exercise, un_mission"
CLAIMS_IN_ORDER = ("exercise", "defence_pact", "un_mission", "defence_agreement")
CONTROLS = (
    "capability_ratio, contiguity, defence_pact, democracy, distance, exercise, major_power, peace_years, rivalry"
)


def test_claims_effects_and_controls_that_are_not_defined_are_reported_together(bare: Path):
    control = change(bare / CLAIMS_FILE, "controls: [rivalry, democracy", "controls: [rivalri, democracy")
    effect = change(bare / DEMO, "    exercise: -0.03", "    exercize: -0.03")
    claim = change(bare / PAPER, "claims: [exercise, defence_pact", "claims: [exercise, defense_pact")

    demo = f"simulation › effects: 'exercize' is not a claim; legal values: {CLAIMS}; nearest: 'exercise'"
    assert refusal(bare).removeprefix("ConfigError: ").splitlines() == [
        f"{CLAIMS_FILE}:{control} › claims › exercise › controls: 'rivalri' is not defined under `controls`; "
        f"legal values: {CONTROLS}; nearest: 'rivalry'",
        f"{DEMO}:{effect} › {demo}",
        f"{PAPER}:{claim} › claims: 'defense_pact' is not a claim of config/claims.yaml; "
        f"legal values: {CLAIMS}; nearest: 'defence_pact'",
        f"{TINY}:{line(bare / TINY, 'simulation')} › {demo}",
    ]


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
        (
            "    outcome: onset_gml",
            "    outcome: onset_gmll",
            "claims › exercise › outcome",
            "onset_gmll",
            "onset_gml",
        ),
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

    known = len(catalogue(list(REGISTRY.values())))
    assert refusal(copied) == (
        f"UnknownVariable: {CLAIMS_FILE}:{at} › {where}: {name!r} is not a variable of the panel; "
        f"legal values: {known} of them; nearest: {nearest!r}"
    )


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

    lines = [
        f"{CLAIMS_FILE}:{at} › claims › {claim} › controls › {name}: {fault}"
        for claim, at in controls_of(copied / CLAIMS_FILE).items()
    ]
    assert refusal(copied) == "RoleError: " + "\n".join(lines)


def controls_of(path: Path) -> dict[str, int]:
    """Line of every claim's list of controls."""
    rows = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    return dict(zip(CLAIMS_IN_ORDER, (at for at, row in rows if row.startswith("    controls: [")), strict=True))


ONSETS = (
    "onset_cow, onset_cow_strict, onset_dyadic, onset_dyadic_strict, onset_fatal_cow, onset_fatal_dyadic, "
    "onset_fatal_gml, onset_fatal_gml211, onset_fatal_mid5, onset_fatal_mie, onset_force_cow, onset_force_dyadic, "
    "onset_force_gml, onset_force_gml211, onset_force_mid5, onset_force_mie, onset_gml, onset_gml211, "
    "onset_gml211_strict, onset_gml_strict, onset_icb, onset_icb_strict, onset_mid5, onset_mid5_strict, onset_mie, "
    "onset_mie_strict, onset_originators_cow, onset_originators_dyadic, onset_originators_gml, "
    "onset_originators_gml211, onset_originators_mid5, onset_originators_mie, onset_ucdp, onset_ucdp_strict, "
    "onset_violent_icb, onset_war, onset_war_icb, onset_war_strict"
)


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
DURATIONS = (
    "peace_years, peace_years_cow, peace_years_dyadic, peace_years_gml211, peace_years_icb, peace_years_mid5, "
    "peace_years_mie, peace_years_ucdp, peace_years_war"
)


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
