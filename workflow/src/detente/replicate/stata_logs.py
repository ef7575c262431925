"""Models of a Stata log: the command above each table of coefficients, its numbers, and those of its head.

Read are logs of any version since 6, with continued lines, `#delimit ;` and comments. Varlists are written out by the
columns of the data: abbreviations, ranges `x1-x3` and wildcards.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from detente.replicate.drafts import Draft
from detente.stats import REGISTRY

COMMAND = re.compile(r"\. ?(?P<words>\s*\S.*)")
HEADER = re.compile(r"^\s*(?P<outcome>\S*)\s*\|\s+(?P<columns>.*(Coef\.|Coefficient|Odds [Rr]atio|IRR|RRR).*)$")
ROW = re.compile(r"^\s*(?P<name>[^|]+?)\s*\|\s*(?P<cells>.*)$")
RULE = re.compile(r"^-{3,}[+-]*-*$")
COLUMNS: Mapping[str, str] = {
    r"Coef\.|Coefficient": "estimate", r"Odds [Rr]atio|IRR|RRR": "odds_ratio", r"[Ss]td\. [Ee]rr\.": "std_error",
    r"\bz\b|\bt\b": "statistic", r"P>\|?[zt]\|?": "p_value", r"\[95%": "interval",
}  # fmt: skip
NUMBER = r"(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)"
STATISTICS: Mapping[str, str] = {
    rf"Number of obs\s*=\s*{NUMBER}": "nobs", rf"Number of groups\s*=\s*{NUMBER}": "groups",
    rf"Wald chi2\(\s*\d+\)\s*=\s*{NUMBER}": "wald_chi2", rf"LR chi2\(\s*\d+\)\s*=\s*{NUMBER}": "lr_chi2",
    rf"F\(\s*\d+,\s*\d+\)\s*=\s*{NUMBER}": "f", rf"Pseudo R2\s*=\s*{NUMBER}": "pseudo_r2",
    rf"(?<!Adj )R-squared\s*=\s*{NUMBER}": "r2", rf"Adj R-squared\s*=\s*{NUMBER}": "adjusted_r2",
    rf"Root MSE\s*=\s*{NUMBER}": "rmse", rf"Log (?:pseudo-?\s?)?likelihood\s*=\s*{NUMBER}": "log_likelihood",
    rf"adjusted for {NUMBER} clusters in": "clusters",
}  # fmt: skip
CLUSTERS = re.compile(r"adjusted for (?:[\d,]+ clusters in|clustering on) (\w+)")
OF_GROUPS = ("gee", "within", "between", "random_effects", "clogit")
OF_XTREG: Mapping[str, str] = {"fe": "within", "be": "between", "re": "random_effects"}
# Commands that make variables or choose rows, which a reviewer writes as `steps` and `derive`.
PREPARING = re.compile(r"(g|gen\w*|egen|replace|recode|keep|drop|merge|collapse|reshape|encode|destring|rename)\b")
# Commands that open data: those after the first open others than the draft names.
OPENING = re.compile(r"(u|use|insheet|import|infile|infix)\b")
PANEL = re.compile(r"(?:iis|xtset|tsset)\s+(\w+)")
WORKING: Mapping[str, str] = {"exc": "exchangeable", "ar": "ar1", "ind": "independence"}


def models(text: str, columns: Sequence[str]) -> list[Draft]:
    """Every model of a log, in order; `columns` are those of the data."""
    lines = text.expandtabs().splitlines()
    found, command, begun, table_before = [], "", 0, 0
    prepared: list[str] = []
    group, at, opened = "", 0, 0
    while at < len(lines):
        started = COMMAND.match(lines[at]) or re.match(r"> ?(?P<words>.*)", lines[at]) if lines[at] else None
        if started:
            command, after = _command(lines, at)
            begun, at = at, after
            table_before = at
            if PREPARING.match(command):
                prepared.append(f"line {begun + 1}: {command}")
            if OPENING.match(command):
                opened += 1
                prepared += [f"line {begun + 1}: {command}: other data"] if opened > 1 else []
            group = panel[1] if (panel := PANEL.match(command)) else group
            continue
        if HEADER.match(lines[at]):
            draft = Draft(f"line {begun + 1}", begun + 1)
            _head(draft, lines[table_before:at])
            after = _table(draft, lines, at)
            _asked(draft, command, columns)
            _prepared(draft, prepared, group, columns)
            found.append(draft)
            prepared = []
            table_before = at = after
            continue
        if "dy/dx" in lines[at] and found:
            found[-1].unread.append(f"line {at + 1}: a table of marginal effects: `ame` or `mem` of a term")
        at += 1
    return found


def _command(lines: Sequence[str], at: int) -> tuple[str, int]:
    """A command and the line after it, its continuations joined and its comments left out."""
    words = [re.sub(r"^[.>] ?", "", lines[at])]
    at += 1
    while at < len(lines) and lines[at].startswith(">"):
        words.append(lines[at][1:].strip())
        at += 1
    text = re.sub(r"/\*.*?\*/", " ", " ".join(words))
    text = re.sub(r"///.*?$|//.*$", " ", text)
    return " ".join(text.split()).rstrip(";").strip(), at


def _head(draft: Draft, lines: Sequence[str]) -> None:
    """Numbers above a table of coefficients."""
    for line in lines:
        if re.match(r"Iteration \d", line.strip()):
            continue
        for pattern, name in STATISTICS.items():
            if number := re.search(pattern, line):
                draft.statistics[name] = number[1]
        if clusters := CLUSTERS.search(line):
            draft.vcov = clusters[1]
        if re.match(r"\s*(note|Note):", line) or "predicts" in line:
            draft.unread.append(line)


def _table(draft: Draft, lines: Sequence[str], at: int) -> int:
    """Rows of a table of coefficients; the line after it."""
    header = HEADER.match(lines[at])
    assert header is not None
    named = sorted(
        (m.start(), name) for pattern, name in COLUMNS.items() if (m := re.search(pattern, header["columns"]))
    )
    order = [part for _, name in named for part in (("conf_low", "conf_high") if name == "interval" else (name,))]
    equation, rules = "", 0
    draft.outcome = header["outcome"]
    for i in range(at + 1, len(lines)):
        line = lines[i]
        if RULE.match(line.strip()):
            rules += 1
            if "+" not in line and rules > 1:
                return i + 1
            continue
        row = ROW.match(line)
        if row is None:
            return i
        cells = row["cells"].split()
        if not cells:
            equation = "" if row["name"] == draft.outcome else row["name"]
        elif len(cells) >= 2 and all(re.fullmatch(NUMBER, cell) for cell in cells[:2]):
            term = f"[{equation}]{row['name']}" if equation else row["name"]
            # Rows such as alpha's have no statistic: what stands in the third place is an end of the interval.
            whole = len(cells) == len(order)
            draft.printed[term] = _numbers(order if whole else order[:2], cells)
            draft.unread += [] if whole else [f"line {i + 1}: {line}: only its first two numbers"]
        else:
            draft.unread.append(f"line {i + 1}: {line}")
    return len(lines)


def _numbers(order: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Printed numbers by name; a standard error of an odds ratio is none of the coefficient."""
    found = {name: cell for name, cell in zip(order, cells, strict=False) if re.fullmatch(NUMBER, cell)}
    if "odds_ratio" in found:
        return {name: found[name] for name in ("odds_ratio", "statistic", "p_value") if name in found}
    return found


