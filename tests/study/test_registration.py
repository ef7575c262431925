"""Claims are frozen with a date and a checksum; what has changed since is told field by field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from detente.base import strict
from detente.base.errors import ConfigError
from detente.cli import main
from detente.study.config.claims import ClaimsFile
from detente.study.config.project import load_project
from detente.study.verdicts.registration import (
    COLUMNS,
    FOLDER,
    INDEX,
    Deviations,
    compare,
    digest,
    registered,
    registrations,
    standings,
)

from support.builders import REPOSITORY, change
from support.configured import CLAIMS_FILE

SHIPPED = REPOSITORY / CLAIMS_FILE
FROZEN = strict.read(SHIPPED, ClaimsFile)
FIRST, SECOND = "2026-01-01", "2026-02-01"
Content = dict[str, Any]


def changed(tmp_path: Path, edit: Callable[[Content], object]) -> ClaimsFile:
    """The shipped claims after an edit of what the file says."""
    said = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    edit(said)
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return strict.read(path, ClaimsFile)


def found(tmp_path: Path, edit: Callable[[Content], object]) -> Deviations:
    return compare(changed(tmp_path, edit), FROZEN)


def rows(frame: Any) -> list[tuple[str, ...]]:
    assert tuple(frame.columns) == COLUMNS
    return list(frame.itertuples(index=False, name=None))


# What counts as a change


def test_claims_do_not_deviate_from_themselves():
    same = compare(FROZEN, FROZEN)

    assert rows(same.changes) == rows(same.editorial) == []
    assert {same.status(claim) for claim in FROZEN.claims} == {"registered before estimation"}


def test_claims_that_had_been_estimated_were_frozen_and_not_registered(tmp_path: Path):
    estimated = ("exercise", "defence_pact")
    same = compare(FROZEN, FROZEN, estimated)
    assert same.status("exercise") == same.status("defence_pact") == "frozen after estimation"
    assert same.status("un_mission") == "registered before estimation"

    moved = changed(tmp_path, lambda said: said["claims"]["exercise"].update(lag=2))
    assert compare(moved, FROZEN, estimated).status("exercise") == "deviated"


def test_comments_and_the_order_of_keys_play_no_part(tmp_path: Path):
    def turned(said: Any) -> Any:
        return {key: turned(said[key]) for key in reversed(list(said))} if isinstance(said, dict) else said

    path = tmp_path / "claims.yaml"
    said = turned(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))
    path.write_text("# Another comment.\n" + yaml.safe_dump(said, sort_keys=False), encoding="utf-8")

    again = strict.read(path, ClaimsFile)
    assert digest(again) == digest(FROZEN)
    assert rows(compare(again, FROZEN).changes) == []


@pytest.mark.parametrize(
    ("field", "value", "was", "now"),
    [
        ("treatment", "exercise_small", "exercise_any", "exercise_small"),
        ("outcome", "onset_cow", "onset_gml", "onset_cow"),
        ("lag", 2, "1", "2"),
        ("expected", "raises", "lowers", "raises"),
        ("evidence", "weak", "powered", "weak"),
        ("sample", "all", "not there", "all"),
        ("designs", ["twfe", "matching"], "not there", "twfe, matching"),
    ],
)
def test_a_change_of_substance_makes_a_claim_deviate(tmp_path: Path, field: str, value: object, was: str, now: str):
    deviations = found(tmp_path, lambda said: said["claims"]["exercise"].update({field: value}))

    assert rows(deviations.changes) == [("exercise", field, was, now)]
    assert deviations.status("exercise") == "deviated"
    assert deviations.status("defence_pact") == "registered before estimation"


@pytest.mark.parametrize("field", ["label", "statement", "instrument", "design", "why"])
def test_a_change_of_words_is_told_apart(tmp_path: Path, field: str):
    deviations = found(tmp_path, lambda said: said["claims"]["exercise"].update({field: "Other words"}))

    assert rows(deviations.changes) == []
    assert rows(deviations.editorial) == [("exercise", field, getattr(FROZEN.claims["exercise"], field), "Other words")]
    assert deviations.status("exercise") == "registered before estimation"


def test_a_control_measured_otherwise_is_a_deviation_of_every_claim_that_holds_it(tmp_path: Path):
    deviations = found(tmp_path, lambda said: said["controls"]["capability_share"].update(lag=3))

    holders = sorted(c.id for c in FROZEN.claims.values() if "capability_share" in c.controls)
    assert rows(deviations.changes) == [(c, "controls.capability_share.lag", "2", "3") for c in holders]
    assert len(holders) > 1


def test_a_control_taken_out_is_a_deviation(tmp_path: Path):
    deviations = found(tmp_path, lambda said: said["claims"]["exercise"]["controls"].remove("rivalry"))

    fields = {field: (was, now) for _, field, was, now in rows(deviations.changes)}
    assert fields == {
        "controls.rivalry.variable": ("rivalry", "not there"),
        "controls.rivalry.role": ("confounder", "not there"),
        "controls.rivalry.lag": ("2", "not there"),
    }


def test_the_order_of_controls_and_placebos_is_no_deviation(tmp_path: Path):
    def turn(said: Content) -> None:
        said["claims"]["exercise"]["controls"].reverse()
        said["claims"]["exercise"]["placebos"].reverse()

    deviations = found(tmp_path, turn)

    assert rows(deviations.changes) == rows(deviations.editorial) == []


def test_a_placebo_or_moderator_changed_is_a_deviation(tmp_path: Path):
    def edit(said: Content) -> None:
        said["claims"]["exercise"]["placebos"][0]["lag"] = -2
        said["claims"]["exercise_rivals"]["moderator"]["lag"] = 3

    deviations = found(tmp_path, edit)

    assert {claim for claim, *_ in rows(deviations.changes)} == {"exercise", "exercise_rivals"}
    assert ("exercise_rivals", "moderator.lag", "2", "3") in rows(deviations.changes)


def test_another_smallest_effect_is_a_deviation_of_all(tmp_path: Path):
    deviations = found(tmp_path, lambda said: said.update(smallest_effect=0.3))

    assert {deviations.status(claim) for claim in FROZEN.claims} == {"deviated"}


def test_claims_that_come_and_go_are_named(tmp_path: Path):
    def edit(said: Content) -> None:
        said["claims"]["other"] = {**said["claims"].pop("exercise"), "code": "A2"}
        training = said["claims"].pop("training")
        kept = ("code", "label", "statement", "evidence", "why")
        said["untested"]["training"] = {**{key: training[key] for key in kept}, "needs": "More."}

    deviations = found(tmp_path, edit)

    assert deviations.status("other") == "added"
    assert deviations.status("training") == deviations.status("exercise") == "deviated"
    assert ("exercise", "claim", "there", "not there") in rows(deviations.changes)
    assert ("training", "tested", "yes", "no") in rows(deviations.changes)
    report = deviations.report(FIRST)
    assert "Added after registration: other. Dropped: exercise, training." in report
    assert "| training | tested | yes | no |" in report
    with pytest.raises(ConfigError, match="'nobody' is no claim"):
        deviations.status("nobody")


def test_a_report_without_changes_says_so():
    report = compare(FROZEN, FROZEN).report(FIRST)

    assert report.count("Nothing has changed.") == 2
    assert f"{len(FROZEN.claims) + len(FROZEN.described)} claims were registered" in report


# Freezing


def register(root: Path, day: str, *options: str) -> int:
    return main(["register", "--date", day, "--root", str(root), *options])


def test_a_project_without_registrations_has_none(copied: Path):
    for path in (copied / FOLDER).glob("*"):
        path.unlink()

    assert registered(copied) is None
    assert registrations(copied) == ()


@pytest.fixture
def fresh(copied: Path) -> Path:
    """A project that has registered nothing."""
    for path in (copied / FOLDER).glob("*"):
        path.unlink()
    return copied


def test_a_registration_is_a_copy_with_date_and_checksum(fresh: Path, capsys: pytest.CaptureFixture[str]):
    assert register(fresh, FIRST) == 0

    copy = fresh / FOLDER / f"claims-{FIRST}.yaml"
    assert copy.read_bytes() == (fresh / CLAIMS_FILE).read_bytes()
    kept = registered(fresh)
    assert kept is not None
    assert (kept.date, kept.sha256) == (FIRST, digest(FROZEN))
    assert digest(FROZEN) in capsys.readouterr().out


def test_a_registration_says_which_claims_had_been_estimated(fresh: Path, capsys: pytest.CaptureFixture[str]):
    assert register(fresh, FIRST, "--estimated", "exercise", "un_mission") == 0
    change(fresh / CLAIMS_FILE, "smallest_effect: 0.20", "smallest_effect: 0.25")
    assert register(fresh, SECOND, "--estimated", "exercize") == 1
    assert "--estimated: 'exercize' is no claim;" in (told := capsys.readouterr().err)
    assert "nearest: 'exercise'" in told
    assert register(fresh, SECOND) == 0

    assert [each.estimated for each in registrations(fresh)] == [("exercise", "un_mission"), ()]
    change(fresh / INDEX, "[exercise, un_mission]", "[exercise, un_misson]")
    with pytest.raises(ConfigError, match=r"estimated: 'un_misson' is no claim;.* nearest: 'un_mission'"):
        registered(fresh)


@pytest.mark.parametrize("day", [FIRST, "2025-12-31"])
def test_a_registration_is_neither_overwritten_nor_back_dated(
    fresh: Path, capsys: pytest.CaptureFixture[str], day: str
):
    register(fresh, FIRST)
    before = {path: path.read_bytes() for path in (fresh / FOLDER).iterdir()}
    change(fresh / CLAIMS_FILE, "smallest_effect: 0.20", "smallest_effect: 0.25")

    assert register(fresh, day) == 1
    assert "a registration is not overwritten" in (err := capsys.readouterr().err) or f"is not after {FIRST}" in err
    assert {path: path.read_bytes() for path in (fresh / FOLDER).iterdir()} == before


def test_the_same_claims_are_not_registered_twice(fresh: Path, capsys: pytest.CaptureFixture[str]):
    register(fresh, FIRST)

    assert register(fresh, SECOND) == 1
    assert f"says what was registered on {FIRST}" in capsys.readouterr().err


def test_the_first_registration_is_the_one_that_counts(fresh: Path):
    register(fresh, FIRST)
    change(fresh / CLAIMS_FILE, "smallest_effect: 0.20", "smallest_effect: 0.25")

    assert register(fresh, SECOND) == 0
    assert [each.date for each in registrations(fresh)] == [FIRST, SECOND]
    kept = registered(fresh)
    assert kept is not None
    assert kept.date == FIRST
    assert compare(strict.read(fresh / CLAIMS_FILE, ClaimsFile), kept.claims(fresh)).status("exercise") == "deviated"


def test_a_frozen_copy_that_was_edited_is_refused(fresh: Path):
    register(fresh, FIRST)
    change(fresh / FOLDER / f"claims-{FIRST}.yaml", "smallest_effect: 0.20", "smallest_effect: 0.30")

    with pytest.raises(ConfigError, match=f"its content is not what was registered on {FIRST}"):
        registered(fresh)


def test_a_frozen_copy_that_is_gone_is_missed(fresh: Path):
    register(fresh, FIRST)
    (fresh / FOLDER / f"claims-{FIRST}.yaml").unlink()

    with pytest.raises(ConfigError, match="is not there; restore it"):
        registered(fresh)


def test_an_index_out_of_order_is_refused(fresh: Path):
    register(fresh, SECOND)
    text = (fresh / INDEX).read_text(encoding="utf-8")
    entry = text[text.index("  - file") :]
    (fresh / INDEX).write_text(text + entry.replace(SECOND, FIRST), encoding="utf-8")

    with pytest.raises(ConfigError, match="in the order of their dates"):
        registrations(fresh)


def test_claims_that_do_not_load_are_not_registered(fresh: Path):
    change(fresh / CLAIMS_FILE, "    treatment: exercise_any", "    treatment: exercise_anny")

    assert register(fresh, FIRST) == 1
    assert registrations(fresh) == ()


def test_a_date_is_a_date(fresh: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        register(fresh, "22 November")
    assert "'22 November' is no date; write it as 2026-11-22" in capsys.readouterr().err


def test_what_the_project_registered_is_intact():
    assert [each.file for each in registrations(REPOSITORY)], "nothing is registered"
    kept = registered(REPOSITORY)
    assert kept is not None
    assert len(kept.claims(REPOSITORY).claims) + len(kept.claims(REPOSITORY).untested) == 52


def test_the_claims_of_the_paper_were_frozen_after_they_had_been_estimated():
    project = load_project(REPOSITORY)
    by_status: dict[str, set[str]] = {}
    for claim, status in standings(project).items():
        by_status.setdefault(status, set()).add(claim)

    earlier = {name for name, claim in project.claims.claims.items() if claim.window is not None}
    assert by_status["frozen after estimation"] == set(project.study("paper").claims) - earlier
    # They are tested from 1946 on; some state a contrast now, too. The roster of the Partnership for Peace is another.
    assert by_status["deviated"] == earlier | {"partnership_for_peace"}
    assert by_status["added"] >= set(project.claims.described)
    assert set(by_status) == {"frozen after estimation", "registered before estimation", "deviated", "added"}
