"""Tables in Markdown with pipes."""

from collections.abc import Sequence


def pipe_table(head: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> str:
    """Return a table with a header; columns named in `right` are set to the right."""
    rule = ["---:" if name in right else "---" for name in head]
    return "\n".join(_line(cells) for cells in [head, rule, *rows]) + "\n"


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
