"""A second build is called the same only where it is, to the byte or within tolerance, and exit status says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import NotVerified
from detente.base.files import write_frame, write_json, write_text
from detente.cli import main, verify
from detente.cli.verify import Target, is_quick
from detente.provenance import STAMP, Build, commit, compare, copied, counted, inputs, own_files
from detente.provenance.comparison import CHECKSUM, Unequal, difference, relative, summary
from detente.study.config import load_project

from support.made_manifests import CSV, FIGURE, NUMBERS, PANEL, PDF, PRODUCTS, TABLE, build, listed


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "shipped", tmp_path / "rebuilt"


def statuses(shipped: Path, rebuilt: Path, first: dict[str, Any], second: dict[str, Any]) -> dict[str, str]:
    return {v.path: v.status for v in compare(Build(first, shipped), Build(second, rebuilt))}


def test_two_builds_with_the_same_bytes_are_exact(builds: tuple[Path, Path]) -> None:
    found = statuses(*builds, *(build(folder) for folder in builds))
    assert found == dict.fromkeys(sorted(PRODUCTS), "exact")


def test_a_change_in_the_twelfth_digit_is_within_tolerance_wherever_numbers_can_be_read(
    builds: tuple[Path, Path],
) -> None:
    found = statuses(*builds, build(builds[0]), build(builds[1], nudge=2e-11))
    assert found == {**dict.fromkeys((CSV, FIGURE, NUMBERS, PANEL, TABLE), "within tolerance"), PDF: "exact"}


def test_a_change_in_the_sixth_digit_is_different(builds: tuple[Path, Path]) -> None:
    found = statuses(*builds, build(builds[0]), build(builds[1], nudge=1e-5))
    assert found == {**dict.fromkeys((CSV, FIGURE, NUMBERS, PANEL, TABLE), "different"), PDF: "exact"}


def test_a_shipped_file_that_is_not_the_manifests_is_different_though_the_second_build_is_right(
    builds: tuple[Path, Path],
) -> None:
    first, second = (build(folder) for folder in builds)
    write_text("tampered\n", builds[0] / TABLE)

    verdict = next(v for v in compare(Build(first, builds[0]), Build(second, builds[1])) if v.path == TABLE)
    assert verdict.status == "different"
    assert "not the one that its manifest lists" in verdict.detail


@pytest.mark.fault("provenance")
def test_a_missing_and_an_extra_product_are_named(builds: tuple[Path, Path]) -> None:
    first, second = (build(folder) for folder in builds)
    del second["exhibits"]["tables/main.tex"]
    second["exhibits"]["tables/other.tex"] = "0" * 64

    found = statuses(*builds, first, second)
    assert found[TABLE] == "missing"
    assert found["reports/mini/tables/other.tex"] == "extra"


def test_without_the_shipped_table_its_columns_are_compared(builds: tuple[Path, Path]) -> None:
    first = build(builds[0])
    (builds[0] / PANEL).unlink()

    assert statuses(*builds, first, build(builds[1], nudge=2e-11))[PANEL] == "within tolerance"
    assert statuses(*builds, first, build(builds[1], nudge=1e-5))[PANEL] == "different"


def test_without_table_and_columns_only_equal_bytes_count(builds: tuple[Path, Path]) -> None:
    first, second = build(builds[0]), build(builds[1], nudge=2e-11)
    (builds[0] / PANEL).unlink()
    first["columns"] = {}

    verdict = next(v for v in compare(Build(first, builds[0]), Build(second, builds[1])) if v.path == PANEL)
    assert (verdict.status, verdict.detail) == ("different", "of the shipped file, only the checksum is at hand")


def test_another_order_another_word_and_another_gap_change_the_summary_of_a_column() -> None:
    numbers = pd.Series([1.0, 2.0, 3.0, np.nan])
    assert summary(numbers) != summary(numbers[::-1].dropna())
    assert summary(pd.Series([1.0, 2.0, 3.0])) != summary(pd.Series([3.0, 2.0, 1.0]))
    assert summary(pd.Series(["a", "b"])) != summary(pd.Series(["b", "a"]))
    assert summary(pd.Series(["a", None])) != summary(pd.Series(["a", "b"]))
    assert summary(pd.Series([1, 2])) != summary(pd.Series([2, 1]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{"n": 12}', '{"n": 13}', "n is 13, and was 12"),
        ('{"n": "12 states"}', '{"n": "13 states"}', "13 was 12 at n"),
        ('{"n": 1.5}', '{"m": 1.5}', "other keys at the top"),
        ('{"n": [1.5]}', '{"n": [1.5, 2.5]}', "another length at n"),
        ('{"n": "lowers"}', '{"n": "raises"}', "its words differ at n"),
        ('{"n": true}', '{"n": 1}', "n is 1, and was True"),
    ],
)
def test_whole_numbers_words_and_shape_must_be_equal(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "a.json").write_text(old, "utf-8")
    (tmp_path / "b.json").write_text(new, "utf-8")
    with pytest.raises(Unequal, match=message):
        difference(tmp_path / "a.json", tmp_path / "b.json")


def test_tables_with_other_rows_types_or_words_are_unequal(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "word": ["a", "b"]})
    write_frame(frame, tmp_path / "a.parquet")
    for other, message in (
        (frame.head(1), "1 rows, and had 2"),
        (frame.assign(x=[1, 2]), "columns or their types"),
        (frame.assign(word=["a", "c"]), "column 'word' has other values"),
    ):
        write_frame(other, tmp_path / "b.parquet")
        with pytest.raises(Unequal, match=message):
            difference(tmp_path / "a.parquet", tmp_path / "b.parquet")


@pytest.mark.fault("provenance")
def test_a_sign_is_no_rounding(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n-0.5\n", "utf-8")
    (tmp_path / "b.csv").write_text("x\n0.5\n", "utf-8")
    with pytest.raises(Unequal, match="its words differ at x, row 1"):
        difference(tmp_path / "a.csv", tmp_path / "b.csv")


def test_differences_are_shares_of_the_larger_number_but_near_zero_of_a_thousandth() -> None:
    assert relative(1.0, 1.1) == pytest.approx(0.1 / 1.1)
    assert relative(1e-17, -3e-17) == pytest.approx(4e-14)
    assert relative(float("nan"), float("nan")) == 0.0
    assert relative(float("nan"), 1.0) == float("inf")
    assert relative(float("inf"), float("inf")) == 0.0


def test_powers_of_ten_are_numbers_and_names_of_shapes_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p>gap 4.2×10⁻¹³</p><use href="#mabcde01234"/>', "utf-8")
    (tmp_path / "b.html").write_text('<p>gap 1.3×10⁻¹²</p><use href="#m0123456789"/>', "utf-8")
    (tmp_path / "c.html").write_text('<p>gap 4.2×10⁻²</p><use href="#mabcde01234"/>', "utf-8")

    (tmp_path / "a.tex").write_text(r"gap 4.2$\times$10$^{-}$$^{1}$$^{3}$)", "utf-8")
    (tmp_path / "b.tex").write_text(r"gap 1.3$\times$10$^{-}$$^{1}$$^{2}$)", "utf-8")

    assert difference(tmp_path / "a.html", tmp_path / "b.html").largest < 1e-9
    assert difference(tmp_path / "a.tex", tmp_path / "b.tex").largest < 1e-9
    assert difference(tmp_path / "a.html", tmp_path / "c.html").largest > 0.9


def test_checksums_in_a_page_are_passed_over_and_words_and_counts_are_not() -> None:
    assert CHECKSUM.sub("", "sha256 0123456789ab, " + "a1" * 32) == "sha256 , "
    for kept in ("123456789012", "abcdefabcdef", "48156", "dispute", "x0123456789ab"):
        assert CHECKSUM.sub("", kept) == kept


def test_what_the_builds_had_not_in_common_is_told(builds: tuple[Path, Path]) -> None:
    first, second = (build(folder) for folder in builds)
    assert list(inputs(first, second)) == []
    second |= {"commit": "1" * 40, "versions": {"detente": "0.2.0"}, "raw": {"mme/mme.csv": "0"}}
    first["dirty"] = True
    told = dict(inputs(first, second))
    assert set(told) == {"commit", "uncommitted changes", "raw files", "software"}
    assert told["software"] == "detente 0.1.0 → 0.2.0"


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A project whose study `tiny` is said to be the three-step study."""
    folder = tmp_path / "project"
    shutil.copytree(root / "config", folder / "config")
    return folder


