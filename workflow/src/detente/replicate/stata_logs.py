"""Models of a Stata log: the command above each table of coefficients, its numbers, and those of its head.

Read are logs of any version since 6, with continued lines, `#delimit ;` and comments. What a log prints and is not read
is marked in the draft of the model before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from detente.base.quoting import quoted
from detente.replicate.drafts import Draft
from detente.replicate.stata_tables import BELOW, HEADER, OTHER, WITHIN, head, table
from detente.replicate.stata_varlists import condition_of, one, renamed, terms_of
from detente.stats import REGISTRY

COMMAND = re.compile(r"\. ?(?P<words>\s*\S.*)")
PREFIX = re.compile(r"^(?:(?:qui\w*|cap\w*|noi\w*|xi)\b\s*:?\s+|xi:\s*|by(?:s\w*)?\s+[^:]+:\s*)")
OF_GROUPS = ("gee", "within", "between", "random_effects", "clogit", "probit_re")
OF_PANELS: Mapping[str, Mapping[str, str]] = {
    "xtreg": {"fe": "within", "be": "between", "": "random_effects"}, "xtlogit": {"fe": "clogit"},
    "xtprobit": {"": "probit_re"}, "xtpoisson": {"fe": "fepoisson"},
}  # fmt: skip
# Other models than that of a panel command without an option.
OTHERWISE = re.compile(r"\b(?:fe|be|re|pa|mle)\b")
# Commands that make variables or choose rows, which a reviewer writes as `steps` and `derive`.
PREPARING = re.compile(
    r"(g|gen\w*|egen|replace|recode|keep|drop|merge|joinby|append|collapse|reshape|encode|decode|destring|rename|expand"
    r"|mvdecode|btscs|ipolate)\b"
)
# Commands that open data: those after the first open others than the draft names.
OPENING = re.compile(r"(u|use|insheet|import|infile|infix)\b")
MADE = re.compile(r"(?:g|gen\w*|egen)\s+(?:(?:byte|int|long|float|double|str\d*)\s+)?(\w+)\s*=")
# Commands that print numbers of the model before them.
PRINTING = re.compile(r"(test\w*|lincom|nlcom|lrtest|prchange|prvalue|prtab|di|display|lstat|fitstat|estat|hausman)\b")
PANEL = re.compile(r"(?:iis|xtset|tsset)\s+(\w+)")
BASE = re.compile(r"\((?:Outcome )?\w+==(\w+) is the (?:comparison group|base outcome)\)")
# Rows below the coefficients that are made of one of these.
DERIVED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "/lnalpha": {"alpha": ("ln(alpha)", "exp(value)")},
    "/lnsig2u": {"sigma_u": ("lnsig2u", "exp(value / 2)"), "rho": ("lnsig2u", "exp(value) / (1 + exp(value))")},
}
WORKING: Mapping[str, str] = {"exc": "exchangeable", "ar": "ar1", "ind": "independence"}


@dataclass
class _Log:
    """What was read so far: models, commands since the last of them, variables that commands made, the panel's unit."""

    found: list[Draft] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    group: str = ""
    opened: bool = False

    def hear(self, command: str, line: int) -> None:
        """Take note of a command."""
        said = f"line {line}: {command}"
        if made := MADE.match(command):
            self.made.append(made[1])
        if panel := PANEL.match(command):
            self.group = panel[1]
        if OPENING.match(command):
            self.prepared += [f"{said}: other data"] if self.opened else []
            self.opened = True
        elif PREPARING.match(command):
            self.prepared.append(said)
        elif PRINTING.match(command) and self.found:
            self.mark(f"{said}: what it prints is not read")

    def mark(self, words: str) -> None:
        """Say of the last model what is not read, or of the next if there is none."""
        (self.found[-1].unread if self.found else self.prepared).append(words)


def models(text: str, columns: Sequence[str]) -> list[Draft]:
    """Every model of a log, in order; `columns` are those of the data."""
    lines = text.expandtabs().splitlines()
    log, command, begun, table_before, at = _Log(), "", 0, 0, 0
    while at < len(lines):
        line = lines[at]
        if COMMAND.match(line) or line.startswith("> "):
            command, after = _command(lines, at)
            begun, at = at, after
            table_before = at
            log.hear(_bare(command), begun + 1)
            continue
        if HEADER.match(line):
            draft = Draft(f"line {begun + 1}", begun + 1)
            head(draft, lines[table_before:at])
            after, omitted = table(draft, lines, at)
            _asked(draft, command, columns, log.made)
            _omitted(draft, omitted)
            _prepared(draft, log, columns)
            log.found.append(draft)
            table_before = at = after
            continue
        if "dy/dx" in line or "dF/dx" in line:
            log.mark(f"line {at + 1}: a table of marginal effects: `ame` or `mem` of a term")
        elif OTHER.search(line):
            log.mark(f"line {at + 1}: a table that is not read: {line}")
        elif BELOW.match(line):
            log.mark(f"line {at + 1}: {line}")
        elif (base := BASE.match(line.strip())) and log.found and _compares_with_a_base(log.found[-1].estimator):
            log.found[-1].options["base"] = base[1]
        at += 1
    return log.found


