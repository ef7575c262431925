"""A page that is worked through from top to bottom: files made, commands given, corrections made, outputs compared."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from detente.cli import main

BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.(?:yaml|log))`")


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Kind and content of every block, and the log or YAML file that the sentences above name last."""
    for found in BLOCK.finditer(page):
        yield found["kind"], found["content"], ["", *NAMED.findall(BLOCK.sub("", page[: found.start()]))][-1]


def worked(page: str) -> Iterator[tuple[str, str, str]]:
    """Each command of a page with the output that it shows, and what it prints, once all above it is done."""
    status = 0
    for kind, content, file in blocks(page):
        if kind == "python":
            exec(compile(content, "page", "exec"), {})
        elif kind == "text":
            Path(file).write_text(content, encoding="utf-8")
        elif kind == "diff":
            correct(Path(file), content)
        elif kind == "console":
            for command, shown in commands(content):
                said, status = printed(command, status)
                yield command, shown, said


def commands(content: str) -> Iterator[tuple[str, str]]:
    """Every command of a block, and the lines below it."""
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def correct(path: Path, lines: str) -> None:
    """Put the lines of a correction marked + in the place of those marked -, with those around them."""
    old, new = ("".join(f"{line[1:]}\n" for line in lines.splitlines() if line[:1] in f" {mark}") for mark in "-+")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} has {text.count(old)} times\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def printed(command: str, status: int) -> tuple[str, int]:
    """What a command prints on the terminal, and its exit status; `status` is that of the one before."""
    name, *words = shlex.split(command)
    if (name, words) == ("echo", ["$?"]):
        return f"{status}\n", 0
    if name == "cat":
        return Path(words[0]).read_text(encoding="utf-8"), 0
    if name == "ls":
        return "".join(f"{path.name}\n" for path in sorted(Path(words[0]).iterdir())), 0
    assert name == "detente", command
    with io.StringIO() as screen, contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        code = main(words)
        said = screen.getvalue()
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines()), code


def agrees(shown: str, said: str) -> bool:
    """Whether a page shows what was said, where … stands for any text within a line, and alone for any lines."""
    pattern = re.escape(shown).replace("\\\n", "\n")
    pattern = re.sub(r"(?m)^…\n", lambda _: "(?:.*\n)*?", pattern).replace("…", ".*")
    return re.fullmatch(pattern, said) is not None