def verified(
    project: Path, monkeypatch: pytest.MonkeyPatch, nudge: float, spoil: bool = False, robustness: bool = False
) -> int:
    """Verify, the second build being that of `made_manifests`."""
    first = build(project)
    first["study"]["name"] = "mini"
    own = Path("reports/mini/robustness/manifest.json" if robustness else "reports/mini/manifest.json")
    write_json(first, project / own)
    text = (project / "config/study/tiny.yaml").read_text("utf-8").replace("name: tiny", "name: mini")
    (project / "config/study/mini.yaml").write_text(text, "utf-8")

    def rebuild(_: object, target: verify.Target, folder: Path, *__: object) -> tuple[float, list[str]]:
        assert target.name == ("robustness_mini" if robustness else "mini")
        made = build(folder, nudge)
        write_json(made, folder / own)
        if spoil:
            (folder / CSV).write_text("term\n", "utf-8")
            listed(folder)
        return 65.0, []

    monkeypatch.setattr(verify, "rebuild", rebuild)
    return main(["verify", "--root", str(project), "--study", "mini", *(["--robustness"] if robustness else [])])


@pytest.mark.parametrize(
    ("nudge", "outcome", "said"),
    [(0.0, 0, "6 exact"), (2e-11, 0, "1 exact, 5 within tolerance"), (1e-5, 1, "1 exact, 5 different")],
)
def test_exit_status_and_page_follow_the_verdicts(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    nudge: float,
    outcome: int,
    said: str,
) -> None:
    assert verified(project, monkeypatch, nudge) == outcome
    printed = capsys.readouterr()
    assert said in (printed.err if outcome else printed.out)
    page = (project / "reports/mini/verification.html").read_text("utf-8")
    assert {0.0: "The same to the byte", 2e-11: "The same within tolerance", 1e-5: "Not the same: 5 products"}[
        nudge
    ] in page
    assert "1 min 5 s" in page
    assert all(path in page for path in PRODUCTS)
    assert "http" not in page.replace("http-equiv", "")


