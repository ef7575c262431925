"""Names of columns within expressions: one that is no word of Python's stands in back-ticks, as in `` `gdp.pc` ``."""

import keyword
import re
from unicodedata import normalize

# While it is parsed, such a name is a word of this form.
_QUOTED = re.compile(r"`([^`]+)`")
_STOOD = re.compile(r"\bquoted_((?:[0-9a-f]{2})+)\b")
_BARE = re.compile(r"[^`'\"*/<>=+&|^~]+")


def quoted(name: str) -> str:
    """The name of a column as an expression has it: in back-ticks, unless Python reads it as this word."""
    word = name.isidentifier() and not keyword.iskeyword(name) and normalize("NFKC", name) == name
    return name if word else f"`{name}`"


def as_words(text: str) -> str:
    """An expression with words for names in back-ticks."""
    return _QUOTED.sub(lambda found: f"quoted_{found[1].encode().hex()}", text)


def as_written(text: str) -> str:
    """The expression again, with back-ticks."""
    return _STOOD.sub(lambda found: f"`{bytes.fromhex(found[1]).decode()}`", text)


def column_name(word: str) -> str:
    """The name of a column, as it is in the data."""
    return _STOOD.sub(lambda found: bytes.fromhex(found[1]).decode(), word)


def way_out(text: str) -> str:
    """What is often meant by a text that is no expression."""
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return "; equality is written =="
    if text.count("(") != text.count(")"):
        return "; within { } and [ ] of YAML, an expression with a comma stands in quotes"
    return as_column(text)


def as_column(text: str) -> str:
    """How to write a text that may be the name of a column, "" if it is none."""
    bare = text.strip()
    return f"; a column of this name stands in back-ticks: `{bare}`" if _BARE.fullmatch(bare) else ""
