"""What a run of the workflow shows to people."""

import io
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from detente.plan.checking import RULE
from snakemake_logger_plugin_detente import PHASES, LogHandler, Run, duration, phase_of

from support.known import ROOT


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def handler() -> LogHandler:
    made = LogHandler(None, None)
    made.stream, made.seconds = io.StringIO(), 0.0
    made.clock = lambda: made.seconds
    made.last = 0.0
    return made


def said(handler: LogHandler, event: LogEvent | None, level: int = logging.INFO, text: str = "", **more: Any) -> None:
    record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    record.__dict__.update({"event": event} if event else {}, **more)
    handler.emit(record)


def step(handler: LogHandler, job: int, rule: str, message: str, seconds: float) -> None:
    said(handler, LogEvent.JOB_INFO, jobid=job, rule_name=rule, rule_msg=message)
    handler.seconds += seconds
    said(handler, LogEvent.JOB_FINISHED, job_id=job)


def test_a_phase_is_one_line_when_it_has_ended(handler: LogHandler) -> None:
    said(handler, LogEvent.RUN_INFO, stats={"acquire_mine": 1, "clean": 2, "mine": 1, "total": 4})
    step(handler, 1, "acquire_mine", "Finding the raw files", 3)
    step(handler, 2, "clean", "Cleaning mme", 5)
    assert handler.stream.getvalue() == "Raw files              1 of 1             3 s\n"
    step(handler, 3, "clean", "Cleaning atop", 60)
    step(handler, 4, "mine", "reports/mine is complete", 0)

    assert handler.stream.getvalue().splitlines()[1:] == ["Sources                2 of 2       1 min 5 s"]


def test_a_phase_takes_as_long_as_the_clock_says_whatever_goes_on_side_by_side(handler: LogHandler) -> None:
    said(handler, LogEvent.RUN_INFO, stats={"clean": 3})
    for job in (1, 2, 3):
        said(handler, LogEvent.JOB_INFO, jobid=job, rule_name="clean", rule_msg=f"Cleaning {job}")
    handler.seconds += 40
    for job in (1, 2, 3):
        said(handler, LogEvent.JOB_FINISHED, job_id=job)
    assert handler.stream.getvalue().splitlines()[-1] == "Sources                3 of 3            40 s"


def test_a_terminal_has_one_line_that_is_written_over(handler: LogHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "41")
    handler.stream = Terminal()
    said(handler, LogEvent.RUN_INFO, stats={"clean": 20})
    step(handler, 1, "clean", "Cleaning mme", 4)
    step(handler, 2, "clean", "Cleaning atop", 6)
    said(handler, LogEvent.JOB_INFO, jobid=3, rule_name="clean", rule_msg="Cleaning mid-5.0-participants")

    shown = handler.stream.getvalue().split("\r")
    assert "\n" not in handler.stream.getvalue()
    assert shown[1] == f"{'0 of 20 steps: Cleaning mme':<40}"
    # Eighteen steps of five seconds on one core.
    assert shown[3] == "2 of 20 steps, about 1 min 30 s left: Cl"


def test_where_nothing_can_be_written_over_a_line_comes_once_a_minute(handler: LogHandler) -> None:
    said(handler, LogEvent.RUN_INFO, stats={"multiverse": 30})
    for job in range(10):
        step(handler, job, "multiverse", f"Shard {job}", 25)

    assert handler.stream.getvalue().splitlines() == [
        "3 of 30 steps, about 11 min 15 s left: Shard 3",
        "6 of 30 steps, about 10 min 0 s left: Shard 6",
        "9 of 30 steps, about 8 min 45 s left: Shard 9",
    ]


def test_time_left_counts_what_goes_on_side_by_side_and_what_a_step_has_done() -> None:
    run = Run()
    run.planned.update({"clean": 4, "multiverse": 2, "target": 1})
    assert run.left(0) is None
    run.begin(1, "clean", "", 0)
    run.begin(2, "clean", "", 0)
    run.end(1, 10)
    run.end(2, 10)
    # Two cleanings of ten seconds, and two shards that take what steps take on average, two at a time as before.
    assert run.left(10) == (2 * 10 + 2 * 10) / 2
    run.begin(3, "multiverse", "", 10)
    run.begin(4, "multiverse", "", 10)
    assert run.left(14) == (2 * 10 + 2 * 10 - 2 * 4) / 2
    run.end(3, 40)
    run.end(4, 40)
    assert run.left(40) == 2 * 10 / 2


def test_time_left_on_a_cluster_is_that_of_all_jobs_which_it_runs_at_once() -> None:
    """Nothing says how many there can be; a panel by itself before them does not make the shards take turns."""
    run = Run()
    run.planned.update({"panel": 1, "multiverse": 40})
    run.begin(0, "panel", "", 0)
    run.end(0, 60)
    for job in range(1, 21):
        run.begin(job, "multiverse", "", 60)
    for job in range(1, 11):
        run.end(job, 90)
        run.begin(20 + job, "multiverse", "", 90)
    # Ten shards are about to end, ten begin and ten have not begun: twenty take half a minute each, twenty at a time.
    assert run.left(90) == (10 * 0 + 20 * 30) / 20


