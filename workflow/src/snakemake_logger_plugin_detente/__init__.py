"""What `snakemake --logger detente` shows: one line a phase, with steps done, steps in all, and the time that is left.

Snakemake loads this before it reads the Snakefile, which says where the package is: nothing of `detente` is imported.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from logging import WARNING, LogRecord
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

PHASES: Mapping[str, re.Pattern[str]] = {
    title: re.compile(rules)
    for title, rules in {
        "Raw files": r"acquire_.*|simulate_.*",
        "Sources": r"clean(_own_.*)?",
        "Panel": r"panel|describe|robustness_panel",
        "Estimates": r"estimate|windows|collect|designs|coverage|recovery|numbers",
        "Multiverse": r"plan_multiverse|multiverse|gather_multiverse|joint|curves",
        "Claims": r"examine|predict|described|published|design_coverage|ledger",
        "Tables and figures": r"tables_.*|figures_.*",
        "Pages": r"(robustness_)?(provenance|lineage|manifest)|publish|robustness_report_.*|site_.*",
        "Published tables": r"replicate(_table|_page)?",
    }.items()
}
"""Phases of a run in order, and the rules that belong to each; targets belong to none."""
# Lines of a failed step's log that are shown; seconds between two lines where nothing can be written over.
LAST_LINES, BETWEEN = 15, 60.0
# Seconds that a run has taken at least.
SHORTEST = 1e-3
# What Snakemake calls an error of a job. It has the whole command; that the job failed is said by itself, too.
OF_A_JOB = "RuleException"


def phase_of(rule: str) -> str | None:
    """The phase that a rule belongs to; None for a target."""
    return next((title for title, rules in PHASES.items() if rules.fullmatch(rule)), None)


@dataclass
class Run:
    """How far a run is: steps in all and done, and seconds that they took, by rule; the steps that work now.

    `began`: when the first step of a phase did.
    """

    planned: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    working: dict[int, tuple[str, float]] = field(default_factory=dict)
    messages: dict[int, str] = field(default_factory=dict)
    began: dict[str | None, float] = field(default_factory=dict)

    def begin(self, job: int, rule: str, message: str, now: float) -> None:
        """A step begins."""
        self.working[job] = rule, now
        self.messages[job] = message
        self.began.setdefault(phase_of(rule), now)

    def end(self, job: int, now: float) -> str | None:
        """A step has ended; returns the phase that ended with it."""
        if job not in self.working:
            return None
        rule, begun = self.working.pop(job)
        self.done[rule] += 1
        self.seconds[rule] += now - begun
        phase = phase_of(rule)
        return phase if phase and self.steps(phase)[0] == self.steps(phase)[1] else None

    def steps(self, phase: str | None = None) -> tuple[int, int]:
        """Steps done and in all, of a phase or of the run."""
        counted = [c for c in self.planned if (phase_of(c) == phase if phase else phase_of(c))]
        return sum(self.done[rule] for rule in counted), sum(self.planned[rule] for rule in counted)

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take; None before a tenth of the steps are done.

        A step takes what those of its rule took on average, or all steps where none of its rule has ended. Of them as
        many go on side by side as do now, or did on average, whichever is more: a cluster has no number of cores.
        """
        ended, every = self.steps()
        if not ended or ended < every / 10:
            return None
        overall = sum(self.seconds.values()) / ended
        mean = {rule: self.seconds[rule] / self.done[rule] if self.done[rule] else overall for rule in self.planned}
        rest = sum((self.planned[rule] - self.done[rule]) * mean[rule] for rule in self.planned if phase_of(rule))
        begun = sum(min(now - since, mean.get(rule, overall)) for rule, since in self.working.values())
        busy = sum(self.seconds.values()) + sum(now - since for _, since in self.working.values())
        together = max(len(self.working), busy / max(now - min(self.began.values()), SHORTEST))
        return max(rest - begun, 0.0) / max(together, 1.0)


