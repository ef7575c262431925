"""Every pin of the lock can be installed under every Python that is supported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.workflows import ROOT


@pytest.mark.nightly
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_pin_of_the_lock_can_be_installed_under(version: str, tmp_path: Path) -> None:
    """Resolves all pins by hash as that interpreter would, without installing; all but one are wheels."""
    call = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--prefer-binary",
            "--require-hashes", "--quiet", "--disable-pip-version-check", "--python-version", version,
            "--target", str(tmp_path), "--requirement", str(ROOT / "requirements.lock")]  # fmt: skip
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode and "from versions: none" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr[-2000:]
