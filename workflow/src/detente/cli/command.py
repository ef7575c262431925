"""What a command is: declared in its own file, and found there without loading what it runs."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Group = Literal["data", "models", "claims", "replication", "step"]
GROUPS: dict[Group, str] = {
    "data": "Sources and panels",
    "models": "Models",
    "claims": "Claims and their robustness",
    "replication": "Replication and origin of results",
    "step": "Steps of the workflow, which Snakemake runs",
}
START, END = "\nCOMMAND = Command(\n", "\n)\n"


@dataclass(frozen=True)
class Command:
    """A command: what it does, in words that follow "to"; whom it is for; how it is called."""

    summary: str
    group: Group
    example: str


@cache
def commands() -> dict[str, Command]:
    """Every command by name: modules of this package that declare one, in the order of their groups."""
    found = dict(_found(Path(__file__).parent))
    order = list(GROUPS)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1].group), item[0])))


def _found(folder: Path) -> Iterator[tuple[str, Command]]:
    """Declarations, read from the text of their files: importing all of them would take seconds."""
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if START in text and path.stem != Path(__file__).stem:
            written = text.partition(START)[2].partition(END)[0]
            call = ast.parse(f"Command({written})", mode="eval").body
            assert isinstance(call, ast.Call)
            given = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
            yield path.stem, Command(*map(ast.literal_eval, call.args), **given)


def described() -> str:
    """All commands with their summaries, by group; of those for people, an example each."""
    lines: list[str] = []
    for group, title in GROUPS.items():
        lines.append(f"{title}:")
        for name, command in commands().items():
            if command.group == group:
                lines.append(f"  {name:<12}{command.summary}")
                lines += [f"{'':<14}{command.example}"] if group != "step" else []
        lines.append("")
    return "\n".join([*lines, "`detente <command> --help` says which options a command has, with an example."])
