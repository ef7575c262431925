"""What the machine refuses ends in one line with the way out and a proper exit status; what is written is whole."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from detente.base import environment, tables
from detente.base.environment import OBSTACLES, check_writable, refused
from detente.base.errors import ConfigError
from detente.base.files import write_text, write_whole
from detente.base.tables import read_table
from detente.cli import command as declaring
from detente.cli import main
from detente.cli.command import Output, commands, parsed
from detente.cli.running import PLAIN, UNSAID

from support.workflows import ROOT

pytestmark = pytest.mark.fault("environment")

# A command that writes a file after what it prints.
PRINTS = "for i in range(50_000): print(i, 'lines')\nfrom pathlib import Path; Path('made').write_text('whole')"


def call(body: str) -> list[str]:
    """A program that handles `body` as a command."""
    inner = "\n".join(f"    {line}" for line in body.splitlines())
    program = f"import sys\nfrom detente.cli.running import handled\ndef run():\n{inner}\nsys.exit(handled(run))"
    return [sys.executable, "-c", program]


def run(body: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(call(body), cwd=folder, capture_output=True, env={**os.environ, **environment}, check=False)


# Output that is not read, or cannot be


def test_a_command_whose_output_is_read_no_longer_still_does_its_work(tmp_path: Path) -> None:
    # Both streams: `detente … 2>&1 | head -1`.
    body = f"import sys\nprint('first', file=sys.stderr, flush=True)\n{PRINTS}\nprint('last', file=sys.stderr)"
    with subprocess.Popen(
        call(body), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"first\n"
        process.stdout.close()
        assert process.wait() == 0
    assert (tmp_path / "made").read_text() == "whole"


def test_output_that_is_closed_from_the_start_is_no_error(tmp_path: Path) -> None:
    words = " ".join(map(shlex.quote, call(PRINTS)))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "made").is_file()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
def test_a_full_disk_under_the_output_is_named(tmp_path: Path) -> None:
    words = " ".join(map(shlex.quote, call("print('one line')")))
    done = subprocess.run(
        ["sh", "-c", f"{words} > /dev/full"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = "OSError: standard output: the disk is full; free space, or name a place on another disk\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
def test_an_error_whose_log_lies_on_a_full_disk_has_a_status_of_its_own_which_the_workflow_says(
    tmp_path: Path, root: Path
) -> None:
    words = shlex.join(call("from detente.base.errors import DetenteError\nraise DetenteError('x')"))
    rules = (root / "workflow/rules/common.smk").read_text("utf-8")
    assert '{UNSAID}) echo "{UNWRITTEN}" >&2;;' in rules
    trap = f"trap 'case $? in {UNSAID}) echo unwritten >&2;; esac' EXIT; "
    for log, status, said in (("log", 1, ""), ("/dev/full", UNSAID, "unwritten\n")):
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail; {trap}{words} > {log} 2>&1"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, said)
    assert (tmp_path / "log").read_text("utf-8") == "DetenteError: x\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_encodings_without_typographic_marks_show_plain_ones(encoding: str, tmp_path: Path) -> None:
    text = "1946–2010 › ‘peace’ “war” … ≤ ≥ → █░"
    done = run(f"print({text!a})", tmp_path, PYTHONIOENCODING=encoding)
    # What the encoding has stays as it is.
    kept = "".join(c if c.encode(encoding, "ignore") else c.translate(PLAIN) for c in text)
    assert (done.returncode, done.stdout.decode(encoding)) == (0, f"{kept}\n")
    if encoding == "ascii":
        assert kept == "1946-2010 > 'peace' \"war\" ... <= >= -> #."


def test_a_letter_that_the_encoding_lacks_is_refused_and_never_replaced(tmp_path: Path) -> None:
    body = "print('\\u00d8stby')"
    assert run(body, tmp_path, PYTHONIOENCODING="latin-1").stdout == "Østby\n".encode("latin-1")
    done = run(body, tmp_path, PYTHONIOENCODING="ascii")
    said = "UnicodeEncodeError: standard output: the encoding ascii has no '\\xd8'; set PYTHONIOENCODING=utf-8, or "
    assert done.returncode == 1
    assert done.stderr.decode().startswith(said)
    assert len(done.stderr.splitlines()) == 1
    # A person's own way to write what an encoding lacks stays.
    assert run(body, tmp_path, PYTHONIOENCODING="ascii:replace").stdout == b"?stby\n"


# Memory and libraries


def test_memory_that_is_used_up_is_one_line(tmp_path: Path) -> None:
    body = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\nbytearray(2**40)"
    done = run(body, tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("MemoryError: there is not enough memory; ask for fewer sources, variables")
    assert len(done.stderr.splitlines()) == 1


def test_memory_and_libraries_that_a_reader_lacks_are_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    for error in (MemoryError("Unable to allocate 9.00 GiB"), ModuleNotFoundError("No module", name="calamine")):

        def fail(*_: Any, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(tables, "_read", fail)
        with pytest.raises(type(error)) as stop:
            read_table(path)
        assert str(path) not in refused(stop.value)
    assert refused(MemoryError("Unable to allocate 9.00 GiB")).startswith(
        "MemoryError: there is not enough memory (Unable to allocate 9.00 GiB); ask for fewer"
    )
    assert refused(OSError(errno.ENOMEM, "Cannot allocate memory")).startswith(
        "MemoryError: there is not enough memory;"
    )


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ModuleNotFoundError("No module named 'pyreadstat'", name="pyreadstat.core"),
            "ModuleNotFoundError: the library pyreadstat is not installed; install what requirements.lock lists: make",
        ),
        (
            caused(ImportError("see the traceback"), ModuleNotFoundError("No module named 'numpy'", name="numpy")),
            "ModuleNotFoundError: the library numpy is not installed; install what requirements.lock lists: make",
        ),
        (
            ImportError("libgfortran.so: cannot open shared object file\nmore", name="scipy"),
            "ImportError: the library scipy cannot be loaded (libgfortran.so: cannot open shared object file); install",
        ),
        (ImportError("cannot import name 'x' from 'detente.stats'", name="detente.stats"), ""),
        (ValueError("a fault of the program"), ""),
    ],
)
def test_a_library_that_is_missing_is_named_and_a_fault_of_the_program_keeps_its_traceback(
    error: Exception, said: str
) -> None:
    assert refused(error).startswith(said)
    assert bool(refused(error)) == bool(said)


# Signals


SLOWLY = """
from pathlib import Path
import signal
from detente.base.files import write_whole
def slowly(path):
    path.write_text("half")
    print("half", flush=True)
    signal.pause()
