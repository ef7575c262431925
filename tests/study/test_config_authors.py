"""Authors, date and keywords of a study: what is accepted, what is refused, and what is not inherited."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from detente.study.config.authors import check_digit
from detente.study.config.project import load_project

from support.configured import own, refusal

MINE = "extends: paper\nname: mine\n"


# ORCID's own documentation prints the first two iDs; the third, whose check digit is X, is Stephen Hawking's.
@pytest.mark.parametrize("orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-9079-593X"])
def test_the_check_digit_is_that_of_orcids_that_exist(orcid: str) -> None:
    assert check_digit(orcid.replace("-", "")[:-1]) == orcid[-1]


def test_a_study_says_who_wrote_it_and_when(bare: Path) -> None:
    text = (
        f"{MINE}authors:\n  - name: Ada Müller\n    affiliation: University of X\n    email: ada@x.edu\n"
        "    orcid: 0000-0002-1825-0097\n  - name: B\ndate: 2026-01-31\nkeywords: [peace, war]\n"
    )
    study = load_project(bare, own(bare, text)).study("mine")
    first, second = study.authors
    assert (first.name, first.affiliation, first.email) == ("Ada Müller", "University of X", "ada@x.edu")
    assert (second.affiliation, second.email, second.orcid) == ("", None, None)
    assert (study.date, study.keywords) == (date(2026, 1, 31), ("peace", "war"))


def test_a_study_that_extends_another_is_not_credited_to_its_authors(bare: Path) -> None:
    project = load_project(bare, own(bare, MINE))
    assert project.study("paper").authors and project.study("paper").keywords
    study = project.study("mine")
    assert (study.authors, study.date, study.keywords) == ((), None, ())
    assert study.title == project.study("paper").title


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("date: January\n", "date: must be a date such as 2026-01-31 (found 'January')"),
        ("keywords: [war, war]\n", "keywords: 'war' must be listed only once"),
        ("authors: [{affiliation: X}]\n", "authors › 0 › name: this key is missing"),
        ("authors: [{name: ''}]\n", "authors › 0 › name: must not be empty (found '')"),
        ("authors: [{name: A, mail: x}]\n", "authors › 0 › mail: unknown key; legal values: affiliation, email, "),
        ("authors: [{name: A, email: x}]\n", "email: must be an address such as name@university.edu (found 'x')"),
        ("authors: [{name: A, orcid: '1'}]\n", "orcid: must be an ORCID iD such as 0000-0002-1825-0097 (found '1')"),
        (
            "authors: [{name: A, orcid: 0000-0002-1825-0098}]\n",
            "orcid: '0000-0002-1825-0098' is not an ORCID iD: its last character should be '7'",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_right(bare: Path, said: str, message: str) -> None:
    said_of_it = refusal(bare, own(bare, MINE + said))
    assert said_of_it.startswith("ConfigError: mine.yaml:3") and message in said_of_it
