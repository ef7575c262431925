"""Packages in the shapes in which they are shipped: each becomes the same dyad-years, and prints the same logit."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from jsonschema import Draft202012Validator

from detente.cli import main
from detente.replicate import Publication

from support.shipped import PACKAGES, Package


def oracle(package: Package) -> dict[str, str]:
    """Coefficients of statsmodels' Logit on the rows, six decimals."""
    x = sm.add_constant(package.rows[list(package.terms)].astype(float))
    fit = sm.Logit(package.rows["onset"].astype(float), x).fit(disp=False, tol=1e-12)
    return {term: f"{fit.params[term]:.6f}" for term in package.terms}


def written(package: Package, folder: Path) -> Path:
    """The file of the table, with every file pinned."""
    first, _, rest = textwrap.dedent(package.data).partition("---\n")
    sides = "" if "sides:" in first else "sides: [ccode1, ccode2]\n"
    keys = f"file: {next(iter(package.files))}\n{sides}{first}"
    blocks = f"main:\n{indented(keys)}\n{rest}"
    folder.mkdir(parents=True)
    for file, content in package.files.items():
        (folder / file).write_bytes(content)
        pin = f"bytes: {len(content)}\n  sha256: {hashlib.sha256(content).hexdigest()}\n  address: null"
        blocks = blocks.replace(f"  file: {file}\n", f"  file: {file}\n  {pin}\n")
    printed = {term: {"estimate": number} for term, number in oracle(package).items()}
    asked = textwrap.dedent(package.model)
    outcome = "" if "outcome:" in asked else "outcome: onset\n"
    terms = "" if "terms:" in asked else "terms: [ally, trade]\n"
    model = f"read_in: p. 1\ndata: main\nestimator: logit\nvcov: dyad\n{outcome}{terms}{asked}\n"
    model += f"printed: {printed}\nstatistics: {{nobs: {len(package.rows)}}}\n"
    path = folder.parent / "package.yaml"
    path.write_text(f"title: T\ncitation: N\ndata:\n{indented(blocks)}\nmodels:\n  one:\n{indented(model, 4)}")
    return path


def indented(text: str, by: int = 2) -> str:
    return textwrap.indent(text, " " * by)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda make: make.__name__)
def test_a_package_as_it_is_shipped_gives_the_numbers(
    package: Callable[[], Package], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Against statsmodels' Logit on rows that the test makes by itself."""
    found = package()
    table = written(found, tmp_path / "data" / "package")
    # What editors are told of such files takes it, too.
    as_json = json.loads(json.dumps(yaml.safe_load(table.read_text(encoding="utf-8"))))
    assert not list(Draft202012Validator(Publication.model_json_schema()).iter_errors(as_json))
    code = main(["replicate", "--tables", str(table), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert code == 0, captured.err + captured.out
    numbers = pd.read_csv(tmp_path / "out" / "replication.csv")
    assert len(numbers) == len(found.terms) + 1
    assert set(numbers["status"]) == {"exact"}
    for words in found.said:
        assert words in captured.err
