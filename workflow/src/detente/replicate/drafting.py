"""A draft from a log or a table, whichever it is."""

from collections.abc import Sequence
from pathlib import Path

from detente.base.errors import SourceSchemaError
from detente.base.tables import TableFormat, read_table
from detente.replicate import r_logs, stata_logs, typeset
from detente.replicate.drafts import Draft, distinct, written

TYPESET = (".tex", ".html", ".htm", ".docx", ".csv", ".tsv")


def draft(
    data: Path, log: Path, form: TableFormat | None = None, further: Sequence[Path] = ()
) -> tuple[str, list[Draft]]:
    """A file for the table that a log or a typeset table has, as YAML, and its models.

    `form` is how the data are written, where that is not recognised; `further` files of the package are pinned, too.

    Raises SourceSchemaError if the data cannot be read, or no number is found; OSError if a file cannot be opened.
    """
    columns = [str(name) for name in read_table(data, form).frame.columns]
    ending, content = log.suffix.lower(), log.read_bytes()
    if ending in TYPESET:
        found = typeset.models(content, ending)
    else:
        text = content.decode("utf-8", errors="replace")
        if text.lstrip().startswith("{smcl}"):
            plain = f"translate {log.name} {log.stem}.log"
            raise SourceSchemaError(f"{log}: is written in Stata's markup; in Stata, `{plain}` makes a plain log of it")
        found = (r_logs if "Call:" in text and "Std. Error" in text else stata_logs).models(text, columns)
    models = distinct(found)
    if not models:
        raise SourceSchemaError(
            f"{log}: no table of coefficients is found; logs of Stata and R are read, tables as {', '.join(TYPESET)}"
        )
    return written(models, [data, *further], log, form or TableFormat()), models
