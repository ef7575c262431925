"""A published table from a YAML file alone: compared number by number; what is wrong is named before any fit."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, EmptySample, FormulaError, PanelError, UnknownVariable
from detente.base.expressions import Missing, Table, evaluate, parse, selected
from detente.cli import main
from detente.replicate import tables
from detente.replicate.models import build_design, specification
from detente.replicate.notation import printed, unit, with_ends
from detente.replicate.reading import read_publication
from detente.replicate.targets import Target, Tolerance
from detente.replicate.verdicts import Status, compare, difference
from detente.stats import Specification

ROOT = Path(__file__).resolve().parents[2]
MODEL = """
  one:
    read_in: p. 1
    outcome: y
    terms: [x, {z squared: z**2}]
    estimator: lpm
    vcov: classical
    ssc: stata
    printed:
      x: {estimate: "ESTIMATE"}
    statistics: {nobs: 60}
"""


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    made = pd.DataFrame({"x": rng.normal(size=60), "z": rng.normal(size=60)})
    return made.assign(y=made["x"] + made["z"] ** 2 + rng.normal(size=60))


def written(folder: Path, models: str = MODEL, *, estimate: str | None = None, **changes: str) -> Path:
    """A table `made.yaml` and its data under `folder`/data; the printed estimate is the right one if none is given."""
    data = folder / "data/made/made.csv"
    data.parent.mkdir(parents=True, exist_ok=True)
    frame().to_csv(data, index=False)
    x = np.column_stack([frame()["x"], frame()["z"] ** 2, np.ones(60)])
    right = np.linalg.lstsq(x, frame()["y"], rcond=None)[0][0]
    keys = {
        "file": "made.csv",
        "bytes": str(data.stat().st_size),
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "address": "null",
        **changes,
    }
    block = "\n".join(f"    {key}: {value}" for key, value in keys.items())
    text = f"title: A table\ncitation: Nobody 2000\ndata:\n  made:\n{block}\nmodels:{models}"
    path = folder / "made.yaml"
    path.write_text(text.replace("ESTIMATE", estimate or f"{right:.4f}"), encoding="utf-8")
    return path


def run(folder: Path, path: Path, *words: str) -> int:
    return main(["replicate", "--root", str(folder), "--tables", str(path), "--data", str(folder / "data"), *words,
                 "--out", str(folder / "out"), "--templates", str(ROOT / "workflow/report")])  # fmt: skip


def test_a_table_is_replicated_with_no_python(tmp_path: Path) -> None:
    assert run(tmp_path, written(tmp_path)) == 0
    numbers = pd.read_csv(tmp_path / "out/replication.csv")
    assert list(numbers.columns[:9]) == [
        *("id", "model", "term", "quantity", "printed", "ours", "difference", "status", "reason")
    ]
    assert list(numbers["status"]) == ["exact", "exact"]
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "A table" in page and "<script" not in page


def test_a_number_that_differs_is_written_named_and_the_status_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, written(tmp_path, estimate="0.5000")) == 1
    assert re.search(r"1 of 2 printed .*\nmade › one › x › estimate: printed 0.5000", capsys.readouterr().err)
    assert "different" in set(pd.read_csv(tmp_path / "out/replication.csv")["status"])


def test_a_number_without_a_standard_error_has_no_statistic_and_stops_nothing(tmp_path: Path) -> None:
    models = MODEL.replace(
        "    printed:\n",
        '    derived: {flat: {term: x, expression: 0 * value}}\n    printed:\n      flat: {statistic: "1.0"}\n',
    )
    assert run(tmp_path, written(tmp_path, models)) == 1
    numbers = pd.read_csv(tmp_path / "out/replication.csv").set_index("term")
    assert numbers.loc["flat", "status"] == "different"
    assert numbers.loc["flat", "reason"] == "not estimated: the standard error of 0 is 0: it has no statistic"
    assert numbers.loc["x", "status"] == "exact"


def test_a_declared_difference_that_is_none_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = MODEL.replace('"ESTIMATE"', '{printed: "ESTIMATE", differs: "a misprint"}')
    assert run(tmp_path, written(tmp_path, models)) == 1
    assert "no longer differs: a misprint" in capsys.readouterr().err
    assert run(tmp_path, written(tmp_path, models, estimate="0.5000")) == 0


def test_data_that_are_not_at_hand_are_said_and_none_at_all_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path)
    (tmp_path / "data/made/made.csv").unlink()
    assert run(tmp_path, path, "--mirror", str(tmp_path / "nowhere")) == 1
    said = capsys.readouterr().err
    assert "Three ways on" in said and "DETENTE_REPLICATION" in said and "the data of no table are at hand" in said


@pytest.mark.fault("published tables")
def test_bytes_that_are_not_the_pinned_ones_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, written(tmp_path, sha256="a" * 64)) == 1
    assert "wrong bytes" in capsys.readouterr().err


@pytest.mark.fault("published tables")
def test_wrong_bytes_of_one_table_fail_the_run_though_all_others_are_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path)
    other = tmp_path / "other.yaml"
    text = good.read_text(encoding="utf-8")
    other.write_text(re.sub(r"sha256: \w+", f"sha256: {'a' * 64}", text), encoding="utf-8")
    (tmp_path / "data/other").mkdir()
    (tmp_path / "data/other/made.csv").write_bytes((tmp_path / "data/made/made.csv").read_bytes())
    assert run(tmp_path, good, "--tables", str(good), str(other)) == 1
    said = capsys.readouterr().err
    assert "other: wrong bytes" in said and "2 of 4 printed numbers differ" in said
    statuses = pd.read_csv(tmp_path / "out/replication.csv").groupby("id")["status"].unique()
    assert list(statuses["made"]) == ["exact"] and list(statuses["other"]) == ["wrong bytes"]
    # The same where a mirror holds other bytes; where no place holds any, the other table is but not at hand.
    (tmp_path / "data/other/made.csv").rename(tmp_path / "mirrored.csv")
    (tmp_path / "mirror/other").mkdir(parents=True)
    (tmp_path / "mirrored.csv").rename(tmp_path / "mirror/other/made.csv")
    assert run(tmp_path, good, "--tables", str(good), str(other), "--mirror", str(tmp_path / "mirror")) == 1
    assert run(tmp_path, good, "--tables", str(good), str(other), "--mirror", str(tmp_path / "none")) == 0


WRONG = {
    "estimator: lpm": ("estimator: lpn", r"made.yaml:\d+ › models › one › estimator: .*'lpn'.*nearest: 'lpm'"),
    "ssc: stata": ("ssc: strata", r"› ssc: 'strata' is not known; .*nearest: 'stata'"),
    "x: {estimate:": ("x: {estimat:", r"› printed › x › estimat: quantity 'estimat' .*nearest: 'estimate'"),
    '{estimate: "ESTIMATE"}': ("{estimate: 0.50}", r"put a printed number in quotes, so that its digits are kept"),
    "outcome: y": ("outcome: open('y')", r"› outcome: .*there is no function 'open'"),
    "outcome: y\n": ("outcome: y\n    options: {link: log}\n", r"has no such option"),
    "terms: [x,": ("terms: [x, x,", r"'x' is twice among the terms"),
    "statistics: {nobs: 60}": ("statistics: {nobs: many}", r"'many' is no printed number"),
}


@pytest.mark.fault("published tables")
@pytest.mark.parametrize("old", WRONG)
def test_a_wrong_file_is_named_by_line_and_key_with_the_nearest_legal_value(tmp_path: Path, old: str) -> None:
    new, message = WRONG[old]
    with pytest.raises(ConfigError, match=message):
        read_publication(written(tmp_path, MODEL.replace(old, new)))


@pytest.mark.fault("published tables")
@pytest.mark.parametrize("old, new", [("outcome: y", "outcome: yy"), ("terms: [x,", "terms: [xx,")])
def test_an_unknown_column_is_named_before_any_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    assert run(tmp_path, written(tmp_path, MODEL.replace(old, new))) == 1
    place = re.escape((tmp_path / "made.yaml").as_posix())
    assert re.search(rf"{place}:1\d › models › one › \w+.*: the data have no column '(xx|yy)'", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


IMPOSSIBLE = {
    "      x: {est": ("      xs: {est", r"18 › models › one › printed › xs › estimate: the estimate has no term 'xs'; "
                  r"legal values: intercept, x, z squared"),
    "nobs: 60": ('penalised_p: "0.5"', r"19 › models › one › statistics › penalised_p: quantity 'penalised_p' is not"),
    "nobs: 60}": ('penalised_lr_chi2: "0.5"}', r"19 › models › one › statistics › penalised_lr_chi2: only 'firth'"),
    "vcov: classical": ("vcov: dyadic", r"10 › models › one: 'dyadic' needs rows with two sides"),
    "outcome: y": ("outcome: y\n    sample: x > 99", r"10 › models › one: .*the sample has 0 rows"),
    "estimator: lpm": ("estimator: logit", r"10 › models › one: the outcome must be 0 or 1 in every row"),
}  # fmt: skip


@pytest.mark.fault("published tables")
@pytest.mark.parametrize("old", IMPOSSIBLE)
def test_what_nobody_could_make_is_an_error_of_the_file_with_its_line_before_any_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str
) -> None:
    new, message = IMPOSSIBLE[old]
    path = written(tmp_path, MODEL.replace(old, new))
    assert run(tmp_path, path) == 1
    said = capsys.readouterr().err
    assert re.search(rf"ConfigError: {re.escape(path.as_posix())}:{message}", said), said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "ours", "status"),
    [
        ("-.1260", -0.12604, "exact"),
        ("-.1260", -0.12606, "last digit"),
        ("-.1260", -0.12613, "different"),
        ("-.1260", -0.12616, "different"),
        ("1.76e-09", 1.764e-9, "exact"),
        ("1.76e-09", 1.768e-9, "last digit"),
        ("1.76e-09", 1.78e-9, "different"),
        # Ties: half-up and half-even, by the decimal form and by the bits, of which 2.675 has a little less.
        ("0.13", 0.125, "exact"),
        ("0.12", 0.125, "exact"),
        ("-0.13", -0.125, "exact"),
        ("0.37", 0.375, "last digit"),
        ("2.68", 2.675, "exact"),
        ("2.67", 2.675, "exact"),
        ("0.000", 0.0004, "exact"),
        ("0.000", 0.0006, "different"),
        ("0.001", 0.0004, "different"),
        # One off, and far relative to the number: 10 % of two digits, 1 % of three, 0.1 % of four.
        ("-0.0", -0.0908, "different"),
        ("0.5", 0.5504, "different"),
        ("0.6", 0.5501, "exact"),
        ("0.6", 0.5499, "last digit"),
        ("0.98", 0.9949, "last digit"),
        ("0.13", 0.1429, "last digit"),
        ("0.13", 0.1431, "different"),
        ("1.00", 1.0099, "last digit"),
        ("1.00", 1.0101, "different"),
        ("1.000", 1.0012, "different"),
        # Whole numbers are met or not.
        ("20990", 20990, "exact"),
        ("39995", 39996, "different"),
        ("20990", 20992, "different"),
        ("1", 0.0186, "different"),
        ("12.", 12.4, "exact"),
        ("12.", 13.4, "different"),
        ("-0.00", 0.004, "different"),
        ("-0.00", -0.004, "exact"),
        ("0.00", -0.004, "exact"),
        ("1.5", float("nan"), "different"),
        ("1.5", float("inf"), "different"),
        ("1e300", 1e300, "exact"),
        # As tables print them.
        ("39,996", 39996, "exact"),
        ("39,996", 39995, "different"),
        ("1,234.5", 1234.46, "exact"),
        ("\u2212.13", -0.1312, "exact"),
        ("(0.12)", 0.1234, "exact"),
        ("[0.12]", 0.1234, "exact"),
        ("12.5 %", 0.1251, "exact"),
        ("12.5%", 0.1257, "last digit"),
        ("0.31***", 0.3149, "exact"),
        ("p < 0.001", 0.0004, "exact"),
        ("<.001", 0.0014, "different"),
        ("> 0.10", 0.3, "exact"),
        ("> 0.10", 0.05, "different"),
        ("p = 0.03", 0.0312, "exact"),
    ],
)
@pytest.mark.fault("published tables")
def test_digits_decide(text: str, ours: float, status: Status) -> None:
    assert compare(ours, Target(printed=text))[0] == status


@pytest.mark.parametrize("text", ["many", "", "0.1.2", "1,23", "0.1 (0.2)", "***", "nan", "inf", "0,1", "0,123"])
@pytest.mark.fault("published tables")
def test_what_is_no_printed_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no printed number"):
        printed(text)


def test_an_interval_is_two_numbers() -> None:
    for text in ("[-0.12, 0.34]", "(\u22120.12; 0.34)", "-0.12 to 0.34", "-0.12 - 0.34"):
        assert with_ends({"interval": text}) == {"conf_low": "-0.12", "conf_high": "0.34"}
    with pytest.raises(ValueError, match="is no interval"):
        with_ends({"interval": "0.12"})


STARRED = """
  one:
    read_in: p. 1
    outcome: y
    terms: [x, {z squared: z**2}]
    estimator: lpm
    vcov: classical
    ssc: stata
    stars: {"*": 0.05, "**": 0.01}
    printed:
      x: {estimate: "ESTIMATE**"}
      z squared: {std_error: {printed: "9.9*", differs: a misprint, stars_differ: a misprint}}
    statistics: {nobs: "60"}
