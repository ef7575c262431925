"""Formulas of R: terms as its tables print them, and each as an expression."""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from detente.base.quoting import quoted

NAME = r"[A-Za-z.][\w.]*"


def split(text: str, marks: str) -> list[str]:
    """Parts of a text between marks that stand in no bracket, without blanks around them."""
    parts, depth, begun = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter in marks and not depth:
            parts.append(text[begun:at])
            begun = at + 1
    return [part.strip() for part in (*parts, text[begun:])]


def terms_of(right: str) -> tuple[list[str], list[str]]:
    """Terms of the right side of a formula as R prints them, and what of it is not understood.

    `a * b` is a, b and a:b, of three with all their products.
    """
    found: list[str] = []
    unread = []
    for part in split(right, "+"):
        kept, *taken = split(part, "-")
        if taken:
            unread.append(f"what the formula takes out: {' '.join(f'- {each}' for each in taken)}")
        if kept.startswith("offset(") or kept == "." or "|" in kept:
            unread.append(f"{kept} of the formula")
            continue
        found += [each for each in _crossed(kept) if each not in ("0", "1", "", *found)]
        if kept == "0":
            unread.append("a model without a constant")
    # R prints products after all that they are made of.
    return sorted(found, key=lambda term: len(split(term, ":"))), unread


def _crossed(part: str) -> Iterator[str]:
    factors = split(part, "*")
    for size in range(1, len(factors) + 1):
        yield from (":".join(chosen) for chosen in combinations(factors, size))


def expression(term: str) -> str:
    """A term as an expression: I(x^2) → x**2, a:b → a * b, factor(x) → dummies(x), gdp.pc in back-ticks."""
    if dummies := re.fullmatch(rf"(?:as\.)?factor\(({NAME})\)", term):
        return f"dummies({quoted(dummies[1])})"
    plain = re.sub(r"\bI\((.*)\)", r"\1", term).replace("^", "**")
    plain = " * ".join(split(plain, ":"))
    return re.sub(rf"(?<![\w.`])({NAME})(?![\w.`]|\s*\()", lambda found: quoted(found[1]), plain)


def with_levels(
    terms: Mapping[str, str], printed: Mapping[str, dict[str, str]]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Terms and rows with levels of factors as they are called here: regionEurope → region[Europe], of dummies."""
    made, rows = dict(terms), dict(printed)
    for term, text in terms.items():
        levels = [row for row in printed if row.startswith(term) and row not in terms]
        factor = text.startswith("dummies(")
        if not levels or term in printed or not (factor or re.fullmatch(r"`[^`]+`|\w+", text)):
            continue
        made[term] = text if factor else f"dummies({text})"
        names = {row: f"{term}[{row.removeprefix(term)}]" for row in levels}
        rows = {names.get(row, row): numbers for row, numbers in rows.items()}
    return made, rows