COMMAND = "RuleException: CalledProcessError in file clean.smk: python -m detente clean"


def test_an_error_of_a_job_is_shown_only_if_no_job_is_said_to_have_failed(handler: LogHandler) -> None:
    said(handler, LogEvent.ERROR, logging.ERROR, COMMAND, exception="RuleException")
    assert handler.stream.getvalue() == ""
    handler.close()
    assert handler.stream.getvalue() == f"{COMMAND}\n"


@pytest.mark.parametrize("before", [True, False])
def test_a_failed_step_shows_the_end_of_its_log_and_nothing_of_its_command(
    handler: LogHandler, tmp_path: Path, before: bool
) -> None:
    log = tmp_path / "clean.mme.log"
    log.write_text("".join(f"line {i}\n" for i in range(40)) + "SourceSchemaError: mme.csv lacks 'EndYear'\n")
    said(handler, LogEvent.JOB_INFO, jobid=3, rule_name="clean", rule_msg="Cleaning mme")
    if before:
        said(handler, LogEvent.ERROR, logging.ERROR, COMMAND, exception="RuleException")
    said(handler, LogEvent.JOB_ERROR, logging.ERROR, jobid=3, rule_name="clean", rule_msg=None, log=[str(log)])
    if not before:
        said(handler, LogEvent.ERROR, logging.ERROR, COMMAND, exception="RuleException")
    said(handler, None, logging.WARNING, "Exiting because a job execution failed.")
    handler.close()

    lines = handler.stream.getvalue().splitlines()
    assert lines[0] == "Failed: Cleaning mme"
    assert lines[1] == "  line 26"
    assert lines[-2:] == ["  SourceSchemaError: mme.csv lacks 'EndYear'", f"  the whole log: {log}"]


def test_a_step_that_was_killed_before_it_wrote_anything_says_so(handler: LogHandler, tmp_path: Path) -> None:
    said(handler, LogEvent.JOB_ERROR, jobid=3, rule_name="clean", log=[str(tmp_path / "none.log")])

    assert handler.stream.getvalue() == f"Failed: clean\n  its log, which is empty: {tmp_path / 'none.log'}\n"


def test_steps_that_share_a_job_of_a_cluster_fail_in_one_message(handler: LogHandler, tmp_path: Path) -> None:
    (tmp_path / "mme.log").write_text("SourceSchemaError: mme.csv lacks 'EndYear'\n")
    names = ("atop", "mme")
    steps = [{"jobid": i, "rule_name": "clean", "log": [str(tmp_path / f"{name}.log")]} for i, name in enumerate(names)]
    for each, name in zip(steps, names, strict=True):
        said(handler, LogEvent.JOB_INFO, rule_msg=f"Cleaning {name}", **each)
    own = str(tmp_path / "job.log")
    said(handler, LogEvent.GROUP_ERROR, logging.ERROR, groupid="sources", job_error_info=steps, aux_logs=[own])
    for each in steps:
        said(handler, LogEvent.JOB_ERROR, logging.ERROR, indent=True, **each)

    assert handler.stream.getvalue().splitlines() == [
        "Failed: one of 2 steps that share a job, all of which are made again",
        "  Cleaning atop",
        "  Cleaning mme",
        "  SourceSchemaError: mme.csv lacks 'EndYear'",
        f"  the whole log: {tmp_path / 'mme.log'}",
        f"  its log, which is empty: {own}",
    ]


def test_warnings_stand_in_one_block_each_once(handler: LogHandler) -> None:
    for text in ("panel.parquet: edited; made again", "mme.parquet: cut off", "panel.parquet: edited; made again"):
        said(handler, None, logging.WARNING, text)
    assert not handler.stream.getvalue()
    handler.close()

    assert handler.stream.getvalue().splitlines() == [
        "Warnings:",
        "  panel.parquet: edited; made again",
        "  mme.parquet: cut off",
    ]


def test_an_error_before_any_step_is_shown(handler: LogHandler) -> None:
    said(handler, LogEvent.ERROR, logging.ERROR, "MissingInputException: no rule makes reports/x")

    assert handler.stream.getvalue() == "MissingInputException: no rule makes reports/x\n"


def test_every_rule_of_the_workflow_belongs_to_one_phase() -> None:
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    named = {first or second for first, second in RULE.findall(text)}
    made = {name.format(name="mine") for name in re.findall(r"^ +f\"(\w+_\{name\})\"$", text, flags=re.M)}

    assert len(made) >= 6
    for rule in sorted(named | made):
        assert [title for title, rules in PHASES.items() if rules.fullmatch(rule)] == [phase_of(rule)], rule


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3599.7, "1 h 0 min"), (4320, "1 h 12 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_logger_loads_nothing_of_the_package_that_the_snakefile_is_to_find() -> None:
    code = (
        "import sys, snakemake_logger_plugin_detente; print([m for m in sys.modules if m.split('.')[0] == 'detente'])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
