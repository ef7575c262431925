"""Varlists and conditions of Stata: abbreviations, ranges, wildcards, factor variables, by the columns of the data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from detente.base.quoting import quoted
from detente.replicate.drafts import Draft

FACTOR = re.compile(r"i(?:b(?P<base>\w+))?\.(?P<name>\w+)")
CONTINUOUS = re.compile(r"c\.(\w+)(##?)c\.(\w+)")
# Rows of `xi`: _Iregion_2, of which the name may be cut.
MADE_BY_XI = re.compile(r"_?I(?P<name>[A-Za-z]\w*?)_(?P<level>\w+)")


def condition_of(text: str) -> str:
    """A condition of Stata's as an expression: `x~=. & y==1` → `not missing(x) and y == 1`."""
    text = re.sub(r"(\w+)\s*(?:~=|!=|<)\s*\.(?!\d)", r"not missing(\1)", text.strip())
    text = re.sub(r"(\w+)\s*==\s*\.(?!\d)", r"missing(\1)", text)
    text = re.sub(r"~=", "!=", text)
    text = re.sub(r"\s*&\s*", " and ", text)
    text = re.sub(r"\s*\|\s*", " or ", text)
    text = re.sub(r"[!~](?=[\w(])", "not ", text)
    return text.strip()


def terms_of(words: Sequence[str], columns: Sequence[str], draft: Draft) -> dict[str, str]:
    """Expressions of regressors by the names that their rows have; what is not understood is marked in the draft.

    A variable that the log makes is known by its row of the table.
    """
    known = [*columns, *(term for term in draft.printed if term not in columns)]
    found: dict[str, str] = {}
    for word in words:
        if factor := FACTOR.fullmatch(word):
            column = named(factor["name"], known) or factor["name"]
            found[column] = f"dummies({', '.join(filter(None, (quoted(column), factor['base'])))})"
        elif both := CONTINUOUS.fullmatch(word):
            pair = [named(name, known) or name for name in (both[1], both[3])]
            found |= {name: quoted(name) for name in pair} if both[2] == "##" else {}
            found["#".join(f"c.{name}" for name in pair)] = " * ".join(map(quoted, pair))
        elif "#" in word:
            draft.unread.append(f"{word!r}: derive the interactions, and name them as their rows")
        else:
            for term in expanded(word.removeprefix("c."), known, draft):
                if term in draft.printed and term not in columns:
                    draft.unread.append(f"{term!r} is no column of the data: derive it")
                found[term] = quoted(term)
    return found


def renamed(printed: Mapping[str, dict[str, str]], terms: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Rows by the names of their terms: cut ones (contigu~s), and those of factors that `xi` made."""
    factors = [name for name, text in terms.items() if text.startswith("dummies(")]
    made = {}
    for printed_row, numbers in printed.items():
        equation, row = re.findall(r"^(\[[^\]]*\])?(.*)$", printed_row)[0]
        name = row
        start, cut, end = row.partition("~")
        if cut:
            whole = [term for term in terms if term.startswith(start) and term.endswith(end)]
            name = whole[0] if len(whole) == 1 else row
        elif (of := MADE_BY_XI.fullmatch(row)) and row not in terms:
            whole = [factor for factor in factors if factor.startswith(of["name"])]
            name = f"{whole[0]}[{of['level']}]" if len(whole) == 1 else row
        made[f"{equation}{name}"] = numbers
    return made


def one(name: str, columns: Sequence[str], draft: Draft) -> str:
    """The column that a name means; the name itself where the data do not tell."""
    found = list(expanded(name, columns, draft))
    return found[0] if found else name


def expanded(word: str, columns: Sequence[str], draft: Draft) -> Iterator[str]:
    """Columns that a word of a varlist means; the word itself, and a mark, where the data do not tell."""
    first, _, last = word.partition("-")
    if last:
        ends = [named(end, columns) for end in (first, last)]
        if all(ends):
            yield from columns[columns.index(ends[0] or "") : columns.index(ends[1] or "") + 1]
            return
    elif set("*?") & set(word):
        matched = [name for name in columns if fnmatchcase(name, word)]
        if matched:
            yield from matched
            return
    elif found := named(word, columns):
        yield found
        return
    draft.unread.append(f"{word!r} is no column of the data, and no row of the table: derive it")
    yield word


def named(word: str, columns: Sequence[str]) -> str | None:
    """The column of a name, or of an abbreviation that begins one alone."""
    begun = [name for name in columns if name.startswith(word)]
    return word if word in columns else begun[0] if len(begun) == 1 else None
