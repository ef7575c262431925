"""Finding sources and variables by a word, and showing all that is declared of one thing."""

import pytest

from detente.cli import main
from detente.cli.listing import facts, table


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) == 0
    return capsys.readouterr().out.splitlines()


def test_sources_are_a_short_table_of_those_that_have_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    every = lines(capsys, "sources")
    found = lines(capsys, "sources", "EXERCISE")

    assert every[0].split() == ["source", "years", "key", "title"]
    assert 80 < len(every) < 120
    assert max(map(len, every)) <= 100
    assert {line.split()[0] for line in found[1:-1]} > {"mme"}
    assert found[-1].startswith(f"{len(found) - 2} of {len(every) - 2} sources; --long says all")


def test_a_source_is_found_by_one_of_its_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[0] for line in lines(capsys, "sources", "surplus_share")[1:-1]] == ["gdp-pop-surplus"]


def test_long_says_all_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    found = "\n".join(lines(capsys, "sources", "nmc", "--long"))

    assert "rows by state-year" in found
    assert "Singer" in found


def test_variables_are_a_short_table_of_those_that_have_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys, "variables", "defence_pact")

    assert found[0].split() == ["variable", "years", "unit", "label"]
    pact = next(line for line in found if line.startswith("defence_pact "))
    assert pact.split()[:3] == ["defence_pact", "1815–2018", "0/1"]
    assert "--directed" not in found[-1]
    directed = {line.split()[0] for line in lines(capsys, "variables", "initiat", "--directed")[1:-1]}
    assert directed
    assert not directed & {line.split()[0] for line in found}


@pytest.mark.fault("arguments")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["variables", "exercize_any"], "'exercize_any': no variable of a dyad-year has it; "),
        (["sources", "exercize"], "'exercize': no source has it; "),
        (["show", "claim", "exercize"], "'exercize' is no claim; legal values: "),
        (["show", "variable", "exercise_anny"], "'exercise_anny' is no variable; "),
    ],
)
def test_what_is_not_found_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(words) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"ConfigError: {message}")
    assert "nearest: '" in said


def test_a_variable_shows_what_the_codebook_knows(capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys, "show", "variable", "exercise_any")

    assert found[0] == "exercise_any  dyad-year · directed-dyad-year"
    said = dict(line.strip().split("  ", 1) for line in found[1:] if "  " in line.strip())
    assert said["years"].strip() == "1980–2010"
    assert said["assigned"].strip() == "by event"
    assert "mme" in said["made from"]


def test_a_claim_shows_what_its_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = "\n".join(lines(capsys, "show", "claim", "exercise"))

    assert "treatment" in found and "exercise_any" in found
    assert "rivalry, democracy" in found


def test_samples_sources_and_studies_are_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert "expression" in "\n".join(lines(capsys, "show", "sample", "relevant"))
    assert "citation" in "\n".join(lines(capsys, "show", "source", "mme"))
    assert "simulation" in "\n".join(lines(capsys, "show", "study", "tiny"))


def test_a_table_cuts_its_last_column_to_the_width_that_there_is() -> None:
    assert list(table(("name", "label"), [("a", "x" * 40), ("bcde", "short")], width=30)) == [
        "name  label",
        f"a     {'x' * 23}…",
        "bcde  short",
    ]


def test_facts_leave_out_what_is_empty_and_indent_what_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert list(facts([("label", "one two three four"), ("unit", ""), ("codes", ())])) == [
        "label  one two three\n       four"
    ]