def _compares_with_a_base(estimator: str) -> bool:
    """Whether an estimator is of outcomes in any order, each compared with one of them."""
    return estimator in REGISTRY and REGISTRY[estimator].levels == "any"


def _command(lines: Sequence[str], at: int) -> tuple[str, int]:
    """A command and the line after it, its continuations joined and its comments left out."""
    words = [re.sub(r"^[.>] ?", "", lines[at])]
    at += 1
    while at < len(lines) and lines[at].startswith(">"):
        # A line is broken at its 79th character, within a word too.
        joined = "" if len(lines[at - 1]) >= 79 and not lines[at].startswith(">  ") else " "
        words.append(joined + lines[at][1:].strip() if joined else lines[at][2:].rstrip())
        at += 1
    text = re.sub(r"/\*.*?\*/", " ", "".join(words))
    text = re.sub(r"///.*?$|//.*$", " ", text)
    return " ".join(text.split()).rstrip(";").strip(), at


def _bare(command: str) -> str:
    """A command without those that it stands under, such as `quietly` and `by dyad:`."""
    bare = command.strip()
    while PREFIX.match(bare):
        bare = PREFIX.sub("", bare).strip()
    return bare


def _asked(draft: Draft, command: str, columns: Sequence[str], made: Sequence[str]) -> None:
    """Estimator, outcome, terms, sample and covariance of a command."""
    body, _, options = _bare(command).partition(",")
    words = body.split()
    if not words:
        draft.unread.append("the command above the table")
        return
    draft.recipe, name = "stata", words[0]
    draft.name = f"line {draft.line}: {name} {draft.outcome}".strip()
    body, _, condition = re.sub(r"^\S+\s*", "", body.strip()).partition(" if ")
    if weights := re.search(r"\[(aw|aweight|pw|pweight|fw|iw)\w*\s*=\s*([^\]]+)\]", body):
        draft.unread.append(f"weights {weights[0]}")
        body = body.replace(weights[0], " ")
    if condition:
        draft.sample = condition_of(condition)
    _estimator(draft, name, options)
    within = draft.statistics.pop(WITHIN, "")
    draft.statistics |= {"r2": within} if within and draft.estimator == "within" else {}
    made_of = [rows for row, rows in DERIVED.items() if row in draft.printed]
    draft.derived = {row: of for rows in made_of for row, of in rows.items() if row in draft.printed}
    listed = body.split()
    if not listed:
        draft.unread.append(f"command {command!r}")
        return
    header = [] if "~" in draft.outcome else [draft.outcome]
    outcome = one(listed[0], list(dict.fromkeys([*header, *columns, *made])), draft)
    if outcome not in columns:
        draft.unread.append(f"{outcome!r} is no column of the data: derive it")
    draft.outcome = quoted(outcome)
    draft.terms = terms_of(listed[1:], columns, draft)
    draft.printed = renamed(draft.printed, draft.terms)


def _omitted(draft: Draft, said: Sequence[str]) -> None:
    """Terms that the software left out: so the table says, or it has no row of them."""
    if any(term.startswith("[") for term in draft.printed):
        return
    for term, text in tuple(draft.terms.items()):
        if term in draft.printed or text.startswith("dummies("):
            continue
        why = "is omitted" if term in said else "has no row in the table, and is taken to be omitted"
        draft.unread.append(f"{term!r} {why}: left out of the terms")
        del draft.terms[term]


def _prepared(draft: Draft, log: _Log, columns: Sequence[str]) -> None:
    """Commands since the model before; the group of a panel command that names none; columns that the data lack."""
    draft.unread, log.prepared = [*log.prepared, *draft.unread], []
    if draft.estimator in OF_GROUPS and not draft.fixed_effects:
        draft.fixed_effects = [log.group] if log.group else []
        if not log.group:
            draft.unread.append("the group, which `iis`, `xtset` or `tsset` names: `fixed_effects`")
    for name in {draft.vcov: None} | dict.fromkeys(draft.fixed_effects):
        if name not in (*columns, "classical", "hc1"):
            draft.unread.append(f"{name!r} is no column of the data: derive it, or say `sides` and `dyad`")


def _estimator(draft: Draft, name: str, options: str) -> None:
    if name in OF_PANELS:
        asked = found[0] if (found := OTHERWISE.search(options)) else ""
        draft.estimator = OF_PANELS[name].get("" if asked == "re" else asked, "")
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


def _called(command: str) -> str:
    """The estimator that a command of Stata is, by name or as it is called elsewhere; "" for another."""
    named = (e.name for e in REGISTRY.values() if command == e.name or command in e.elsewhere)
    return next(named, "")