def test_robustness_has_a_target_a_manifest_and_a_page_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(project, monkeypatch, 0.0, robustness=True) == 0
    assert "6 exact" in capsys.readouterr().out
    assert "Robustness: " in (project / "reports/mini/robustness/verification.html").read_text("utf-8")
    assert not (project / "reports/mini/verification.html").exists()


@pytest.mark.fault("provenance")
def test_a_difference_is_named_on_the_command_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(project, monkeypatch, 0.0, spoil=True) == 1
    assert f"{CSV}: different; its rows or columns are others" in capsys.readouterr().err


def test_a_folder_that_is_not_empty_is_not_built_in(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(project)
    first = listed(project)
    first["study"]["name"] = "tiny"
    write_json(first, project / "reports/tiny/manifest.json")
    assert main(["verify", "--root", str(project), "--study", "tiny", "--into", str(project)]) == 1
    assert "not an empty folder" in capsys.readouterr().err


@pytest.mark.fault("provenance")
def test_a_failing_build_is_no_verification_and_shows_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(NotVerified, match="failed with status 3; its last lines:\nwhy"):
        verify._call(["sh", "-c", "echo why; exit 3"], tmp_path, {"PATH": "/usr/bin:/bin"})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not shutil.which("git"):
        pytest.skip("git is not at hand")
    for name in ("GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "checkout"
    (folder / "config").mkdir(parents=True)
    (folder / "config/a.yaml").write_text("a: 1\n", "utf-8")
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "."), (*person, "commit", "-q", "-m", "One")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


def test_a_checkout_is_cloned_at_its_commit_and_what_no_commit_has_is_told(repository: Path, tmp_path: Path) -> None:
    (repository / "config/a.yaml").write_text("a: 2\n", "utf-8")
    (repository / "new.py").write_text("", "utf-8")
    (tmp_path / "empty").mkdir()

    assert copied(repository, tmp_path / "empty") == ["config/a.yaml", "new.py"]
    assert (tmp_path / "empty/config/a.yaml").read_text("utf-8") == "a: 1\n"
    assert commit(tmp_path / "empty").dirty is False


def test_a_package_is_copied_without_git_and_keeps_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    package, empty = tmp_path / "package", tmp_path / "empty"
    empty.mkdir()
    write_text("x", package / "config/a.yaml")
    write_text("read me", package / "README.md")
    write_text("built", package / "reports/mini/x.csv")
    files = {"config/a.yaml": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}  # sha256 of "x"
    write_json({"study": "mini", "commit": "c" * 40, "dirty": False, "files": files}, package / STAMP)

    assert own_files(package) == ["README.md", "config/a.yaml", STAMP]
    assert copied(package, empty) == []
    assert not (empty / "reports").exists()
    assert (commit(empty).commit, commit(empty).dirty) == ("c" * 40, False)
    assert verify.studied(package) == "mini"

    write_text("y", empty / "config/a.yaml")
    assert commit(empty).dirty is True


def test_every_status_is_counted() -> None:
    assert counted([]) == {"exact": 0, "within tolerance": 0, "different": 0, "missing": 0, "extra": 0}


@pytest.mark.fault("provenance")
@pytest.mark.parametrize(
    ("study", "robustness", "decisions", "quick"),
    [
        # The decisions of the multiverse are in the manifest of a paper with an appendix alone.
        ("paper", False, [], True),
        ("paper", False, ["config/multiverse.yaml"], False),
        ("paper", True, ["config/multiverse.yaml"], False),
        # The demo's paper has no appendix to leave out.
        ("demo", False, [], False),
    ],
)
def test_a_paper_is_built_again_with_its_appendix_or_without_as_it_was(
    root: Path, study: str, robustness: bool, decisions: list[str], quick: bool
) -> None:
    target = Target(load_project(root).study(study), robustness)
    config = dict.fromkeys(["config/claims.yaml", *decisions], "0" * 64)

    assert is_quick(target, {"config": config}) is quick