def _asked(draft: Draft, command: str, columns: Sequence[str]) -> None:
    """Estimator, outcome, terms, sample and covariance of a command."""
    body, _, options = command.partition(",")
    body = re.sub(r"^(xi|qui\w*|capture|cap|noi\w*|sort)\s*:?\s+", "", body.strip())
    words = body.split()
    if not words:
        draft.unread.append("the command above the table")
        return
    draft.recipe, name = "stata", words[0]
    draft.name = f"line {draft.line}: {name} {draft.outcome}".strip()
    body, _, condition = re.sub(r"^\S+\s*", "", body).partition(" if ")
    if weights := re.search(r"\[(aw|aweight|pw|pweight|fw|iw)\w*\s*=\s*([^\]]+)\]", body):
        draft.unread.append(f"weights {weights[0]}")
        body = body.replace(weights[0], " ")
    if condition:
        draft.sample = condition_of(condition)
    _estimator(draft, name, options)
    listed = body.split()
    if not listed:
        draft.unread.append(f"command {command!r}")
        return
    # A variable that the log makes is known by its row of the table.
    known = [*columns, *(term for term in draft.printed if term not in columns)]
    draft.outcome = _one(listed[0], known, draft)
    for word in listed[1:]:
        for term in _expanded(word, known, draft):
            if term in draft.printed and term not in columns:
                draft.unread.append(f"{term!r} is no column of the data: derive it")
            draft.terms[term] = f"dummies({term[2:]})" if term.startswith("i.") else term