def duration(seconds: float) -> str:
    """Seconds as people say them: 8 s, 2 min 5 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class LogHandler(LogHandlerBase):
    """Shows a run of Snakemake on standard error: a line that is written over on a terminal, else one a minute."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin to count."""
        self.stream: TextIO = sys.stderr
        self.clock = time.monotonic
        self.run = Run()
        self.warnings: list[str] = []
        self.failed = False
        self.held: list[str] = []
        self.last = self.clock()
        self.shown = ""

    def emit(self, record: LogRecord) -> None:
        """Show what a record of Snakemake says, if people need it."""
        # What a record has depends on its event, so that no type lists it.
        said: Any = record
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.run.planned = Counter({rule: n for rule, n in said.stats.items() if rule != "total"})
        elif event == LogEvent.JOB_INFO:
            self.run.begin(said.jobid, said.rule_name, said.rule_msg or "", self.clock())
            self._show(said.rule_msg or "")
        elif event == LogEvent.JOB_FINISHED:
            if phase := self.run.end(said.job_id, now := self.clock()):
                ended, every = self.run.steps(phase)
                self._print(f"{phase:<20}{ended:>4} of {every:<4} {duration(now - self.run.began[phase]):>12}")
        elif event in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
            self._fail(said)
        elif self.failed:
            return  # Snakemake goes on to say what follows from the failure.
        elif event == LogEvent.ERROR:
            of_a_job = getattr(record, "exception", None) == OF_A_JOB
            (self.held.append if of_a_job else self._print)(record.getMessage())
        elif event is None and record.levelno >= WARNING and (text := record.getMessage()):
            self.warnings.append(text)

    def close(self) -> None:
        """Show the warnings, in one block, and errors of jobs that nothing followed."""
        for said in () if self.failed else self.held:
            self._print(said)
        if self.warnings:
            self._print("\n".join(["Warnings:", *(f"  {said}" for said in dict.fromkeys(self.warnings))]))
            self.warnings = []
        self._print("")
        super().close()

    def _fail(self, said: Any) -> None:
        """Show that a step failed, or steps that share a job, each of which Snakemake then calls failed, indented."""
        self.failed = True
        if said.event == LogEvent.GROUP_ERROR:
            steps = {self._step(one["jobid"], one["rule_name"]): one["log"] for one in said.job_error_info}
            self._print("\n".join(failure_of_one(steps, said.aux_logs)))
        elif not getattr(said, "indent", False):
            self._print("\n".join(failure(self._step(said.jobid, said.rule_name), said.log)))

    def _step(self, job: int, rule: str) -> str:
        """What a step does, as it said when it began."""
        return self.run.messages.get(job) or rule

    def _show(self, doing: str) -> None:
        """Say how far the run is, and what it is doing."""
        now = self.clock()
        ended, every = self.run.steps()
        left = self.run.left(now)
        rest = f", about {duration(left)} left" if left is not None else ""
        text = f"{ended} of {every} steps{rest}: {doing}"
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r{text[:width]:<{width}}")
            self.stream.flush()
            self.shown = text[:width]
        elif now - self.last >= BETWEEN:
            self._print(text)

    def _print(self, text: str) -> None:
        """A line that stays, in the place of the one that is written over."""
        self.last = self.clock()
        over = f"\r{'':<{len(self.shown)}}\r" if self.shown else ""
        self.shown = ""
        self.stream.write(over + (f"{text}\n" if text else ""))
        self.stream.flush()


def failure(step: str, logs: Iterable[str]) -> Iterator[str]:
    """Lines about a step that failed: which, the end of its log, and where the rest is."""
    yield f"Failed: {step}"
    yield from _ends(logs)


def failure_of_one(steps: Mapping[str, Iterable[str]], logs: Iterable[str]) -> Iterator[str]:
    """Lines about steps that share a job of a cluster, each with its logs, and about the logs of the job."""
    yield f"Failed: one of {len(steps)} steps that share a job, all of which are made again"
    for step, own in steps.items():
        yield f"  {step}"
        yield from _ends(path for path in own if Path(path).is_file() and Path(path).stat().st_size)
    yield from _ends(logs)


def _ends(logs: Iterable[str]) -> Iterator[str]:
    for path in map(Path, logs):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        yield from (f"  {line}" for line in lines[-LAST_LINES:])
        yield f"  {'the whole log' if lines else 'its log, which is empty'}: {path}"
