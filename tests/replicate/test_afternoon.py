"""The page on a data editor's afternoon is what its commands print, in its order, from the package to the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.afternoons import agrees, worked

PAGE = Path(__file__).resolve().parents[2] / "docs" / "replication-afternoon.md"


def test_the_afternoon_is_worked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DETENTE_REPLICATION", raising=False)
    given = []
    for command, shown, said in worked(PAGE.read_text(encoding="utf-8")):
        assert agrees(shown, said), f"$ {command}\n{said}"
        given.append(command)
    for words in ("replicate new", "replicate check", "replicate --tables", "replicate audit"):
        assert any(command.startswith(f"detente {words}") for command in given)


def test_an_ellipsis_stands_for_text_and_alone_for_lines() -> None:
    assert agrees("a … c\n…\nend\n", "a b c\none\ntwo\nend\n")
    assert agrees("…\nend\n", "end\n")
    assert not agrees("a … c\n", "a b d\n")
    assert not agrees("a.c\n", "abc\n")
    assert not agrees("one\n", "one\ntwo\n")
