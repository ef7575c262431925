"""The page on reliability counts the faults that the tests inject."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_page_counts_the_faults_that_are_injected(tmp_path: Path) -> None:
    page = Path(shutil.copy(ROOT / "docs/reliability.md", tmp_path))
    call = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", f"--faults={page}"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert page.read_text("utf-8") == (ROOT / "docs/reliability.md").read_text("utf-8"), (
        "renew it: .venv/bin/python -m pytest -q --collect-only --faults=docs/reliability.md"
    )