write_whole(Path("made.txt"), slowly)
"""


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """What a shell starts in the background, or under nohup, ignores signals, and so would what that starts."""
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    hung_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGHUP, hung_up)


def stopped(folder: Path, number: int) -> subprocess.Popen[str]:
    """A command that was sent a signal while it was writing."""
    process = subprocess.Popen(
        call(SLOWLY), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "half\n"
    process.send_signal(number)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_leaves_nothing_half_written(number: signal.Signals, tmp_path: Path) -> None:
    process = stopped(tmp_path, number)
    _, said = process.communicate()
    assert process.returncode == 128 + number
    assert said == f"stopped by {number.name}: no file is half written; run the command again\n"
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_was_writing_is_removed_by_the_next_that_writes_the_same_file(tmp_path: Path) -> None:
    stopped(tmp_path, signal.SIGKILL).communicate()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".made.txt.")
    # Another file's, and one that a living process writes, stay.
    alive = left.with_name(left.name.replace(left.suffixes[-2], f".{os.getppid()}"))
    alive.touch()
    write_text("other", tmp_path / "other.txt")
    assert left.exists()

    write_text("whole", tmp_path / "made.txt")

    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([alive.name, "made.txt", "other.txt"])
    assert (tmp_path / "made.txt").read_text() == "whole"


# Places of outputs


def test_a_name_as_long_as_the_file_system_takes_is_written_and_a_longer_one_refused(tmp_path: Path) -> None:
    longest = tmp_path / ("n" * 251 + ".txt")
    write_text("whole", longest)
    assert [p.name for p in tmp_path.iterdir()] == [longest.name]
    with pytest.raises(OSError, match="too long") as stop:
        check_writable(tmp_path / ("n" * 252 + ".txt"))
    assert "the name is too long for the file system; check the path" in refused(stop.value)


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        write_text("whole", pipe)
        assert reader.communicate()[0] == b"whole"
    assert pipe.is_fifo()
    check_writable(pipe)


def test_a_link_stays_a_link_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "made.txt"
    link.symlink_to("elsewhere/made.txt")
    write_text("whole", link)
    assert link.is_symlink()
    assert (tmp_path / "elsewhere/made.txt").read_text() == "whole"


class Full(io.BytesIO):
    """A temporary file on a place that takes nothing."""

    code = errno.ENOSPC

    def write(self, _: Any) -> int:
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG])
def test_a_place_that_takes_nothing_is_named_before_any_work(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Full, "code", code)
    monkeypatch.setattr(environment.tempfile, "TemporaryFile", lambda **_: Full())
    monkeypatch.setattr(declaring, "_made", lambda *_: pytest.fail("work was begun"))
    out = tmp_path / "new folder/panel.parquet"
    assert main(["panel", "--years", "1990", "--out", str(out)]) == 1
    assert re.search(rf"Error: {re.escape(str(out))}: {OBSTACLES[code]}; ", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_while_a_file_is_written_names_the_file_and_leaves_none(tmp_path: Path) -> None:
    # A limit of the process stands for the disk's end.
    body = (
        "import resource, signal\nfrom pathlib import Path\nfrom detente.base.files import write_text\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_text('x' * 5000, Path('made.txt'))"
    )
    done = run(body, tmp_path)
    said = "OSError: made.txt: the file is larger than the system allows; check the path, or name another\n"
    assert (done.returncode, done.stderr.decode()) == (1, said)
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_for_temporary_files_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    with pytest.raises(FileNotFoundError) as stop:
        tempfile.gettempdir()
    assert refused(stop.value).endswith("set TMPDIR to a folder that can be written")


def outputs() -> Iterator[tuple[str, str, Output]]:
    """Every option of every command that names an output."""
    for name, each in commands().items():
        for parameter, hint in declaring._options(getattr(import_module(each.module), name)):
            option = declaring._said(hint)[1]
            if isinstance(option, Output):
                yield name, parameter.name, option


@pytest.mark.parametrize(("name", "parameter", "option"), list(outputs()))
def test_every_output_is_looked_at_before_any_work(
    name: str, parameter: str, option: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(declaring, "_made", lambda *_: pytest.fail("work was begun"))
    (tmp_path / "afile").touch()
    flag, below = declaring._flag(parameter), "afile" if option.folder else f"afile/made{''.join(option.endings[:1])}"
    words = shlex.split(commands()[name].example)[1 + len(declaring.spoken(name).split()) :]
    if flag in words:
        at = words.index(flag)
        words[at + 1] = below
    else:
        words += [flag, below]
    with pytest.raises(FileExistsError) as stop:
        parsed(name, words)()
    assert f"{tmp_path / 'afile'}: a file stands where a folder is needed" in refused(stop.value)
    if option.endings:
        with pytest.raises(ConfigError, match=f"{flag}: 'made.doc' must end in "):
            parsed(name, [word.replace(below, "made.doc") for word in words])()


def test_every_option_that_says_it_is_written_is_declared_as_an_output() -> None:
    declared = {(name, parameter) for name, parameter, _ in outputs()}
    said = set()
    for name, each in commands().items():
        for parameter, hint in declaring._options(getattr(import_module(each.module), name)):
            kind, option = declaring._said(hint)
            words = re.search(r"\bwrite\b|\bto build in\b|^folder for\b|^folder of the page", option.help)
            if "Path" in str(kind) and words:
                said.add((name, parameter.name))
    assert said == declared
    assert {"panel", "fit", "cite", "grid", "datapage", "package", "verify", "replicate"} <= {name for name, _ in said}


def test_an_output_never_takes_the_place_of_an_input_or_of_another_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to("data.csv")
    words = ["fit", "y ~ x", "--data", "data.csv", "--out"]
    assert main([*words, "link.csv"]) == 1
    assert "ConfigError: --out: link.csv is what --data names, too; name another file" in capsys.readouterr().err
    assert (tmp_path / "data.csv").read_text() == "a,b\n1,2\n"

    panel = ["panel", "--years", "1990", "--root", str(ROOT), "--out", "p.csv", "--codebook", "./p.csv"]
    assert main(panel) == 1
    assert "ConfigError: --codebook: p.csv is what --out names, too; name another file" in capsys.readouterr().err


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(IsADirectoryError) as stop:
        check_writable(tmp_path / "out.csv")
    assert "a folder stands where a file is needed" in refused(stop.value)
    check_writable(tmp_path / "out.csv", folder=True)
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "out.csv", lambda path: path.touch())
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_stopping_a_command_gives_signals_back_to_the_program_that_calls_it() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)]
    streams = sys.stdout, sys.stderr
    assert main(["grid", "--study", "nowhere", "--root", str(ROOT)]) == 1
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)] == before
    assert (sys.stdout, sys.stderr) == streams
