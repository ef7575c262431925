"""A made-up study for the tests of exhibits: every frame in its schema, every verdict present."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from detente.base.files import write_json
from detente.report import FRAMES, Evidence
from detente.report.tables.coverage import KINDS
from detente.study.config.project import Project, load_project
from detente.study.estimation import ESTIMATES, WINDOWS

from support.compared import design_effects, designs
from support.pages import PROVENANCE

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {"all": (497_568, 19_543, 1_115), "relevant": (48_097, 1_861, 904), "contiguous": (15_649, 590, 738)}
PLANTED = {"exercise": -0.002, "defence_pact": 0.0, "un_mission": -0.01, "defence_agreement": 0.003}
# Effect and dyadic standard error as shares of base risk: every verdict occurs in the headline sample.
SHAPES = {
    "exercise": (-0.30, 0.10),
    "defence_pact": (0.02, 0.06),
    "un_mission": (-0.35, 0.80),
    "defence_agreement": (0.33, 0.12),
}
FAILED = ("un_mission", "contiguous", "logit")


@cache
def project() -> Project:
    return load_project(ROOT)


def evidence(study: str = "paper") -> Evidence:
    """Frames of a whole study; `study` is one of config/study."""
    return Evidence(project(), project().study(study), frames())


def of_frames(simulated: bool = False, **given: pd.DataFrame) -> Evidence:
    """The paper or, where the world is simulated, the demo, with these frames alone."""
    return Evidence(project(), project().study("demo" if simulated else "paper"), given)


def frames() -> dict[str, pd.DataFrame]:
    """Every frame of the paper of a study."""
    truth = pd.DataFrame(PLANTED.items(), columns=["claim", "planted"])
    raw = pd.DataFrame(PROVENANCE["raw"])
    made = {"estimates": estimates(), "failures": failures(), "coverage": coverage(), "truth": truth, "provenance": raw}
    return made | describe() | {"windows": windows()} | compared()


def compared() -> dict[str, pd.DataFrame]:
    """The claims by other designs."""
    made = {"own_designs": designs, "own_design_effects": design_effects}
    return {name: pd.concat(map(of, SHAPES), ignore_index=True) for name, of in made.items()}


def write_frames(folder: Path, made: Evidence) -> None:
    """Write the frames of a study where commands look for them below the folder of its frames."""
    for name, frame in made.frames.items():
        stored = FRAMES[name]
        if "{own}" in stored.path:
            for claim, mine in frame.groupby("claim"):
                path = Path(stored.path.format(processed=folder, reports=folder, own=claim))
                stored.schema.write(mine[list(stored.schema.columns)].reset_index(drop=True), path)
            continue
        path = Path(stored.path.format(processed=folder, reports=folder))
        if name == "truth":
            write_json({"effects": dict(frame.itertuples(index=False))}, path)
        elif name == "provenance":
            write_json(PROVENANCE, path)
        else:
            schema = FRAMES[name].schema
            schema.write(frame[list(schema.columns)], path)


def with_cell(made: Evidence, estimate: float, std_error: float, verdict: str) -> Evidence:
    """The same study, with one claim's headline LPM put to `estimate` ± `std_error` and `verdict`."""
    frame = made.estimates.copy()
    wanted = (
        (frame["claim"] == "exercise")
        & (frame["sample"] == "relevant")
        & (frame["estimator"] == "lpm")
        & (frame["quantity"] == "average_marginal_effect")
    )
    bounds = {"conf_low": estimate - 1.96 * std_error, "conf_high": estimate + 1.96 * std_error}
    for name, value in {"estimate": estimate, "std_error": std_error, "verdict": verdict, **bounds}.items():
        frame.loc[wanted, name] = value
    return made.with_frames(estimates=frame)


