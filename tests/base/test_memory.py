"""How much memory there is: by the machine, and by the limits on the group of processes that this one is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import TooLarge
from detente.base.memory import GIB, Memory, check_memory, memory

MEMINFO = """MemTotal:        8388608 kB
MemFree:               1 kB
MemAvailable:    4194304 kB
SwapTotal:       1048576 kB
SwapFree:         524288 kB
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    (folder / "self").mkdir(parents=True)
    (folder / "meminfo").write_text(MEMINFO)
    return folder


def limited(folder: Path, files: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")


def version_2(limit: object, used: int, files: int = 0) -> dict[str, object]:
    return {"memory.max": limit, "memory.current": used, "memory.stat": f"anon 1\ninactive_file {files}"}


def version_1(limit: int, used: int, files: int = 0) -> dict[str, object]:
    stat = f"inactive_file 1\ntotal_inactive_file {files}"
    return {"memory.limit_in_bytes": limit, "memory.usage_in_bytes": used, "memory.stat": stat}


def test_a_machine_without_limits_has_its_memory_and_swap(proc: Path, tmp_path: Path):
    assert memory(proc, tmp_path / "groups") == Memory(4 * GIB + GIB // 2, 9 * GIB)


@pytest.mark.parametrize("inside", ["job/step", "job", ""])
def test_the_tightest_limit_of_a_group_and_those_around_it_counts(inside: str, proc: Path, tmp_path: Path):
    groups = tmp_path / "groups"
    (proc / "self" / "cgroup").write_text("0::/job/step\n")
    limited(groups / "job" / "step", version_2("max", 0))
    limited(groups / inside, version_2(2 * GIB, GIB, GIB // 4))

    assert memory(proc, groups) == Memory(GIB + GIB // 4, 2 * GIB)


def test_a_limit_that_is_wider_than_the_machine_is_none(proc: Path, tmp_path: Path):
    groups = tmp_path / "groups"
    (proc / "self" / "cgroup").write_text("4:memory:/job\n1:cpu:/\n")
    limited(groups / "memory" / "job", version_1(9223372036854771712, GIB))

    assert memory(proc, groups) == Memory(4 * GIB + GIB // 2, 9 * GIB)


def test_limits_of_the_older_version_count_and_other_controllers_do_not(proc: Path, tmp_path: Path):
    groups = tmp_path / "groups"
    (proc / "self" / "cgroup").write_text("7:cpu,cpuacct:/other\n4:memory:/job\n0::/\n")
    limited(groups / "memory" / "job", version_1(3 * GIB, 2 * GIB, GIB))
    limited(groups / "memory" / "other", version_1(GIB, GIB))

    assert memory(proc, groups) == Memory(2 * GIB, 3 * GIB)


def test_a_container_that_sees_only_its_own_group_is_limited_by_it(proc: Path, tmp_path: Path):
    groups = tmp_path / "groups"
    (proc / "self" / "cgroup").write_text("0::/../../host/path\n")
    limited(groups, version_2(GIB, GIB // 2))

    assert memory(proc, groups) == Memory(GIB // 2, GIB)


@pytest.mark.parametrize("content", ["", "MemTotal: many kB\n", "MemTotal: 1 kB\n"])
def test_a_system_that_does_not_say_limits_nothing(content: str, proc: Path, tmp_path: Path):
    (proc / "meminfo").write_text(content)

    assert memory(proc, tmp_path) is None
    assert memory(tmp_path / "nowhere", tmp_path) is None
    check_memory(1 << 60, "the work", "do less", None)


@pytest.mark.fault("environment")
def test_work_that_needs_more_than_is_free_is_refused_with_both_numbers_and_the_way_out():
    there = Memory(2 * GIB, 8 * GIB)
    check_memory(2 * GIB, "the work", "do less", there)

    with pytest.raises(TooLarge) as caught:
        check_memory(2 * GIB + GIB // 2, "the work", "do less", there)

    assert str(caught.value) == "the work needs about 2.5 GiB of memory; 2.0 GiB of 8.0 GiB are free: do less"
