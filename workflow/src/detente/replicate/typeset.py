"""Models of a typeset table: LaTeX, HTML, Word or CSV, a column per model, standard errors below the estimates."""

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from xml.etree import ElementTree

from detente.replicate.drafts import Draft
from detente.replicate.notation import printed

Grid = list[list[str]]
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Labels of rows that are numbers of the whole model, in small letters without marks.
STATISTICS: Mapping[str, str] = {
    "n": "nobs", "observations": "nobs", "num obs": "nobs", "numobs": "nobs", "number of observations": "nobs",
    "obs": "nobs", "no of observations": "nobs", "r2": "r2", "r squared": "r2", "adjusted r2": "adjusted_r2",
    "adj r2": "adjusted_r2",
    "r2 adj": "adjusted_r2", "adjusted r squared": "adjusted_r2", "pseudo r2": "pseudo_r2", "aic": "aic", "bic": "bic",
    "akaike inf crit": "aic", "log likelihood": "log_likelihood", "log pseudolikelihood": "log_likelihood",
    "deviance": "deviance", "clusters": "clusters", "number of clusters": "clusters", "groups": "groups",
    "number of groups": "groups", "wald chi2": "wald_chi2", "lr chi2": "lr_chi2", "f": "f",
    "f statistic": "f", "rmse": "rmse",
}  # fmt: skip
CONSTANT = ("constant", "intercept", "(intercept)", "_cons")
# What stars stand for where no legend says it.
GUESSED: Mapping[str, str] = {"***": "0.01", "**": "0.05", "*": "0.1", "+": "0.1", "†": "0.1"}
LEGEND = re.compile(r"(\*{1,4}|[†+])\s*p\s*[<≤]\s*(0?\.\d+)")
TABULAR = re.compile(
    r"\\begin\{(?:tabular|longtable|tabularx)\*?\}(?:\{(?:[^{}]|\{[^{}]*\})*\})*(.*?)\\end\{(?:tabular|longtable|tabularx)",
    re.S,
)
BRACKETED = re.compile(r"\(.*\)|\[.*\]")


def models(content: bytes, ending: str) -> list[Draft]:
    """Every column of every table of a file, by its ending: .tex, .html, .docx, .csv or .tsv."""
    if ending == ".docx":
        grids = _word(content)
    else:
        text = content.decode("utf-8", errors="replace")
        grids = {".tex": _latex, ".html": _html, ".htm": _html}.get(ending, _delimited)(text)
    return [draft for number, grid in enumerate(grids, 1) for draft in _columns(grid, number)]


def _columns(grid: Grid, number: int) -> list[Draft]:
    """A draft for each column with numbers."""
    width = max(map(len, grid), default=0)
    grid = [[*row, *[""] * (width - len(row))] for row in grid]
    # Heads such as (1) and (2) are no numbers.
    first = next((i for i, row in enumerate(grid) if row[0] and any(map(_estimate, row[1:]))), len(grid))
    stars = {mark: level for row in grid for cell in row for mark, level in LEGEND.findall(cell)}
    return [_column(grid, first, at, number, stars) for at in range(1, width)]


def _column(grid: Grid, first: int, at: int, number: int, stars: Mapping[str, str]) -> Draft:
    heads = [row[at] for row in grid[:first] if row[at] and not LEGEND.search(row[at])]
    draft = Draft(" ".join(heads) or f"table {number}, column {at}", first + 1, stars=dict(stars))
    label = ""
    for row in grid[first:]:
        cell, above = row[at], label
        label = row[0] or label
        if not cell or LEGEND.search(cell) or LEGEND.search(row[0]):
            continue
        plain = re.sub(r"[^a-z0-9()_ ]", " ", label.lower().replace("²", "2").replace("χ", "chi"))
        known = STATISTICS.get(" ".join(plain.split()))
        below = not row[0] or (BRACKETED.fullmatch(cell) is not None and above == label)
        if not _numeric(cell):
            draft.unread.append(f"{label}: {cell}")
        elif known and not below:
            draft.statistics[known] = cell
        else:
            term = "_cons" if label.lower() in CONSTANT else label
            name = "std_error" if BRACKETED.fullmatch(cell) else "estimate"
            held = draft.printed.setdefault(term, {})
            if name in held:
                draft.unread.append(f"{label}: a second {name}, {cell}")
            held.setdefault(name, cell)
    used = {printed(cell).stars for numbers in draft.printed.values() for cell in numbers.values()} - {""}
    if used - {*draft.stars}:
        draft.stars = dict(GUESSED) | draft.stars
        draft.unread.append("what stars stand for: guessed")
    if any("std_error" in numbers for numbers in draft.printed.values()):
        draft.unread.append("what stands in brackets, taken for standard errors: t and z statistics are `statistic`")
    return draft


