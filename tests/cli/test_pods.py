"""What pods of Kubernetes get beyond what Snakemake's executor gives them; tests/containers runs them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from detente.cli.pods import limited


def test_a_step_works_in_this_folder_and_ends_in_time_without_rights_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = ("V1PodSecurityContext", "V1SeccompProfile", "V1SecurityContext", "V1Capabilities")
    api = SimpleNamespace(**dict.fromkeys(kinds, SimpleNamespace))
    container = SimpleNamespace(working_dir="/workdir", security_context=None)
    pod = SimpleNamespace(containers=[container], security_context=None)
    job = SimpleNamespace(spec=SimpleNamespace(template=SimpleNamespace(spec=pod), active_deadline_seconds=None))

    assert limited(job, 1800, api) is job
    assert job.spec.active_deadline_seconds == 1800
    assert container.working_dir == str(tmp_path)
    assert pod.security_context.run_as_non_root
    assert not container.security_context.allow_privilege_escalation
    assert container.security_context.capabilities.drop == ["ALL"]