"""


def test_stars_are_compared_with_our_p_value_and_so_is_their_absence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, written(tmp_path, STARRED)) == 0
    numbers = pd.read_csv(tmp_path / "out/replication.csv").set_index(["term", "quantity"])
    assert numbers.loc[("x", "stars"), ["printed", "status"]].tolist() == ["**", "exact"]
    assert numbers.loc[("z squared", "stars"), "status"] == "different, explained"
    assert run(tmp_path, written(tmp_path, STARRED.replace("ESTIMATE**", "ESTIMATE"))) == 1
    assert "x › stars: printed no stars, ours" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"numbers have '\*': say what it stands for"):
        read_publication(written(tmp_path, STARRED.replace('"*": 0.05, ', "")))


def test_a_difference_of_any_size_is_a_number() -> None:
    assert difference(1e300, printed("0.0001")) == 1e300
    assert difference(0.12604, printed("-.1260")) == pytest.approx(0.25204, abs=1e-12)


def test_a_stated_tolerance_gives_its_reason() -> None:
    near = Tolerance(relative=1e-3, because="another search")
    assert compare(1.00015, Target(printed="1.00000"), near) == ("within tolerance", "another search")
    assert compare(1.005, Target(printed="1.00000"), near)[0] == "different"
    assert str(unit("2.40e-09")) == "1E-11"


@pytest.mark.fault("published tables")
def test_no_tolerance_makes_another_whole_number_the_same(tmp_path: Path) -> None:
    near = Tolerance(relative=0.5, because="about")
    assert compare(39996, Target(printed="39995"), near) == ("different", "a whole number is met or not")
    models = MODEL.replace("nobs: 60", "nobs: {printed: 61, within: {absolute: 1, because: about}}")
    with pytest.raises(ConfigError, match=r"› nobs: 61 is a whole number, which is met or not: say why it `differs`"):
        read_publication(written(tmp_path, models))


TABLE = pd.DataFrame(
    {
        "dyad": [1, 1, 1, 2, 2],
        "year": [2000, 2001, 2003, 2000, 2001],
        "x": [1.0, 2.0, np.nan, 4.0, 5.0],
        "name": ["a", "b", "a", "b", "b"],
    }
)


def value(text: str, missing: Missing = "refuse") -> list[float | None]:
    found = evaluate(text, Table(TABLE, ("dyad",), "year", missing))
    return [None if np.isnan(v) else float(v) for v in found]


def test_lags_go_by_time_not_by_row() -> None:
    assert value("lag(x, 1)") == [None, 1, None, None, 4]
    assert value("lag(x, 2)") == [None, None, 2, None, None]
    assert value("lead(x, 1)") == [2, None, None, 5, None]
    twice = Table(pd.concat([TABLE, TABLE]), ("dyad",), "year")
    with pytest.raises(PanelError, match="twice: dyad 1, year 2000"):
        evaluate("lag(x, 1)", twice)
    with pytest.raises(PanelError, match="need `panel:`"):
        evaluate("lag(x, 1)", Table(TABLE))


def test_functions_are_what_they_are_called() -> None:
    assert value("min(x, 3) + max(1, 2) * 2 ** 2") == [9, 10, None, 11, 11]
    assert value("count(x, dyad)") == [2, 2, 2, 2, 2]
    assert value("mean(x, dyad) - -1") == [2.5, 2.5, 2.5, 5.5, 5.5]
    assert value("where(missing(x), 0, x)") == [1, 2, 0, 4, 5]
    assert value("isin(year, 2000, 2003)") == [1, 0, 1, 1, 0]
    assert value("name == 'a'") == [1, 0, 1, 0, 0]
    assert value("standardise(x, 2)")[0] == pytest.approx((1 - 3) / (2 * np.std([1, 2, 4, 5], ddof=1)))


@pytest.mark.fault("published tables")
def test_what_a_comparison_with_a_missing_value_is_has_to_be_said() -> None:
    assert value("x > 3") == [0, 0, None, 1, 1]
    assert value("x > 3", "largest") == [0, 0, 1, 1, 1]
    assert value("not (x > 3)") == [1, 1, None, 0, 0]
    assert value("x > 3 and dyad == 2") == [0, 0, 0, 1, 1]
    assert value("x > 3 or dyad == 1") == [1, 1, 1, 1, 1]
    assert list(selected("x != 1", Table(TABLE, missing="drop"))) == [False, True, False, True, True]
    with pytest.raises(FormulaError, match=r"'x > 3' is missing in 1 rows: say `missing: largest`"):
        selected("x > 3", Table(TABLE))


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "x.__class__", "x[0]", "[v for v in x]", "lambda: x", "f'{x}'", "(y := x)",
        "open('f')", "x if x else x", "eval('1')", "log(x, base=2)", "{1: 2}", "x; y", "*x", "x @ x", "b'x'", "None",
        "(" * 70 + "x" + ")" * 70 + "**" + "-" * 90 + "x",
    ],
)  # fmt: skip
def test_whatever_is_not_of_the_language_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


@pytest.mark.fault("published tables")
def test_text_is_not_a_number_and_an_unknown_column_names_the_nearest() -> None:
    for text in ("name", "name + 1", "name > 'a'", "name == 1"):
        with pytest.raises(FormulaError, match="text"):
            value(text)
    with pytest.raises(UnknownVariable, match=r"no column .years.; .*nearest: .year."):
        value("years")


def test_the_documented_example_is_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/replicate-a-table.md").read_text(encoding="utf-8")
    program, table = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "yaml"))  # type: ignore[index]
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, "-c", program], check=True)
    Path("mytable.yaml").write_text(table, encoding="utf-8")
    words = ["replicate", "--root", str(ROOT), "--tables", "mytable.yaml", "--data", "data", "--out", "out"]
    assert main(words) == 0
    numbers = pd.read_csv("out/replication.csv")
    assert numbers["status"].value_counts().to_dict() == {"exact": 6, "infeasible": 2, "different, explained": 1}
    assert set(pd.read_csv("out/dyadic.csv")["term"]) == {"ally", "trade_last_year"}
    assert Path("out/dyadic.svg").is_file()
    Path("mytable.yaml").write_text(table.replace(', differs: "a misprint, to show one"', ""), encoding="utf-8")
    assert main(words) == 1


def test_a_published_model_is_a_specification_whose_id_is_a_digest_of_what_fixes_its_numbers(tmp_path: Path) -> None:
    spec = specification(read_publication(written(tmp_path)), "one")
    assert isinstance(spec, Specification)
    assert re.fullmatch(r"made, one \[made\.[0-9a-f]{12}\]", str(spec))
    assert (
        specification(read_publication(written(tmp_path, MODEL.replace("p. 1", "p. 2"))), "one").spec_id == spec.spec_id
    )
    changes = {"z**2": "z**3", "vcov: classical": "vcov: hc1", "ssc: stata": "ssc: none", "outcome: y": "outcome: x"}
    others = {
        specification(read_publication(written(tmp_path, MODEL.replace(*c))), "one").spec_id for c in changes.items()
    }
    derived = specification(read_publication(written(tmp_path, derive="{w: x + z}")), "one").spec_id
    assert len(others | {derived, spec.spec_id}) == len(changes) + 2


@pytest.mark.fault("published tables")
def test_a_model_without_rows_is_named_by_its_table_its_name_and_its_id(tmp_path: Path) -> None:
    publication = read_publication(written(tmp_path, MODEL.replace("outcome: y", "outcome: y\n    sample: x > 99")))
    spec = specification(publication, "one")
    made = tables(publication, {"made": tmp_path / "data/made/made.csv"})["made"]
    with pytest.raises(EmptySample, match=re.escape(f"{spec}: no row is left: the sample has 0 rows")):
        build_design(made, spec)


def test_every_row_names_the_specification_that_its_number_is_of(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert run(tmp_path, path) == 0
    ids = pd.read_csv(tmp_path / "out/replication.csv")["spec_id"]
    assert set(ids) == {specification(read_publication(path), "one").spec_id}