def _estimate(cell: str) -> bool:
    return _numeric(cell) and not BRACKETED.fullmatch(cell)


def _numeric(cell: str) -> bool:
    try:
        printed(cell)
    except ValueError:
        return False
    return True


def _delimited(text: str) -> list[Grid]:
    mark = max("\t;,|", key=text[:2000].count)
    return [
        [[cell.strip().lstrip("=").strip('"') for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark)]
    ]


def _latex(text: str) -> list[Grid]:
    """Tables of LaTeX, without commands."""
    found = []
    for body in TABULAR.findall(text):
        rows = re.split(r"\\\\(?:\[[^\]]*\])?", re.sub(r"(?<!\\)%.*", "", body))
        found.append([[_plain(cell) for cell in re.split(r"(?<!\\)&", row)] for row in rows])
    return found


def _plain(cell: str) -> str:
    cell = re.sub(r"\\multi(?:column|row)\{[^}]*\}\{[^}]*\}", "", cell)
    cell = re.sub(r"\\(?:sym|textsuperscript|text\w+|emph|mathrm)\s*\{([^{}]*)\}", r"\1", cell)
    cell = re.sub(r"\^\{([^{}]*)\}|\^([*+†])", r"\1\2", cell)
    cell = re.sub(r"\\([&%_#$])", r"\1", re.sub(r"\\[a-zA-Z]+\*?(\[[^\]]*\])?", " ", cell))
    return " ".join(re.sub(r"[{}$]", "", cell).replace("~", " ").split())


class _Tables(HTMLParser):
    """Cells of every table of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.grids: list[Grid] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.grids.append([])
        elif tag == "tr" and self.grids:
            self.grids[-1].append([])
        elif tag in ("td", "th") and self.grids and self.grids[-1]:
            wide = dict(attrs).get("colspan") or "1"
            self.grids[-1][-1] += [""] * int(wide)
            self.inside, self.at = True, len(self.grids[-1][-1]) - int(wide)
        elif tag == "br" and self.inside:
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.grids[-1][-1][self.at] += data


def _html(text: str) -> list[Grid]:
    parser = _Tables()
    parser.feed(text)
    return [_unstacked(grid) for grid in parser.grids]


def _unstacked(grid: Grid) -> Grid:
    """The rows, with cells that hold an estimate above its error as two rows."""
    made: Grid = []
    for row in grid:
        cells = [[part.strip() for part in cell.strip().split("\n") if part.strip()] or [""] for cell in row]
        deep = max(map(len, cells), default=1) if cells and len(cells[0]) == 1 else 1
        if deep == 1:
            made.append([" ".join(cell) for cell in cells])
        else:
            made += [[cell[i] if i < len(cell) else "" for cell in cells] for i in range(deep)]
    return made


def _word(content: bytes) -> list[Grid]:
    """Tables of a Word document."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    return [
        _unstacked([[_paragraphs(cell) for cell in row.iter(f"{WORD}tc")] for row in table.iter(f"{WORD}tr")])
        for table in root.iter(f"{WORD}tbl")
    ]


def _paragraphs(cell: ElementTree.Element) -> str:
    lines: Sequence[str] = ["".join(t.text or "" for t in p.iter(f"{WORD}t")) for p in cell.iter(f"{WORD}p")]
    return "\n".join(lines)
