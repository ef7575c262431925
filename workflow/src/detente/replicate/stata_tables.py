"""A table of coefficients of a Stata log, and the numbers of its head."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from detente.replicate.drafts import Draft

HEADER = re.compile(
    r"^\s*(?P<outcome>\S*)\s*\|\s+(?P<columns>.*(Coef\.|Coefficient|Odds [Rr]atio|Haz\. [Rr]atio|IRR|RRR).*)$"
)
OTHER = re.compile(r"\|.*[Ss]td\. ?[Ee]rr")
# Numbers of a model below the last line of its table.
BELOW = re.compile(r"\s*(?:sigma\w*|rho|alpha|theta|/\w+)\s*\|\s*-?[\d.]")
ROW = re.compile(r"^\s*(?P<name>[^|]+?)\s*\|\s*(?P<cells>.*)$")
RULE = re.compile(r"^-{3,}[+-]*-*$")
MORE = re.compile(r"\s*-+more-+\s*")
# Levels of a factor stand two blanks before the line, below its name.
LEVEL = re.compile(r"^\s*\S.*?  \|")
WITHOUT = re.compile(r"\((?:dropped|omitted|empty|base|base outcome)\)")
COLUMNS: Mapping[str, str] = {
    r"Coef\.|Coefficient": "estimate", r"Odds [Rr]atio|Haz\. [Rr]atio|IRR|RRR": "odds_ratio",
    r"[Ss]td\. [Ee]rr\.": "std_error", r"\bz\b|\bt\b": "statistic", r"P>\|?[zt]\|?": "p_value", r"\[95%": "interval",
}  # fmt: skip
NUMBER = r"(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)"
CELL = re.compile(rf"<?{NUMBER}")
# Of panel commands, three are printed.
WITHIN = "r2 within"
STATISTICS: Mapping[str, str] = {
    rf"Number of obs\s*=\s*{NUMBER}": "nobs", rf"Number of groups\s*=\s*{NUMBER}": "groups",
    rf"Wald chi2\(\s*\d+\)\s*=\s*{NUMBER}": "wald_chi2", rf"LR chi2\(\s*\d+\)\s*=\s*{NUMBER}": "lr_chi2",
    rf"F\(\s*\d+,\s*\d+\)\s*=\s*{NUMBER}": "f", rf"Pseudo R2\s*=\s*{NUMBER}": "pseudo_r2",
    rf"(?<!Adj )R-squared\s*=\s*{NUMBER}": "r2", rf"Adj R-squared\s*=\s*{NUMBER}": "adjusted_r2",
    rf"Root MSE\s*=\s*{NUMBER}": "rmse", rf"Log (?:pseudo-?\s?)?likelihood\s*=\s*{NUMBER}": "log_likelihood",
    rf"adjusted for {NUMBER} clusters in": "clusters", rf"Number of clusters \(\w+\)\s*=\s*{NUMBER}": "clusters",
    rf"R-sq:?\s*within\s*=\s*{NUMBER}": WITHIN,
}  # fmt: skip
TEST = re.compile(rf"Prob > (?:chi2|F)\s*=\s*{NUMBER}")
OF_TEST: Mapping[str, str] = {"wald_chi2": "wald_p", "lr_chi2": "lr_p", "f": "f_p"}
CLUSTERS = re.compile(r"(?:adjusted for (?:[\d,]+ clusters in|clustering on) |Number of clusters \()(\w+)")


def head(draft: Draft, lines: Sequence[str]) -> None:
    """Numbers above a table of coefficients."""
    tested = ""
    for line in lines:
        if re.match(r"Iteration \d", line.strip()):
            continue
        for pattern, name in STATISTICS.items():
            if number := re.search(pattern, line):
                draft.statistics[name] = number[1]
        tested = found[1] if (found := TEST.search(line)) else tested
        if clusters := CLUSTERS.search(line):
            draft.vcov = clusters[1]
        if re.match(r"\s*(note|Note):", line) or "predicts" in line:
            draft.unread.append(line)
    if tested and (of := next((OF_TEST[name] for name in OF_TEST if name in draft.statistics), "")):
        draft.statistics[of] = tested


@dataclass
class _Block:
    """Where a row stands: below the name of an equation or `factor`, after the first part of a name on two lines."""

    name: str = ""
    factor: bool = False
    begun: str = ""
    omitted: list[str] = field(default_factory=list)


def table(draft: Draft, lines: Sequence[str], at: int) -> tuple[int, list[str]]:
    """Rows of a table of coefficients; the line after it, and the terms that it says were omitted."""
    header = HEADER.match(lines[at])
    assert header is not None
    named = sorted(
        (m.start(), name) for pattern, name in COLUMNS.items() if (m := re.search(pattern, header["columns"]))
    )
    order = [part for _, name in named for part in (("conf_low", "conf_high") if name == "interval" else (name,))]
    draft.outcome, block, rules = header["outcome"], _Block(), 0
    for i in range(at + 1, len(lines)):
        line = lines[i]
        if RULE.match(line.strip()):
            rules += 1
            if "+" not in line and rules > 1:
                return i + 1, block.omitted
            block.name, block.factor = ("", False) if "+" in line else (block.name, block.factor)
        elif row := ROW.match(line):
            _row(draft, block, order, row["name"].strip(), row["cells"], LEVEL.match(line) is not None, i + 1)
        elif not MORE.fullmatch(line):
            return i, block.omitted
    return len(lines), block.omitted


def _row(draft: Draft, block: _Block, order: Sequence[str], name: str, text: str, level: bool, line: int) -> None:
    cells = re.sub(r"<\s+", "<", text).split()
    if not cells:
        block.begun = f"{block.begun}{name}" if name.endswith("#") else ""
        if not block.begun and (name or block.factor):
            block.name, block.factor = ("" if name == draft.outcome else name), False
        return
    name, block.begun = f"{block.begun}{name}", ""
    block.factor = bool(block.name) and level
    term = f"{block.name}[{name}]" if block.factor else f"[{block.name}]{name}" if block.name else name
    if said := WITHOUT.search(text):
        if not said[0].startswith("(base"):
            block.omitted.append(term)
    elif len(cells) >= 2 and all(CELL.fullmatch(cell) for cell in cells[:2]):
        # Rows such as alpha's have no statistic: what stands in the third place is an end of the interval.
        whole = len(cells) == len(order)
        draft.printed[term] = _numbers(order if whole else order[:2], cells)
        draft.unread += [] if whole else [f"line {line}: {name} | {text}: only its first two numbers"]
    else:
        draft.unread.append(f"line {line}: {name} | {text}")


def _numbers(order: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Printed numbers by name; a standard error of an odds ratio is none of the coefficient."""
    found = {name: cell for name, cell in zip(order, cells, strict=False) if CELL.fullmatch(cell)}
    if "odds_ratio" in found:
        return {name: found[name] for name in ("odds_ratio", "statistic", "p_value") if name in found}
    return found