def estimates() -> pd.DataFrame:
    rows = []
    for claim, (share, error) in SHAPES.items():
        for i, sample in enumerate(SAMPLES):
            for estimator in ("logit", "lpm"):
                if (claim, sample, estimator) != FAILED:
                    rows += _model(claim, sample, estimator, share * (1 - 0.25 * abs(i - 1)) + 0.1 * (i == 0), error)
    return pd.DataFrame(rows).assign(specification="the headline", dropped="", notes="")[list(ESTIMATES.columns)]


def _model(claim: str, sample: str, estimator: str, share: float, error: float) -> list[dict[str, object]]:
    years, dyads, onsets = SAMPLES[sample]
    base = onsets / years
    treatment = {"exercise": "exercise_any"}.get(claim, claim)
    states = 190 if sample != "contiguous" else 184
    shift = 1.0 if estimator == "lpm" else 0.85
    constant = {
        "spec_id": f"{claim}.{estimator}.{sample}",
        "claim": claim,
        "outcome": "onset_gml",
        "treatment": treatment,
        "sample": sample,
        "estimator": estimator,
        "nobs": years - 1_700,
        "dyads": dyads,
        "states": states,
        "events": onsets - 12,
        "treated": {"un_mission": 310}.get(claim, years // 9),
        "treated_dyads": {"un_mission": 28}.get(claim, dyads // 4),
        "switching_dyads": {"un_mission": 17}.get(claim, dyads // 5),
        "switching_states": {"un_mission": 19}.get(claim, states - 20),
        "treated_risk": base * {"un_mission": 14.0}.get(claim, 0.9),
        "mean_risk": base,
        "base_risk": base,
        "smallest_effect": 0.2 * base,
        "converged": True,
        "reference": {"lpm": "linearmodels PanelOLS", "logit": "statsmodels Logit"}[estimator],
        "reference_gap": 3.1e-9 if estimator == "lpm" else 4.2e-13,
    }
    rows: list[dict[str, object]] = []
    for covariance, factor in (("dyadic", 1.0), ("dyad", 0.62)):
        groups = states if covariance == "dyadic" else dyads
        made_by = {
            "dyadic": f"dyadic-robust over {states} states, no small-sample factor, t with {groups - 1} df",
            "dyad": f"clustered by {dyads} dyads, factor G/(G−1), t with {groups - 1} df",
        }[covariance]
        common = {
            **constant,
            "vcov": covariance,
            "df": groups - 1,
            "ssc": made_by,
            "repair": "negative eigenvalues clipped at zero"
            if claim == "un_mission" and covariance == "dyadic"
            else "",
        }
        effect, se = share * shift * base, error * factor * base
        rows.append(_row(common, "average_marginal_effect", f"{treatment}_lag1", effect, se, base))
        log_ratio = math.log(max(1 + share * shift, 0.05))
        rows.append(_ratio(common, f"{treatment}_lag1", log_ratio, error * factor))
        scale = 1.0 if estimator == "lpm" else 1 / base
        rows.append(_row(common, "coefficient", f"{treatment}_lag1", effect * scale, se * scale, base))
        rows += [_row(common, "coefficient", term, v, abs(v) / 2.3, base) for term, v in _controls(estimator, claim)]
    return rows


def _controls(estimator: str, claim: str) -> list[tuple[str, float]]:
    terms = {
        "rivalry_lag2": 1.61,
        "democracy_low_lag2": -0.042,
        "capability_ratio_lag2": -0.11,
        "major_power_lag2": 0.55,
        "defence_pact_lag2": 0.13,
        "contiguous": 1.21,
        "log_distance": -0.21,
        "peace_years": -0.09,
        "peace_years_2": 0.0012,
        "peace_years_3": -0.0000061,
        "intercept": -3.4,
    }
    dropped = {"lpm": {"contiguous", "log_distance", "intercept"}}.get(estimator, set())
    scale = 0.02 if estimator == "lpm" else 1.0
    return [
        (t, v * scale)
        for t, v in terms.items()
        if t not in dropped and not (t == "defence_pact_lag2" and claim == "defence_pact")
    ]


def _row(
    common: dict[str, object], quantity: str, term: str, value: float, error: float, base: float
) -> dict[str, object]:
    effect = quantity == "average_marginal_effect"
    z = value / error
    return {
        **common,
        "quantity": quantity,
        "term": term,
        "is_treatment": term.endswith("_lag1"),
        "scale": "identity",
        "estimate": value,
        "std_error": error,
        "std_error_unrepaired": error / 1.05 if common["repair"] else error,
        "statistic": z,
        "p_value": math.erfc(abs(z) / math.sqrt(2)),
        "conf_low": value - 1.97 * error,
        "conf_high": value + 1.97 * error,
        "mde": 2.8 * error if effect else math.nan,
        "mde_share": 2.8 * error / base if effect else math.nan,
        "smallest_effect": common["smallest_effect"] if effect else math.nan,
        "difference_error": 1.2 * error if effect else math.nan,
        "verdict": _verdict(value, error, 0.2 * base) if effect else "",
    }


def _ratio(common: dict[str, object], term: str, log_ratio: float, error: float) -> dict[str, object]:
    row = _row(common, "risk_ratio", term, log_ratio, error, 1.0)
    bounds = {name: math.exp(float(str(row[name]))) for name in ("estimate", "conf_low", "conf_high")}
    return {**row, **bounds, "scale": "log", "std_error": error * bounds["estimate"]}


def _verdict(value: float, error: float, smallest: float) -> str:
    if abs(value) + 1.65 * error < smallest:
        return "negligible"
    if abs(value) > 1.97 * error:
        return "lowers" if value < 0 else "raises"
    return "inconclusive"


def without_covariance(made: Evidence, covariance: str, why: str, *, term: str = "") -> Evidence:
    """The same study, its headline LPM of exercises without one covariance, or with one term less under it."""
    frame = made.estimates
    mine = (frame["claim"] == "exercise") & (frame["sample"] == "relevant") & (frame["estimator"] == "lpm")
    gone = mine & (frame["vcov"] == covariance) & (frame["term"].eq(term) if term else True)
    message = f"{term}: {why}" if term else why
    row = pd.DataFrame(
        [("exercise", "relevant", "lpm", "IndefiniteCovariance", message)], columns=made.failures.columns
    )
    return made.with_frames(estimates=frame[~gone], failures=pd.concat([made.failures, row], ignore_index=True))


def failures() -> pd.DataFrame:
    message = "un_mission_lag1 predicts peace perfectly in 15,649 dyad-years & 310 <treated>"
    rows = [(*FAILED, "Separation", message)]
    return pd.DataFrame(rows, columns=["claim", "sample", "estimator", "error", "message"])


def describe() -> dict[str, pd.DataFrame]:
    return {
        "sample_flow": _sample_flow(),
        "descriptives": _descriptives(),
        "timeline": _timeline(),
        "partners": _partners(),
        "raw_risk": _raw_risk(),
        "attrition": _attrition(),
    }


def _sample_flow() -> pd.DataFrame:
    rows = []
    for sample, (years, dyads, onsets) in SAMPLES.items():
        share = {"all": 0.0365, "relevant": 0.168, "contiguous": 0.24}[sample]
        rows.append(
            {
                "sample": sample,
                "label": sample,
                "dyad_years": years,
                "dyads": dyads,
                "onset_gml": onsets,
                "onset_cow": round(onsets * 1.06),
                "onset_after_dispute": round(onsets * 0.32),
                "ongoing_gml": round(onsets * 1.36),
                "force_onset": round(onsets * 0.7),
                "fatal_onset": round(onsets * 0.29),
                "exercise_any": round(share * years),
                "exercise_bilateral": round(share * years / 9),
                "switches_on": round(share * years / 3),
                "switches_off": round(share * years / 3.4),
                "exercise_any_share": share,
                "exercise_bilateral_share": share / 9,
            }
        )
    return pd.DataFrame(rows)


def _descriptives() -> pd.DataFrame:
    variables = [
        ("onset_gml", "Dispute onset (GML)", "0/1", 0.0188, 0.136, 0, 1),
        ("exercise_any", "Joint exercise", "0/1", 0.168, 0.374, 0, 1),
        ("defence_pact", "Defence pact", "0/1", 0.17, 0.376, 0, 1),
        ("un_mission", "UN mission between the parties", "0/1", 0.0065, 0.08, 0, 1),
        ("defence_agreement", "Defence agreement", "0/1", 0.09, 0.286, 0, 1),
        ("rivalry", "Strategic rivalry", "0/1", 0.043, 0.203, 0, 1),
        ("democracy_low", "Lower democracy score", "extended UDS", -0.61, 0.71, -2.11, 1.94),
        ("capability_ratio", "Log capability ratio", "log points", 3.12, 2.04, 0.0001, 10.94),
        ("log_distance", "Log distance", "log(km + 1)", 5.71, 3.44, 0, 9.88),
        ("peace_years", "Peace years", "years", 34.2, 31.7, 0, 194),
    ]
    return pd.DataFrame(
        [
            {
                "sample": sample,
                "variable": name,
                "label": label,
                "unit": unit,
                "nobs": years - (1200 if name == "democracy_low" else 0),
                "missing": 1200 if name == "democracy_low" else 0,
                "mean": mean * (1 + 0.3 * i),
                "sd": sd,
                "min": low,
                "max": high,
            }
            for i, (sample, (years, _, _)) in enumerate(SAMPLES.items())
            for name, label, unit, mean, sd, low, high in variables
        ]
    )


def _timeline() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    for year in range(1980, 2011):
        exercises = round(25 + 7 * (year - 1980) + rng.normal(0, 14))
        total = int(rng.poisson(36))
        for sample, share in (("all", 1.0), ("relevant", 0.81), ("contiguous", 0.66)):
            onsets = round(total * share)
            rows.append(
                {
                    "year": year,
                    "sample": sample,
                    "dyad_years": SAMPLES[sample][0] // 31,
                    "onsets": onsets,
                    "ongoing": onsets + 9,
                    "force_onsets": onsets // 2,
                    "exercise_dyads": 4 * exercises,
                    "exercises": exercises,
                    "mean_participants": 4.3,
                }
            )
    return pd.DataFrame(rows)


def _partners() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    names = [
        "United States of America",
        "Canada",
        "United Kingdom",
        "France",
        "Germany",
        "Italy",
        "Spain",
        "Netherlands",
        "Belgium",
        "Denmark",
        "Norway",
        "Turkey",
        "Greece",
        "Portugal",
        "Poland",
        "Russia",
        "Ukraine",
        "Kazakhstan",
        "China",
        "Pakistan",
        "India",
        "Japan",
        "South Korea",
        "Australia",
        "New Zealand",
        "Thailand",
        "Philippines",
        "Egypt",
        "Brazil",
        "Argentina",
    ]
    bloc = [0] * 15 + [1] * 4 + [2] * 9 + [3] * 2
    rows = []
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            rate = 17 if bloc[i] == bloc[j] else (12 if i == 0 else 1.2)
            years = int(min(31, rng.poisson(rate)))
            if years:
                rows.append((2 + 10 * i, 2 + 10 * j, a, names[j], years, years // 3, 1982, 2010))
    columns = ["ccode1", "ccode2", "name_1", "name_2", "exercise_years", "bilateral_years", "first_year", "last_year"]
    return pd.DataFrame(rows, columns=columns)


def _raw_risk() -> pd.DataFrame:
    ratios = {
        "exercise": (4.1, 0.94, 0.61),
        "defence_pact": (2.2, 0.71, 0.52),
        "un_mission": (41.0, 4.4, 1.9),
        "defence_agreement": (3.0, 1.1, 0.8),
    }
    rows = []
    for claim, values in ratios.items():
        for (sample, (years, _, onsets)), ratio in zip(SAMPLES.items(), values, strict=True):
            treated = 310 if claim == "un_mission" else years // 9
            base = onsets / years
            for arm, n, risk in ((0, years - treated, base), (1, treated, min(base * ratio, 0.4))):
                low, high = _wilson(risk, n)
                half = 3 if arm else 140
                rows.append((claim, sample, arm, n, n // 12, round(risk * n), half, risk, low, high, ratio))
    sizes = ["dyad_years", "dyads", "onsets", "half_dyads"]
    columns = ["claim", "sample", "treated", *sizes, "risk", "conf_low", "conf_high", "ratio"]
    return pd.DataFrame(rows, columns=columns)


def _wilson(p: float, n: int) -> tuple[float, float]:
    z = 1.96
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def _attrition() -> pd.DataFrame:
    rows = []
    for claim in SHAPES:
        for estimator in ("logit", "lpm"):
            for sample, (years, _, onsets) in SAMPLES.items():
                steps = [
                    ("dyad-years of the sample in the window", years),
                    ("dispute under way", onsets // 3),
                    ("treatment not coded", 1_100),
                    ("democracy_low_lag2 missing", 600 - 9 * (claim == "un_mission")),
                ]
                steps.append(("used", years - sum(rows for _, rows in steps[1:])))
                rows += [(claim, estimator, sample, i, reason, n) for i, (reason, n) in enumerate(steps)]
    return pd.DataFrame(rows, columns=["claim", "estimator", "sample", "order", "reason", "rows"])


def windows() -> pd.DataFrame:
    """Two claims in years of their own and in the common ones, where one of them has no estimate."""
    rows = []
    for claim, first in (("defence_pact", 1946), ("un_mission", 1948)):
        for start in (first, 1980):
            found = {
                "nobs": 60_000.0, "events": 1200.0, "switching_dyads": 300.0, "estimate": -0.002, "std_error": 0.001,
                "df": 20.0, "conf_low": -0.0041, "conf_high": 0.0001, "base_risk": 0.02, "mde": 0.003,
                "mde_share": 0.15, "verdict": "inconclusive", "failure": "",
            }  # fmt: skip
            if (claim, start) == ("un_mission", 1980):
                lost = dict.fromkeys(name for name, value in found.items() if isinstance(value, float))
                found = {**found, **lost, "verdict": "", "failure": "the sample leaves no onset"}
            years = {"first_year": start, "last_year": 2010, "own": start == first}
            rows.append({"claim": claim, **years, **found})
    return WINDOWS.validated(WINDOWS.frame(rows))


def coverage() -> pd.DataFrame:
    """Coverage of a simulated world; what the last cell lacks is said."""
    rows = []
    for scenario, shock in (("own", 0.01), ("strong", 0.04), ("shared", 0.04)):
        for sample in ("all", "relevant"):
            failed = (scenario, sample) == ("shared", "relevant")
            for i, kind in enumerate(KINDS):
                judged = {"covers": 0.9 + 0.01 * i, "covers_error": 0.009, "ratio": 0.95, "length": 0.0193}
                judged |= {"draws": 1000.0, "undefined": 2.0, "df": 59.0, "std_error": 0.005, "spread": 0.005}
                judged |= {"mean_estimate": -0.03}
                rows.append(
                    {
                        **{name: math.nan if failed else value for name, value in judged.items()},
                        "claim": "exercise",
                        "scenario": scenario,
                        "sample": sample,
                        "vcov": kind,
                        "state_shock": shock,
                        "planted": -0.03,
                        "rows": 43_854,
                        "dyads": 1_764,
                        "states": 60,
                        "failure": "NoVariation: the treatment does not vary" if failed else "",
                    }
                )
    return pd.DataFrame(rows)