def _prepared(draft: Draft, prepared: Sequence[str], group: str, columns: Sequence[str]) -> None:
    """Commands since the model before; the group of a panel command that names none; columns that the data lack."""
    draft.unread = [*prepared, *draft.unread]
    if draft.estimator in OF_GROUPS and not draft.fixed_effects:
        draft.fixed_effects = [group] if group else []
        if not group:
            draft.unread.append("the group, which `iis`, `xtset` or `tsset` names: `fixed_effects`")
    for name in {draft.vcov: None} | dict.fromkeys(draft.fixed_effects):
        if name not in (*columns, "classical", "hc1"):
            draft.unread.append(f"{name!r} is no column of the data: derive it, or say `sides` and `dyad`")


def _estimator(draft: Draft, name: str, options: str) -> None:
    if name == "xtreg":
        draft.estimator = next(
            (made for word, made in OF_XTREG.items() if re.search(rf"\b{word}\b", options)), "random_effects"
        )
    elif name == "xtlogit":
        draft.estimator = "clogit" if re.search(r"\bfe\b", options) else ""
    else:
        draft.estimator = _called(name)
    if not draft.estimator:
        draft.unread.append(f"command {name!r}: no estimator is known for it; options: {options.strip() or 'none'}")
    if group := re.search(r"\b(?:group|i|absorb)\(([\w ]+)\)", options):
        draft.fixed_effects = group[1].split()
    if clusters := re.search(r"(?:\bcl\w*|\bvce\(\s*cl\w*)[\s(]+(\w+)", options):
        draft.vcov = clusters[1]
    elif re.search(r"\brob\w*", options) and draft.vcov == "classical":
        draft.vcov = "hc1"
    if name == "xtgee":
        working = re.search(r"\bc(?:orr)?\((\w+)", options)
        kinds = (made for word, made in WORKING.items() if working and working[1].startswith(word))
        draft.options["working"] = next(kinds, "exchangeable")


def condition_of(text: str) -> str:
    """A condition of Stata's as an expression: `x~=. & y==1` → `not missing(x) and y == 1`."""
    text = re.sub(r"(\w+)\s*(?:~=|!=|<)\s*\.(?!\d)", r"not missing(\1)", text.strip())
    text = re.sub(r"(\w+)\s*==\s*\.(?!\d)", r"missing(\1)", text)
    text = re.sub(r"~=", "!=", text)
    text = re.sub(r"\s*&\s*", " and ", text)
    text = re.sub(r"\s*\|\s*", " or ", text)
    text = re.sub(r"[!~](?=[\w(])", "not ", text)
    return text.strip()


def _one(name: str, columns: Sequence[str], draft: Draft) -> str:
    found = list(_expanded(name, columns, draft))
    return found[0] if found else name


def _expanded(word: str, columns: Sequence[str], draft: Draft) -> Iterator[str]:
    """Columns that a word of a varlist means; the word itself, and a mark, where the data do not tell."""
    if word.startswith("i."):
        yield word
        return
    first, _, last = word.partition("-")
    if last:
        ends = [_named(end, columns) for end in (first, last)]
        if all(ends):
            yield from columns[columns.index(ends[0] or "") : columns.index(ends[1] or "") + 1]
            return
    elif set("*?") & set(word):
        matched = [name for name in columns if fnmatchcase(name, word)]
        if matched:
            yield from matched
            return
    elif found := _named(word, columns):
        yield found
        return
    draft.unread.append(f"{word!r} is no column of the data, and no row of the table: derive it")
    yield word


def _named(word: str, columns: Sequence[str]) -> str | None:
    """The column of a name, or of an abbreviation that begins one alone."""
    begun = [name for name in columns if name.startswith(word)]
    return word if word in columns else begun[0] if len(begun) == 1 else None


def _called(command: str) -> str:
    """The estimator that a command of Stata is, by name or as it is called elsewhere; "" for another."""
    named = (e.name for e in REGISTRY.values() if command == e.name or command in e.elsewhere)
    return next(named, "")
