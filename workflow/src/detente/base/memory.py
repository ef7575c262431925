"""How much memory a piece of work needs, and how much the machine has for it: refused before it starts, not killed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detente.base.errors import TooLarge

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
CELL = 8
"""Bytes of a number."""
GIB, MB = 1 << 30, 10**6
# Files of a control group, of version 2 and 1: limit, use, and what of the use are files that can be dropped.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


@dataclass(frozen=True)
class Memory:
    """Bytes that a process can still have, and all that there are, by the machine or a limit on its control group."""

    free: int
    whole: int


def memory(proc: Path = PROC, groups: Path = GROUPS) -> Memory | None:
    """The least that the machine and the limits on the process leave free; None where no system says so.

    `proc`, `groups`: where Linux says so.
    """
    return min([*_machine(proc), *_limits(proc, groups)], key=lambda each: each.free, default=None)


def peak(proc: Path = PROC) -> int | None:
    """The most bytes that this process has had in memory; None where the system does not say."""
    try:
        lines = (line.split() for line in (proc / "self" / "status").read_text(encoding="utf-8").splitlines())
        return next(int(words[1]) << 10 for words in lines if words[:1] == ["VmHWM:"])
    except (OSError, StopIteration):
        return None


def check_memory(needed: int, work: str, way: str, found: Memory | None) -> None:
    """Raise TooLarge if `work` needs more bytes than are free, with the `way` out."""
    if found is not None and needed > found.free:
        has = f"{_shown(found.free)} of {_shown(found.whole)} are free"
        raise TooLarge(f"{work} needs about {_shown(needed)} of memory; {has}: {way}")


def _shown(size: int) -> str:
    return f"{size / GIB:,.1f} GiB"


def _machine(proc: Path) -> Iterator[Memory]:
    """Memory and swap of the machine."""
    try:
        lines = (line.split() for line in (proc / "meminfo").read_text(encoding="ascii").splitlines())
        kib = {words[0]: int(words[1]) for words in lines}
        free, whole = kib["MemAvailable:"] + kib["SwapFree:"], kib["MemTotal:"] + kib["SwapTotal:"]
    except (OSError, ValueError, LookupError):
        return
    yield Memory(free << 10, whole << 10)


def _limits(proc: Path, groups: Path) -> Iterator[Memory]:
    """Limits on the control group of the process and on those that it is in."""
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for controllers, path in (line.split(":", 2)[1:] for line in lines if line.count(":") >= 2):
        if controllers and "memory" not in controllers.split(","):
            continue
        top = groups / "memory" if controllers else groups
        inside = top / path.lstrip("/")
        # Inside a container the group is what is mounted, whatever its path outside.
        for folder in dict.fromkeys((*([inside, *inside.parents] if inside.is_relative_to(top) else []), top)):
            if folder.is_relative_to(top):
                yield from _limit(folder, *_FILES[bool(controllers)])


def _limit(folder: Path, limit: str, used: str, droppable: str) -> Iterator[Memory]:
    """The limit on a control group, if there is one; version 1 writes a number beyond any machine for none."""
    try:
        whole = int((folder / limit).read_text(encoding="ascii"))
        taken = int((folder / used).read_text(encoding="ascii"))
        counts = (line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        files = next((int(words[1]) for words in counts if words[0] == droppable), 0)
    except (OSError, ValueError, LookupError):
        return
    yield Memory(max(whole - taken + files, 0), whole)
