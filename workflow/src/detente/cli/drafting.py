"""A file for a published table, drafted from a log or a table of its numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from detente.base.errors import ConfigError
from detente.base.files import write_text
from detente.cli.command import Output, command
from detente.cli.readings import ReadAs, written_as


@command("replication", "--out docs/replication-reference.md")
def replicate_reference(out: Annotated[Path, Output("page to write", endings=(".md",))]) -> None:
    """Write the reference of published tables: keys, formats, estimators, and which numbers each has."""
    from detente.replicate import reference

    write_text(reference(), out)


@command("replication", "data.dta --log table.log --out mytable.yaml")
def replicate_new(
    data: Annotated[Sequence[Path], "data of the table, and further files of its package"],
    /,
    log: Annotated[Path, "log of Stata or R, or table as .tex, .html, .docx, .csv, that has the numbers"],
    out: Annotated[Path, Output("file of the table to write", endings=(".yaml",))],
    read_as: ReadAs = (),
) -> None:
    """Draft the file of a published table from a log: models, terms, numbers and their digits."""
    from detente.replicate import draft, read_publications

    if out.exists():
        raise ConfigError(f"{out} is there already: corrections in it would be lost; name another file")
    text, models = draft(data[0], log, written_as(read_as), data[1:])
    write_text(text, out)
    marks = sum(len(model.unread) for model in models)
    numbers = sum(model.numbers for model in models)
    print(
        f"{out}: {len(models):,} models, {numbers:,} numbers; {marks:,} marks NOT READ to look at, and what is printed"
    )
    try:
        read_publications([out], None)
    except ConfigError as error:
        raise ConfigError(f"the draft is written, and has besides what is marked to be corrected:\n{error}") from error
