"""The contrast that a verdict is about: its forms, and that no verdict hangs on the unit of the treatment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from detente.base.errors import NoVariation
from detente.stats import fit
from detente.stats.resampling import placebo_test, randomisation_test, state_labels
from detente.stats.resampling.randomisation import drawn_blocks
from detente.study.config import Claim, Contrast
from detente.study.design import Specification, build_design
from detente.study.estimation import designed, estimate
from detente.study.multiverse import curve
from detente.study.multiverse.grid import Variant
from detente.study.multiverse.multiverse import fitted, recheck, stand_alone
from detente.study.multiverse.panels import Held
from detente.study.multiverse.rows import Rows
from detente.study.robustness.randomising import network, regions

from support.builders import dyad_years, panel
from support.designs import specification

QUARTILES = Contrast(percentiles=(25, 75), said="the quartiles")
CASE = Contrast(case={"ccode2": 27, "year": 1990}, said="none to the largest")
HOSTED = 28_500.0


def world(scale: float = 1.0) -> pd.DataFrame:
    """Troops hosted by the second state, in some unit of their logarithm, and onsets that they do not touch."""
    generator = np.random.default_rng(4)
    made = []
    for a in range(2, 14):
        for b in range(a + 1, 28):
            size = generator.exponential(3000) * (generator.random(20) < 0.6)
            troops = np.where((b == 27) & (np.arange(20) == 5), HOSTED, size)
            onsets = (generator.random(20) < 0.08).astype(float)
            value = (scale * np.log1p(troops)).tolist()
            made.append(dyad_years(a, b, range(1985, 2005), exercise_any=value, onset_gml=onsets.tolist()))
    return panel(*made)


def under(contrast: Contrast | None) -> Specification:
    spec = specification()
    claim = spec.claim.model_copy(update={"contrast": contrast})
    return replace(spec, claim=claim, window=(1985, 2004), estimator="lpm", vcov=("dyadic",))


# Natural logs, and logs to bases 2 and 10, standard deviations, and thousandths of them: one treatment in five units.
UNITS = {"ln": 1.0, "log2": 1 / np.log(2), "log10": 1 / np.log(10), "sd": 1 / 3.7, "thousand": 1e-3}


LOW = Contrast(percentiles=(10, 20), said="two low deciles")


def test_a_sample_whose_contrast_is_one_value_has_its_rows_and_says_what_is_lost() -> None:
    design, lost = designed(world(), under(LOW))
    whole, nothing = designed(world(), under(QUARTILES))
    assert design.attrition == whole.attrition and np.array_equal(design.y, whole.y)
    assert nothing is None and lost is not None and lost.rows.empty
    assert list(lost.failures["error"]) == ["NoVariation"]
    # The row names the model already.
    assert lost.failures["message"][0] == f"the contrast of '{under(LOW).claim.treatment}', two low deciles, is 0 to 0"


def test_a_specification_whose_contrast_is_one_value_has_no_estimate_and_takes_none_from_others() -> None:
    """Among many specifications as alone: two in five values are 0, so that the first two deciles are."""
    specs = [under(QUARTILES), under(LOW)]
    variants = [Variant(spec, (str(i),), "headline", equivalent=True) for i, spec in enumerate(specs)]
    rows = Held({"dyad-year": world()})
    found = fitted(rows, variants, ["contrast"])
    assert list(found["error"]) == ["", "NoVariation"]
    assert "two low deciles, is 0 to 0" in found["message"][1]
    assert recheck(rows, specs, found, 1, share=1.0) == 2


@pytest.mark.parametrize("contrast", [QUARTILES, CASE], ids=["percentiles", "case"])
def test_one_claim_has_one_verdict_in_every_unit(contrast: Contrast) -> None:
    found = {}
    for unit, scale in UNITS.items():
        frame = world(scale)
        rows = estimate(build_design(frame, under(contrast)), under(contrast)).rows
        found[unit] = rows[rows["quantity"] == "average_marginal_effect"].iloc[0]
    first = found["ln"]
    for row in found.values():
        assert row["verdict"] == first["verdict"] != ""
        for name in ("estimate", "std_error", "df", "mde_share"):
            assert row[name] == pytest.approx(first[name], rel=1e-8)


def test_without_a_contrast_the_verdict_hangs_on_the_unit() -> None:
    rows = [estimate(build_design(world(scale), under(None)), under(None)).rows for scale in (1.0, 1e-3)]
    one, other = (r.loc[r["quantity"] == "average_marginal_effect", "estimate"].iloc[0] for r in rows)
    assert other == pytest.approx(1000 * one, rel=1e-8)


def test_the_effect_of_a_contrast_is_the_coefficient_times_its_length() -> None:
    frame = world()
    plain, case = (fit(build_design(frame, under(c)), vcov="hc1") for c in (None, CASE))
    place = plain.solution.treatment
    assert case.estimate[place] == pytest.approx(plain.estimate[place] * np.log1p(HOSTED), rel=1e-9)
    design, quartiles = (build_design(frame, under(c)) for c in (None, QUARTILES))
    low, high = np.percentile(design.treatment, [25, 75])
    np.testing.assert_allclose(quartiles.treatment, (design.treatment - low) / (high - low), rtol=1e-12)


def test_many_specifications_have_the_contrast_of_each_alone() -> None:
    frame, spec = world(), under(QUARTILES)
    rows = Rows(frame, spec.sample)
    keep = rows.unpacked(rows.packed(spec).tobytes())
    made, _ = rows.design([spec], keep)
    np.testing.assert_array_equal(made.treatment, build_design(frame, spec).treatment)
    assert np.isfinite(stand_alone(frame, spec)["estimate"])


@pytest.mark.parametrize("contrast", [QUARTILES, CASE], ids=["percentiles", "case"])
def test_treatments_are_drawn_in_the_unit_of_the_contrast(contrast: Contrast) -> None:
    """From a network in the unit that the treatment came in, so that randomisation and placebos change no p-value."""
    frame = world()
    found = []
    for spec in (under(None), under(contrast)):
        design = build_design(frame, spec)
        scheme = state_labels(network(frame, spec.claim), regions(frame))
        ((_, draws),) = drawn_blocks(scheme.ready(design, design.treatment), 5, 1, len(design.y))
        placebos = placebo_test(fit(design), scheme, draws=39, seed=1)
        test = randomisation_test(fit(design), scheme, statistic="t", draws=39, seed=1)
        joint = curve.drawn(Held({"dyad-year": frame}), [spec], scheme, 5, 1)
        found.append((design.treatment, draws, placebos.p_value, test.draws, joint))
    (plain, raw, *numbers), (own, turned, *others) = found
    unit, origin = np.polyfit(plain, own, 1)
    np.testing.assert_allclose(turned, unit * raw + origin, atol=1e-9)
    for one, other in zip(numbers, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7)


def test_a_contrast_without_length_and_a_case_without_value_are_refused() -> None:
    with pytest.raises(NoVariation, match="the quartiles, is 0 to 0"):
        build_design(world().assign(exercise_any=0.0), under(QUARTILES))
    nowhere = Contrast(case={"ccode2": 27, "year": 1900}, said="none to the largest")
    with pytest.raises(NoVariation, match="ccode2 27, year 1900 has 0 values of 'exercise_any'; a case needs one"):
        build_design(world(), under(nowhere))
    several = Contrast(case={"year": 1990}, said="none to the largest")
    with pytest.raises(NoVariation, match="a case needs one"):
        build_design(world(), under(several))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give one of between, percentiles and case, not none"),
        ({"between": (0, 1), "percentiles": (1, 2)}, "not between and percentiles"),
        ({"between": (1, 1)}, "between must rise"),
        ({"percentiles": (50, 101)}, "percentiles lie between 0 and 100"),
        ({"case": {}}, "at least 1 item"),
    ],
)
def test_a_contrast_is_one_thing(given: dict[str, tuple[float, float]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Contrast(said="x", **given)


@pytest.mark.parametrize("case", [{"ccode": 2}, {"ccode": 2, "year": 1990}])
def test_a_case_is_named_by_keys_of_the_claims_own_panel(case: dict[str, int]) -> None:
    claim = specification().claim.model_dump() | {"contrast": {"case": case, "said": "none to the largest"}}
    with pytest.raises(ValidationError, match="a dyad-year is named by ccode1, ccode2, year, not by ccode"):
        Claim.model_validate(claim)
